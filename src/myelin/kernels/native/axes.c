#include "axes.h"

#include "frame.h"

#include <string.h>

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

Axis forward_axis(const Window *by, int which, int64_t image, int64_t output) {
    Axis axis = {.taps = by->window[which], .source = image, .origin = -by->before[which],
                 .step = by->stride[which], .results = output, .apart = 1};
    for (int64_t t = 0; t < axis.taps; t++) {
        axis.index[t] = t;
        axis.place[t] = t * by->dilation[which];
    }
    settle(&axis);
    return axis;
}

Axis gradient_axis(const Window *by, int which, int64_t image, int64_t output, int64_t phase) {
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

int64_t extent(const Axis *axis, int64_t results) {
    return (results - 1) * axis->step + axis->span;
}

int stays_inside(const Axis *axis) {
    return axis->origin >= 0 && axis->origin + extent(axis, axis->results) <= axis->source;
}

void copy_padded(float *to, const float *image, int64_t rows, int64_t columns, int64_t depth,
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

int64_t find_runs(const Axis *down, const Axis *across, int64_t depth, int64_t width, int merge,
                  int64_t *offsets, int64_t *lengths) {
    int64_t runs = 0;
    for (int64_t i = 0; i < down->taps; i++)
        for (int64_t j = 0; j < across->taps; j++) {
            int64_t at = (down->place[i] * width + across->place[j]) * depth;
            if (merge && runs && at == offsets[runs - 1] + lengths[runs - 1]) {
                lengths[runs - 1] += depth;
            } else {
                offsets[runs] = at;
                lengths[runs++] = depth;
            }
        }
    return runs;
}
