/* What XLA calls for a convolution of images and its two gradients; see kernels/convolution.py.
 *
 * Images have their channels last. The forward map and the input's gradient are the same sum over
 * taps, the points of the window: the gradient's is over y, with the window turned round, and with
 * strides it falls into phases, grids of points of x that meet the same taps. The kernel's gradient
 * is a sum over all points.
 */
#include "frame.h"
#include "pool.h"
#include "sums.h"

#include <string.h>

/* The handlers: two operands of four axes, the window's numbers, and a result of four axes. */

static const char *const no_memory = "there is no memory for a convolution";

static Error *read_window(const Frame *frame, const int64_t *kernel, Window *window) {
    if (frame->operands.count != 3 || frame->results.count != 1)
        return refuse(frame, "a convolution has three operands and one result");
    for (int each = 0; each < 3; each++) {
        const Buffer *buffer =
            each < 2 ? frame->operands.buffers[each] : frame->results.buffers[0];
        if (buffer->rank != 4 || buffer->dtype != DTYPE_FLOAT32)
            return refuse(frame, "a convolution wants float32 arrays of four axes");
    }
    const Buffer *numbers = frame->operands.buffers[2];
    if (numbers->rank != 1 || numbers->dims[0] != 6 || numbers->dtype != DTYPE_INT32)
        return refuse(frame, "a convolution wants six whole numbers");
    const int32_t *given = numbers->data;
    for (int axis = 0; axis < 2; axis++) {
        window->window[axis] = kernel[axis];
        window->stride[axis] = given[axis];
        window->dilation[axis] = given[2 + axis];
        window->before[axis] = given[4 + axis];
        if (given[axis] < 1 || given[2 + axis] < 1)
            return refuse(frame, "a convolution wants strides and dilations from 1 up");
    }
    if (kernel[0] * kernel[1] > MOST_TAPS) return refuse(frame, "the window is too large");
    return NULL;
}

/* A kernel for one channel, where there are several, meets each with filters of its own. */
static int is_by_channel(const Buffer *x, const Buffer *k) { return k->dims[2] == 1 && x->dims[3] > 1; }

static int fits(const Buffer *x, const Buffer *k, const Buffer *y) {
    int64_t met = is_by_channel(x, k) ? y->dims[3] : k->dims[2];
    return x->dims[3] == met && y->dims[3] == k->dims[3] && x->dims[0] == y->dims[0];
}

/* x, k give y. */
EXPORT Error *myelin_convolve(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    const Buffer *x = frame->operands.buffers[0], *k = frame->operands.buffers[1];
    const Buffer *y = frame->results.buffers[0];
    Window window;
    Error *error = read_window(frame, k->dims, &window);
    if (error != NULL) return error;
    if (!fits(x, k, y)) return refuse(frame, "the sizes of a convolution do not fit");
    TapSum by = {
        .down = forward_axis(&window, 0, x->dims[1], y->dims[1]),
        .across = forward_axis(&window, 1, x->dims[2], y->dims[2]),
        .depth = x->dims[3], .columns = y->dims[3], .source = x->data, .kernel = k->data,
        .results = y->data, .kernel_row = k->dims[3], .kernel_column = 1,
        .window_width = k->dims[1], .results_height = y->dims[1], .results_width = y->dims[2],
        .by_channel = is_by_channel(x, k),
    };
    return sum_over_taps(frame, &by, x->dims[0]) ? NULL : refuse(frame, no_memory);
}

/* An image of results. */
static void clear_part(const void *context, int64_t image) {
    const TapSum *by = context;
    int64_t size = by->results_height * by->results_width * by->columns;
    memset(by->results + image * size, 0, sizeof(float) * size);
}

/* Whether some phases of the input's gradient have no taps. */
static int leaves_points(const Window *by, int axis) {
    int64_t stride = by->stride[axis];
    for (int64_t phase = 0; phase < stride; phase++)
        if (gradient_axis(by, axis, stride, 1, phase).taps == 0) return 1;
    return 0;
}

/* y, k give the gradient by x. */
EXPORT Error *myelin_convolve_input_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    const Buffer *y = frame->operands.buffers[0], *k = frame->operands.buffers[1];
    const Buffer *x = frame->results.buffers[0];
    Window window;
    Error *error = read_window(frame, k->dims, &window);
    if (error != NULL) return error;
    if (!fits(x, k, y)) return refuse(frame, "the sizes of a convolution do not fit");
    TapSum by = {
        .depth = y->dims[3], .columns = x->dims[3], .source = y->data, .kernel = k->data,
        .results = x->data, .kernel_row = 1, .kernel_column = k->dims[3],
        .window_width = k->dims[1], .results_height = x->dims[1], .results_width = x->dims[2],
        .by_channel = is_by_channel(x, k),
    };
    /* Strides longer than the window leave points that no tap meets. */
    if (leaves_points(&window, 0) || leaves_points(&window, 1))
        pool_run(frame, pool_threads(frame), clear_part, &by, x->dims[0]);
    for (int64_t down = 0; down < window.stride[0]; down++)
        for (int64_t across = 0; across < window.stride[1]; across++) {
            by.down = gradient_axis(&window, 0, x->dims[1], y->dims[1], down);
            by.across = gradient_axis(&window, 1, x->dims[2], y->dims[2], across);
            if (!sum_over_taps(frame, &by, x->dims[0])) return refuse(frame, no_memory);
        }
    return NULL;
}

/* x, y give the gradient by k. */
EXPORT Error *myelin_convolve_kernel_gradient(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    const Buffer *x = frame->operands.buffers[0], *y = frame->operands.buffers[1];
    const Buffer *k = frame->results.buffers[0];
    Window window;
    Error *error = read_window(frame, k->dims, &window);
    if (error != NULL) return error;
    if (!fits(x, k, y)) return refuse(frame, "the sizes of a convolution do not fit");
    PointSum by = {
        .down = forward_axis(&window, 0, x->dims[1], y->dims[1]),
        .across = forward_axis(&window, 1, x->dims[2], y->dims[2]),
        .images = x->dims[0], .channels = x->dims[3], .filters = y->dims[3],
        .x = x->data, .y = y->data, .by_channel = is_by_channel(x, k),
    };
    return sum_over_points(frame, &by, k->data) ? NULL : refuse(frame, no_memory);
}
