"""An LSTM over all its steps as one call, compiled natively for processors.

XLA runs the steps one after another as some twenty operations each, on few numbers: what it spends
between them is most of the time. Here each thread takes some of the examples through all steps. The
way back says what reached each step's gates; the recurrent kernel's gradient is one product.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin.kernels import native
from myelin.kernels.derived import by_hand, natively

Array = jax.Array
# Steps of so few multiplications cost less than what the call keeps for the way back.
WORTH_A_CALL = 1 << 14


def suits(projected: Array, recurrent: Array) -> bool:
    """Whether `lstm` runs natively for these: float32, one processor, not too little to do."""
    return (
        # First, as sizes may be symbols where it is not.
        native.usable()
        and jnp.result_type(projected) == jnp.result_type(recurrent) == jnp.float32
        and projected.shape[1] * recurrent.size >= WORTH_A_CALL
        and projected.shape[0] > 1
    )


def lstm(
    projected: Array, recurrent: Array, bias: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """`z = projected[t] + h @ recurrent + bias`, with the gates i, f, g, o of z in Keras's order.

    `c = σ(f)·c + σ(i)·tanh(g)`, `h = σ(o)·tanh(c)` at each step.

    Args:
        projected: what each step's input gives, `(steps, batch, 4 · units)`.
        recurrent: `(units, 4 · units)`.
        bias: `(4 · units,)`.
        h, c: before the first step, `(batch, units)`.

    Returns:
        h after each step, `(steps, batch, units)`, and c after the last, `(batch, units)`.

    Can be derived backwards any number of times; see `by_hand`.
    """
    return _lstm(projected, recurrent, bias, h, c)


def plain_lstm(
    projected: Array, recurrent: Array, bias: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """`lstm` by XLA, on any device and in any type."""
    outputs, states, _ = _plain_forward(projected, recurrent, bias, h, c)
    return outputs, states[-1]


def _plain_forward(projected: Array, recurrent: Array, bias: Array, h: Array, c: Array) -> Any:
    def step(state: tuple[Array, Array], own: Array) -> Any:
        h, c = state
        i, f, g, o = jnp.split(own + h @ recurrent + bias, 4, axis=-1)
        i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (h, c, jnp.concatenate([i, f, g, o], axis=-1))

    return lax.scan(step, (h, c), projected)[1]


def _forward(projected: Array, recurrent: Array, bias: Array, h: Array, c: Array) -> Any:
    """What `lstm` gives; and outputs, states and gates of all steps."""
    operands = projected, recurrent, bias, h, c
    if suits(projected, recurrent):
        one = (*projected.shape[:2], h.shape[-1])
        shapes = one, one, projected.shape
        kept = natively("myelin_lstm", shapes, _plain_forward, *operands)
    else:
        kept = _plain_forward(*operands)
    outputs, states, _ = kept
    return (outputs, states[-1]), kept


def _backward(operands: Any, kept: Any, bars: Any) -> Any:
    """What reaches `projected`, `recurrent`, `bias`, `h` and `c`."""
    projected, recurrent, _, h, c = operands
    outputs, states, gates = kept
    given = gates, states, outputs, h, c, recurrent.T, *bars
    if not suits(projected, recurrent):
        return _plain_back(*given)
    shapes = tuple(operand.shape for operand in operands)
    return natively("myelin_lstm_gradient", shapes, _plain_back, *given, in_place={0: 0})


def _plain_back(
    gates: Array, states: Array, outputs: Array, h: Array, c: Array, turned: Array,
    outputs_bar: Array, c_bar: Array,
) -> Any:  # fmt: skip
    def step(bars: tuple[Array, Array], at: Any) -> Any:
        h_bar, c_bar = bars
        gates, state, before, output_bar = at
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        h_bar, tangent = h_bar + output_bar, jnp.tanh(state)
        c_bar = c_bar + h_bar * o * (1 - tangent**2)
        z_bar = jnp.concatenate(
            [c_bar * g * i * (1 - i), c_bar * before * f * (1 - f), c_bar * i * (1 - g**2),
             h_bar * tangent * o * (1 - o)], axis=-1,
        )  # fmt: skip
        return (z_bar @ turned, c_bar * f), z_bar

    before = jnp.concatenate([c[None], states[:-1]])
    steps = (gates, states, before, outputs_bar)
    (h_bar, c_bar), z_bar = lax.scan(step, (jnp.zeros_like(c), c_bar), steps, reverse=True)
    return z_bar, *of_kernel(h, outputs, z_bar), h_bar, c_bar


def of_kernel(h: Array, outputs: Array, met: Array) -> tuple[Array, Array]:
    """What reaches a recurrent kernel and its bias, as one product over all steps.

    Args:
        h: the state before the first step.
        outputs: the states after each.
        met: what came back to what kernel and bias gave.
    """
    before = jnp.concatenate([h[None], outputs[:-1]])
    rows, reached = (a.reshape(-1, a.shape[-1]) for a in (before, met))
    return rows.T @ reached, reached.sum(0)


_lstm = by_hand(plain_lstm, _forward, _backward)
