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
    int64_t steps, batch, units, many, rows;
    const float *own, *kernel, *bias, *h_first;
    float *outputs, *gates;
    /* On the way back: what came to the outputs, and what reaches gates and the first h. */
    const float *outputs_bar;
    float *z_bar, *h_bar;
    /* What meets the kernel and the bias on the way back, and what reaches these. */
    const float *met;
    float *kernel_bar, *bias_bar;
    int64_t columns;
    /* Of an LSTM. */
    const float *c_first, *c_last_bar;
    float *states, *c_bar;
    /* Of a GRU: what the state gave to g, and what reaches the gates by way of the state. */
    float *inner, *inner_bar, *past;
} Sequence;

/* Gates (rows, gates) of the states h before (rows, units). */
static void of_states(const Sequence *by, int64_t rows, const float *h, float *gates, int add) {
    int64_t units = by->units, size = by->many * units;
    Product product = {
        .m = rows, .n = size, .k = units, .a = h, .b = by->kernel, .c = gates, .add = add,
        .a_row = units, .a_column = 1, .b_row = size, .b_column = 1, .c_row = size,
    };
    chosen()->multiply(&product);
}

/* What reaches the states before from gates (rows, gates); the kernel lies transposed. */
static void to_states(const Sequence *by, int64_t rows, const float *bar, float *h) {
    int64_t units = by->units, size = by->many * units;
    Product product = {
        .m = rows, .n = units, .k = size, .a = bar, .b = by->kernel, .c = h,
        .a_row = size, .a_column = 1, .b_row = units, .b_column = 1, .c_row = units,
    };
    chosen()->multiply(&product);
}

/* What reaches some columns of the kernel and of the bias, over all steps. */
static void kernel_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t from = index * by->columns, units = by->units, size = by->many * units;
    Product product = {
        .m = units, .n = least(by->columns, size - from), .k = by->batch,
        .a = by->h_first, .b = by->met + from, .c = by->kernel_bar + from,
        .a_row = 1, .a_column = units, .b_row = size, .b_column = 1, .c_row = size,
    };
    chosen()->multiply(&product);
    product.k = (by->steps - 1) * by->batch;
    product.a = by->outputs;
    product.b += by->batch * size;
    product.add = 1;
    chosen()->multiply(&product);
    const float one = 1;
    Product sum = {
        .m = 1, .n = product.n, .k = by->steps * by->batch,
        .a = &one, .b = by->met + from, .c = by->bias_bar + from,
        .b_row = size, .b_column = 1, .c_row = size,
    };
    chosen()->multiply(&sum);
}

static void lstm_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    const float *h = by->h_first + at, *c = by->c_first + at;
    for (int64_t t = 0; t < by->steps; t++) {
        float *gates = by->gates + 4 * (t * step + at);
        float *outputs = by->outputs + t * step + at, *states = by->states + t * step + at;
        memcpy(gates, by->own + 4 * (t * step + at), sizeof(float) * 4 * rows * units);
        of_states(by, rows, h, gates, 1);
        for (int64_t row = 0; row < rows * units; row += units)
            chosen()->lstm_forward(units, by->bias, gates + 4 * row, c + row, states + row,
                                   outputs + row);
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
        to_states(by, rows, z_bar, h_bar);
    }
}

static void gru_part(const void *context, int64_t index) {
    const Sequence *by = context;
    int64_t first = index * by->rows, rows = least(by->rows, by->batch - first);
    int64_t units = by->units, step = by->batch * units, at = first * units;
    const float *h = by->h_first + at;
    for (int64_t t = 0; t < by->steps; t++) {
        float *gates = by->gates + 3 * (t * step + at), *outputs = by->outputs + t * step + at;
        of_states(by, rows, h, gates, 0);
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
        to_states(by, rows, inner_bar, h_bar);
    }
    for (int64_t i = 0; i < rows * units; i++) h_bar[i] += past[i];
}

static void *data(const Buffers *buffers, int64_t index) { return buffers->buffers[index]->data; }

