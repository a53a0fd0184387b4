package org.edgecolorizer

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.ColorSpace
import android.graphics.ImageDecoder
import java.io.Closeable
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * Colours photos with one network, held open between calls. Any coroutine may call it; the work is done in the background.
 *
 * Pixels stay in bitmaps, whose memory is not the Java heap's: a photo of 12 megapixels takes 48 MB beside the original.
 */
class Colorizer private constructor(private val model: Model) : Closeable {
    private val turn = Mutex()

    /**
     * Colours an upright photo of any size.
     *
     * @param photo of any configuration and colour space; it stays as it is.
     * @param strength chroma is multiplied by this: 0 is grey, 1 as the network says.
     * @param vividness 0 for the faithful answer, 1 for the vivid one; from 0.8 on the vivid one alone counts. A network
     *   without a vivid head is faithful always.
     * @param hints colours that somebody knows, in the photo's own pixels.
     * @return an ARGB_8888 bitmap in sRGB, with the photo's lightness and transparency.
     * @throws IllegalArgumentException if an option is out of range, a hint is outside the photo, or the network takes none.
     */
    suspend fun colorize(
        photo: Bitmap,
        strength: Float = 1f,
        vividness: Float = DEFAULT_VIVIDNESS,
        hints: List<Hint> = emptyList(),
    ): Bitmap = withContext(Dispatchers.Default) {
        require(strength >= 0 && strength.isFinite()) { "strength must be zero or more, not $strength." }
        require(vividness in 0f..1f) { "vividness must lie in [0, 1], not $vividness." }
        require(hints.isEmpty() || model.takes(HINTS)) { "This network takes no hints." }
        for (hint in hints) {
            val isInside = hint.x >= 0 && hint.x < photo.width && hint.y >= 0 && hint.y < photo.height
            require(isInside) { "$hint is outside the photo of ${photo.width}×${photo.height} pixels." }
        }
        val coloured = copyInSrgb(photo)
        if (coloured.hasAlpha()) ColorPath.unpremultiply(coloured)
        val ab = chroma(coloured, vividness, hints)
        mergeInParallel(coloured, ab, strength)
        if (coloured.hasAlpha()) ColorPath.premultiply(coloured)
        coloured
    }

    /** Decodes a photo upright and in sRGB, as [ImageDecoder] does, and colours it. */
    suspend fun colorize(
        source: ImageDecoder.Source,
        strength: Float = 1f,
        vividness: Float = DEFAULT_VIVIDNESS,
        hints: List<Hint> = emptyList(),
    ): Bitmap = colorize(decode(source), strength, vividness, hints)

    private suspend fun chroma(photo: Bitmap, vividness: Float, hints: List<Hint>): FloatArray {
        val given = mapOf(LIGHTNESS to ColorPath.lightness(photo, model.side), HINTS to place(hints, photo))
        val answers = turn.withLock { model.run(given) }
        val faithful = answers.getValue(AB)
        return answers[VIVID_AB]?.let { ColorPath.blend(faithful, it, vividness) } ?: faithful
    }

    private fun place(hints: List<Hint>, photo: Bitmap): FloatArray {
        val discs = hints.flatMap { listOf(it.x, it.y, it.radius ?: CHOSEN_RADIUS) }.toDoubleArray()
        val colors = hints.map(Hint::color).toIntArray()
        return ColorPath.placeHints(discs, colors, photo.width, photo.height, model.side / AB_STRIDE)
    }

    private suspend fun mergeInParallel(photo: Bitmap, ab: FloatArray, strength: Float) = coroutineScope {
        for (first in 0 until photo.height step STRIP_ROWS) {
            val end = minOf(first + STRIP_ROWS, photo.height)
            launch { ColorPath.merge(photo, ab, model.side / AB_STRIDE, strength, first, end) }
        }
    }

    /** Gives back what the network holds, once a photo that is under way has its answer. Colouring after this fails. */
    override fun close() = runBlocking { turn.withLock { model.close() } }

    companion object {
        /** As the Python SDK's. */
        const val DEFAULT_VIVIDNESS = 0.8f

        private const val LIGHTNESS = "lightness"
        private const val HINTS = "hints"
        private const val AB = "ab"
        private const val VIVID_AB = "vivid_ab"
        private const val AB_STRIDE = 2
        private const val CHOSEN_RADIUS = -1.0 // by the C, for the photo
        private const val STRIP_ROWS = 256

        /**
         * Opens the model that came with this library.
         *
         * @throws ModelIntegrityException if it is missing or altered.
         */
        suspend fun load(context: Context): Colorizer = withContext(Dispatchers.IO) { Colorizer(Model.open(context)) }

        /** A photo as [colorize] wants it: upright, in sRGB, in memory that C can reach. */
        suspend fun decode(source: ImageDecoder.Source): Bitmap = withContext(Dispatchers.IO) {
            ImageDecoder.decodeBitmap(source) { decoder, _, _ ->
                decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
                decoder.setTargetColorSpace(ColorSpace.get(ColorSpace.Named.SRGB))
            }
        }

        /** A bitmap of its own, which can be changed. Drawing converts any other colour space. */
        private fun copyInSrgb(photo: Bitmap): Bitmap {
            val copy = photo.copy(Bitmap.Config.ARGB_8888, true) ?: throw OutOfMemoryError("There is no memory for the photo.")
            if (photo.colorSpace?.isSrgb != false) return copy
            val srgb = ColorSpace.get(ColorSpace.Named.SRGB)
            return Bitmap.createBitmap(photo.width, photo.height, Bitmap.Config.ARGB_8888, photo.hasAlpha(), srgb)
                .also { Canvas(it).drawBitmap(copy, 0f, 0f, null) }
        }
    }
}
