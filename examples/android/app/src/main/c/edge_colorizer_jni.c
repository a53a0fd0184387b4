/* org.edgecolorizer.ColorPath in C: checks what Java hands over, and calls edge_colorizer.h. */
#include <jni.h>
#include <stdlib.h>

#define EDGE_COLORIZER_IMPLEMENTATION
#include "edge_colorizer.h"

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

/* Whether `rgba` is a direct buffer that holds the photo; an exception waits where it is not. */
static int is_photo(JNIEnv *env, jobject rgba, jint width, jint height, ec_photo *photo) {
    const jlong pixel_bytes = 4;
    uint8_t *levels = (*env)->GetDirectBufferAddress(env, rgba);
    if (!levels || width < 1 || height < 1 ||
        (*env)->GetDirectBufferCapacity(env, rgba) < pixel_bytes * width * height) {
        throw_new(env, "java/lang/IllegalArgumentException", "rgba must be a direct buffer of 4 bytes for each pixel.");
        return 0;
    }
    *photo = (ec_photo){levels, (size_t)(pixel_bytes * width), width, height, (int32_t)pixel_bytes};
    return 1;
}

JNIEXPORT jfloatArray JNICALL Java_org_edgecolorizer_ColorPath_lightness(
    JNIEnv *env, jclass type, jobject rgba, jint width, jint height, jint side) {
    (void)type;
    ec_photo photo;
    if (!is_photo(env, rgba, width, height, &photo)) return NULL;
    if (side < 1) {
        throw_new(env, "java/lang/IllegalArgumentException", "side must be at least 1.");
        return NULL;
    }
    size_t pixels = (size_t)side * side;
    float *lightness = malloc(pixels * sizeof *lightness);
    uint8_t *small = malloc(pixels * 3);
    void *scratch = malloc(ec_resize_scratch_bytes(width, height, side));
    jfloatArray answer = NULL;
    if (lightness && small && scratch) {
        ec_resize(&photo, side, small, scratch);
        ec_lightness(tables, small, pixels, lightness);
        answer = (*env)->NewFloatArray(env, (jsize)pixels);
        if (answer) (*env)->SetFloatArrayRegion(env, answer, 0, (jsize)pixels, lightness);
    } else {
        throw_new(env, "java/lang/OutOfMemoryError", "There is no memory for the small copy of the photo.");
    }
    free(scratch);
    free(small);
    free(lightness);
    return answer;
}

JNIEXPORT void JNICALL Java_org_edgecolorizer_ColorPath_merge(
    JNIEnv *env, jclass type, jobject rgba, jint width, jint height, jfloatArray ab, jint side, jfloat strength) {
    (void)type;
    ec_photo photo;
    if (!is_photo(env, rgba, width, height, &photo)) return;
    if (side < 1 || (*env)->GetArrayLength(env, ab) != 2 * (jlong)side * side) {
        throw_new(env, "java/lang/IllegalArgumentException", "ab must hold 2 * side * side values.");
        return;
    }
    jfloat *values = (*env)->GetFloatArrayElements(env, ab, NULL);
    if (!values) return; /* Java has thrown already */
    ec_chroma chroma = {values, side, side};
    ec_merge(tables, &photo, &chroma, strength, 0, height);
    (*env)->ReleaseFloatArrayElements(env, ab, values, JNI_ABORT);
}
