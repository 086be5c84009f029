/* Sums over the rows of a matrix whose columns adjoin, a strip of columns at a time. */
#include "arithmetic.h"
#include "vectors.h"

/* Vectors of a row that stay in registers. */
#define STRIP 8

/* Of a block of rows: each column's sum, and its squared distances from the mean. */
INLINE void moments_of(int vectors, int64_t rows, int64_t row, const float *x, float *sum,
                       float *squares) {
    Vector total[STRIP], mean[STRIP];
    UNROLL for (int v = 0; v < vectors; v++) total[v] = (Vector){0};
    for (int64_t r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++) total[v] += load(x + r * row + v * LANES);
    Vector share = splat(1.0f / (float)rows);
    UNROLL for (int v = 0; v < vectors; v++) {
        store(sum + v * LANES, total[v]);
        mean[v] = total[v] * share;
        total[v] = (Vector){0};
    }
    for (int64_t r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++) {
            Vector apart = load(x + r * row + v * LANES) - mean[v];
            total[v] += apart * apart;
        }
    UNROLL for (int v = 0; v < vectors; v++) store(squares + v * LANES, total[v]);
}

void NAMED(column_moments, KIND)(int64_t rows, int64_t columns, const float *x, float *sum,
                                 float *squares) {
    int64_t c = 0;
    for (; c + STRIP * LANES <= columns; c += STRIP * LANES)
        moments_of(STRIP, rows, columns, x + c, sum + c, squares + c);
    for (; c + LANES <= columns; c += LANES)
        moments_of(1, rows, columns, x + c, sum + c, squares + c);
    for (; c < columns; c++) {
        float total = 0, apart = 0;
        for (int64_t r = 0; r < rows; r++) total += x[r * columns + c];
        for (int64_t r = 0; r < rows; r++) {
            float distance = x[r * columns + c] - total / (float)rows;
            apart += distance * distance;
        }
        sum[c] = total;
        squares[c] = apart;
    }
}

/* Adds each column's sum of x · y, and of y. */
INLINE void sums_of(int vectors, int64_t rows, int64_t row, const float *x, const float *y,
                    float *products, float *sum) {
    Vector both[STRIP], alone[STRIP];
    UNROLL for (int v = 0; v < vectors; v++) both[v] = alone[v] = (Vector){0};
    for (int64_t r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++) {
            Vector value = load(y + r * row + v * LANES);
            both[v] += load(x + r * row + v * LANES) * value;
            alone[v] += value;
        }
    UNROLL for (int v = 0; v < vectors; v++) {
        store(products + v * LANES, load(products + v * LANES) + both[v]);
        store(sum + v * LANES, load(sum + v * LANES) + alone[v]);
    }
}

void NAMED(column_sums, KIND)(int64_t rows, int64_t columns, const float *x, const float *y,
                              float *products, float *sum) {
    int64_t c = 0;
    for (; c + STRIP / 2 * LANES <= columns; c += STRIP / 2 * LANES)
        sums_of(STRIP / 2, rows, columns, x + c, y + c, products + c, sum + c);
    for (; c + LANES <= columns; c += LANES)
        sums_of(1, rows, columns, x + c, y + c, products + c, sum + c);
    for (; c < columns; c++) {
        float both = 0, alone = 0;
        for (int64_t r = 0; r < rows; r++) {
            both += x[r * columns + c] * y[r * columns + c];
            alone += y[r * columns + c];
        }
        products[c] += both;
        sum[c] += alone;
    }
}
