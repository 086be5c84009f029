/* What XLA calls for a convolution of images and its two gradients; see kernels/convolution.py.
 *
 * Images have their channels last. The forward map and the input's gradient are the same sum over
 * taps, the points of the window: the gradient's is over y, with the window turned round, and with
 * strides it falls into phases, grids of points of x that meet the same taps. The kernel's gradient
 * is a sum over all points.
 */
#include "frame.h"
#include "pool.h"
#include "scratch.h"

#include <stdatomic.h>
#include <string.h>

/* Parts of a kernel's gradient with sums of their own: as many as keep many processors busy, as long
 * as their sums fit into the second cache, and never by the number of threads, on which no bit of a
 * result may depend. */
enum {
    MOST_TAPS = 128, WORTH_A_THREAD = 100000, PARTS = 16, SUMS_OF_PARTS = 1 << 18, BLOCK = 1 << 14
};

/* Along one axis of an image: which taps of the window meet which points of the source.
 *
 * Result i, of `results`, stands at first + i * apart, and tap t of it at origin + i * step + place[t]
 * in the source, or beside it, where zeros are. */
typedef struct {
    int64_t taps, index[MOST_TAPS], place[MOST_TAPS];
    int64_t source, origin, span, step, results, first, apart;
} Axis;

/* Strides, dilation and zeros before the image, of the two axes of an image. */
typedef struct {
    int64_t window[2], stride[2], dilation[2], before[2];
} Window;

/* Counts places from the least one. */
static void settle(Axis *axis) {
    int64_t low = 0, high = 0;
    for (int64_t t = 0; t < axis->taps; t++) {
        low = t ? least(low, axis->place[t]) : axis->place[t];
        high = t ? most(high, axis->place[t]) : axis->place[t];
    }
    for (int64_t t = 0; t < axis->taps; t++) axis->place[t] -= low;
    axis->origin += low;
    axis->span = high - low + 1;
}

static Axis forward_axis(const Window *by, int which, int64_t image, int64_t output) {
    Axis axis = {.taps = by->window[which], .source = image, .origin = -by->before[which],
                 .step = by->stride[which], .results = output, .apart = 1};
    for (int64_t t = 0; t < axis.taps; t++) {
        axis.index[t] = t;
        axis.place[t] = t * by->dilation[which];
    }
    settle(&axis);
    return axis;
}

/* The points of the image that are `phase` steps behind a multiple of the stride. */
static Axis gradient_axis(const Window *by, int which, int64_t image, int64_t output, int64_t phase) {
    int64_t stride = by->stride[which];
    Axis axis = {.source = output, .step = 1, .first = phase, .apart = stride,
                 .results = image > phase ? up(image - phase, stride) : 0};
    /* From the last tap to the first, which meet the source in its order. */
    for (int64_t t = by->window[which] - 1; t >= 0; t--) {
        int64_t reached = phase + by->before[which] - t * by->dilation[which];
        if (reached % stride != 0) continue;
        axis.index[axis.taps] = t;
        axis.place[axis.taps++] = reached / stride;
    }
    settle(&axis);
    return axis;
}

static int64_t extent(const Axis *axis, int64_t results) {
    return (results - 1) * axis->step + axis->span;
}

static int stays_inside(const Axis *axis) {
    return axis->origin >= 0 && axis->origin + extent(axis, axis->results) <= axis->source;
}

/* Copies `height` by `width` points from (top, left) on, zeros where the image has none. */
static void copy_padded(float *to, const float *image, int64_t rows, int64_t columns, int64_t depth,
                        int64_t top, int64_t left, int64_t height, int64_t width) {
    int64_t from = least(most(0, -left), width), until = most(from, least(width, columns - left));
    for (int64_t r = 0; r < height; r++, to += width * depth) {
        int64_t row = top + r;
        if (row < 0 || row >= rows) {
            memset(to, 0, sizeof(float) * width * depth);
            continue;
        }
        memset(to, 0, sizeof(float) * from * depth);
        memcpy(to + from * depth, image + (row * columns + left + from) * depth,
               sizeof(float) * (until - from) * depth);
        memset(to + until * depth, 0, sizeof(float) * (width - until) * depth);
    }
}

/* The taps of a window as runs of numbers that adjoin in a source with rows of `width` points. */
static int64_t find_runs(const Axis *down, const Axis *across, int64_t depth, int64_t width,
                         int64_t *offsets, int64_t *lengths) {
    int64_t runs = 0;
    for (int64_t i = 0; i < down->taps; i++)
        for (int64_t j = 0; j < across->taps; j++) {
            int64_t at = (down->place[i] * width + across->place[j]) * depth;
            if (runs && at == offsets[runs - 1] + lengths[runs - 1]) {
                lengths[runs - 1] += depth;
            } else {
                offsets[runs] = at;
                lengths[runs++] = depth;
            }
        }
    return runs;
}

