/* org.edgecolorizer.ColorPath in C: checks what Java hands over, and calls edge_colorizer.h on a bitmap's own pixels. */
#include <android/bitmap.h>
#include <jni.h>
#include <stdlib.h>

#define EDGE_COLORIZER_IMPLEMENTATION
#include "edge_colorizer.h"

#define COLOR_PATH(name) Java_org_edgecolorizer_ColorPath_##name

static ec_tables *tables;

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *machine, void *reserved) {
    (void)machine, (void)reserved;
    tables = malloc(ec_tables_bytes());
    if (!tables) return JNI_ERR;
    ec_tables_init(tables);
    return JNI_VERSION_1_6;
}

static void throw_new(JNIEnv *env, const char *type, const char *message) {
    jclass exception = (*env)->FindClass(env, type);
    if (exception) (*env)->ThrowNew(env, exception, message);
}

static void refuse(JNIEnv *env, const char *message) {
    throw_new(env, "java/lang/IllegalArgumentException", message);
}

/* A bitmap's pixels, which stay where they are until they are unlocked; an exception waits where there are none. */
static int lock(JNIEnv *env, jobject bitmap, ec_photo *photo) {
    AndroidBitmapInfo info;
    void *levels;
    if (AndroidBitmap_getInfo(env, bitmap, &info) != ANDROID_BITMAP_RESULT_SUCCESS ||
        info.format != ANDROID_BITMAP_FORMAT_RGBA_8888 || !info.width || !info.height ||
        AndroidBitmap_lockPixels(env, bitmap, &levels) != ANDROID_BITMAP_RESULT_SUCCESS) {
        refuse(env, "The photo must be an ARGB_8888 bitmap that is not recycled.");
        return 0;
    }
    ec_photo locked = {levels, info.stride, (int32_t)info.width, (int32_t)info.height, 4};
    *photo = locked;
    return 1;
}

/* A Java array of floats, made of C's; NULL where Java has no memory and has thrown. */
static jfloatArray java_floats(JNIEnv *env, const float *values, size_t count) {
    jfloatArray floats = (*env)->NewFloatArray(env, (jsize)count);
    if (floats) (*env)->SetFloatArrayRegion(env, floats, 0, (jsize)count, values);
    return floats;
}

JNIEXPORT void JNICALL COLOR_PATH(unpremultiply)(JNIEnv *env, jclass type, jobject bitmap) {
    (void)type;
    ec_photo photo;
    if (!lock(env, bitmap, &photo)) return;
    ec_unpremultiply(&photo);
    AndroidBitmap_unlockPixels(env, bitmap);
}

JNIEXPORT void JNICALL COLOR_PATH(premultiply)(JNIEnv *env, jclass type, jobject bitmap) {
    (void)type;
    ec_photo photo;
    if (!lock(env, bitmap, &photo)) return;
    ec_premultiply(&photo);
    AndroidBitmap_unlockPixels(env, bitmap);
}

JNIEXPORT jfloatArray JNICALL COLOR_PATH(lightness)(JNIEnv *env, jclass type, jobject bitmap, jint side) {
    (void)type;
    ec_photo photo;
    if (side < 1) {
        refuse(env, "side must be at least 1.");
        return NULL;
    }
    if (!lock(env, bitmap, &photo)) return NULL;
    size_t pixels = (size_t)side * (size_t)side;
    float *lightness = malloc(pixels * sizeof *lightness);
    uint8_t *small = malloc(pixels * 3);
    void *scratch = malloc(ec_resize_scratch_bytes(photo.width, photo.height, side));
    jfloatArray answer = NULL;
    if (lightness && small && scratch) {
        ec_resize(&photo, side, small, scratch);
        ec_lightness(tables, small, pixels, lightness);
        answer = java_floats(env, lightness, pixels);
    } else {
        throw_new(env, "java/lang/OutOfMemoryError", "There is no memory for the small copy of the photo.");
    }
    free(scratch), free(small), free(lightness);
    AndroidBitmap_unlockPixels(env, bitmap);
    return answer;
}

/* `discs` holds x, y and radius of each hint, `colors` its ARGB, as android.graphics.Color packs it. */
JNIEXPORT jfloatArray JNICALL COLOR_PATH(placeHints)(
    JNIEnv *env, jclass type, jdoubleArray discs, jintArray colors, jint width, jint height, jint cells) {
    (void)type;
    jsize count = (*env)->GetArrayLength(env, colors);
    if (width < 1 || height < 1 || cells < 1 || (*env)->GetArrayLength(env, discs) != 3 * count) {
        refuse(env, "Each hint has x, y and radius in discs and one of colors; sizes are at least 1.");
        return NULL;
    }
    size_t values = 3 * (size_t)cells * (size_t)cells;
    ec_hint *hints = malloc(((size_t)count + 1) * sizeof *hints);
    float *placed = malloc(values * sizeof *placed);
    jfloatArray answer = NULL;
    if (hints && placed) {
        for (jsize at = 0; at < count; at++) {
            jdouble disc[3];
            jint color;
            (*env)->GetDoubleArrayRegion(env, discs, 3 * at, 3, disc);
            (*env)->GetIntArrayRegion(env, colors, at, 1, &color);
            ec_hint hint = {disc[0], disc[1], disc[2], {(uint8_t)(color >> 16), (uint8_t)(color >> 8), (uint8_t)color}};
            hints[at] = hint;
        }
        ec_place_hints(tables, hints, (size_t)count, width, height, cells, placed);
        answer = java_floats(env, placed, values);
    } else {
        throw_new(env, "java/lang/OutOfMemoryError", "There is no memory for the hints.");
    }
    free(placed), free(hints);
    return answer;
}

JNIEXPORT jfloatArray JNICALL COLOR_PATH(blend)(
    JNIEnv *env, jclass type, jfloatArray faithful, jfloatArray vivid, jfloat vividness) {
    (void)type;
    jsize count = (*env)->GetArrayLength(env, faithful);
    if ((*env)->GetArrayLength(env, vivid) != count) {
        refuse(env, "faithful and vivid must be of one size.");
        return NULL;
    }
    float *values = malloc((2 * (size_t)count + 1) * sizeof *values);
    if (!values) {
        throw_new(env, "java/lang/OutOfMemoryError", "There is no memory for the blend.");
        return NULL;
    }
    (*env)->GetFloatArrayRegion(env, faithful, 0, count, values);
    (*env)->GetFloatArrayRegion(env, vivid, 0, count, values + count);
    ec_blend(values, values + count, (size_t)count, vividness, values);
    jfloatArray answer = java_floats(env, values, (size_t)count);
    free(values);
    return answer;
}

JNIEXPORT void JNICALL COLOR_PATH(merge)(
    JNIEnv *env, jclass type, jobject bitmap, jfloatArray ab, jint side, jfloat strength, jint first_row, jint end_row) {
    (void)type;
    ec_photo photo;
    if (side < 1 || (*env)->GetArrayLength(env, ab) != 2 * (jlong)side * side) {
        refuse(env, "ab must hold 2 * side * side values.");
        return;
    }
    if (!lock(env, bitmap, &photo)) return;
    jfloat *values = (*env)->GetFloatArrayElements(env, ab, NULL);
    if (values && first_row >= 0 && end_row <= photo.height) {
        ec_chroma chroma = {values, side, side};
        ec_merge(tables, &photo, &chroma, strength, first_row, end_row);
    } else if (values) {
        refuse(env, "These rows are not the photo's.");
    }
    if (values) (*env)->ReleaseFloatArrayElements(env, ab, values, JNI_ABORT);
    AndroidBitmap_unlockPixels(env, bitmap);
}
