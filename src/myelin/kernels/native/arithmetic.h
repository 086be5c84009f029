/* The arithmetic, compiled once for each kind of processor and chosen when the library is loaded. */
#ifndef MYELIN_ARITHMETIC_H
#define MYELIN_ARITHMETIC_H

#include <stdint.h>

/* c = a · b. Element (i, p) of a lies at a[i * a_row + p * a_column], and so on; c's columns are
 * next to each other. */
typedef struct {
    int64_t m, n, k;
    const float *a, *b;
    float *c;
    int64_t a_row, a_column, b_row, b_column, c_row;
} Product;

/* alpha is the learning rate with both bias corrections; of_m and of_v are 1 - beta. */
typedef struct {
    float alpha, of_m, of_v, epsilon;
} AdamNumbers;

typedef struct {
    int64_t tile_rows, tile_columns;
    void (*multiply)(const Product *product);
    void (*adam)(int64_t n, const AdamNumbers *by, const float *g, float *w, float *m, float *v);
    int64_t (*peak)(int64_t rounds);
} Arithmetic;

#endif
