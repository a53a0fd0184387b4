package org.edgecolorizer.app

import android.graphics.Bitmap
import androidx.compose.foundation.Image
import androidx.compose.foundation.gestures.detectHorizontalDragGestures
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.material3.Button
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Slider
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.draw.drawWithContent
import androidx.compose.ui.graphics.asImageBitmap
import androidx.compose.ui.graphics.drawscope.clipRect
import androidx.compose.ui.input.pointer.pointerInput
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.unit.dp

private const val MOST_STRENGTH = 2f

@Composable
fun ColorizerScreen(
    shown: Shown,
    onPick: () -> Unit,
    onStrength: (Float) -> Unit,
    onStrengthChosen: () -> Unit,
    onSave: () -> Unit,
    onShare: () -> Unit,
) {
    Surface(Modifier.fillMaxSize()) {
        Column(
            Modifier.safeDrawingPadding().padding(16.dp),
            verticalArrangement = Arrangement.spacedBy(12.dp),
            horizontalAlignment = Alignment.CenterHorizontally,
        ) {
            Box(Modifier.weight(1f).fillMaxWidth(), contentAlignment = Alignment.Center) {
                shown.original?.let { Comparison(it, shown.coloured) }
            }
            if (shown.busy) LinearProgressIndicator(Modifier.fillMaxWidth())
            shown.message?.let { Text(it) }
            if (shown.coloured != null) {
                Text(stringResource(R.string.strength))
                Slider(
                    value = shown.strength,
                    onValueChange = onStrength,
                    onValueChangeFinished = onStrengthChosen,
                    valueRange = 0f..MOST_STRENGTH,
                )
            }
            Row(horizontalArrangement = Arrangement.spacedBy(8.dp)) {
                Button(onClick = onPick) { Text(stringResource(R.string.pick)) }
                OutlinedButton(onClick = onSave, enabled = shown.coloured != null) { Text(stringResource(R.string.save)) }
                OutlinedButton(onClick = onShare, enabled = shown.coloured != null) { Text(stringResource(R.string.share)) }
            }
        }
    }
}

/** The coloured photo, and the original left of where the user has dragged to. */
@Composable
private fun Comparison(original: Bitmap, coloured: Bitmap?) {
    var split by remember { mutableFloatStateOf(0f) }
    val drag = Modifier.pointerInput(Unit) {
        detectHorizontalDragGestures { change, _ -> split = (change.position.x / size.width).coerceIn(0f, 1f) }
    }
    Box(drag) {
        coloured?.let { Image(it.asImageBitmap(), contentDescription = stringResource(R.string.compare)) }
        val left = Modifier.drawWithContent { clipRect(right = size.width * split) { this@drawWithContent.drawContent() } }
        Image(original.asImageBitmap(), contentDescription = null, modifier = if (coloured == null) Modifier else left)
    }
}
