package org.edgecolorizer;

import java.nio.ByteBuffer;

/** Stands in for ColorPath.kt where there is no Kotlin compiler: the same natives, under the same names. */
public final class ColorPath {
    static {
        System.loadLibrary("edge_colorizer");
    }

    private ColorPath() {}

    public static native float[] lightness(ByteBuffer rgba, int width, int height, int side);

    public static native void merge(ByteBuffer rgba, int width, int height, float[] ab, int side, float strength);
}
