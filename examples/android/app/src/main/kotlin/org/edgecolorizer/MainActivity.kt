package org.edgecolorizer

import android.graphics.Bitmap
import android.graphics.ColorSpace
import android.graphics.ImageDecoder
import android.net.Uri
import android.os.Bundle
import android.view.Gravity
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.Toast
import androidx.activity.ComponentActivity
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import java.util.concurrent.Executors

/** Picks a photo and shows it in colour. */
class MainActivity : ComponentActivity() {
    private val worker = Executors.newSingleThreadExecutor()
    private val colorizer = lazy { Colorizer.load(applicationContext) }
    private lateinit var picture: ImageView
    private val picker = registerForActivityResult(PickVisualMedia()) { photo -> photo?.let(::show) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        picture = ImageView(this).apply { adjustViewBounds = true }
        val button = Button(this).apply {
            setText(R.string.pick)
            setOnClickListener { picker.launch(PickVisualMediaRequest(PickVisualMedia.ImageOnly)) }
        }
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                gravity = Gravity.CENTER
                addView(button)
                addView(picture)
            }
        )
    }

    override fun onDestroy() {
        worker.execute { if (colorizer.isInitialized()) colorizer.value.close() }
        worker.shutdown()
        super.onDestroy()
    }

    private fun show(uri: Uri) = worker.execute {
        val result = runCatching { decode(uri).also { colorizer.value.colorize(it) } }
        runOnUiThread {
            result.onSuccess(picture::setImageBitmap)
            result.onFailure { Toast.makeText(this, it.message ?: it.toString(), Toast.LENGTH_LONG).show() }
        }
    }

    /** Upright, in sRGB, and no larger than Android draws. */
    private fun decode(uri: Uri): Bitmap =
        ImageDecoder.decodeBitmap(ImageDecoder.createSource(contentResolver, uri)) { decoder, info, _ ->
            decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
            decoder.isMutableRequired = true
            decoder.setTargetColorSpace(ColorSpace.get(ColorSpace.Named.SRGB))
            decoder.setTargetSampleSize((maxOf(info.size.width, info.size.height) + LARGEST_SIDE - 1) / LARGEST_SIDE)
        }

    private companion object {
        const val LARGEST_SIDE = 4096
    }
}
