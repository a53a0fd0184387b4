package org.edgecolorizer

import android.content.Context
import android.graphics.Bitmap
import java.io.Closeable
import java.io.File
import java.nio.ByteBuffer
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor

/** Colours photos with one network, held open between calls. Call it from one thread that is not the main one. */
class Colorizer private constructor(private val module: Module) : Closeable {
    /**
     * Colours an upright, opaque photo in sRGB.
     *
     * @param photo of any size, mutable and ARGB_8888; it is coloured in place.
     * @param strength 0 is grey, 1 as the network says.
     */
    fun colorize(photo: Bitmap, strength: Float = 1f) {
        require(photo.isMutable && photo.config == Bitmap.Config.ARGB_8888) { "The photo must be mutable and ARGB_8888." }
        val rgba = ByteBuffer.allocateDirect(photo.width * photo.height * PIXEL_BYTES)
        photo.copyPixelsToBuffer(rgba)
        val lightness = ColorPath.lightness(rgba, photo.width, photo.height, SIDE)
        ColorPath.merge(rgba, photo.width, photo.height, predictAb(lightness), SIDE / 2, strength)
        rgba.rewind()
        photo.copyPixelsFromBuffer(rgba)
    }

    /** The tensor contract: lightness (1, 1, S, S) in, ab (1, 2, S/2, S/2) out. */
    private fun predictAb(lightness: FloatArray): FloatArray {
        val input = Tensor.fromBlob(lightness, longArrayOf(1, 1, SIDE.toLong(), SIDE.toLong()))
        return module.forward(EValue.from(input))[0].toTensor().dataAsFloatArray
    }

    override fun close() = module.destroy()

    companion object {
        private const val SIDE = 256
        private const val PIXEL_BYTES = 4

        /** Opens a model from the app's assets. ExecuTorch reads files alone, so it is copied into one first. */
        fun load(context: Context, asset: String = "student-int8.pte"): Colorizer {
            val file = File(context.noBackupFilesDir, asset)
            context.assets.open(asset).use { source -> file.outputStream().use { source.copyTo(it) } }
            return Colorizer(Module.load(file.path))
        }
    }
}
