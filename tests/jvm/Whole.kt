import android.content.Context
import android.graphics.Bitmap
import java.io.File
import kotlinx.coroutines.runBlocking
import org.edgecolorizer.Colorizer
import org.edgecolorizer.Hint
import org.edgecolorizer.ModelIntegrityException

/** Takes the photo in a folder the app's way, and writes it beside it, coloured. */
fun main(arguments: Array<String>) = runBlocking {
    val folder = File(arguments[0])
    val photo = Bitmap.createBitmap(arguments[1].toInt(), arguments[2].toInt(), Bitmap.Config.ARGB_8888, true, null)
    photo.pixels.put(File(folder, "photo.rgba").readBytes()).rewind()
    Colorizer.load(Context(folder)).use { colorizer ->
        val hints = listOf(Hint(30.0, 20.0, 0xff008080.toInt()))
        val coloured = colorizer.colorize(photo, strength = 0.8f, vividness = 0.5f, hints = hints)
        File(folder, "coloured.rgba").writeBytes(ByteArray(coloured.pixels.capacity()).also { coloured.pixels.get(it) })
        check(runCatching { Hint(1.0, 1.0, 0, radius = 0.0) }.exceptionOrNull() is IllegalArgumentException)
        val outside = listOf(Hint(photo.width.toDouble(), 0.0, 0))
        check(runCatching { colorizer.colorize(photo, hints = outside) }.exceptionOrNull() is IllegalArgumentException)
        for (strength in listOf(-1f, Float.NaN, Float.POSITIVE_INFINITY)) {
            check(runCatching { colorizer.colorize(photo, strength) }.exceptionOrNull() is IllegalArgumentException)
        }
    }
    File(folder, "assets/edge-colorizer/model.pte").appendText("altered")
    folder.listFiles { file -> file.name.startsWith("edge-colorizer-") }!!.forEach { it.delete() }
    check(runCatching { Colorizer.load(Context(folder)) }.exceptionOrNull() is ModelIntegrityException)
}
