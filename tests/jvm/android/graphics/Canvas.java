package android.graphics;

/** Never drawn on: every bitmap here is in sRGB. */
public class Canvas {
    public Canvas(Bitmap bitmap) {}

    public void drawBitmap(Bitmap bitmap, float left, float top, Paint paint) {
        throw new UnsupportedOperationException();
    }
}
