/* What XLA calls for the sums of a normalization by channel; see kernels/normalization.py.
 *
 * Rows are summed in blocks, and blocks in parts, always the same: no bit of a result depends on the
 * number of threads.
 */
#include "frame.h"
#include "pool.h"
#include "scratch.h"

#include <string.h>

/* Rows of a block, which stay in the cache, and the most parts of a matrix. */
enum { BLOCK = 64, PARTS = 16, WORTH_A_THREAD = 1 << 16 };

/* Matrices of rows by columns, one after another. Each part has two rows of sums of its own. */
typedef struct {
    int64_t matrices, rows, columns, parts, step;
    const float *x, *y;
    float *sums;
} Matrices;

static float *sums_of_part(const Matrices *by, int64_t index) {
    return by->sums + index * 4 * by->columns;
}

/* Counts, means and squared distances of blocks are joined as Chan, Golub and LeVeque do (1979). */
static void moments_part(const void *context, int64_t index) {
    const Matrices *by = context;
    int64_t columns = by->columns, matrix = index / by->parts;
    int64_t first = index % by->parts * by->step, last = least(by->rows, first + by->step);
    float *mean = sums_of_part(by, index), *apart = mean + columns;
    float *sum = apart + columns, *squares = sum + columns;
    memset(mean, 0, sizeof(float) * 2 * columns);
    for (int64_t row = first; row < last; row += BLOCK) {
        int64_t rows = least(BLOCK, last - row), before = row - first;
        chosen()->column_moments(rows, columns, by->x + (matrix * by->rows + row) * columns, sum,
                                 squares);
        float share = (float)rows / (float)(before + rows);
        for (int64_t c = 0; c < columns; c++) {
            float distance = sum[c] / (float)rows - mean[c];
            mean[c] += distance * share;
            apart[c] += squares[c] + distance * distance * share * (float)before;
        }
    }
}

static void sums_part(const void *context, int64_t index) {
    const Matrices *by = context;
    int64_t columns = by->columns, matrix = index / by->parts;
    int64_t first = index % by->parts * by->step, last = least(by->rows, first + by->step);
    float *products = sums_of_part(by, index), *sum = products + columns;
    memset(products, 0, sizeof(float) * 2 * columns);
    for (int64_t row = first; row < last; row += BLOCK) {
        int64_t at = (matrix * by->rows + row) * columns;
        chosen()->column_sums(least(BLOCK, last - row), columns, by->x + at, by->y + at, products,
                              sum);
    }
}

/* Two results (…, columns) from operands (…, rows, columns). */
static Error *run(const Frame *frame, int operands, Part *part, Matrices *by) {
    if (frame->operands.count != operands || frame->results.count != 2)
        return refuse(frame, "sums by channel have one or two operands, and two results");
    const Buffer *x = frame->operands.buffers[0];
    for (int each = 0; each < operands; each++)
        if (frame->operands.buffers[each]->dtype != DTYPE_FLOAT32)
            return refuse(frame, "sums by channel want float32");
    if (x->rank < 2) return refuse(frame, "sums by channel want matrices");
    by->matrices = 1;
    for (int64_t axis = 0; axis < x->rank - 2; axis++) by->matrices *= x->dims[axis];
    by->rows = x->dims[x->rank - 2];
    by->columns = x->dims[x->rank - 1];
    int64_t blocks = up(by->rows, BLOCK);
    if (by->matrices * by->rows * by->columns == 0) return refuse(frame, "there is nothing to sum");
    by->step = up(blocks, least(PARTS, blocks)) * BLOCK;
    by->parts = up(by->rows, by->step);
    by->x = x->data;
    by->y = frame->operands.buffers[operands - 1]->data;
    by->sums = scratch(SCRATCH_SUMS, by->matrices * by->parts * 4 * by->columns);
    if (by->sums == NULL) return refuse(frame, "there is no memory for sums by channel");
    int64_t size = by->matrices * by->rows * by->columns;
    pool_run(frame, size < WORTH_A_THREAD ? 1 : pool_threads(frame), part, by,
             by->matrices * by->parts);
    return NULL;
}

/* x gives the mean and the variance of each column. */
EXPORT Error *myelin_moments(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    Matrices by;
    Error *error = run(frame, 1, moments_part, &by);
    if (error != NULL) return error;
    float *mean = frame->results.buffers[0]->data, *variance = frame->results.buffers[1]->data;
    for (int64_t matrix = 0; matrix < by.matrices; matrix++)
        for (int64_t c = 0; c < by.columns; c++) {
            double center = 0, apart = 0;
            for (int64_t part = 0; part < by.parts; part++) {
                const float *own = sums_of_part(&by, matrix * by.parts + part) + c;
                double before = (double)(part * by.step);
                double rows = (double)least(by.step, by.rows - part * by.step);
                double distance = own[0] - center, share = rows / (before + rows);
                center += distance * share;
                apart += own[by.columns] + distance * distance * share * before;
            }
            mean[matrix * by.columns + c] = (float)center;
            variance[matrix * by.columns + c] = (float)(apart / (double)by.rows);
        }
    return NULL;
}

/* x, y give each column's sum of x · y, and of y. */
EXPORT Error *myelin_sums(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    Matrices by;
    Error *error = run(frame, 2, sums_part, &by);
    if (error != NULL) return error;
    for (int result = 0; result < 2; result++) {
        float *to = frame->results.buffers[result]->data;
        for (int64_t matrix = 0; matrix < by.matrices; matrix++)
            for (int64_t c = 0; c < by.columns; c++) {
                double sum = 0;
                for (int64_t part = 0; part < by.parts; part++)
                    sum += sums_of_part(&by, matrix * by.parts + part)[result * by.columns + c];
                to[matrix * by.columns + c] = (float)sum;
            }
    }
    return NULL;
}
