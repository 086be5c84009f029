#include "frame.h"
#include "pool.h"
#include "scratch.h"
#include "sums.h"

#include <stdatomic.h>
#include <string.h>

enum { WORTH_A_THREAD = 100000 };

int64_t vectors_up(int64_t columns) {
    int64_t lanes = chosen()->tile_columns / 2;
    return up(columns, lanes) * lanes;
}

static int64_t panel_width(int64_t left) { return least(vectors_up(left), chosen()->tile_columns); }

/* The kernel's columns from index on, as many as a tile has, in the order of the taps. */
static void pack_panel(const void *context, int64_t index) {
    const TapSum *by = context;
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

/* Of a kernel by channel: its points in the order of the taps. */
static void pack_points(const TapSum *by) {
    float *to = by->panels;
    for (int64_t i = 0; i < by->down.taps; i++)
        for (int64_t j = 0; j < by->across.taps; j++, to += by->columns) {
            int64_t tap = by->down.index[i] * by->window_width + by->across.index[j];
            memcpy(to, by->kernel + tap * by->columns, sizeof(float) * by->columns);
        }
}

static void tap_part(const void *context, int64_t index) {
    const TapSum *by = context;
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
    int64_t columns = by->by_channel ? by->columns : chosen()->tile_columns;
    for (int64_t j = 0; j < by->columns; j += columns) {
        row.columns = least(columns, by->columns - j);
        for (int64_t r = 0; r < rows; r++) {
            int64_t y = down->first + (first + r) * down->apart;
            int64_t at = (image * by->results_height + y) * by->results_width + across->first;
            const float *x = from + r * down->step * by->width * by->depth;
            float *to = by->results + at * by->columns + j;
            if (by->by_channel) chosen()->channel_row(&row, x, by->panels, to);
            else chosen()->result_row(&row, x, by->panels + j * depth, to);
        }
    }
}

int sum_over_taps(const Frame *frame, TapSum *by, int64_t images) {
    int64_t points = by->down.results * by->across.results;
    int64_t depth = by->down.taps * by->across.taps * (by->by_channel ? 1 : by->depth);
    if (points * depth == 0) return 1;
    by->padded = !stays_inside(&by->down) || !stays_inside(&by->across);
    by->width = by->padded ? extent(&by->across, by->across.results) : by->across.source;
    by->runs = find_runs(&by->down, &by->across, by->depth, by->width, !by->by_channel,
                         by->offsets, by->lengths);
    by->panels = scratch(SCRATCH_PANELS, depth * vectors_up(by->columns));
    if (by->panels == NULL) return 0;
    int64_t threads = 1;
    if ((double)images * points * depth * by->columns >= 2.0 * WORTH_A_THREAD)
        threads = pool_threads(frame);
    if (by->by_channel) pack_points(by);
    else pool_run(frame, depth * by->columns < WORTH_A_THREAD ? 1 : threads, pack_panel, by,
                  up(by->columns, chosen()->tile_columns));
    by->blocks = images >= 4 * threads ? 1 : least(by->down.results, up(4 * threads, images));
    by->block = up(by->down.results, by->blocks);
    by->blocks = up(by->down.results, by->block);
    _Atomic int failed = 0;
    by->failed = &failed;
    pool_run(frame, threads, tap_part, by, images * by->blocks);
    return !atomic_load(&failed);
}
