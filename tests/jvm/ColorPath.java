package org.edgecolorizer;

import android.graphics.Bitmap;

/** What ColorPath.kt declares, for machines without a Kotlin compiler. */
public final class ColorPath {
    static {
        System.loadLibrary("edge_colorizer");
    }

    private ColorPath() {}

    public static native void unpremultiply(Bitmap bitmap);

    public static native void premultiply(Bitmap bitmap);

    public static native float[] lightness(Bitmap bitmap, int side);

    public static native float[] placeHints(double[] discs, int[] colors, int width, int height, int cells);

    public static native float[] blend(float[] faithful, float[] vivid, float vividness);

    public static native void merge(Bitmap bitmap, float[] ab, int side, float strength, int firstRow, int endRow);
}
