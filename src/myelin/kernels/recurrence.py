"""Recurrent networks: steps that depend on each other, and a gradient that leaves them at once.

A step multiplies the state before it with the recurrent kernel. Derived as it stands, the kernel's
gradient is a small product and a sum over the whole kernel at every step of the way back; here the
steps only say what reached their products, and one product over all steps and examples follows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin.kernels import dense

Array = jax.Array
States = tuple[Array, ...]
# From what a step's input gives, what the state before gives, and all states, the new states.
Cell = Callable[[Array, Array, States], States]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def recurrence(
    cell: Cell,
    unroll: int,
    projected: Array,
    recurrent: Array,
    bias: Array,
    states: States,
    mask: Array | None,
    keep: Array | None,
) -> tuple[Array, States]:
    """Runs `states = cell(projected[t], (h · keep) @ recurrent + bias, states)` over all steps.

    Args:
        cell: computes a step; h, the first of the states, is its output.
        unroll: how many steps are written out in the body of the loop.
        projected: what each step's input gives, `(steps, batch, gates)`.
        recurrent: `(units, gates)`.
        bias: `(gates,)`.
        states: before the first step, `(batch, units)` each.
        mask: `(steps, batch)`, False where a step is left out and the states stay; or None.
        keep: factors of h in the product, `(batch, units)`, as dropout makes them; or None.

    Returns:
        h after each step, `(steps, batch, units)`, and the states after the last.

    Can be derived backwards any number of times.
    """
    inner = jnp.broadcast_to(bias, projected.shape)
    return _run(cell, unroll, recurrent, mask, keep, projected, inner, states)


def _run(
    cell: Cell, unroll: int, recurrent: Array, mask: Array | None, keep: Array | None,
    projected: Array, inner: Array, states: States,
) -> tuple[Array, States]:  # fmt: skip
    def step(states: States, at: Any) -> tuple[States, Array]:
        own, added, counts = at
        h = states[0] if keep is None else states[0] * keep
        after = cell(own, dense.matmul(h, recurrent) + added, states)
        if counts is not None:
            pairs = zip(after, states, strict=True)
            after = tuple(jnp.where(counts[:, None], new, old) for new, old in pairs)
        return after, after[0]

    states, outputs = lax.scan(step, states, (projected, inner, mask), unroll=unroll)
    return outputs, states


def _forward(
    cell: Cell, unroll: int, projected: Array, recurrent: Array, bias: Array, states: States,
    mask: Array | None, keep: Array | None,
) -> Any:  # fmt: skip
    inner = jnp.broadcast_to(bias, projected.shape)
    run = partial(_run, cell, unroll, recurrent, mask, keep)
    (outputs, after), back = jax.vjp(run, projected, inner, states)
    return (outputs, after), (back, outputs, states[0], keep)


def _backward(cell: Cell, unroll: int, kept: Any, bars: Any) -> Any:
    back, outputs, first, keep = kept
    projected_bar, inner_bar, states_bar = back(bars)
    before = jnp.concatenate([first[None], outputs[:-1]])
    before = before if keep is None else before * keep
    rows, added = (a.reshape(-1, a.shape[-1]) for a in (before, inner_bar))
    recurrent_bar = dense.product(rows, added, form="tn")
    return projected_bar, recurrent_bar, inner_bar.sum((0, 1)), states_bar, None, None


recurrence.defvjp(_forward, _backward)
