#include "frame.h"
#include "pool.h"
#include "scratch.h"
#include "sums.h"

#include <stdatomic.h>
#include <string.h>

/* Parts with sums of their own: as many as keep many processors busy, as long as their sums fit into
 * the second cache, and never by the number of threads, on which no bit of a result may depend. */
enum { WORTH_A_THREAD = 100000, PARTS = 16, SUMS_OF_PARTS = 1 << 18, BLOCK = 1 << 14 };

/* The images of a block with all that the windows meet, one after another. */
static const float *padded_images(const PointSum *by, int64_t image, int64_t images) {
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
static const float *whole_targets(const PointSum *by, int64_t image, int64_t images) {
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

/* Rows of the gradient: the taps, and by each the channels but where numbers meet only their own. */
static int64_t rows_of(const PointSum *by) {
    return by->down.taps * by->across.taps * (by->by_channel ? 1 : by->channels);
}

static void point_part(const void *context, int64_t index) {
    const PointSum *by = context;
    int64_t slice = index % by->slices, first = index / by->slices * by->chunk;
    int64_t last = least(by->images, first + by->chunk);
    int64_t rows = rows_of(by);
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
        if (by->by_channel) {
            part.rows = rows;
            chosen()->channel_gradient(&part, by->offsets, x, y, sums);
            continue;
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

int sum_over_points(const Frame *frame, PointSum *by, float *result) {
    int64_t rows = rows_of(by);
    int64_t points = by->down.results * by->across.results;
    by->padded = !stays_inside(&by->down) || !stays_inside(&by->across);
    by->width = by->padded ? extent(&by->across, by->across.results) : by->across.source;
    by->runs = find_runs(&by->down, &by->across, by->channels, by->width, !by->by_channel,
                         by->offsets, by->lengths);
    by->columns = by->by_channel ? by->filters : vectors_up(by->filters);
    int64_t size = rows * by->columns;
    if (size == 0) return 1;
    int64_t chunks = most(1, least(least(PARTS, by->images), SUMS_OF_PARTS / size));
    by->chunk = up(by->images, chunks);
    chunks = up(by->images, by->chunk);
    by->slices = by->by_channel ? 1 : most(1, least(PARTS / chunks, rows / chosen()->tile_rows));
    by->block = most(1, BLOCK / most(1, points * most(by->channels, by->columns)));
    int in_place = chunks == 1 && by->columns == by->filters;
    by->sums = in_place ? result : scratch(SCRATCH_SUMS, chunks * size);
    if (by->sums == NULL) return 0;
    int64_t threads = 1;
    if ((double)by->images * points * size >= 2.0 * WORTH_A_THREAD) threads = pool_threads(frame);
    _Atomic int failed = 0;
    by->failed = &failed;
    pool_run(frame, threads, point_part, by, chunks * by->slices);
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
