/* The sums of a convolution and of its kernel's gradient, tile by tile. Every number is summed in
 * one order, wherever its tile begins and whoever computes it.
 */
#include "arithmetic.h"
#include "vectors.h"

#include <string.h>

/* `rows` neighbouring results with `vectors` vectors each; the panel's rows are as wide. */
INLINE void sum_runs(int rows, int vectors, const ResultRow *by, const float *x, const float *panel,
                     float *y, int64_t y_step) {
    Vector sum[ROWS][2];
    int64_t x_step = by->x_step;
    UNROLL for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (Vector){0};
    for (int64_t run = 0; run < by->runs; run++) {
        const float *at = x + by->offsets[run];
        for (int64_t l = by->lengths[run]; l > 0; l--, at++, panel += vectors * LANES) {
            Vector left = load(panel), right = vectors > 1 ? load(panel + LANES) : left;
            UNROLL for (int i = 0; i < rows; i++) {
                Vector factor = splat(at[i * x_step]);
                sum[i][0] += factor * left;
                if (vectors > 1) sum[i][1] += factor * right;
            }
        }
    }
    UNROLL for (int i = 0; i < rows; i++) {
        store(y + i * y_step, sum[i][0]);
        if (vectors > 1) store(y + i * y_step + LANES, sum[i][1]);
    }
}

INLINE void sum_runs_of(int rows, int vectors, const ResultRow *by, const float *x,
                        const float *panel, float *y, int64_t y_step) {
#define CASE(N) case N: sum_runs(N, vectors, by, x, panel, y, y_step); return;
    switch (rows) { EACH_ROW_COUNT(CASE) }
#undef CASE
}

INLINE void result_row_of(int vectors, const ResultRow *by, const float *x, const float *panel,
                          float *y) {
    float edge[ROWS * COLUMNS] __attribute__((aligned(64)));
    for (int64_t i = 0; i < by->width;) {
        int rows = rows_of_tile(by->width - i);
        const float *from = x + i * by->x_step;
        float *to = y + i * by->y_step;
        if (by->columns == vectors * LANES) {
            sum_runs_of(rows, vectors, by, from, panel, to, by->y_step);
        } else {
            sum_runs_of(rows, vectors, by, from, panel, edge, COLUMNS);
            for (int r = 0; r < rows; r++)
                memcpy(to + r * by->y_step, edge + r * COLUMNS, sizeof(float) * by->columns);
        }
        i += rows;
    }
}

void NAMED(result_row, KIND)(const ResultRow *by, const float *x, const float *panel, float *y) {
    if (by->columns > LANES) result_row_of(2, by, x, panel, y);
    else result_row_of(1, by, x, panel, y);
}

/* `rows` rows of the gradient with `vectors` vectors each, over all points. */
INLINE void sum_points(int rows, int vectors, const GradientRows *by, const float *x, const float *y,
                       float *k) {
    Vector sum[ROWS][2];
    int64_t x_step = by->x_step, y_step = by->y_step;
    UNROLL for (int i = 0; i < rows; i++) {
        sum[i][0] = load(k + i * by->k_row);
        sum[i][1] = vectors > 1 ? load(k + i * by->k_row + LANES) : sum[i][0];
    }
    for (int64_t image = 0; image < by->images; image++)
        for (int64_t row = 0; row < by->height; row++) {
            const float *at = x + image * by->x_image + row * by->x_row;
            const float *met = y + image * by->y_image + row * by->y_row;
            for (int64_t p = by->width; p > 0; p--, at += x_step, met += y_step) {
                Vector left = load(met), right = vectors > 1 ? load(met + LANES) : left;
                UNROLL for (int i = 0; i < rows; i++) {
                    Vector factor = splat(at[i]);
                    sum[i][0] += factor * left;
                    if (vectors > 1) sum[i][1] += factor * right;
                }
            }
        }
    UNROLL for (int i = 0; i < rows; i++) {
        store(k + i * by->k_row, sum[i][0]);
        if (vectors > 1) store(k + i * by->k_row + LANES, sum[i][1]);
    }
}

INLINE void sum_points_of(int rows, int vectors, const GradientRows *by, const float *x,
                          const float *y, float *k) {
#define CASE(N) case N: sum_points(N, vectors, by, x, y, k); return;
    switch (rows) { EACH_ROW_COUNT(CASE) }
#undef CASE
}

