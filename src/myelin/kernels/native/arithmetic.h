/* The arithmetic, compiled once for each kind of processor and chosen when the library is loaded. */
#ifndef MYELIN_ARITHMETIC_H
#define MYELIN_ARITHMETIC_H

#include <stdint.h>

/* c = a · b, or c + a · b where `add` says so. Element (i, p) of a lies at a[i * a_row + p * a_column],
 * and so on; c's columns are next to each other. */
typedef struct {
    int64_t m, n, k;
    const float *a, *b;
    float *c;
    int64_t a_row, a_column, b_row, b_column, c_row;
    int add;
} Product;

/* alpha is the learning rate with both bias corrections; of_m and of_v are 1 - beta. */
typedef struct {
    float alpha, of_m, of_v, epsilon;
} AdamNumbers;

/* A row of results, each the sum of `runs` runs of neighbouring numbers, times a panel of factors.
 * Run r of the result at i starts at x[i * x_step + offsets[r]]; `columns` results stand in each
 * place, at most as many as a tile has. */
typedef struct {
    int64_t width, columns, runs;
    const int64_t *offsets, *lengths;
    int64_t x_step, y_step;
} ResultRow;

/* `rows` rows of a kernel's gradient, with `columns` columns, a whole number of vectors: row i is the
 * sum over all points of x[i] times the columns of y. */
typedef struct {
    int64_t rows, columns, images, height, width;
    int64_t x_image, x_row, x_step, y_image, y_row, y_step, k_row;
} GradientRows;

typedef struct {
    int64_t tile_rows, tile_columns;
    void (*multiply)(const Product *product);
    void (*adam)(int64_t n, const AdamNumbers *by, const float *g, float *w, float *m, float *v);
    int64_t (*peak)(int64_t rounds);
    void (*result_row)(const ResultRow *by, const float *x, const float *panel, float *y);
    /* Adds to k. */
    void (*gradient_rows)(const GradientRows *by, const float *x, const float *y, float *k);
    /* The same where numbers meet those of their own channel alone: a run is a point with as many
     * numbers as columns, and a row of the gradient begins at its own of the offsets in x. */
    void (*channel_row)(const ResultRow *by, const float *x, const float *k, float *y);
    void (*channel_gradient)(const GradientRows *by, const int64_t *offsets, const float *x,
                             const float *y, float *k);
    /* See columns.c; x and y are rows by columns. */
    void (*column_moments)(int64_t rows, int64_t columns, const float *x, float *sum,
                           float *squares);
    void (*column_sums)(int64_t rows, int64_t columns, const float *x, const float *y,
                        float *products, float *sum);
    /* See lstm.c; all of one example at one step. */
    void (*lstm_forward)(int64_t units, const float *bias, float *gates, const float *before,
                         float *c, float *h);
    void (*lstm_backward)(int64_t units, const float *gates, const float *before, const float *c,
                          const float *output_bar, const float *h_bar, float *c_bar, float *z_bar);
    /* See gru.c; likewise. */
    void (*gru_forward)(int64_t units, const float *own, const float *bias, float *gates,
                        const float *before, float *inner, float *h);
    void (*gru_backward)(int64_t units, const float *gates, const float *inner, const float *before,
                         const float *output_bar, const float *h_bar, float *past, float *own_bar,
                         float *inner_bar);
} Arithmetic;

#endif
