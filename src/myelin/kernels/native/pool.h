/* Work in parts, on the threads that XLA has anyway. */
#ifndef MYELIN_POOL_H
#define MYELIN_POOL_H

#include "call.h"

typedef void Part(const void *context, int64_t index);

/* How many threads may work at once; 1 where the runtime has no pool. */
int64_t pool_threads(const Frame *frame);

/* Calls part(context, index) for every index below count, and returns when all are done. */
void pool_run(const Frame *frame, int64_t threads, Part *part, const void *context, int64_t count);

#endif
