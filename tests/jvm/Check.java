import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.edgecolorizer.ColorPath;

/** Takes the photo in a folder the app's way, and writes what comes out beside it. */
public final class Check {
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        int width = Integer.parseInt(arguments[1]), height = Integer.parseInt(arguments[2]);
        byte[] pixels = Files.readAllBytes(folder.resolve("photo.rgba"));
        ByteBuffer rgba = ByteBuffer.allocateDirect(pixels.length).put(pixels);

        float[] lightness = ColorPath.lightness(rgba, width, height, 256);
        ByteBuffer bytes = ByteBuffer.allocate(4 * lightness.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(lightness);
        Files.write(folder.resolve("lightness.f32"), bytes.array());

        float[] ab = new float[2 * 128 * 128];
        byte[] chroma = Files.readAllBytes(folder.resolve("ab.f32"));
        ByteBuffer.wrap(chroma).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(ab);
        ColorPath.merge(rgba, width, height, ab, 128, 1);
        rgba.rewind().get(pixels);
        Files.write(folder.resolve("merged.rgba"), pixels);

        refuses(() -> ColorPath.lightness(ByteBuffer.allocate(pixels.length), width, height, 256));
        refuses(() -> ColorPath.lightness(rgba, width, height + 1, 256));
        refuses(() -> ColorPath.lightness(rgba, 0, height, 256));
        refuses(() -> ColorPath.lightness(rgba, width, height, 0));
        refuses(() -> ColorPath.merge(rgba, width, height, ab, 127, 1));
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
