package org.edgecolorizer.app

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.compose.setContent
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import androidx.activity.viewModels
import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme

/** Picks a photo, colours it, and saves or shares it. */
class MainActivity : ComponentActivity() {
    private val model: ColorizerViewModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent {
            val picker = rememberLauncherForActivityResult(PickVisualMedia()) { uri -> uri?.let(model::pick) }
            MaterialTheme(colorScheme = if (isSystemInDarkTheme()) darkColorScheme() else lightColorScheme()) {
                ColorizerScreen(
                    shown = model.shown,
                    onPick = { picker.launch(PickVisualMediaRequest(PickVisualMedia.ImageOnly)) },
                    onStrength = model::show,
                    onStrengthChosen = model::colour,
                    onSave = { model.save { model.say(getString(R.string.saved)) } },
                    onShare = { model.save(::share) },
                )
            }
        }
    }

    private fun share(photo: Uri) {
        val intent = Intent(Intent.ACTION_SEND).setType("image/jpeg").putExtra(Intent.EXTRA_STREAM, photo)
        startActivity(Intent.createChooser(intent.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION), null))
    }
}
