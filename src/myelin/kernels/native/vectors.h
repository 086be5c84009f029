/* Vectors of BYTES bytes, without a word about the processor: the compiler is told the processor, and
 * makes its instructions of the vector types. BYTES, ROWS and KIND come from the command line.
 *
 * A tile of a result, ROWS by two vectors, stays in registers while all that it sums passes by.
 */
#ifndef MYELIN_VECTORS_H
#define MYELIN_VECTORS_H

#include <stdint.h>

#define LANES (BYTES / 4)
#define COLUMNS (2 * LANES)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef float Vector __attribute__((vector_size(BYTES)));
typedef float Unaligned __attribute__((vector_size(BYTES), aligned(4), may_alias));

INLINE Vector load(const float *from) { return *(const Unaligned *)from; }
INLINE void store(float *to, Vector value) { *(Unaligned *)to = value; }
/* Subtracting 0 changes no number, so compilers leave only the copying. */
INLINE Vector splat(float value) { return value - (Vector){0}; }

/* `DO(1)` to `DO(ROWS)`: the cases of a switch over the rows of a tile. */
#if ROWS > 6
#define EACH_ROW_COUNT(DO) \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
#elif ROWS > 4
#define EACH_ROW_COUNT(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#else
#define EACH_ROW_COUNT(DO) DO(1) DO(2) DO(3) DO(4)
#endif

/* Rows of the next tile out of those left: the last two share theirs, for a low tile leaves most of
 * the units idle. */
INLINE int rows_of_tile(int64_t left) {
    return left >= 2 * ROWS ? ROWS : left > ROWS ? (int)((left + 1) / 2) : (int)left;
}

/* The name for this kind of processor. */
#define JOINED(A, B) A##_##B
#define NAMED(A, B) JOINED(A, B)

#endif
