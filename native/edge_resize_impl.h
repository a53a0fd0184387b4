/* The bicubic resize of `sdk.resizing.resize`, which is Pillow's, to the bit; edge_colorizer.h includes this. */
#include <math.h>
#include <string.h>

#define EC_REDUCING_GAP 3
#define EC_CUBIC_SUPPORT 2
#define EC_PRECISION_BITS 22 /* of the kernel's weights: 32 less a level's 8 less 2 for overshoot */
/* After whole-step averaging a photo is less than 2 * EC_REDUCING_GAP times its target, which bounds the kernel. */
#define EC_MOST_TAPS (2 * EC_CUBIC_SUPPORT * 2 * EC_REDUCING_GAP + 1)

/* The source pixels that one target pixel is made of, with their weights in fixed point. */
typedef struct {
    size_t start, taps;
    int32_t weights[EC_MOST_TAPS];
} ec_kernel;

/* How a photo's axis becomes `side` pixels: blocks of `factor` are averaged, then `length` averages are resampled. */
typedef struct {
    int32_t factor, length;
    double extent; /* of the photo in averages, the last of which may be of a smaller block */
} ec_axis;

static ec_axis ec_axis_of(int32_t pixels, int32_t side) {
    int32_t factor = (int32_t)((double)pixels / side / EC_REDUCING_GAP);
    factor = factor < 1 ? 1 : factor;
    /* Pillow hands this on in single precision. */
    ec_axis axis = {factor, (pixels + factor - 1) / factor, (float)((double)pixels / factor)};
    return axis;
}

/* Keys' cubic convolution. */
static double ec_cubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < EC_CUBIC_SUPPORT ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static ec_kernel ec_kernel_of(int32_t index, ec_axis axis, int32_t side) {
    double scale = axis.extent / side, stretch = scale < 1 ? 1 : scale; /* when shrinking, all that is shrunk counts */
    double support = EC_CUBIC_SUPPORT * stretch, centre = (index + 0.5) * scale, total = 0, shares[EC_MOST_TAPS];
    int32_t start = (int32_t)(centre - support + 0.5), end = (int32_t)(centre + support + 0.5);
    start = start < 0 ? 0 : start;
    end = end > axis.length ? axis.length : end;
    ec_kernel kernel = {(size_t)start, (size_t)(end - start), {0}};
    for (size_t tap = 0; tap < kernel.taps; tap++) {
        shares[tap] = ec_cubic(((double)(tap + kernel.start) - centre + 0.5) * (1 / stretch));
        total += shares[tap];
    }
    for (size_t tap = 0; tap < kernel.taps; tap++) {
        double weight = shares[tap] / total * (1 << EC_PRECISION_BITS);
        kernel.weights[tap] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    return kernel;
}

/*
 * One pass of one axis: `lines` lines of `axis.length` pixels to as many of `side`. A step leads from a pixel to the next
 * along the axis, a line step from a line to the next, both in bytes.
 */
static void ec_resample(
    const uint8_t *from, size_t step, size_t line_step, ec_axis axis, size_t lines, int32_t side,
    uint8_t *to, size_t to_step, size_t to_line_step) {
    for (int32_t index = 0; index < side; index++) {
        ec_kernel kernel = ec_kernel_of(index, axis, side);
        for (size_t line = 0; line < lines; line++) {
            const uint8_t *levels = from + line * line_step + kernel.start * step;
            uint8_t *resampled = to + line * to_line_step + (size_t)index * to_step;
            for (size_t channel = 0; channel < 3; channel++) {
                int32_t sum = 1 << (EC_PRECISION_BITS - 1);
                for (size_t tap = 0; tap < kernel.taps; tap++) sum += levels[tap * step + channel] * kernel.weights[tap];
                sum /= 1 << EC_PRECISION_BITS; /* not a shift, which C leaves open below zero */
                resampled[channel] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
        }
    }
}

/* Pillow divides by multiplying with a rounded reciprocal. */
static uint8_t ec_rounded_mean(uint32_t sum, uint32_t count) {
    uint32_t reciprocal = (uint32_t)((float)(1 << 24) / (float)count);
    return (uint8_t)(((uint64_t)(sum + count / 2) * reciprocal) >> 24);
}

/* One row of averages, those of the photo's rows from `top` on. */
static void ec_reduce_row(const ec_photo *photo, ec_axis across, ec_axis down, int32_t row, uint32_t *sums, uint8_t *means) {
    int32_t top = row * down.factor, bottom = top + down.factor;
    bottom = bottom > photo->height ? photo->height : bottom;
    memset(sums, 0, (size_t)across.length * 3 * sizeof *sums);
    for (int32_t y = top; y < bottom; y++) {
        const uint8_t *levels = photo->levels + (size_t)y * photo->row_bytes;
        uint32_t *sum = sums;
        for (int32_t x = 0; x < photo->width; sum += 3) {
            int32_t end = photo->width - x < across.factor ? photo->width : x + across.factor;
            for (; x < end; x++, levels += photo->pixel_bytes) {
                for (int channel = 0; channel < 3; channel++) sum[channel] += levels[channel];
            }
        }
    }
    for (int32_t entry = 0; entry < across.length * 3; entry++) {
        int32_t left = photo->width - entry / 3 * across.factor;
        int32_t columns = left < across.factor ? left : across.factor;
        means[entry] = ec_rounded_mean(sums[entry], (uint32_t)((bottom - top) * columns));
    }
}

size_t ec_resize_scratch_bytes(int32_t width, int32_t height, int32_t side) {
    size_t columns = (size_t)ec_axis_of(width, side).length, rows = (size_t)ec_axis_of(height, side).length;
    return columns * 3 * sizeof(uint32_t) + columns * rows * 3 + rows * (size_t)side * 3;
}

void ec_resize(const ec_photo *photo, int32_t side, uint8_t *small, void *scratch) {
    ec_axis across = ec_axis_of(photo->width, side), down = ec_axis_of(photo->height, side);
    size_t rows = (size_t)down.length, row = (size_t)across.length * 3, small_row = (size_t)side * 3;
    uint32_t *sums = (uint32_t *)scratch;
    uint8_t *reduced = (uint8_t *)(sums + row), *between = reduced + row * rows;

    for (int32_t y = 0; y < down.length; y++) ec_reduce_row(photo, across, down, y, sums, reduced + (size_t)y * row);
    ec_resample(reduced, 3, row, across, rows, side, between, 3, small_row);
    ec_resample(between, small_row, 3, down, (size_t)side, side, small, small_row, 3);
}
