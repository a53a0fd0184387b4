package android.graphics;

/** Never called: there is nothing to decode with. */
public final class ImageDecoder {
    public static final int ALLOCATOR_SOFTWARE = 1;

    public abstract static class Source {}

    public static class ImageInfo {}

    public interface OnHeaderDecodedListener {
        void onHeaderDecoded(ImageDecoder decoder, ImageInfo info, Source source);
    }

    public static Bitmap decodeBitmap(Source source, OnHeaderDecodedListener listener) {
        throw new UnsupportedOperationException();
    }

    public int getAllocator() {
        throw new UnsupportedOperationException();
    }

    public void setAllocator(int allocator) {
        throw new UnsupportedOperationException();
    }

    public void setTargetColorSpace(ColorSpace space) {
        throw new UnsupportedOperationException();
    }
}
