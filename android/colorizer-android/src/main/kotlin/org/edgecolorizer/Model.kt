package org.edgecolorizer

import android.content.Context
import java.io.Closeable
import java.io.File
import java.security.MessageDigest
import org.json.JSONArray
import org.json.JSONObject
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor

/** A network in ExecuTorch, and the tensors that its manifest lists. One thread at a time may run it. */
internal class Model private constructor(
    private val module: Module,
    val side: Int,
    private val inputs: List<TensorSpec>,
    private val outputs: List<TensorSpec>,
) : Closeable {
    class TensorSpec(val name: String, val shape: LongArray) {
        val count = shape.reduce(Long::times).toInt()
    }

    fun takes(name: String) = inputs.any { it.name == name }

    /** Answers by name; an input that is not given is zeros. */
    fun run(given: Map<String, FloatArray>): Map<String, FloatArray> {
        val values = inputs.map { EValue.from(Tensor.fromBlob(given[it.name] ?: FloatArray(it.count), it.shape)) }
        val answers = module.forward(*values.toTypedArray())
        return outputs.indices.associate { outputs[it].name to answers[it].toTensor().dataAsFloatArray }
    }

    override fun close() = module.close()

    companion object {
        private const val FOLDER = "edge-colorizer"
        private const val BACKEND = "executorch"

        /** Opens the model in the app's assets. ExecuTorch reads files alone, so it is copied into one first. */
        fun open(context: Context): Model {
            val manifest = JSONObject(context.assets.open("$FOLDER/manifest.json").use { it.reader().readText() })
            val artifact = manifest.getJSONArray("artifacts").objects().firstOrNull {
                it.getString("backend") == BACKEND && it.getString("variant") == "lab"
            } ?: throw ModelIntegrityException("The manifest lists no artifact for $BACKEND.")
            val file = copyOfAsset(context, artifact.getString("path"), artifact.getString("sha256"))
            val tensors = manifest.getJSONObject("tensors")
            val side = tensors.getInt("side")
            return Model(Module.load(file.path), side, tensors.specs("inputs", side), tensors.specs("outputs", side))
        }

        /** A damaged program can end the process, so its hash is checked before ExecuTorch opens it. */
        private fun copyOfAsset(context: Context, path: String, sha256: String): File {
            val file = File(context.noBackupFilesDir, "$FOLDER-$sha256")
            if (file.exists() && sha256(file) == sha256) return file
            context.assets.open("$FOLDER/$path").use { asset -> file.outputStream().use(asset::copyTo) }
            if (sha256(file) != sha256) throw ModelIntegrityException("$path is not the file its manifest describes.")
            return file
        }

        private fun sha256(file: File): String =
            MessageDigest.getInstance("SHA-256").digest(file.readBytes()).joinToString("") { "%02x".format(it) }

        private fun JSONObject.specs(way: String, side: Int): List<TensorSpec> =
            getJSONArray(way).objects().map {
                val cells = (side / it.getInt("stride")).toLong()
                TensorSpec(it.getString("name"), longArrayOf(1, it.getJSONArray("scale").length().toLong(), cells, cells))
            }

        private fun JSONArray.objects(): List<JSONObject> = (0 until length()).map(::getJSONObject)
    }
}

/** The model in the app's assets is missing, altered, or another than its manifest describes. */
class ModelIntegrityException(message: String) : IllegalStateException(message)
