/* What XLA calls: a handler for each form of the product. */
#include "frame.h"
#include "pool.h"

#include <stddef.h>
#include <string.h>

/* Below so many multiplications, or parameters, a second thread costs more than it saves. LINE
 * floats are what two processors should not share. */
enum { WORTH_A_THREAD = 100000, ADAM_WORTH_A_THREAD = 32768, LINE = 16 };

/* Products of equal size, each cut along its longer side: that reads the fewest elements twice. */
typedef struct {
    Product first;
    int64_t a_size, b_size, c_size, parts, step;
    int by_rows;
} Cut;

static void multiply_part(const void *context, int64_t index) {
    const Cut *cut = context;
    int64_t product = index / cut->parts, from = index % cut->parts * cut->step;
    Product part = cut->first;
    part.a += product * cut->a_size;
    part.b += product * cut->b_size;
    part.c += product * cut->c_size;
    if (cut->by_rows) {
        part.m = least(cut->step, part.m - from);
        part.a += from * part.a_row;
        part.c += from * part.c_row;
    } else {
        part.n = least(cut->step, part.n - from);
        part.b += from * part.b_column;
        part.c += from;
    }
    chosen()->multiply(&part);
}

static void multiply_on(const Frame *frame, const Product *first, int64_t products) {
    int64_t m = first->m, n = first->n, k = first->k, threads = 1;
    if ((double)products * m * n * k >= 2.0 * WORTH_A_THREAD) threads = pool_threads(frame);
    int by_rows = m >= n;
    int64_t side = by_rows ? m : n;
    int64_t unit = by_rows ? chosen()->tile_rows : chosen()->tile_columns;
    int64_t wanted = products >= threads ? 1 : (threads + products - 1) / products;
    int64_t step = up(up(side, unit), wanted) * unit;
    Cut cut = {*first, m * k, k * n, m * n, up(side, step), step, by_rows};
    pool_run(frame, threads, multiply_part, &cut, products * cut.parts);
}

/* c (…, m, n) = a · b, where a is (…, m, k), or (…, k, m) when transposed, and b alike; the leading
 * axes are equal. */
static Error *multiply(Frame *frame, int transpose_a, int transpose_b) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 2 || frame->results.count != 1)
        return refuse(frame, "a product has two operands and one result");
    const Buffer *a = frame->operands.buffers[0], *b = frame->operands.buffers[1];
    const Buffer *c = frame->results.buffers[0];
    int64_t rank = c->rank, products = 1;
    if (a->dtype != DTYPE_FLOAT32 || b->dtype != DTYPE_FLOAT32 || c->dtype != DTYPE_FLOAT32 ||
        rank < 2 || a->rank != rank || b->rank != rank)
        return refuse(frame, "a product wants float32 matrices");
    for (int64_t axis = 0; axis < rank - 2; axis++) {
        products *= c->dims[axis];
        if (a->dims[axis] != c->dims[axis] || b->dims[axis] != c->dims[axis])
            return refuse(frame, "the leading axes of the matrices differ");
    }
    const int64_t *of_a = a->dims + rank - 2, *of_b = b->dims + rank - 2;
    int64_t m = c->dims[rank - 2], n = c->dims[rank - 1], k = of_a[!transpose_a];
    if (of_a[transpose_a] != m || of_b[transpose_b] != k || of_b[!transpose_b] != n)
        return refuse(frame, "the sizes of the matrices do not fit");
    if (k == 0) memset(c->data, 0, sizeof(float) * products * m * n);
    if (products * m * n * k == 0) return NULL;
    Product first = {
        .m = m, .n = n, .k = k, .a = a->data, .b = b->data, .c = c->data,
        .a_row = transpose_a ? 1 : k, .a_column = transpose_a ? m : 1,
        .b_row = transpose_b ? 1 : n, .b_column = transpose_b ? k : 1, .c_row = n,
    };
    multiply_on(frame, &first, products);
    return NULL;
}

EXPORT Error *myelin_multiply_nn(Frame *frame) { return multiply(frame, 0, 0); }
EXPORT Error *myelin_multiply_tn(Frame *frame) { return multiply(frame, 1, 0); }
EXPORT Error *myelin_multiply_nt(Frame *frame) { return multiply(frame, 0, 1); }

typedef struct {
    int64_t n, step, parts;
    const AdamNumbers *numbers;
    const float *g;
    float *w, *m, *v;
} AdamStep;

static void adam_part(const void *context, int64_t index) {
    const AdamStep *by = context;
    int64_t member = index / by->parts, within = index % by->parts * by->step;
    int64_t from = member * by->n + within, n = least(by->step, by->n - within);
    chosen()->adam(n, by->numbers + member, by->g + from, by->w + from, by->m + from, by->v + from);
}

/* numbers (4,), g, w, m, v give w, m, v, which lie where the operands lay; or numbers (members, 4),
 * and all others with as many entries on their first axis. */
EXPORT Error *myelin_adam(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 5 || frame->results.count != 3)
        return refuse(frame, "Adam has five operands and three results");
    const Buffer *numbers = frame->operands.buffers[0], *w = frame->operands.buffers[2];
    int64_t n = 1, members = numbers->rank > 1 ? numbers->dims[0] : 1;
    for (int64_t axis = 0; axis < w->rank; axis++) n *= w->dims[axis];
    for (int operand = 0; operand < 5; operand++)
        if (frame->operands.buffers[operand]->dtype != DTYPE_FLOAT32)
            return refuse(frame, "Adam wants float32");
    if (members > 1 && (w->rank == 0 || w->dims[0] != members))
        return refuse(frame, "Adam wants as many parameters as numbers");
    if (n == 0) return NULL;
    for (int result = 0; result < 3; result++) {
        void *to = frame->results.buffers[result]->data;
        const void *from = frame->operands.buffers[result + 2]->data;
        if (to != from) memcpy(to, from, sizeof(float) * n);
    }
    AdamStep step = {
        .n = n / members, .numbers = numbers->data,
        .g = frame->operands.buffers[1]->data, .w = frame->results.buffers[0]->data,
        .m = frame->results.buffers[1]->data, .v = frame->results.buffers[2]->data,
    };
    int64_t threads = n < ADAM_WORTH_A_THREAD ? 1 : pool_threads(frame);
    step.step = up(up(step.n, members >= threads ? 1 : threads), LINE) * LINE;
    step.parts = up(step.n, step.step);
    pool_run(frame, threads, adam_part, &step, members * step.parts);
    return NULL;
}

/* For benchmarks: runs multiplications with nothing to load, and returns how many, additions too. */
EXPORT int64_t myelin_peak(int64_t rounds) { return chosen()->peak(rounds); }
