/* What gates of recurrent networks pass through. */
#ifndef MYELIN_GATES_H
#define MYELIN_GATES_H

#include "vectors.h"

typedef int32_t Whole __attribute__((vector_size(BYTES)));

/* exp, right to two units in the last place: 2^n · e^r with |r| ≤ ln 2 / 2, by a polynomial. */
INLINE Vector exponential(Vector x) {
    const float most = 88.0f, magic = 12582912.0f;
    Whole high = x > most, low = x < -most;
    x = (Vector)((high & (Whole)splat(most)) | (low & (Whole)splat(-most)) |
                 (~(high | low) & (Whole)x));
    Vector shifted = x * 1.44269504f + magic;
    Vector n = shifted - magic;
    Vector r = x - n * 0.693359375f + n * 2.12194440e-4f;
    Vector p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    Whole power = ((Whole)shifted - (Whole)splat(magic) + 127) << 23;
    return p * (Vector)power;
}

INLINE Vector sigmoid(Vector x) { return 1.0f / (1.0f + exponential(-x)); }

/* Near 0, where the quotient would lose what x is small by, the beginning of its series. */
INLINE Vector hyperbolic_tangent(Vector x) {
    Vector square = x * x;
    Vector series = x * (1.0f + square * (-0.33333333f + square * 0.13333333f));
    Vector quotient = 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
    Whole small = square < 0.0025f;
    return (Vector)((small & (Whole)series) | (~small & (Whole)quotient));
}

#endif
