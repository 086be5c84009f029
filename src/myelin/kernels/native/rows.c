/* What XLA calls for Adam where only some rows of the parameter have a gradient; see kernels/rows.py.
 *
 * No gradient of the parameter's size is made, filled with zeros and read again, and of a row without
 * moments nothing but these is touched: it stays as it is.
 */
#include "frame.h"
#include "pool.h"
#include "scratch.h"

#include <string.h>

/* Below so many numbers a second thread costs more than it saves. */
enum { WORTH_A_THREAD = 1 << 15, STRETCH = 256 };

static const float no_gradient[STRETCH];

typedef struct {
    int64_t rows, width, n, each;
    const AdamNumbers *numbers;
    const int32_t *index;
    const float *gradient;
    float *w, *m, *v;
    /* A row for each part. */
    float *spare;
    /* For each row the first of the places that name it, for each place the next one; -1: none. */
    int32_t *first, *next;
} RowsStep;

static int all_zero(int64_t n, const float *from) {
    int32_t bits = 0;
    for (int64_t i = 0; i < n; i++) bits |= from[i] != 0;
    return !bits;
}

/* The sum of the gradients at the places that name a row, in their order. */
static const float *gradient_of(const RowsStep *by, int32_t place, float *sum) {
    const float *only = by->gradient + place * by->width;
    if (by->next[place] < 0) return only;
    memcpy(sum, only, sizeof(float) * by->width);
    for (place = by->next[place]; place >= 0; place = by->next[place]) {
        const float *more = by->gradient + place * by->width;
        for (int64_t j = 0; j < by->width; j++) sum[j] += more[j];
    }
    return sum;
}

static void step_part(const void *context, int64_t part) {
    const RowsStep *by = context;
    int64_t width = by->width, to = least(by->rows, (part + 1) * by->each);
    for (int64_t row = part * by->each; row < to; row++) {
        float *w = by->w + row * width, *m = by->m + row * width, *v = by->v + row * width;
        if (by->first[row] >= 0) {
            const float *g = gradient_of(by, by->first[row], by->spare + part * width);
            chosen()->adam(width, by->numbers, g, w, m, v);
        } else if (!all_zero(width, m) || !all_zero(width, v)) {
            for (int64_t at = 0; at < width; at += STRETCH)
                chosen()->adam(least(STRETCH, width - at), by->numbers, no_gradient, w + at, m + at,
                               v + at);
        }
    }
}

static void *data(const Buffers *buffers, int64_t index) { return buffers->buffers[index]->data; }

static void chain(RowsStep *by) {
    memset(by->first, -1, sizeof(int32_t) * by->rows);
    for (int64_t i = by->n - 1; i >= 0; i--) {
        int32_t row = by->index[i];
        if (row < 0 || row >= by->rows) continue;
        by->next[i] = by->first[row];
        by->first[row] = (int32_t)i;
    }
}

/* numbers (4,), index (n,), gradient (n, width), w, m, v (rows, width) give w, m, v, which lie where
 * the operands lay. An index that names no row is left out. */
EXPORT Error *myelin_adam_rows(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 6 || frame->results.count != 3)
        return refuse(frame, "Adam for rows has six operands and three results");
    const Buffer *index = frame->operands.buffers[1], *w = frame->operands.buffers[3];
    if (w->rank != 2 || w->dtype != DTYPE_FLOAT32 || index->dtype != DTYPE_INT32)
        return refuse(frame, "Adam for rows wants float32 (rows, width) and int32 places");
    RowsStep by = {
        .rows = w->dims[0], .width = w->dims[1], .n = index->dims[0], .index = index->data,
        .numbers = data(&frame->operands, 0), .gradient = data(&frame->operands, 2),
        .w = data(&frame->results, 0), .m = data(&frame->results, 1),
        .v = data(&frame->results, 2),
    };
    int64_t size = by.rows * by.width;
    for (int64_t result = 0; result < 3; result++) {
        void *to = data(&frame->results, result);
        const void *from = data(&frame->operands, result + 3);
        if (to != from) memcpy(to, from, sizeof(float) * size);
    }
    if (size == 0) return NULL;
    int64_t threads = size < WORTH_A_THREAD ? 1 : pool_threads(frame);
    /* Some rows have more to do than others: small parts even that out. */
    by.each = up(by.rows, 8 * threads);
    int64_t parts = up(by.rows, by.each);
    by.spare = scratch(SCRATCH_SUMS, parts * by.width + by.rows + by.n);
    if (by.spare == NULL || by.n > INT32_MAX)
        return refuse(frame, "there is no memory to add gradients up");
    by.first = (int32_t *)(by.spare + parts * by.width);
    by.next = by.first + by.rows;
    chain(&by);
    pool_run(frame, threads, step_part, &by, parts);
    return NULL;
}
