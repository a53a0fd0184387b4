package org.edgecolorizer

import android.graphics.Bitmap

/** The colour path around the network, in C, on a bitmap's own pixels; see native/edge_colorizer.h. */
internal object ColorPath {
    init {
        System.loadLibrary("edge_colorizer")
    }

    /** Divides colours by their opacity, in place: bitmaps keep them multiplied. */
    @JvmStatic
    external fun unpremultiply(bitmap: Bitmap)

    /** Multiplies colours by their opacity again, in place. */
    @JvmStatic
    external fun premultiply(bitmap: Bitmap)

    /** The tensor contract's lightness of a photo: side * side values of L/50 - 1, in [-1, 1]. */
    @JvmStatic
    external fun lightness(bitmap: Bitmap, side: Int): FloatArray

    /**
     * The tensor contract's hints, 3 * cells * cells values.
     *
     * @param discs x, y and radius of each hint in pixels; one below 0 is chosen for the photo.
     * @param colors of each hint, as `android.graphics.Color` packs them.
     */
    @JvmStatic
    external fun placeHints(discs: DoubleArray, colors: IntArray, width: Int, height: Int, cells: Int): FloatArray

    /** What lies between a network's two answers: `vividness` of 0 is faithful, 1 vivid. */
    @JvmStatic
    external fun blend(faithful: FloatArray, vivid: FloatArray, vividness: Float): FloatArray

    /**
     * Colours some rows of a photo in place; transparency stays.
     *
     * @param ab 2 * side * side values as the network answers them: a/110 of each pixel, then b/110.
     * @param strength 0 is grey, 1 as the network says.
     */
    @JvmStatic
    external fun merge(bitmap: Bitmap, ab: FloatArray, side: Int, strength: Float, firstRow: Int, endRow: Int)
}
