/*
 * Every public function on what a fuzzer thinks of, in buffers not a byte larger than it may touch. `just fuzz` runs it.
 *
 * All bytes become sizes, levels, chroma, strength and vividness as they are: floats are NaN, infinite and huge, too.
 */
#include <stdlib.h>

#define EDGE_COLORIZER_IMPLEMENTATION
#include "edge_colorizer.h"

static void check(int holds) {
    if (!holds) abort();
}

typedef struct {
    const uint8_t *bytes;
    size_t count, at;
} source;

/* The source's next bytes, from its start again when they run out: short inputs fill large buffers, too. */
static void take(source *from, void *into, size_t bytes) {
    for (size_t at = 0; at < bytes; at++) {
        ((uint8_t *)into)[at] = from->count ? from->bytes[from->at++ % from->count] : 0;
    }
}

static void *filled(source *from, size_t bytes) {
    void *memory = malloc(bytes);
    check(memory != NULL);
    take(from, memory, bytes);
    return memory;
}

static int32_t between(source *from, int32_t least, int32_t most) {
    uint16_t number;
    take(from, &number, sizeof number);
    return least + number % (most - least + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    source from = {bytes, size, 0};
    static ec_tables *tables;
    if (!tables) {
        tables = malloc(ec_tables_bytes());
        ec_tables_init(tables);
    }

    float look[2];
    take(&from, look, sizeof look);
    int32_t width = between(&from, 1, 200), height = between(&from, 1, 30), side = between(&from, 1, 12);
    int32_t pixel_bytes = between(&from, 3, 4), padding = between(&from, 0, 3);
    size_t row_bytes = (size_t)(width * pixel_bytes + padding), pixels = (size_t)(side * side);
    /* The last row's padding is not the photo's. */
    uint8_t *levels = filled(&from, row_bytes * (size_t)height - (size_t)padding);
    ec_photo photo = {levels, row_bytes, width, height, pixel_bytes};
    float *faithful = filled(&from, 2 * pixels * sizeof(float)), *vivid = filled(&from, 2 * pixels * sizeof(float));
    ec_chroma chroma = {faithful, side, side};
    size_t count = (size_t)between(&from, 0, 5);
    ec_hint *hints = filled(&from, count * sizeof *hints);
    float *placed = malloc(3 * pixels * sizeof(float));
    uint8_t *small = malloc(3 * pixels);
    float *lightness = malloc(pixels * sizeof(float));
    void *scratch = malloc(ec_resize_scratch_bytes(width, height, side));

    if (pixel_bytes == 4) ec_unpremultiply(&photo);
    ec_resize(&photo, side, small, scratch);
    ec_lightness(tables, small, pixels, lightness);
    for (size_t at = 0; at < pixels; at++) check(lightness[at] >= -1.00001f && lightness[at] <= 1.00001f);
    ec_place_hints(tables, hints, count, width, height, side, placed);
    ec_blend(faithful, vivid, 2 * pixels, look[1], faithful);
    ec_merge(tables, &photo, &chroma, look[0], height / 2, height);
    ec_merge(tables, &photo, &chroma, look[0], 0, height / 2);
    if (pixel_bytes == 4) ec_premultiply(&photo);

    free(placed), free(hints), free(scratch), free(lightness), free(small), free(vivid), free(faithful), free(levels);
    return 0;
}
