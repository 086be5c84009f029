/* What XLA calls for an LSTM or a GRU over all steps; see kernels/lstm.py and kernels/gru.py.
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
    const float *own, *kernel, *h_first;
    float *outputs, *gates;
    /* On the way back: what came to the outputs, and what reaches gates and the first h. */
    const float *outputs_bar;
    float *z_bar, *h_bar;
    /* Of an LSTM. */
    const float *c_first, *c_last_bar;
    float *states, *c_bar;
    /* Of a GRU: what the state gave to g, and what reaches the gates by way of the state. */
    const float *bias;
    float *inner, *inner_bar, *past;
} Sequence;

/* gates (rows, many) of the states h before (rows, units). */
static void of_states(const Sequence *by, int64_t rows, int64_t many, const float *h, float *gates) {
    Product product = {
        .m = rows, .n = many, .k = by->units, .a = h, .b = by->kernel, .c = gates,
        .a_row = by->units, .a_column = 1, .b_row = many, .b_column = 1, .c_row = many,
    };
    chosen()->multiply(&product);
}

/* What reaches the states before from gates (rows, many); the kernel lies transposed. */
static void to_states(const Sequence *by, int64_t rows, int64_t many, const float *bar, float *h) {
    Product product = {
        .m = rows, .n = by->units, .k = many, .a = bar, .b = by->kernel, .c = h,
        .a_row = many, .a_column = 1, .b_row = by->units, .b_column = 1, .c_row = by->units,
    };
    chosen()->multiply(&product);
}

static void lstm_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    const float *h = by->h_first + at, *c = by->c_first + at;
    for (int64_t t = 0; t < by->steps; t++) {
        float *gates = by->gates + 4 * (t * step + at);
        float *outputs = by->outputs + t * step + at, *states = by->states + t * step + at;
        of_states(by, rows, 4 * units, h, gates);
        for (int64_t r = 0; r < rows; r++) {
            int64_t row = r * units;
            chosen()->lstm_forward(units, by->own + 4 * (t * step + at + row), gates + 4 * row,
                                   c + row, states + row, outputs + row);
        }
        h = outputs;
        c = states;
    }
}

static void lstm_gradient_part(const void *context, int64_t index) {
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
        to_states(by, rows, 4 * units, z_bar, h_bar);
    }
}

static void gru_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    const float *h = by->h_first + at;
    for (int64_t t = 0; t < by->steps; t++) {
        float *gates = by->gates + 3 * (t * step + at), *outputs = by->outputs + t * step + at;
        of_states(by, rows, 3 * units, h, gates);
        for (int64_t row = 0; row < rows * units; row += units)
            chosen()->gru_forward(units, by->own + 3 * (t * step + at + row), by->bias,
                                  gates + 3 * row, h + row, by->inner + t * step + at + row,
                                  outputs + row);
        h = outputs;
    }
}

static void gru_gradient_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    float *h_bar = by->h_bar + at, *past = by->past + at;
    memset(h_bar, 0, sizeof(float) * rows * units);
    memset(past, 0, sizeof(float) * rows * units);
    for (int64_t t = by->steps - 1; t >= 0; t--) {
        const float *before = t ? by->outputs + (t - 1) * step + at : by->h_first + at;
        float *inner_bar = by->inner_bar + 3 * (t * step + at);
        for (int64_t row = 0; row < rows * units; row += units) {
            int64_t place = t * step + at + row;
            chosen()->gru_backward(units, by->gates + 3 * place, by->inner + place, before + row,
                                   by->outputs_bar + place, h_bar + row, past + row,
                                   by->z_bar + 3 * place, inner_bar + 3 * row);
        }
        to_states(by, rows, 3 * units, inner_bar, h_bar);
    }
    for (int64_t i = 0; i < rows * units; i++) h_bar[i] += past[i];
}

static void *data(const Buffers *buffers, int64_t index) { return buffers->buffers[index]->data; }

/* The first operand is (steps, batch, many times units). */
static Error *over_steps(Frame *frame, Sequence *by, int64_t many, Part *part) {
    const Buffer *own = frame->operands.buffers[0];
    if (own->rank != 3 || own->dims[2] % many)
        return refuse(frame, "a recurrent network wants (steps, batch, gates)");
    for (int64_t i = 0; i < frame->operands.count; i++)
        if (frame->operands.buffers[i]->dtype != DTYPE_FLOAT32)
            return refuse(frame, "a recurrent network wants float32");
    by->steps = own->dims[0];
    by->batch = own->dims[1];
    by->units = own->dims[2] / many;
    if (by->batch * by->units == 0) return NULL;
    double work = (double)by->steps * by->batch * by->units * by->units * many;
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
    return over_steps(frame, &by, 4, lstm_part);
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
    return over_steps(frame, &by, 4, lstm_gradient_part);
}

/* own (steps, batch, 3 units), kernel (units, 3 units), bias (3 units,) and h (batch, units) give
 * outputs (steps, batch, units), gates (steps, batch, 3 units) and inner (steps, batch, units). */
EXPORT Error *myelin_gru(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 4 || frame->results.count != 3)
        return refuse(frame, "a GRU has four operands and three results");
    Sequence by = {
        .own = data(&frame->operands, 0), .kernel = data(&frame->operands, 1),
        .bias = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .outputs = data(&frame->results, 0), .gates = data(&frame->results, 1),
        .inner = data(&frame->results, 2),
    };
    return over_steps(frame, &by, 3, gru_part);
}

/* gates, inner, outputs, h before the first step, the kernel transposed (3 units, units), and what
 * came back to the outputs; gives that to own, to what the states gave, and to h; and room for a
 * state (batch, units). */
EXPORT Error *myelin_gru_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (frame->operands.count != 6 || frame->results.count != 4)
        return refuse(frame, "a GRU's gradient has six operands and four results");
    Sequence by = {
        .gates = data(&frame->operands, 0), .inner = data(&frame->operands, 1),
        .outputs = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .kernel = data(&frame->operands, 4), .outputs_bar = data(&frame->operands, 5),
        .z_bar = data(&frame->results, 0), .inner_bar = data(&frame->results, 1),
        .h_bar = data(&frame->results, 2), .past = data(&frame->results, 3),
    };
    return over_steps(frame, &by, 3, gru_gradient_part);
}
