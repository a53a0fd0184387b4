/* sdk/color.py, function by function; edge_colorizer.h includes this. */
#include <math.h>

#define EC_LINEAR_STEPS 65536 /* of linear light in the tables; see sdk/color.py for what they cost */
#define EC_MOST_CHROMA 1e6f   /* Lab units, ten thousand times what sRGB has */

struct ec_tables {
    float linear[256];             /* 8-bit sRGB to linear light */
    float root[EC_LINEAR_STEPS];   /* Lab's f of luminance */
    uint8_t srgb[EC_LINEAR_STEPS]; /* linear light to 8-bit sRGB */
    float relative_xyz_from_rgb[3][3];
    float rgb_from_relative_xyz[3][3];
};

/* CIE Lab's f(t): a cube root that turns into a straight line near black. */
static const float ec_delta = 6.0f / 29.0f;
static const float ec_slope = 841.0f / 108.0f; /* 1 / (3 delta^2) */
static const float ec_offset = 4.0f / 29.0f;

size_t ec_tables_bytes(void) {
    return sizeof(ec_tables);
}

static double ec_linear_from_encoded(double encoded) {
    return encoded <= 0.04045 ? encoded / 12.92 : pow((encoded + 0.055) / 1.055, 2.4);
}

static double ec_encoded_from_linear(double linear) {
    return linear <= 0.0031308 ? linear * 12.92 : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

static float ec_root(float relative) {
    return relative > ec_delta * ec_delta * ec_delta ? cbrtf(relative) : relative * ec_slope + ec_offset;
}

static float ec_cube(float root) {
    return root > ec_delta ? root * root * root : (root - ec_offset) / ec_slope;
}

/* Rows of cofactors, each the cross product of two columns, over the determinant. */
static void ec_invert(float matrix[3][3], float inverse[3][3]) {
    double cofactors[3][3], determinant = 0;
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++) {
            int below = (row + 1) % 3, last = (row + 2) % 3, right = (column + 1) % 3, far = (column + 2) % 3;
            cofactors[row][column] =
                (double)matrix[below][right] * matrix[last][far] - (double)matrix[below][far] * matrix[last][right];
        }
    }
    for (int column = 0; column < 3; column++) determinant += matrix[0][column] * cofactors[0][column];
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++) inverse[row][column] = (float)(cofactors[column][row] / determinant);
    }
}

void ec_tables_init(ec_tables *tables) {
    static const double xyz_from_rgb[3][3] = EC_XYZ_FROM_RGB;
    for (int level = 0; level < 256; level++) tables->linear[level] = (float)ec_linear_from_encoded(level / 255.0);
    for (int step = 0; step < EC_LINEAR_STEPS; step++) {
        double linear = step / (double)(EC_LINEAR_STEPS - 1);
        tables->root[step] = ec_root((float)linear);
        tables->srgb[step] = (uint8_t)(ec_encoded_from_linear(linear) * 255 + 0.5);
    }
    for (int row = 0; row < 3; row++) {
        const double *weights = xyz_from_rgb[row];
        double white = weights[0] + weights[1] + weights[2];
        for (int column = 0; column < 3; column++) {
            tables->relative_xyz_from_rgb[row][column] = (float)(weights[column] / white);
        }
    }
    ec_invert(tables->relative_xyz_from_rgb, tables->rgb_from_relative_xyz);
}

/* One of X, Y and Z, by its row of the matrix, over the white point's. */
static float ec_relative(const ec_tables *tables, int row, const uint8_t *rgb) {
    const float *weights = tables->relative_xyz_from_rgb[row];
    return weights[0] * tables->linear[rgb[0]] + weights[1] * tables->linear[rgb[1]] + weights[2] * tables->linear[rgb[2]];
}

static float ec_luminance(const ec_tables *tables, const uint8_t *rgb) {
    return ec_relative(tables, 1, rgb);
}

static int ec_table_index(float linear) {
    return (int)(linear * (float)(EC_LINEAR_STEPS - 1) + 0.5f);
}

