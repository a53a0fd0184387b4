/* sdk/hints.py: colours that somebody knows, on the network's grid; edge_colorizer.h includes this. */
#include <string.h>

#define EC_HINT_RADIUS (1.0 / 85) /* of the photo's longer side, where a hint names none */

/* Whether a cell of one axis is the one that a centre lies in. */
static int ec_holds(int32_t cell, double centre, int32_t pixels, int32_t cells) {
    return floor(centre * cells / pixels) == cell;
}

static double ec_squared_distance(int32_t cell, double centre, int32_t pixels, int32_t cells) {
    double distance = (cell + 0.5) * ((double)pixels / cells) - centre;
    return distance * distance;
}

void ec_place_hints(
    const ec_tables *tables,
    const ec_hint *hints,
    size_t count,
    int32_t width,
    int32_t height,
    int32_t cells,
    float *placed) {
    size_t plane = (size_t)cells * (size_t)cells;
    memset(placed, 0, 3 * plane * sizeof *placed);
    for (size_t at = 0; at < count; at++) {
        const ec_hint *hint = hints + at;
        double radius = hint->radius >= 0 ? hint->radius : (width > height ? width : height) * EC_HINT_RADIUS;
        float roots[3];
        for (int row = 0; row < 3; row++) roots[row] = ec_root(ec_relative(tables, row, hint->rgb));
        float a = 500 * (roots[0] - roots[1]), b = 200 * (roots[1] - roots[2]);
        for (int32_t y = 0; y < cells; y++) {
            float *cell = placed + (size_t)y * (size_t)cells;
            double down = ec_squared_distance(y, hint->y, height, cells);
            int row_holds = ec_holds(y, hint->y, height, cells);
            for (int32_t x = 0; x < cells; x++, cell++) {
                int covered = down + ec_squared_distance(x, hint->x, width, cells) <= radius * radius;
                if (!covered && !(row_holds && ec_holds(x, hint->x, width, cells))) continue;
                cell[0] = a / (float)EC_CHROMA_SCALE;
                cell[plane] = b / (float)EC_CHROMA_SCALE;
                cell[2 * plane] = 1;
            }
        }
    }
}
