/* Where windows lie in an image, along each of its axes. */
#ifndef MYELIN_AXES_H
#define MYELIN_AXES_H

#include <stdint.h>

enum { MOST_TAPS = 128 };

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

Axis forward_axis(const Window *by, int which, int64_t image, int64_t output);

/* The points of the image that are `phase` steps behind a multiple of the stride. */
Axis gradient_axis(const Window *by, int which, int64_t image, int64_t output, int64_t phase);

/* Points of the source that so many results meet. */
int64_t extent(const Axis *axis, int64_t results);

int stays_inside(const Axis *axis);

/* Copies `height` by `width` points from (top, left) on, zeros where the image has none. */
void copy_padded(float *to, const float *image, int64_t rows, int64_t columns, int64_t depth,
                 int64_t top, int64_t left, int64_t height, int64_t width);

/* The taps of a window as runs of `depth` numbers in a source with rows of `width` points; those that
 * adjoin are one where `merge` is set. */
int64_t find_runs(const Axis *down, const Axis *across, int64_t depth, int64_t width, int merge,
                  int64_t *offsets, int64_t *lengths);

#endif