static float ec_clip(float value) {
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* No colour where a network or its caller answers none that is a number, and no overflow of cubes where it is huge. */
static float ec_bounded_chroma(float value) {
    if (isnan(value)) return 0;
    return value < -EC_MOST_CHROMA ? -EC_MOST_CHROMA : value > EC_MOST_CHROMA ? EC_MOST_CHROMA : value;
}

void ec_lightness(const ec_tables *tables, const uint8_t *rgb, size_t pixels, float *lightness) {
    for (size_t pixel = 0; pixel < pixels; pixel++) {
        float lab_lightness = 116 * ec_root(ec_luminance(tables, rgb + 3 * pixel)) - 16;
        lightness[pixel] = lab_lightness / (float)EC_LIGHTNESS_SCALE - 1;
    }
}

/* Two source pixels of one target pixel, and the weight of the second (half-pixel centres). */
typedef struct {
    int32_t first, second;
    float weight;
} ec_taps;

static ec_taps ec_bilinear_taps(int32_t index, int32_t source, int32_t target) {
    double position = (index + 0.5) * source / target - 0.5;
    position = position < 0 ? 0 : position > source - 1 ? source - 1 : position;
    int32_t first = (int32_t)position;
    int32_t second = first + 1 < source ? first + 1 : first;
    ec_taps taps = {first, second, (float)(position - first)};
    return taps;
}

static float ec_bilinear(const float *plane, int32_t plane_width, ec_taps rows, ec_taps columns) {
    size_t row = (size_t)plane_width;
    const float *first = plane + (size_t)rows.first * row, *second = plane + (size_t)rows.second * row;
    float above = first[columns.first] * (1 - columns.weight) + first[columns.second] * columns.weight;
    float below = second[columns.first] * (1 - columns.weight) + second[columns.second] * columns.weight;
    return (below - above) * rows.weight + above;
}

/*
 * Writes the sRGB levels of Lab, given as f(Y), a and b. A colour outside the gamut moves towards the grey of its own
 * luminance until it fits: luminance is linear in linear RGB, so lightness does not change.
 */
static void ec_write_gamut_mapped(const ec_tables *tables, float root, float a, float b, uint8_t *rgb) {
    float luminance = ec_cube(root), x = ec_cube(root + a * (1.0f / 500)), z = ec_cube(root - b * (1.0f / 200));
    float planes[3], lowest = 1, highest = 0;
    for (int channel = 0; channel < 3; channel++) {
        const float *weights = tables->rgb_from_relative_xyz[channel];
        planes[channel] = weights[0] * x + weights[1] * luminance + weights[2] * z;
        lowest = planes[channel] < lowest ? planes[channel] : lowest; /* fminf is seldom inlined */
        highest = planes[channel] > highest ? planes[channel] : highest;
    }
    float grey = ec_clip(luminance), share = 1;
    /* How much of its chroma the darkest and the brightest channel have room for. */
    if (lowest < 0) share = grey / (grey - lowest);
    if (highest > 1) share = fminf(share, (1 - grey) / (highest - grey));
    for (int channel = 0; channel < 3; channel++) {
        float linear = share < 1 ? grey + (planes[channel] - grey) * share : planes[channel];
        rgb[channel] = tables->srgb[ec_table_index(ec_clip(linear))];
    }
}

void ec_blend(const float *faithful, const float *vivid, size_t values, float vividness, float *blended) {
    const float vivid_alone = 0.8f;
    float share = vividness < vivid_alone ? 1 - vividness / vivid_alone : 0;
    for (size_t at = 0; at < values; at++) blended[at] = share * faithful[at] + vividness * vivid[at];
}

void ec_merge(
    const ec_tables *tables,
    const ec_photo *photo,
    const ec_chroma *chroma,
    float strength,
    int32_t first_row,
    int32_t end_row) {
    const float *a_plane = chroma->ab, *b_plane = chroma->ab + (size_t)chroma->width * (size_t)chroma->height;
    float scale = (float)EC_CHROMA_SCALE * strength;
    for (int32_t y = first_row; y < end_row; y++) {
        ec_taps rows = ec_bilinear_taps(y, chroma->height, photo->height);
        uint8_t *rgb = photo->levels + (size_t)y * photo->row_bytes;
        for (int32_t x = 0; x < photo->width; x++, rgb += photo->pixel_bytes) {
            ec_taps columns = ec_bilinear_taps(x, chroma->width, photo->width);
            float a = ec_bounded_chroma(scale * ec_bilinear(a_plane, chroma->width, rows, columns));
            float b = ec_bounded_chroma(scale * ec_bilinear(b_plane, chroma->width, rows, columns));
            float root = tables->root[ec_table_index(ec_luminance(tables, rgb))];
            ec_write_gamut_mapped(tables, root, a, b, rgb);
        }
    }
}
