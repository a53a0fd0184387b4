package org.edgecolorizer

/**
 * A disc of a photo whose colour is known. Only the colour's hue and chroma count: lightness stays the photo's.
 *
 * @param x its centre, in pixels from the photo's left edge.
 * @param y its centre, in pixels from the photo's top edge.
 * @param color as `android.graphics.Color` packs it.
 * @param radius in pixels; by default an 85th of the photo's longer side.
 */
data class Hint(val x: Double, val y: Double, val color: Int, val radius: Double? = null) {
    init {
        require(radius == null || radius > 0) { "A hint's radius must be above zero, not $radius." }
    }
}
