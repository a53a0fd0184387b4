package android.graphics;

import java.nio.ByteBuffer;

/** As much of Android's bitmap as the library uses, outside Java's heap as there. */
public final class Bitmap {
    public enum Config {
        ARGB_8888
    }

    public ByteBuffer pixels;
    private final int width;
    private final int height;
    private final boolean alpha;

    private Bitmap(int width, int height, boolean alpha) {
        this.width = width;
        this.height = height;
        this.alpha = alpha;
        pixels = ByteBuffer.allocateDirect(4 * width * height);
    }

    public static Bitmap createBitmap(int width, int height, Config config, boolean alpha, ColorSpace space) {
        return new Bitmap(width, height, alpha);
    }

    public Bitmap copy(Config config, boolean mutable) {
        Bitmap copy = new Bitmap(width, height, alpha);
        copy.pixels.put(pixels.duplicate().rewind()).rewind();
        return copy;
    }

    public void recycle() {
        pixels = null;
    }

    public int getWidth() {
        return width;
    }

    public int getHeight() {
        return height;
    }

    public boolean hasAlpha() {
        return alpha;
    }

    public ColorSpace getColorSpace() {
        return ColorSpace.get(ColorSpace.Named.SRGB);
    }
}
