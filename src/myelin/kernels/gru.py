"""A GRU over all its steps as one call, compiled natively for processors; see `lstm.py`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin.kernels.derived import by_hand, natively
from myelin.kernels.lstm import of_kernel, suits

Array = jax.Array


def gru(projected: Array, recurrent: Array, bias: Array, h: Array) -> Array:
    """`h = σ(z)·h + (1 - σ(z))·tanh(g)` at each step, with the gates z, r, g in Keras's order.

    z and r are what the step's input and the state before give together; of g the reset gate lets
    through what the state gives, `g = projected_g + σ(r)·(h @ recurrent_g + bias_g)`.

    Args:
        projected: what each step's input gives, with its biases, `(steps, batch, 3 · units)`.
        recurrent: `(units, 3 · units)`.
        bias: of what the state gives, `(3 · units,)`.
        h: before the first step, `(batch, units)`.

    Returns:
        h after each step, `(steps, batch, units)`.

    Can be derived backwards any number of times; see `by_hand`.

    Source: Cho et al., 2014, with the reset gate behind the product, as cuDNN and Keras have it.
    """
    return _gru(projected, recurrent, bias, h)


def plain_gru(projected: Array, recurrent: Array, bias: Array, h: Array) -> Array:
    """`gru` by XLA, on any device and in any type."""
    return _plain_forward(projected, recurrent, bias, h)[0]


def _plain_forward(projected: Array, recurrent: Array, bias: Array, h: Array) -> Any:
    """Outputs, gates, and what the state gave to g, of all steps."""

    def step(h: Array, own: Array) -> Any:
        own_z, own_r, own_g = jnp.split(own, 3, axis=-1)
        of_z, of_r, inner = jnp.split(h @ recurrent + bias, 3, axis=-1)
        z, r = jax.nn.sigmoid(own_z + of_z), jax.nn.sigmoid(own_r + of_r)
        g = jnp.tanh(own_g + r * inner)
        h = g + z * (h - g)
        return h, (h, jnp.concatenate([z, r, g], axis=-1), inner)

    return lax.scan(step, h, projected)[1]


def _forward(projected: Array, recurrent: Array, bias: Array, h: Array) -> Any:
    operands = projected, recurrent, bias, h
    if suits(projected, recurrent):
        one = (*projected.shape[:2], h.shape[-1])
        kept = natively("myelin_gru", (one, projected.shape, one), _plain_forward, *operands)
    else:
        kept = _plain_forward(*operands)
    return kept[0], kept


def _backward(operands: Any, kept: Any, bars: Array) -> Any:
    """What reaches `projected`, `recurrent`, `bias` and `h`."""
    projected, recurrent, bias, h = operands
    outputs, gates, inner = kept
    given = gates, inner, outputs, h, recurrent.T, bars
    if not suits(projected, recurrent):
        found = _plain_back(*given)
    else:
        shapes = [a.shape for a in (projected, projected, recurrent, bias, h, h)]
        found = natively(
            "myelin_gru_gradient", shapes, _plain_back, *given, spare=1, in_place={0: 0}
        )
    own_bar, _, recurrent_bar, bias_bar, h_bar = found
    return own_bar, recurrent_bar, bias_bar.astype(bias.dtype), h_bar


def _plain_back(
    gates: Array, inner: Array, outputs: Array, h: Array, turned: Array, outputs_bar: Array
) -> Any:
    def step(h_bar: Array, at: Any) -> Any:
        gates, inner, before, output_bar = at
        z, r, g = jnp.split(gates, 3, axis=-1)
        h_bar = h_bar + output_bar
        of_z = h_bar * (before - g) * z * (1 - z)
        of_g = h_bar * (1 - z) * (1 - g**2)
        of_r = of_g * inner * r * (1 - r)
        inner_bar = jnp.concatenate([of_z, of_r, of_g * r], axis=-1)
        return inner_bar @ turned + h_bar * z, (
            jnp.concatenate([of_z, of_r, of_g], axis=-1),
            inner_bar,
        )

    before = jnp.concatenate([h[None], outputs[:-1]])
    steps = gates, inner, before, outputs_bar
    h_bar, (own_bar, inner_bar) = lax.scan(step, jnp.zeros_like(h), steps, reverse=True)
    return own_bar, inner_bar, *of_kernel(h, outputs, inner_bar), h_bar


_gru = by_hand(plain_gru, _forward, _backward)
