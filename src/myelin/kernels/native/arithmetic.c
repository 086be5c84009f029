/* Matrix products and Adam. Every element of a product is summed in the order of k alone, so it has
 * the same bits however the result is cut into parts.
 */
#include "arithmetic.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

/* A panel of b, DEPTH by COLUMNS, stays in the first cache; a block of WIDTH columns in the second,
 * beside a block of HEIGHT rows of a. */
#define DEPTH 256
#define WIDTH 128
#define HEIGHT 96

/* c (+)= a · b for `rows` rows and COLUMNS columns, b a packed panel. */
INLINE void tile(int rows, int64_t k, const float *a, int64_t a_row, int64_t a_column,
                 const float *b, int64_t b_row, float *c, int64_t c_row, int add) {
    Vector sum[ROWS][2];
    UNROLL for (int i = 0; i < rows; i++) {
        sum[i][0] = add ? load(c + i * c_row) : (Vector){0};
        sum[i][1] = add ? load(c + i * c_row + LANES) : (Vector){0};
    }
    for (int64_t p = 0; p < k; p++) {
        Vector left = load(b + p * b_row), right = load(b + p * b_row + LANES);
        UNROLL for (int i = 0; i < rows; i++) {
            Vector factor = splat(a[i * a_row + p * a_column]);
            sum[i][0] += factor * left;
            sum[i][1] += factor * right;
        }
    }
    UNROLL for (int i = 0; i < rows; i++) {
        store(c + i * c_row, sum[i][0]);
        store(c + i * c_row + LANES, sum[i][1]);
    }
}

/* `tile` with the number of rows, and the axis along which a is contiguous, known to the compiler. */
INLINE void tile_of(int rows, int64_t k, const float *a, int64_t a_row, int64_t a_column,
                    const float *b, int64_t b_row, float *c, int64_t c_row, int add) {
#define CASE(N) \
    case N: \
        if (a_column == 1) tile(N, k, a, a_row, 1, b, b_row, c, c_row, add); \
        else tile(N, k, a, 1, a_column, b, b_row, c, c_row, add); \
        return;
    switch (rows) { EACH_ROW_COUNT(CASE) }
#undef CASE
}

/* Copies k rows of at most COLUMNS columns of b next to each other, and fills up with zeros. */
static void pack(const Product *by, int64_t k, int64_t columns, const float *b, float *panel) {
    if (columns == COLUMNS && by->b_column == 1) {
        for (int64_t p = 0; p < k; p++, b += by->b_row, panel += COLUMNS) {
            store(panel, load(b));
            store(panel + LANES, load(b + LANES));
        }
        return;
    }
    memset(panel, 0, sizeof(float) * k * COLUMNS);
    for (int64_t j = 0; j < columns; j++)
        for (int64_t p = 0; p < k; p++)
            panel[p * COLUMNS + j] = b[p * by->b_row + j * by->b_column];
}