/* A sum over taps for a grid of results: of the forward map, or of a phase of the gradient. */
typedef struct {
    Axis down, across;
    /* Of a point of the source, and of one of the results. */
    int64_t depth, columns;
    const float *source, *kernel;
    float *results, *panels;
    /* Between the kernel's numbers for neighbouring numbers of a point, and of a result. */
    int64_t kernel_row, kernel_column;
    int64_t window_width, results_height, results_width;
    /* Rows of the source in a part's window, whether it must be copied, and blocks of an image. */
    int64_t width, blocks, block;
    int padded;
    int64_t runs, offsets[MOST_TAPS], lengths[MOST_TAPS];
    _Atomic int *failed;
} Sweep;

static int64_t vectors_up(int64_t columns) {
    int64_t lanes = chosen()->tile_columns / 2;
    return up(columns, lanes) * lanes;
}

static int64_t panel_width(int64_t left) { return least(vectors_up(left), chosen()->tile_columns); }

/* The kernel's columns from index on, as many as a tile has, in the order of the taps. */
static void pack_panel(const void *context, int64_t index) {
    const Sweep *by = context;
    int64_t from = index * chosen()->tile_columns, columns = panel_width(by->columns - from);
    int64_t present = least(columns, by->columns - from);
    int64_t taps = by->down.taps * by->across.taps, area = by->depth * by->columns;
    float *to = by->panels + from * taps * by->depth;
    for (int64_t i = 0; i < by->down.taps; i++)
        for (int64_t j = 0; j < by->across.taps; j++) {
            int64_t tap = by->down.index[i] * by->window_width + by->across.index[j];
            const float *at = by->kernel + tap * area + from * by->kernel_column;
            for (int64_t d = 0; d < by->depth; d++, to += columns, at += by->kernel_row) {
                if (by->kernel_column == 1) memcpy(to, at, sizeof(float) * present);
                else
                    for (int64_t c = 0; c < present; c++) to[c] = at[c * by->kernel_column];
                memset(to + present, 0, sizeof(float) * (columns - present));
            }
        }
}

static void sweep_part(const void *context, int64_t index) {
    const Sweep *by = context;
    const Axis *down = &by->down, *across = &by->across;
    int64_t image = index / by->blocks, first = index % by->blocks * by->block;
    int64_t rows = least(by->block, down->results - first), top = down->origin + first * down->step;
    const float *from = by->source + image * down->source * across->source * by->depth;
    if (by->padded) {
        int64_t height = extent(down, rows);
        float *copy = scratch(SCRATCH_PADDED, height * by->width * by->depth);
        if (copy == NULL) {
            atomic_store(by->failed, 1);
            return;
        }
        copy_padded(copy, from, down->source, across->source, by->depth, top, across->origin, height,
                    by->width);
        from = copy;
    } else {
        from += (top * by->width + across->origin) * by->depth;
    }
    int64_t depth = down->taps * across->taps * by->depth;
    ResultRow row = {.width = across->results, .runs = by->runs, .offsets = by->offsets,
                     .lengths = by->lengths, .x_step = across->step * by->depth,
                     .y_step = across->apart * by->columns};
    for (int64_t j = 0; j < by->columns; j += chosen()->tile_columns) {
        row.columns = least(chosen()->tile_columns, by->columns - j);
        for (int64_t r = 0; r < rows; r++) {
            int64_t y = down->first + (first + r) * down->apart;
            int64_t at = (image * by->results_height + y) * by->results_width + across->first;
            chosen()->result_row(&row, from + r * down->step * by->width * by->depth,
                                 by->panels + j * depth, by->results + at * by->columns + j);
        }
    }
}

/* An image of results. */
static void clear_part(const void *context, int64_t image) {
    const Sweep *by = context;
    int64_t size = by->results_height * by->results_width * by->columns;
    memset(by->results + image * size, 0, sizeof(float) * size);
}

