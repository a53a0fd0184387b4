package org.edgecolorizer.app

import android.content.ContentResolver
import android.content.ContentValues
import android.graphics.Bitmap
import android.net.Uri
import android.os.Environment
import android.provider.MediaStore.Images.Media
import java.io.IOException

/** Saves a photo among the user's pictures, whole or not at all; this needs no permission from Android 10 on. */
fun ContentResolver.save(photo: Bitmap): Uri {
    val entry = ContentValues().apply {
        put(Media.DISPLAY_NAME, "colour-${System.currentTimeMillis()}.jpg")
        put(Media.MIME_TYPE, "image/jpeg")
        put(Media.RELATIVE_PATH, Environment.DIRECTORY_PICTURES)
        put(Media.IS_PENDING, 1)
    }
    val uri = insert(Media.EXTERNAL_CONTENT_URI, entry) ?: throw IOException("Android gave no place for the photo.")
    try {
        val stream = openOutputStream(uri) ?: throw IOException("Android gave no file for the photo.")
        val written = stream.use { photo.compress(Bitmap.CompressFormat.JPEG, JPEG_QUALITY, it) }
        if (!written) throw IOException("The photo could not be written.")
        update(uri, ContentValues().apply { put(Media.IS_PENDING, 0) }, null, null)
    } catch (error: IOException) {
        delete(uri, null, null)
        throw error
    }
    return uri
}

private const val JPEG_QUALITY = 95
