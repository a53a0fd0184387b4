package org.edgecolorizer.app

import android.app.Application
import android.graphics.Bitmap
import android.graphics.ImageDecoder
import android.net.Uri
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import kotlin.math.max
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.edgecolorizer.Colorizer

/** What the screen shows. The photos are as large as a screen needs them, which may be less than their own size. */
data class Shown(
    val original: Bitmap? = null,
    val coloured: Bitmap? = null,
    val strength: Float = 1f,
    val busy: Boolean = false,
    val message: String? = null,
)

/** Holds one network and one photo while the app lives. */
class ColorizerViewModel(application: Application) : AndroidViewModel(application) {
    var shown by mutableStateOf(Shown())
        private set

    private var colorizer: Colorizer? = null
    private var original: Bitmap? = null
    private var coloured: Bitmap? = null
    private var job: Job? = null

    fun pick(uri: Uri) = work {
        val source = ImageDecoder.createSource(getApplication<Application>().contentResolver, uri)
        val photo = Colorizer.decode(source)
        original = photo
        shown = shown.copy(original = forScreen(photo), coloured = null)
        colour(photo)
    }

    fun show(strength: Float) {
        shown = shown.copy(strength = strength)
    }

    fun colour() = work { original?.let { colour(it) } }

    /** Saves the coloured photo in its own size, and hands its address on. */
    fun save(then: (Uri) -> Unit) = work {
        val photo = coloured ?: return@work
        then(withContext(Dispatchers.IO) { getApplication<Application>().contentResolver.save(photo) })
    }

    fun say(message: String?) {
        shown = shown.copy(message = message)
    }

    override fun onCleared() {
        colorizer?.close()
    }

    private suspend fun colour(photo: Bitmap) {
        val opened = colorizer ?: Colorizer.load(getApplication()).also { colorizer = it }
        val answer = opened.colorize(photo, strength = shown.strength)
        coloured = answer
        shown = shown.copy(coloured = forScreen(answer))
    }

    /** Only the latest wish counts: what was under way is given up. */
    private fun work(step: suspend () -> Unit) {
        job?.cancel()
        job = viewModelScope.launch {
            shown = shown.copy(busy = true, message = null)
            try {
                step()
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (error: Exception) {
                say(error.message ?: error.toString())
            }
            shown = shown.copy(busy = false)
        }
    }

    private suspend fun forScreen(photo: Bitmap): Bitmap = withContext(Dispatchers.Default) {
        val scale = LARGEST_SIDE.toFloat() / max(photo.width, photo.height)
        if (scale >= 1) return@withContext photo
        val width = max(1, (photo.width * scale).toInt())
        Bitmap.createScaledBitmap(photo, width, max(1, (photo.height * scale).toInt()), true)
    }

    private companion object {
        const val LARGEST_SIDE = 2048
    }
}