static int sweep(const Frame *frame, Sweep *by, int64_t images) {
    int64_t points = by->down.results * by->across.results;
    int64_t depth = by->down.taps * by->across.taps * by->depth;
    if (points * depth == 0) return 1;
    by->padded = !stays_inside(&by->down) || !stays_inside(&by->across);
    by->width = by->padded ? extent(&by->across, by->across.results) : by->across.source;
    by->runs = find_runs(&by->down, &by->across, by->depth, by->width, by->offsets, by->lengths);
    by->panels = scratch(SCRATCH_PANELS, depth * vectors_up(by->columns));
    if (by->panels == NULL) return 0;
    int64_t threads = 1;
    if ((double)images * points * depth * by->columns >= 2.0 * WORTH_A_THREAD)
        threads = pool_threads(frame);
    pool_run(frame, depth * by->columns < WORTH_A_THREAD ? 1 : threads, pack_panel, by,
             up(by->columns, chosen()->tile_columns));
    by->blocks = images >= 4 * threads ? 1 : least(by->down.results, up(4 * threads, images));
    by->block = up(by->down.results, by->blocks);
    by->blocks = up(by->down.results, by->block);
    _Atomic int failed = 0;
    by->failed = &failed;
    pool_run(frame, threads, sweep_part, by, images * by->blocks);
    return !atomic_load(&failed);
}

/* The kernel's gradient: sums over blocks of images, for each part its own. */
typedef struct {
    Axis down, across;
    int64_t images, channels, filters, window_width;
    const float *x, *y;
    float *sums;
    /* Images of a part and of a block; parts of the kernel's rows; floats in a row of the sums. */
    int64_t chunk, block, slices, columns;
    int64_t width;
    int padded;
    int64_t runs, offsets[MOST_TAPS], lengths[MOST_TAPS];
    _Atomic int *failed;
} Gradient;

/* The images of a block with all that the windows meet, one after another. */
static const float *padded_images(const Gradient *by, int64_t image, int64_t images) {
    int64_t points = by->down.source * by->across.source * by->channels;
    const float *from = by->x + image * points;
    if (!by->padded) return from + (by->down.origin * by->width + by->across.origin) * by->channels;
    int64_t height = extent(&by->down, by->down.results), size = height * by->width * by->channels;
    float *copy = scratch(SCRATCH_PADDED, size * images);
    for (int64_t i = 0; copy != NULL && i < images; i++)
        copy_padded(copy + i * size, from + i * points, by->down.source, by->across.source,
                    by->channels, by->down.origin, by->across.origin, height, by->width);
    return copy;
}

/* The targets of a block, each point with a whole number of vectors. */
static const float *whole_targets(const Gradient *by, int64_t image, int64_t images) {
    int64_t points = by->down.results * by->across.results;
    const float *from = by->y + image * points * by->filters;
    if (by->columns == by->filters) return from;
    float *copy = scratch(SCRATCH_TARGETS, points * images * by->columns);
    for (int64_t p = 0; copy != NULL && p < points * images; p++) {
        memcpy(copy + p * by->columns, from + p * by->filters, sizeof(float) * by->filters);
        memset(copy + p * by->columns + by->filters, 0, sizeof(float) * (by->columns - by->filters));
    }
    return copy;
}

static void gradient_part(const void *context, int64_t index) {
    const Gradient *by = context;
    int64_t slice = index % by->slices, first = index / by->slices * by->chunk;
    int64_t last = least(by->images, first + by->chunk);
    int64_t rows = by->down.taps * by->across.taps * by->channels;
    int64_t from = rows * slice / by->slices, until = rows * (slice + 1) / by->slices;
    float *sums = by->sums + index / by->slices * rows * by->columns;
    memset(sums + from * by->columns, 0, sizeof(float) * (until - from) * by->columns);
    int64_t height = by->padded ? extent(&by->down, by->down.results) : by->down.source;
    GradientRows part = {
        .columns = by->columns, .height = by->down.results, .width = by->across.results,
        .x_image = height * by->width * by->channels,
        .x_row = by->down.step * by->width * by->channels,
        .x_step = by->across.step * by->channels,
        .y_image = by->down.results * by->across.results * by->columns,
        .y_row = by->across.results * by->columns, .y_step = by->columns, .k_row = by->columns,
    };
    for (int64_t image = first; image < last; image += by->block) {
        part.images = least(by->block, last - image);
        const float *x = padded_images(by, image, part.images);
        const float *y = whole_targets(by, image, part.images);
        if (x == NULL || y == NULL) {
            atomic_store(by->failed, 1);
            return;
        }
        for (int64_t run = 0, at = 0; run < by->runs; at += by->lengths[run++]) {
            int64_t low = most(from, at), high = least(until, at + by->lengths[run]);
            part.rows = high - low;
            if (part.rows > 0)
                chosen()->gradient_rows(&part, x + by->offsets[run] + low - at, y,
                                        sums + low * by->columns);
        }
    }
}

