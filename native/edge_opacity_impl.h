/* Colours multiplied by their opacity, as platforms keep them, and back; edge_colorizer.h includes this. */
#define EC_OPAQUE 255u

/* Rounded; a level above its opacity, which no premultiplied photo has, becomes white. */
static uint8_t ec_unpremultiplied(unsigned level, unsigned opacity) {
    if (level >= opacity) return opacity ? EC_OPAQUE : 0;
    return (uint8_t)((level * EC_OPAQUE + opacity / 2) / opacity);
}

static uint8_t ec_premultiplied(unsigned level, unsigned opacity) {
    return (uint8_t)((level * opacity + EC_OPAQUE / 2) / EC_OPAQUE);
}

static void ec_each_colour(const ec_photo *photo, uint8_t (*change)(unsigned level, unsigned opacity)) {
    for (int32_t y = 0; y < photo->height; y++) {
        uint8_t *pixel = photo->levels + (size_t)y * photo->row_bytes;
        for (int32_t x = 0; x < photo->width; x++, pixel += 4) {
            if (pixel[3] == EC_OPAQUE) continue;
            for (int channel = 0; channel < 3; channel++) pixel[channel] = change(pixel[channel], pixel[3]);
        }
    }
}

void ec_unpremultiply(const ec_photo *photo) {
    ec_each_colour(photo, ec_unpremultiplied);
}

void ec_premultiply(const ec_photo *photo) {
    ec_each_colour(photo, ec_premultiplied);
}