/* The first operand is (steps, batch, many times units). With `met`, what reaches the kernel too. */
static Error *over_steps(Frame *frame, Sequence *by, int64_t many, Part *part) {
    const Buffer *own = frame->operands.buffers[0];
    if (own->rank != 3 || own->dims[2] % many)
        return refuse(frame, "a recurrent network wants (steps, batch, gates)");
    for (int64_t i = 0; i < frame->operands.count; i++)
        if (frame->operands.buffers[i]->dtype != DTYPE_FLOAT32)
            return refuse(frame, "a recurrent network wants float32");
    by->steps = own->dims[0];
    by->batch = own->dims[1];
    by->many = many;
    by->units = own->dims[2] / many;
    if (by->steps * by->batch * by->units == 0)
        return refuse(frame, "a recurrent network wants a step, an example and a unit");
    double work = (double)by->steps * by->batch * by->units * by->units * many;
    int64_t threads = work < WORTH_A_THREAD ? 1 : pool_threads(frame);
    int64_t tile = chosen()->tile_rows;
    /* No more rows than a tile has, so that the kernel is read where it lies. */
    int64_t each = up(by->batch, threads);
    by->rows = up(each, up(each, tile));
    pool_run(frame, threads, part, by, up(by->batch, by->rows));
    if (by->met) {
        int64_t size = many * by->units, unit = chosen()->tile_columns;
        by->columns = up(up(size, unit), threads) * unit;
        pool_run(frame, threads, kernel_part, by, up(size, by->columns));
    }
    return NULL;
}

static int has(const Frame *frame, int64_t operands, int64_t results) {
    return frame->operands.count == operands && frame->results.count == results;
}

/* own (steps, batch, 4 units), kernel (units, 4 units), bias (4 units,), h and c (batch, units) give
 * outputs and states (steps, batch, units) and gates (steps, batch, 4 units). */
EXPORT Error *myelin_lstm(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (!has(frame, 5, 3)) return refuse(frame, "an LSTM has five operands and three results");
    Sequence by = {
        .own = data(&frame->operands, 0), .kernel = data(&frame->operands, 1),
        .bias = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .c_first = data(&frame->operands, 4), .outputs = data(&frame->results, 0),
        .states = data(&frame->results, 1), .gates = data(&frame->results, 2),
    };
    return over_steps(frame, &by, 4, lstm_part);
}

/* gates, states, outputs, h and c before the first step, the kernel transposed (4 units, units), what
 * came back to the outputs and to the last c; gives that to own (which may lie where gates lie),
 * kernel, bias, h and c. */
EXPORT Error *myelin_lstm_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (!has(frame, 8, 5))
        return refuse(frame, "an LSTM's gradient has eight operands and five results");
    Sequence by = {
        .gates = data(&frame->operands, 0), .states = data(&frame->operands, 1),
        .outputs = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .c_first = data(&frame->operands, 4), .kernel = data(&frame->operands, 5),
        .outputs_bar = data(&frame->operands, 6), .c_last_bar = data(&frame->operands, 7),
        .z_bar = data(&frame->results, 0), .kernel_bar = data(&frame->results, 1),
        .bias_bar = data(&frame->results, 2), .h_bar = data(&frame->results, 3),
        .c_bar = data(&frame->results, 4),
    };
    by.met = by.z_bar;
    return over_steps(frame, &by, 4, lstm_gradient_part);
}

/* own (steps, batch, 3 units), kernel (units, 3 units), bias (3 units,) and h (batch, units) give
 * outputs (steps, batch, units), gates (steps, batch, 3 units) and inner (steps, batch, units). */
EXPORT Error *myelin_gru(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (!has(frame, 4, 3)) return refuse(frame, "a GRU has four operands and three results");
    Sequence by = {
        .own = data(&frame->operands, 0), .kernel = data(&frame->operands, 1),
        .bias = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .outputs = data(&frame->results, 0), .gates = data(&frame->results, 1),
        .inner = data(&frame->results, 2),
    };
    return over_steps(frame, &by, 3, gru_part);
}

/* gates, inner, outputs, h before the first step, the kernel transposed (3 units, units), and what
 * came back to the outputs; gives that to own (which may lie where gates lie), to what the states
 * gave, to kernel, bias and h; and room for a state (batch, units). */
EXPORT Error *myelin_gru_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    if (!has(frame, 6, 6))
        return refuse(frame, "a GRU's gradient has six operands and six results");
    Sequence by = {
        .gates = data(&frame->operands, 0), .inner = data(&frame->operands, 1),
        .outputs = data(&frame->operands, 2), .h_first = data(&frame->operands, 3),
        .kernel = data(&frame->operands, 4), .outputs_bar = data(&frame->operands, 5),
        .z_bar = data(&frame->results, 0), .inner_bar = data(&frame->results, 1),
        .kernel_bar = data(&frame->results, 2), .bias_bar = data(&frame->results, 3),
        .h_bar = data(&frame->results, 4), .past = data(&frame->results, 5),
    };
    by.met = by.inner_bar;
    return over_steps(frame, &by, 3, gru_gradient_part);
}
