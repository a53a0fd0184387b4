/* android/bitmap.h of the NDK, as much of it as the library uses, over the bitmaps of this folder. */
#ifndef ANDROID_BITMAP_H
#define ANDROID_BITMAP_H

#include <jni.h>
#include <stdint.h>

#define ANDROID_BITMAP_RESULT_SUCCESS 0
#define ANDROID_BITMAP_RESULT_BAD_PARAMETER (-1)
#define ANDROID_BITMAP_FORMAT_RGBA_8888 1

typedef struct {
    uint32_t width, height, stride;
    int32_t format;
    uint32_t flags;
} AndroidBitmapInfo;

static jobject bitmap_pixels(JNIEnv *env, jobject bitmap) {
    jclass type = (*env)->GetObjectClass(env, bitmap);
    return (*env)->GetObjectField(env, bitmap, (*env)->GetFieldID(env, type, "pixels", "Ljava/nio/ByteBuffer;"));
}

static uint32_t bitmap_size(JNIEnv *env, jobject bitmap, const char *getter) {
    jclass type = (*env)->GetObjectClass(env, bitmap);
    return (uint32_t)(*env)->CallIntMethod(env, bitmap, (*env)->GetMethodID(env, type, getter, "()I"));
}

static int AndroidBitmap_getInfo(JNIEnv *env, jobject bitmap, AndroidBitmapInfo *info) {
    uint32_t width = bitmap_size(env, bitmap, "getWidth"), height = bitmap_size(env, bitmap, "getHeight");
    AndroidBitmapInfo answer = {width, height, 4 * width, ANDROID_BITMAP_FORMAT_RGBA_8888, 0};
    *info = answer;
    return ANDROID_BITMAP_RESULT_SUCCESS;
}

/* A recycled bitmap has no pixels. */
static int AndroidBitmap_lockPixels(JNIEnv *env, jobject bitmap, void **levels) {
    jobject pixels = bitmap_pixels(env, bitmap);
    if (!pixels) return ANDROID_BITMAP_RESULT_BAD_PARAMETER;
    *levels = (*env)->GetDirectBufferAddress(env, pixels);
    return ANDROID_BITMAP_RESULT_SUCCESS;
}

static int AndroidBitmap_unlockPixels(JNIEnv *env, jobject bitmap) {
    (void)env, (void)bitmap;
    return ANDROID_BITMAP_RESULT_SUCCESS;
}

#endif
