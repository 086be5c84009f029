/* A step of an LSTM for one example: gates, state and output, and the way back. */
#include "arithmetic.h"
#include "gates.h"

#include <string.h>

INLINE void forward_at(const float *bias, float *gates, int64_t units, const float *before,
                       float *c, float *h) {
    Vector i = sigmoid(load(gates) + load(bias));
    Vector f = sigmoid(load(gates + units) + load(bias + units));
    Vector g = hyperbolic_tangent(load(gates + 2 * units) + load(bias + 2 * units));
    Vector o = sigmoid(load(gates + 3 * units) + load(bias + 3 * units));
    Vector state = f * load(before) + i * g;
    store(gates, i);
    store(gates + units, f);
    store(gates + 2 * units, g);
    store(gates + 3 * units, o);
    store(c, state);
    store(h, o * hyperbolic_tangent(state));
}

/* `gates` holds what the input and the state before give, without the bias, and takes the gates. */
void NAMED(lstm_forward, KIND)(int64_t units, const float *bias, float *gates, const float *before,
                               float *c, float *h) {
    int64_t u = 0;
    for (; u + LANES <= units; u += LANES)
        forward_at(bias + u, gates + u, units, before + u, c + u, h + u);
    if (u == units) return;
    float rest[11][LANES] = {{0}};
    size_t bytes = sizeof(float) * (units - u);
    for (int gate = 0; gate < 4; gate++) {
        memcpy(rest[gate], bias + gate * units + u, bytes);
        memcpy(rest[4 + gate], gates + gate * units + u, bytes);
    }
    memcpy(rest[8], before + u, bytes);
    forward_at(rest[0], rest[4], LANES, rest[8], rest[9], rest[10]);
    for (int gate = 0; gate < 4; gate++) memcpy(gates + gate * units + u, rest[4 + gate], bytes);
    memcpy(c + u, rest[9], bytes);
    memcpy(h + u, rest[10], bytes);
}

INLINE void backward_at(const float *gates, int64_t units, const float *before, const float *c,
                        const float *output_bar, const float *h_bar, float *c_bar, float *z_bar) {
    Vector i = load(gates), f = load(gates + units), g = load(gates + 2 * units);
    Vector o = load(gates + 3 * units);
    Vector tangent = hyperbolic_tangent(load(c)), h = load(output_bar) + load(h_bar);
    Vector state = load(c_bar) + h * o * (1.0f - tangent * tangent);
    store(z_bar, state * g * i * (1.0f - i));
    store(z_bar + units, state * load(before) * f * (1.0f - f));
    store(z_bar + 2 * units, state * i * (1.0f - g * g));
    store(z_bar + 3 * units, h * tangent * o * (1.0f - o));
    store(c_bar, state * f);
}

/* c_bar is what came back to the state after the step, and becomes that to the state before it. */
void NAMED(lstm_backward, KIND)(int64_t units, const float *gates, const float *before,
                                const float *c, const float *output_bar, const float *h_bar,
                                float *c_bar, float *z_bar) {
    int64_t u = 0;
    for (; u + LANES <= units; u += LANES)
        backward_at(gates + u, units, before + u, c + u, output_bar + u, h_bar + u, c_bar + u,
                    z_bar + u);
    if (u == units) return;
    float rest[13][LANES] = {{0}};
    size_t bytes = sizeof(float) * (units - u);
    for (int gate = 0; gate < 4; gate++) memcpy(rest[gate], gates + gate * units + u, bytes);
    const float *others[] = {before, c, output_bar, h_bar, c_bar};
    for (int other = 0; other < 5; other++) memcpy(rest[4 + other], others[other] + u, bytes);
    backward_at(rest[0], LANES, rest[4], rest[5], rest[6], rest[7], rest[8], rest[9]);
    for (int gate = 0; gate < 4; gate++)
        memcpy(z_bar + gate * units + u, rest[9 + gate], bytes);
    memcpy(c_bar + u, rest[8], bytes);
}
