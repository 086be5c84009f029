/* The two sums that convolutions are made of: over taps, and over points. */
#ifndef MYELIN_SUMS_H
#define MYELIN_SUMS_H

#include "axes.h"
#include "call.h"

/* A sum over taps for a grid of results: of the forward map, or of a phase of the input's gradient.
 * By channel, a number of the results meets one of the source's points alone. */
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
    int padded, by_channel;
    int64_t runs, offsets[MOST_TAPS], lengths[MOST_TAPS];
    _Atomic int *failed;
} TapSum;

/* The kernel's gradient: sums over blocks of images, for each part its own. */
typedef struct {
    Axis down, across;
    int64_t images, channels, filters;
    const float *x, *y;
    float *sums;
    /* Images of a part and of a block; parts of the kernel's rows; floats in a row of the sums. */
    int64_t chunk, block, slices, columns;
    int64_t width;
    int padded, by_channel;
    int64_t runs, offsets[MOST_TAPS], lengths[MOST_TAPS];
    _Atomic int *failed;
} PointSum;

/* So many numbers, rounded up to whole vectors. */
int64_t vectors_up(int64_t columns);

/* Both give 0 where there is no memory. */
int sum_over_taps(const Frame *frame, TapSum *by, int64_t images);
int sum_over_points(const Frame *frame, PointSum *by, float *result);

#endif
