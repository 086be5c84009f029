/* A step of a GRU for one example: gates and output, and the way back. */
#include "arithmetic.h"
#include "gates.h"

#include <string.h>

INLINE void forward_at(const float *own, const float *bias, float *gates, int64_t units,
                       const float *before, float *inner, float *h) {
    Vector z = sigmoid(load(gates) + load(bias) + load(own));
    Vector r = sigmoid(load(gates + units) + load(bias + units) + load(own + units));
    Vector from_state = load(gates + 2 * units) + load(bias + 2 * units);
    Vector g = hyperbolic_tangent(load(own + 2 * units) + r * from_state);
    store(gates, z);
    store(gates + units, r);
    store(gates + 2 * units, g);
    store(inner, from_state);
    store(h, g + z * (load(before) - g));
}

/* `gates` holds what the state before gives, and takes the gates z, r and g; `own` is what the input
 * gives. `inner` takes what the state gave to g. */
void NAMED(gru_forward, KIND)(int64_t units, const float *own, const float *bias, float *gates,
                              const float *before, float *inner, float *h) {
    int64_t u = 0;
    for (; u + LANES <= units; u += LANES)
        forward_at(own + u, bias + u, gates + u, units, before + u, inner + u, h + u);
    if (u == units) return;
    float rest[12][LANES] = {{0}};
    size_t bytes = sizeof(float) * (units - u);
    for (int gate = 0; gate < 3; gate++) {
        memcpy(rest[gate], own + gate * units + u, bytes);
        memcpy(rest[3 + gate], bias + gate * units + u, bytes);
        memcpy(rest[6 + gate], gates + gate * units + u, bytes);
    }
    memcpy(rest[9], before + u, bytes);
    forward_at(rest[0], rest[3], rest[6], LANES, rest[9], rest[10], rest[11]);
    for (int gate = 0; gate < 3; gate++) memcpy(gates + gate * units + u, rest[6 + gate], bytes);
    memcpy(inner + u, rest[10], bytes);
    memcpy(h + u, rest[11], bytes);
}

INLINE void backward_at(const float *gates, int64_t units, const float *inner, const float *before,
                        const float *output_bar, const float *h_bar, float *past, float *own_bar,
                        float *inner_bar) {
    Vector z = load(gates), r = load(gates + units), g = load(gates + 2 * units);
    Vector h = load(output_bar) + load(h_bar) + load(past);
    Vector of_z = h * (load(before) - g) * z * (1.0f - z);
    Vector of_g = h * (1.0f - z) * (1.0f - g * g);
    Vector of_r = of_g * load(inner) * r * (1.0f - r);
    store(own_bar, of_z);
    store(own_bar + units, of_r);
    store(own_bar + 2 * units, of_g);
    store(inner_bar, of_z);
    store(inner_bar + units, of_r);
    store(inner_bar + 2 * units, of_g * r);
    store(past, h * z);
}

/* `past` is what came back to the state past the gates, and becomes that to the state before it. */
void NAMED(gru_backward, KIND)(int64_t units, const float *gates, const float *inner,
                               const float *before, const float *output_bar, const float *h_bar,
                               float *past, float *own_bar, float *inner_bar) {
    int64_t u = 0;
    for (; u + LANES <= units; u += LANES)
        backward_at(gates + u, units, inner + u, before + u, output_bar + u, h_bar + u, past + u,
                    own_bar + u, inner_bar + u);
    if (u == units) return;
    float rest[14][LANES] = {{0}};
    size_t bytes = sizeof(float) * (units - u);
    for (int gate = 0; gate < 3; gate++) memcpy(rest[gate], gates + gate * units + u, bytes);
    const float *others[] = {inner, before, output_bar, h_bar, past};
    for (int other = 0; other < 5; other++) memcpy(rest[3 + other], others[other] + u, bytes);
    backward_at(rest[0], LANES, rest[3], rest[4], rest[5], rest[6], rest[7], rest[8], rest[11]);
    for (int gate = 0; gate < 3; gate++) {
        memcpy(own_bar + gate * units + u, rest[8 + gate], bytes);
        memcpy(inner_bar + gate * units + u, rest[11 + gate], bytes);
    }
    memcpy(past + u, rest[7], bytes);
}
