package org.edgecolorizer

import java.nio.ByteBuffer

/** The colour path around the network, in C; see native/edge_colorizer.h. */
object ColorPath {
    init {
        System.loadLibrary("edge_colorizer")
    }

    /**
     * The tensor contract's lightness of a photo.
     *
     * @param rgba a direct buffer of width * height pixels, as `Bitmap.copyPixelsToBuffer` fills it.
     * @return side * side values of L/50 - 1, in [-1, 1].
     */
    @JvmStatic
    external fun lightness(rgba: ByteBuffer, width: Int, height: Int, side: Int): FloatArray

    /**
     * Colours a photo in place; transparency stays.
     *
     * @param ab 2 * side * side values as the network answers them: a/110 of each pixel, then b/110.
     * @param strength 0 is grey, 1 as the network says.
     */
    @JvmStatic
    external fun merge(rgba: ByteBuffer, width: Int, height: Int, ab: FloatArray, side: Int, strength: Float)
}
