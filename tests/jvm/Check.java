import android.graphics.Bitmap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.edgecolorizer.ColorPath;
import org.pytorch.executorch.EValue;
import org.pytorch.executorch.Module;
import org.pytorch.executorch.Tensor;

/** Takes the photo in a folder the library's way, step by step, and writes what comes out beside it. */
public final class Check {
    private static final int SIDE = 256;
    private static final int CELLS = SIDE / 2;

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        int width = Integer.parseInt(arguments[1]), height = Integer.parseInt(arguments[2]);
        Bitmap photo = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888, true, null);
        photo.pixels.put(Files.readAllBytes(folder.resolve("photo.rgba"))).rewind();

        ColorPath.unpremultiply(photo);
        float[] lightness = ColorPath.lightness(photo, SIDE);
        write(folder.resolve("lightness.f32"), lightness);
        float[] hints = ColorPath.placeHints(new double[] {30, 20, -1}, new int[] {0xff008080}, width, height, CELLS);
        write(folder.resolve("hints.f32"), hints);
        EValue[] answers = Module.load("").forward(
            EValue.from(Tensor.fromBlob(lightness, new long[] {1, 1, SIDE, SIDE})),
            EValue.from(Tensor.fromBlob(hints, new long[] {1, 3, CELLS, CELLS})));
        float[] ab = ColorPath.blend(answers[0].toTensor().getDataAsFloatArray(), answers[1].toTensor().getDataAsFloatArray(), 0.5f);
        ColorPath.merge(photo, ab, CELLS, 0.8f, height / 2, height);
        ColorPath.merge(photo, ab, CELLS, 0.8f, 0, height / 2);
        ColorPath.premultiply(photo);
        byte[] pixels = new byte[4 * width * height];
        photo.pixels.get(pixels);
        Files.write(folder.resolve("coloured.rgba"), pixels);

        ColorPath.merge(photo, filled(Float.NaN), CELLS, Float.POSITIVE_INFINITY, 0, height);
        refuses(() -> ColorPath.lightness(photo, 0));
        refuses(() -> ColorPath.merge(photo, ab, CELLS - 1, 1, 0, height));
        refuses(() -> ColorPath.merge(photo, ab, CELLS, 1, -1, height));
        refuses(() -> ColorPath.merge(photo, ab, CELLS, 1, 0, height + 1));
        refuses(() -> ColorPath.blend(ab, new float[1], 1));
        refuses(() -> ColorPath.placeHints(new double[2], new int[1], width, height, CELLS));
        photo.recycle();
        refuses(() -> ColorPath.lightness(photo, SIDE));
        refuses(() -> ColorPath.merge(photo, ab, CELLS, 1, 0, height));
    }

    private static float[] filled(float value) {
        float[] values = new float[2 * CELLS * CELLS];
        java.util.Arrays.fill(values, value);
        return values;
    }

    private static void write(Path path, float[] values) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Files.write(path, bytes.array());
    }

    private static void refuses(Runnable call) {
        try {
            call.run();
        } catch (IllegalArgumentException expected) {
            return;
        }
        throw new AssertionError("This call should have been refused.");
    }
}
