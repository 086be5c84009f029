/* Parts are taken by whichever thread is free, the caller's own among them. The caller waits only
 * for parts that a running thread has taken, never for a thread to begin: a busy pool costs time,
 * and cannot lock up. What a part computes must not depend on who takes it.
 */
#include "pool.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
    Part *part;
    const void *context;
    int64_t count;
    _Atomic int64_t next, done, holders;
} Job;

enum { SPINS_BEFORE_YIELDING = 2000 };

static void take_parts(Job *job) {
    for (;;) {
        int64_t index = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
        if (index >= job->count) return;
        job->part(job->context, index);
        atomic_fetch_add_explicit(&job->done, 1, memory_order_release);
    }
}

static void let_go(Job *job) {
    if (atomic_fetch_sub_explicit(&job->holders, 1, memory_order_acq_rel) == 1) free(job);
}

static void help(void *data) {
    take_parts(data);
    let_go(data);
}

static void forget(const Frame *frame, Error *error) {
    ErrorDestroy arguments = {sizeof arguments, NULL, error};
    frame->runtime->error_destroy(&arguments);
}

static inline void rest(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int64_t pool_threads(const Frame *frame) {
    int64_t threads = 1;
    PoolThreads arguments = {sizeof arguments, NULL, frame->context, &threads};
    Error *error = frame->runtime->pool_threads(&arguments);
    if (error == NULL) return threads;
    forget(frame, error);
    return 1;
}

void pool_run(const Frame *frame, int64_t threads, Part *part, const void *context, int64_t count) {
    int64_t helpers = (threads < count ? threads : count) - 1;
    Job *job = helpers > 0 ? malloc(sizeof *job) : NULL;
    if (job == NULL) {
        for (int64_t index = 0; index < count; index++) part(context, index);
        return;
    }
    *job = (Job){part, context, count, 0, 0, helpers + 1};
    for (int64_t helper = 0; helper < helpers; helper++) {
        PoolSchedule arguments = {sizeof arguments, NULL, frame->context, help, job};
        Error *error = frame->runtime->pool_schedule(&arguments);
        if (error == NULL) continue;
        forget(frame, error);
        let_go(job);
    }
    take_parts(job);
    for (int spins = 0; atomic_load_explicit(&job->done, memory_order_acquire) < count; spins++) {
        if (spins < SPINS_BEFORE_YIELDING) rest(); else sched_yield();
    }
    let_go(job);
}
