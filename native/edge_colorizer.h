/*
 * What an app needs around the network: sdk/resizing.py and sdk/color.py, in C99 that is C++ too, for 8-bit photos.
 *
 *     photo, full size -> ec_resize -> ec_lightness -> the network -> ec_blend -> ec_merge -> the same photo, in colour
 *                hints -> ec_place_hints --^
 *
 * One source file of the app, and no other, has this line before it includes this header:
 *
 *     #define EDGE_COLORIZER_IMPLEMENTATION
 *
 * Nothing here allocates, keeps state or prints; all memory is the caller's, aligned as `malloc` aligns. Tables are
 * filled once and then only read, so threads may share them, and may merge different rows of one photo side by side.
 * Held to Pillow and to the Python SDK by tests/test_native.py.
 */
#ifndef EDGE_COLORIZER_H
#define EDGE_COLORIZER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The colour constants of sdk/color.py, which a model is trained with and its manifest records. */
#define EC_CHROMA_SCALE 110.0  /* a and b are divided by this on their way into a network */
#define EC_LIGHTNESS_SCALE 50.0 /* L is divided by this, then one is taken off */
#define EC_XYZ_FROM_RGB \
    {{0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}}

/* The sRGB levels of a photo. */
typedef struct {
    uint8_t *levels;     /* red, green, blue of the top left pixel, then what `pixel_bytes` says, then the next pixel */
    size_t row_bytes;    /* from the start of one row to the start of the next */
    int32_t width;       /* in pixels, at least one */
    int32_t height;      /* in pixels, at least one */
    int32_t pixel_bytes; /* 3, or 4 with a byte of opacity, which stays as it is */
} ec_photo;

/* Chroma as a network's head answers it: a/110 of each pixel, row by row, then b/110 of each. 128 by 128 for S of 256. */
typedef struct {
    const float *ab;
    int32_t width;
    int32_t height;
} ec_chroma;

/* A disc of a photo whose colour is known. Only hue and chroma count: lightness stays the photo's. */
typedef struct {
    double x;       /* its centre, in pixels from the photo's left edge */
    double y;       /* its centre, in pixels from the photo's top edge */
    double radius;  /* in pixels; below 0 for an 85th of the photo's longer side */
    uint8_t rgb[3]; /* sRGB levels */
} ec_hint;

typedef struct ec_tables ec_tables;

/* How much memory the tables need: about 330 kB. */
size_t ec_tables_bytes(void);

/* Fills memory of `ec_tables_bytes()`; a few milliseconds. */
void ec_tables_init(ec_tables *tables);

/* How much memory `ec_resize` needs beside its result: for S of 256 at most 8.3 MB, however large the photo. */
size_t ec_resize_scratch_bytes(int32_t width, int32_t height, int32_t side);

/* Stretches a photo to `small`, side * side * 3 levels, bicubic, as the Python SDK does with Pillow. */
void ec_resize(const ec_photo *photo, int32_t side, uint8_t *small, void *scratch);

/* The tensor contract's lightness of `pixels` times 3 levels: L/50 - 1, in [-1, 1]. */
void ec_lightness(const ec_tables *tables, const uint8_t *rgb, size_t pixels, float *lightness);

/*
 * The tensor contract's hints, 3 * cells * cells values: a/110, b/110 and 1 in each cell whose centre a hint's disc covers
 * and in the cell its own centre lies in, zeros elsewhere. Where hints overlap, the later one counts. `cells` is S/2.
 */
void ec_place_hints(
    const ec_tables *tables,
    const ec_hint *hints,
    size_t count,
    int32_t width,
    int32_t height,
    int32_t cells,
    float *placed);

/*
 * What lies between the answers of a network's two heads, 2 * width * height values each: `vividness` of 0 is faithful,
 * 1 vivid. Up to 0.8 one gives way to the other, which then grows. `blended` may be either of them.
 */
void ec_blend(const float *faithful, const float *vivid, size_t values, float vividness, float *blended);

/*
 * Colours rows `first_row` to before `end_row` of a photo in place: keeps their lightness, takes the network's chroma,
 * upsampled bilinearly and multiplied by `strength` (0 is grey, 1 as the network says). Colours outside sRGB lose
 * chroma, never lightness. Where chroma or strength is no number, the photo turns grey.
 */
void ec_merge(
    const ec_tables *tables,
    const ec_photo *photo,
    const ec_chroma *chroma,
    float strength,
    int32_t first_row,
    int32_t end_row);

/*
 * Photos of 4 bytes a pixel whose colours were multiplied by their opacity, as Android and Core Graphics keep them: colour
 * them between these two. Both work in place.
 */
void ec_unpremultiply(const ec_photo *photo);
void ec_premultiply(const ec_photo *photo);

#ifdef __cplusplus
}
#endif

#endif

#if defined(EDGE_COLORIZER_IMPLEMENTATION) && !defined(EDGE_COLORIZER_IMPLEMENTED)
#define EDGE_COLORIZER_IMPLEMENTED
#include "edge_color_impl.h"
#include "edge_hints_impl.h"
#include "edge_opacity_impl.h"
#include "edge_resize_impl.h"
#endif