void NAMED(gradient_rows, KIND)(const GradientRows *by, const float *x, const float *y, float *k) {
    for (int64_t i = 0; i < by->rows;) {
        int rows = rows_of_tile(by->rows - i);
        float *to = k + i * by->k_row;
        int64_t j = 0;
        for (; j + COLUMNS <= by->columns; j += COLUMNS) sum_points_of(rows, 2, by, x + i, y + j, to + j);
        if (j < by->columns) sum_points_of(rows, 1, by, x + i, y + j, to + j);
        i += rows;
    }
}

/* `rows` neighbouring results, a vector of channels each. */
INLINE void sum_channels(int rows, const ResultRow *by, const float *x, const float *k, float *y) {
    Vector sum[ROWS];
    int64_t x_step = by->x_step;
    UNROLL for (int i = 0; i < rows; i++) sum[i] = (Vector){0};
    for (int64_t run = 0; run < by->runs; run++, k += by->columns) {
        const float *at = x + by->offsets[run];
        Vector factor = load(k);
        UNROLL for (int i = 0; i < rows; i++) sum[i] += load(at + i * x_step) * factor;
    }
    UNROLL for (int i = 0; i < rows; i++) store(y + i * by->y_step, sum[i]);
}

INLINE void sum_channels_of(int rows, const ResultRow *by, const float *x, const float *k, float *y) {
#define CASE(N) case N: sum_channels(N, by, x, k, y); return;
    switch (rows) { EACH_ROW_COUNT(CASE) }
#undef CASE
}

void NAMED(channel_row, KIND)(const ResultRow *by, const float *x, const float *k, float *y) {
    for (int64_t i = 0; i < by->width;) {
        int rows = rows_of_tile(by->width - i);
        int64_t c = 0;
        for (; c + LANES <= by->columns; c += LANES)
            sum_channels_of(rows, by, x + i * by->x_step + c, k + c, y + i * by->y_step + c);
        for (; c < by->columns; c++)
            for (int64_t r = i; r < i + rows; r++) {
                float sum = 0;
                for (int64_t run = 0; run < by->runs; run++)
                    sum += x[by->offsets[run] + r * by->x_step + c] * k[run * by->columns + c];
                y[r * by->y_step + c] = sum;
            }
        i += rows;
    }
}

/* `rows` taps of a vector of channels, over a row of points. */
INLINE void sum_row(int rows, const GradientRows *by, const int64_t *offsets, const float *x,
                    const float *y, float *k) {
    Vector sum[ROWS];
    int64_t x_step = by->x_step, y_step = by->y_step;
    UNROLL for (int i = 0; i < rows; i++) sum[i] = load(k + i * by->k_row);
    for (int64_t p = by->width; p > 0; p--, x += x_step, y += y_step) {
        Vector factor = load(y);
        UNROLL for (int i = 0; i < rows; i++) sum[i] += load(x + offsets[i]) * factor;
    }
    UNROLL for (int i = 0; i < rows; i++) store(k + i * by->k_row, sum[i]);
}

INLINE void sum_row_of(int rows, const GradientRows *by, const int64_t *offsets, const float *x,
                       const float *y, float *k) {
#define CASE(N) case N: sum_row(N, by, offsets, x, y, k); return;
    switch (rows) { EACH_ROW_COUNT(CASE) }
#undef CASE
}

void NAMED(channel_gradient, KIND)(const GradientRows *by, const int64_t *offsets, const float *x,
                                   const float *y, float *k) {
    for (int64_t image = 0; image < by->images; image++)
        for (int64_t row = 0; row < by->height; row++) {
            const float *at = x + image * by->x_image + row * by->x_row;
            const float *met = y + image * by->y_image + row * by->y_row;
            int64_t c = 0;
            for (; c + LANES <= by->columns; c += LANES)
                for (int64_t i = 0; i < by->rows;) {
                    int rows = rows_of_tile(by->rows - i);
                    sum_row_of(rows, by, offsets + i, at + c, met + c, k + i * by->k_row + c);
                    i += rows;
                }
            for (; c < by->columns; c++)
                for (int64_t i = 0; i < by->rows; i++)
                    for (int64_t p = 0; p < by->width; p++)
                        k[i * by->k_row + c] +=
                            at[offsets[i] + p * by->x_step + c] * met[p * by->y_step + c];
        }
}
