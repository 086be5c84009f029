/* What every handler begins with: who computes, and how it refuses what it cannot. */
#ifndef MYELIN_FRAME_H
#define MYELIN_FRAME_H

#include "arithmetic.h"
#include "call.h"

#define EXPORT __attribute__((visibility("default")))

/* The arithmetic for this processor. */
const Arithmetic *chosen(void);

Error *refuse(const Frame *frame, const char *message);

/* XLA asks first for which version of its interface a handler was made: for any, see call.h. */
int asks_for_metadata(const Frame *frame);

/* The quotient, rounded up. */
static inline int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

#endif