static int gradient(const Frame *frame, Gradient *by, float *result) {
    int64_t rows = by->down.taps * by->across.taps * by->channels;
    int64_t points = by->down.results * by->across.results;
    by->padded = !stays_inside(&by->down) || !stays_inside(&by->across);
    by->width = by->padded ? extent(&by->across, by->across.results) : by->across.source;
    by->runs = find_runs(&by->down, &by->across, by->channels, by->width, by->offsets, by->lengths);
    by->columns = vectors_up(by->filters);
    int64_t size = rows * by->columns;
    int64_t chunks = most(1, least(least(PARTS, by->images), SUMS_OF_PARTS / size));
    by->chunk = up(by->images, chunks);
    chunks = up(by->images, by->chunk);
    by->slices = most(1, least(PARTS / chunks, rows / chosen()->tile_rows));
    by->block = most(1, BLOCK / most(1, points * most(by->channels, by->columns)));
    int in_place = chunks == 1 && by->columns == by->filters;
    by->sums = in_place ? result : scratch(SCRATCH_SUMS, chunks * size);
    if (by->sums == NULL) return 0;
    int64_t threads = 1;
    if ((double)by->images * points * size >= 2.0 * WORTH_A_THREAD) threads = pool_threads(frame);
    _Atomic int failed = 0;
    by->failed = &failed;
    pool_run(frame, threads, gradient_part, by, chunks * by->slices);
    if (atomic_load(&failed)) return 0;
    for (int64_t row = 0; !in_place && row < rows; row++)
        for (int64_t c = 0; c < by->filters; c++) {
            float sum = 0;
            for (int64_t chunk = 0; chunk < chunks; chunk++)
                sum += by->sums[chunk * size + row * by->columns + c];
            result[row * by->filters + c] = sum;
        }
    return 1;
}

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

/* x, k give y. */
EXPORT Error *myelin_convolve(Frame *frame) {
    if (asks_for_metadata(frame)) return NULL;
    const Buffer *x = frame->operands.buffers[0], *k = frame->operands.buffers[1];
    const Buffer *y = frame->results.buffers[0];
    Window window;
    Error *error = read_window(frame, k->dims, &window);
    if (error != NULL) return error;
    if (x->dims[3] != k->dims[2] || y->dims[3] != k->dims[3] || x->dims[0] != y->dims[0])
        return refuse(frame, "the sizes of a convolution do not fit");
    Sweep by = {
        .down = forward_axis(&window, 0, x->dims[1], y->dims[1]),
        .across = forward_axis(&window, 1, x->dims[2], y->dims[2]),
        .depth = x->dims[3], .columns = y->dims[3], .source = x->data, .kernel = k->data,
        .results = y->data, .kernel_row = k->dims[3], .kernel_column = 1,
        .window_width = k->dims[1], .results_height = y->dims[1], .results_width = y->dims[2],
    };
    return sweep(frame, &by, x->dims[0]) ? NULL : refuse(frame, no_memory);
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
    if (x->dims[3] != k->dims[2] || y->dims[3] != k->dims[3] || x->dims[0] != y->dims[0])
        return refuse(frame, "the sizes of a convolution do not fit");
    Sweep by = {
        .depth = y->dims[3], .columns = x->dims[3], .source = y->data, .kernel = k->data,
        .results = x->data, .kernel_row = 1, .kernel_column = k->dims[3],
        .window_width = k->dims[1], .results_height = x->dims[1], .results_width = x->dims[2],
    };
    /* Strides longer than the window leave points that no tap meets. */
    if (leaves_points(&window, 0) || leaves_points(&window, 1))
        pool_run(frame, pool_threads(frame), clear_part, &by, x->dims[0]);
    for (int64_t down = 0; down < window.stride[0]; down++)
        for (int64_t across = 0; across < window.stride[1]; across++) {
            by.down = gradient_axis(&window, 0, x->dims[1], y->dims[1], down);
            by.across = gradient_axis(&window, 1, x->dims[2], y->dims[2], across);
            if (!sweep(frame, &by, x->dims[0])) return refuse(frame, no_memory);
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
    if (x->dims[3] != k->dims[2] || y->dims[3] != k->dims[3] || x->dims[0] != y->dims[0])
        return refuse(frame, "the sizes of a convolution do not fit");
    Gradient by = {
        .down = forward_axis(&window, 0, x->dims[1], y->dims[1]),
        .across = forward_axis(&window, 1, x->dims[2], y->dims[2]),
        .images = x->dims[0], .channels = x->dims[3], .filters = y->dims[3],
        .window_width = k->dims[1], .x = x->data, .y = y->data,
    };
    return gradient(frame, &by, k->data) ? NULL : refuse(frame, no_memory);
}