/* One panel's share of c, for m rows of a. */
static void multiply_panel(const Product *by, int64_t m, int64_t k, int64_t columns, const float *a,
                           const float *b, int64_t b_row, float *c, int add) {
    float edge[ROWS * COLUMNS] __attribute__((aligned(64)));
    for (int64_t i = 0; i < m;) {
        int rows = rows_of_tile(m - i);
        const float *from = a + i * by->a_row;
        float *to = c + i * by->c_row;
        if (columns == COLUMNS) {
            tile_of(rows, k, from, by->a_row, by->a_column, b, b_row, to, by->c_row, add);
        } else {
            for (int r = 0; add && r < rows; r++)
                memcpy(edge + r * COLUMNS, to + r * by->c_row, sizeof(float) * columns);
            tile_of(rows, k, from, by->a_row, by->a_column, b, b_row, edge, COLUMNS, add);
            for (int r = 0; r < rows; r++)
                memcpy(to + r * by->c_row, edge + r * COLUMNS, sizeof(float) * columns);
        }
        i += rows;
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void multiply_dense(const Product *by) {
    float panels[DEPTH * WIDTH] __attribute__((aligned(64)));
    /* A few rows of a do not repay the copying of b. */
    int direct = by->m <= ROWS && by->b_column == 1;
    for (int64_t j0 = 0; j0 < by->n; j0 += WIDTH)
        for (int64_t p0 = 0; p0 < by->k; p0 += DEPTH) {
            int64_t width = least(WIDTH, by->n - j0), depth = least(DEPTH, by->k - p0);
            const float *b = by->b + p0 * by->b_row + j0 * by->b_column;
            for (int64_t j = 0; j < width; j += COLUMNS)
                if (!direct || width - j < COLUMNS)
                    pack(by, depth, least(COLUMNS, width - j), b + j * by->b_column,
                         panels + j * depth);
            for (int64_t i0 = 0; i0 < by->m; i0 += HEIGHT)
                for (int64_t j = 0; j < width; j += COLUMNS) {
                    int64_t columns = least(COLUMNS, width - j);
                    int in_place = direct && columns == COLUMNS;
                    multiply_panel(by, least(HEIGHT, by->m - i0), depth, columns,
                                   by->a + i0 * by->a_row + p0 * by->a_column,
                                   in_place ? b + j : panels + j * depth,
                                   in_place ? by->b_row : COLUMNS,
                                   by->c + i0 * by->c_row + j0 + j, by->add || p0 > 0);
                }
        }
}

/* Where a has zeros, the product of a zero and a finite number is left out: that changes no bit of
 * the sum. Images with an empty ground, one-hot rows, counts of words and what ReLU leaves are such.
 */

/* Rows of b that stay in the first cache, a bit of a mask for each, and vectors of a row of c that
 * stay in registers. */
#define SPARSE_DEPTH 64
#define STRIP 8

typedef float Eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t EightWhole __attribute__((vector_size(32), aligned(4), may_alias));
/* All ones where from[o] is not 0. */
INLINE EightWhole filled_of_eight(const float *from) {
    return (EightWhole)(*(const Eight *)from != 0);
}

INLINE uint32_t any_lane(EightWhole bits) {
    uint64_t halves[4];
    memcpy(halves, &bits, sizeof halves);
    uint64_t both = halves[0] | halves[1] | halves[2] | halves[3];
    return (uint32_t)(both | both >> 32);
}

static void find_in_rows(int64_t m, int64_t depth, const float *a, int64_t a_row, uint64_t *filled) {
    const EightWhole place = {1, 2, 4, 8, 16, 32, 64, 128};
    for (int64_t i = 0; i < m; i++, a += a_row) {
        filled[i] = 0;
        int64_t p = 0;
        for (; p + 32 <= depth; p += 32) {
            EightWhole bits = {0};
            UNROLL for (int eight = 0; eight < 4; eight++)
                bits |= filled_of_eight(a + p + 8 * eight) & place << 8 * eight;
            filled[i] |= (uint64_t)any_lane(bits) << p;
        }
        for (; p + 8 <= depth; p += 8)
            filled[i] |= (uint64_t)any_lane(filled_of_eight(a + p) & place) << p;
        for (; p < depth; p++) filled[i] |= (uint64_t)(a[p] != 0) << p;
    }
}

static void find_in_columns(int64_t m, int64_t depth, const float *a, int64_t a_column,
                            uint64_t *filled) {
    memset(filled, 0, sizeof *filled * m);
    int64_t i = 0;
    for (; i + 8 <= m; i += 8)
        for (int64_t p0 = 0; p0 < depth; p0 += 32) {
            EightWhole bits = {0};
            for (int64_t p = p0; p < depth && p < p0 + 32; p++) {
                int32_t place = (int32_t)((uint32_t)1 << (p - p0));
                bits |= filled_of_eight(a + i + p * a_column) & place;
            }
            for (int lane = 0; lane < 8; lane++)
                filled[i + lane] |= (uint64_t)(uint32_t)bits[lane] << p0;
        }
    for (; i < m; i++)
        for (int64_t p = 0; p < depth; p++)
            filled[i] |= (uint64_t)(a[i + p * a_column] != 0) << p;
}

/* `vectors` vectors of one row of c. */
INLINE void gather(const Product *by, int vectors, uint64_t filled, const float *a, const float *b,
                   float *c, int add) {
    Vector sum[STRIP];
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = add ? load(c + v * LANES) : (Vector){0};
    for (; filled; filled &= filled - 1) {
        int64_t p = __builtin_ctzll(filled);
        Vector factor = splat(a[p * by->a_column]);
        const float *row = b + p * by->b_row;
        UNROLL for (int v = 0; v < vectors; v++) sum[v] += factor * load(row + v * LANES);
    }
    UNROLL for (int v = 0; v < vectors; v++) store(c + v * LANES, sum[v]);
}

/* The columns that no whole vector holds. */
static void gather_rest(const Product *by, int64_t from, uint64_t filled, const float *a,
                        const float *b, float *c, int add) {
    for (int64_t j = from; j < by->n; j++) {
        float sum = add ? c[j] : 0;
        for (uint64_t bits = filled; bits; bits &= bits - 1) {
            int64_t p = __builtin_ctzll(bits);
            sum += a[p * by->a_column] * b[p * by->b_row + j];
        }
        c[j] = sum;
    }
}

static void multiply_block(const Product *by, const uint64_t *filled, int64_t m, const float *a,
                           const float *b, float *c, int add) {
    int64_t j = 0, a_row = by->a_row, c_row = by->c_row;
    for (; j + STRIP * LANES <= by->n; j += STRIP * LANES)
        for (int64_t i = 0; i < m; i++)
            gather(by, STRIP, filled[i], a + i * a_row, b + j, c + i * c_row + j, add);
    for (; j + LANES <= by->n; j += LANES)
        for (int64_t i = 0; i < m; i++)
            gather(by, 1, filled[i], a + i * a_row, b + j, c + i * c_row + j, add);
    for (int64_t i = 0; j < by->n && i < m; i++)
        gather_rest(by, j, filled[i], a + i * a_row, b, c + i * c_row, add);
}

static void multiply_sparse(const Product *by) {
    uint64_t filled[HEIGHT];
    for (int64_t p0 = 0; p0 < by->k; p0 += SPARSE_DEPTH)
        for (int64_t i0 = 0; i0 < by->m; i0 += HEIGHT) {
            int64_t depth = least(SPARSE_DEPTH, by->k - p0), m = least(HEIGHT, by->m - i0);
            const float *a = by->a + i0 * by->a_row + p0 * by->a_column;
            if (by->a_column == 1) find_in_rows(m, depth, a, by->a_row, filled);
            else find_in_columns(m, depth, a, by->a_column, filled);
            multiply_block(by, filled, m, a, by->b + p0 * by->b_row, by->c + i0 * by->c_row,
                           by->add || p0 > 0);
        }
}

/* Whether no element of b is infinite or NaN: their products with 0 must not be left out. */
static int all_finite(const Product *by) {
    const uint32_t exponent = 0x7f800000;
    uint32_t found = 0;
    for (int64_t p = 0; p < by->k; p++) {
        const uint32_t *row = (const uint32_t *)(by->b + p * by->b_row);
        for (int64_t j = 0; j < by->n; j++) found |= (row[j] & exponent) == exponent;
    }
    return !found;
}

/* A look at some elements of a: whether so many are 0 that leaving them out pays. */
static int mostly_zero(const Product *by) {
    enum { LOOKS = 256 };
    int64_t size = by->m * by->k, zeros = 0;
    if (size < LOOKS) return 0;
    for (int64_t look = 0; look < LOOKS; look++) {
        int64_t at = look * (size / LOOKS), i = at % by->m, p = at / by->m;
        zeros += by->a[i * by->a_row + p * by->a_column] == 0;
    }
    return zeros * 2 > LOOKS;
}

static void multiply(const Product *by) {
    int leave_out = by->n >= STRIP * LANES && by->b_column == 1 && mostly_zero(by);
    if (leave_out && all_finite(by)) multiply_sparse(by);
    else multiply_dense(by);
}

/* XLA takes three passes for this, and reads m, v and g again in each. */
static void adam(int64_t n, const AdamNumbers *by, const float *g, float *w, float *m, float *v) {
    float alpha = by->alpha, of_m = by->of_m, of_v = by->of_v, epsilon = by->epsilon;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        m[i] += of_m * (g[i] - m[i]);
        v[i] += of_v * (g[i] * g[i] - v[i]);
        w[i] -= alpha * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

/* As many multiplications and additions as registers allow at once, in `rounds` rounds. */
static int64_t peak(int64_t rounds) {
    volatile float unknown = 0.5f;
    Vector sums[12], factor = splat(unknown), term = splat(unknown);
    /* Read anew each time, or a compiler sees that all are equal and computes one. */
    UNROLL for (int i = 0; i < 12; i++) sums[i] = splat(unknown);
    for (int64_t round = 0; round < rounds; round++)
        UNROLL for (int i = 0; i < 12; i++) sums[i] = sums[i] * factor + term;
    UNROLL for (int i = 0; i < 12; i++) unknown = sums[i][0];
    return rounds * 12 * 2 * LANES;
}

extern void NAMED(result_row, KIND)(const ResultRow *, const float *, const float *, float *);
extern void NAMED(gradient_rows, KIND)(const GradientRows *, const float *, const float *, float *);
extern void NAMED(channel_row, KIND)(const ResultRow *, const float *, const float *, float *);
extern void NAMED(channel_gradient, KIND)(const GradientRows *, const int64_t *, const float *,
                                          const float *, float *);
extern void NAMED(column_moments, KIND)(int64_t, int64_t, const float *, float *, float *);
extern void NAMED(column_sums, KIND)(int64_t, int64_t, const float *, const float *, float *,
                                     float *);
extern void NAMED(lstm_forward, KIND)(int64_t, const float *, float *, const float *, float *,
                                      float *);
extern void NAMED(lstm_backward, KIND)(int64_t, const float *, const float *, const float *,
                                       const float *, const float *, float *, float *);
extern void NAMED(gru_forward, KIND)(int64_t, const float *, const float *, float *, const float *,
                                     float *, float *);
extern void NAMED(gru_backward, KIND)(int64_t, const float *, const float *, const float *,
                                      const float *, const float *, float *, float *, float *);

const Arithmetic NAMED(arithmetic, KIND) = {
    ROWS, COLUMNS, multiply, adam, peak, NAMED(result_row, KIND), NAMED(gradient_rows, KIND),
    NAMED(channel_row, KIND), NAMED(channel_gradient, KIND),
    NAMED(column_moments, KIND), NAMED(column_sums, KIND), NAMED(lstm_forward, KIND),
    NAMED(lstm_backward, KIND), NAMED(gru_forward, KIND), NAMED(gru_backward, KIND),
};
