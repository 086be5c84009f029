/* What XLA calls for an LSTM over all steps; see kernels/lstm.py.
 *
 * Examples do not depend on each other, so each thread takes some of them through all steps, with
 * nothing to wait for. An example's numbers do not depend on which others are with it.
 */
#include "frame.h"
#include "pool.h"

#include <string.h>

enum { WORTH_A_THREAD = 1 << 18 };

typedef struct {
    int64_t steps, batch, units, rows;
    const float *own, *kernel, *h_first, *c_first;
    float *outputs, *states, *gates;
    /* On the way back. */
    const float *outputs_bar, *c_last_bar;
    float *z_bar, *h_bar, *c_bar;
} Sequence;

static void forward_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    const float *h = by->h_first + at, *c = by->c_first + at;
    for (int64_t t = 0; t < by->steps; t++) {
        float *gates = by->gates + 4 * (t * step + at);
        float *outputs = by->outputs + t * step + at, *states = by->states + t * step + at;
        Product product = {
            .m = rows, .n = 4 * units, .k = units, .a = h, .b = by->kernel, .c = gates,
            .a_row = units, .a_column = 1, .b_row = 4 * units, .b_column = 1, .c_row = 4 * units,
        };
        chosen()->multiply(&product);
        for (int64_t r = 0; r < rows; r++) {
            int64_t row = r * units;
            chosen()->lstm_forward(units, by->own + 4 * (t * step + at + row), gates + 4 * row,
                                   c + row, states + row, outputs + row);
        }
        h = outputs;
        c = states;
    }
}

static void backward_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    float *h_bar = by->h_bar + at, *c_bar = by->c_bar + at;
    memset(h_bar, 0, sizeof(float) * rows * units);
    memcpy(c_bar, by->c_last_bar + at, sizeof(float) * rows * units);
    for (int64_t t = by->steps - 1; t >= 0; t--) {
        const float *c = by->states + t * step + at;
        const float *before = t ? c - step : by->c_first + at;
        float *z_bar = by->z_bar + 4 * (t * step + at);
        for (int64_t r = 0; r < rows; r++) {
            int64_t row = r * units;
            chosen()->lstm_backward(units, by->gates + 4 * (t * step + at + row), before + row,
                                    c + row, by->outputs_bar + t * step + at + row, h_bar + row,
                                    c_bar + row, z_bar + 4 * row);
        }
        Product product = {
            .m = rows, .n = units, .k = 4 * units, .a = z_bar, .b = by->kernel, .c = h_bar,
            .a_row = 4 * units, .a_column = 1, .b_row = units, .b_column = 1, .c_row = units,
        };
        chosen()->multiply(&product);
    }
}

static void *data(const Buffers *buffers, int64_t index) { return buffers->buffers[index]->data; }

static Error *over_steps(Frame *frame, Sequence *by, Part *part) {
    const Buffer *own = frame->operands.buffers[0];
    if (own->rank != 3 || own->dims[2] % 4)
        return refuse(frame, "an LSTM wants (steps, batch, 4 units)");
    for (int64_t i = 0; i < frame->operands.count; i++)
        if (frame->operands.buffers[i]->dtype != DTYPE_FLOAT32)
            return refuse(frame, "an LSTM wants float32");
    by->steps = own->dims[0];
    by->batch = own->dims[1];
    by->units = own->dims[2] / 4;
    if (by->batch * by->units == 0) return NULL;
    double work = (double)by->steps * by->batch * by->units * by->units * 4;
    int64_t threads = work < WORTH_A_THREAD ? 1 : pool_threads(frame);
    int64_t tile = chosen()->tile_rows;
    /* No more rows than a tile has, so that the kernel is read where it lies. */
    int64_t each = up(by->batch, threads);
    by->rows = up(each, up(each, tile));
    pool_run(frame, threads, part, by, up(by->batch, by->rows));
    return NULL;
}

/* own (steps, batch, 4 units), kernel (units, 4 units), h and c (batch, units) give outputs and
 * states (steps, batch, units) and gates (steps, batch, 4 units). */
EXPORT Error *myelin_lstm(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 4 || frame->results.count != 3)
        return refuse(frame, "an LSTM has four operands and three results");
    Sequence by = {
        .own = data(&frame->operands, 0), .kernel = data(&frame->operands, 1),
        .h_first = data(&frame->operands, 2), .c_first = data(&frame->operands, 3),
        .outputs = data(&frame->results, 0), .states = data(&frame->results, 1),
        .gates = data(&frame->results, 2),
    };
    return over_steps(frame, &by, forward_part);
}

/* gates, states, c before the first step, the kernel transposed (4 units, units), what came back to
 * the outputs and to the last c; gives that to own, h and c. */
EXPORT Error *myelin_lstm_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 6 || frame->results.count != 3)
        return refuse(frame, "an LSTM's gradient has six operands and three results");
    Sequence by = {
        .gates = data(&frame->operands, 0), .states = data(&frame->operands, 1),
        .c_first = data(&frame->operands, 2), .kernel = data(&frame->operands, 3),
        .outputs_bar = data(&frame->operands, 4), .c_last_bar = data(&frame->operands, 5),
        .z_bar = data(&frame->results, 0), .h_bar = data(&frame->results, 1),
        .c_bar = data(&frame->results, 2),
    };
    return over_steps(frame, &by, backward_part);
}
