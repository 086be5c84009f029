"""What networks need beyond arithmetic: activations are `myelin.activations`; here is the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, dtypes
from myelin.losses.base import EPSILON
from myelin.losses.crossentropy import binary_values, log_probabilities
from myelin.losses.crossentropy import sparse_categorical_crossentropy as sparse_loss
from myelin.losses.regression import unit
from myelin.ops.convert import operand

Array = jax.Array


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Array:
    """1 at the place of each class and 0 elsewhere; zeros for a number that is no class.

    Args:
        x: whole numbers `(…)`.
        num_classes: the size of the new axis.
        axis: where it goes.
        dtype: the default float type when None.
    """
    name = dtypes.name_of(dtype)
    return jax.nn.one_hot(operand(x), num_classes, axis=axis, dtype=name)


def gelu(x: Any, approximate: bool = True) -> Array:
    """See `myelin.activations.gelu`; here the tanh approximation is the default, as in Keras."""
    return activations.gelu(operand(x), approximate)


def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Array:
    """x divided by its norm along an axis, or by epsilon (1e-7) where the norm is below it."""
    x, least = operand(x), EPSILON if epsilon is None else epsilon
    if order == 2:
        return unit(x, axis, least)
    return x / jnp.maximum(jnp.linalg.norm(x, order, axis, keepdims=True), least)


def moments(x: Any, axes: Any, keepdims: bool = False) -> tuple[Array, Array]:
    """Mean and variance over axes."""
    x, axes = operand(x), tuple(axes) if isinstance(axes, list) else axes
    return jnp.mean(x, axes, keepdims=keepdims), jnp.var(x, axes, keepdims=keepdims)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-Σ target · log p` along an axis; see `myelin.losses.categorical_crossentropy`."""
    return -jnp.sum(
        operand(target) * log_probabilities(operand(output), from_logits, axis), axis=axis
    )


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-log p[target]`; see `myelin.losses.sparse_categorical_crossentropy`."""
    return sparse_loss(operand(target), operand(output), from_logits=from_logits, axis=axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Array:
    """`-t · log p - (1 - t) · log(1 - p)`, elementwise."""
    t, y = jnp.asarray(operand(target)), jnp.asarray(operand(output))
    return binary_values(t.astype(y.dtype), y, from_logits)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What one of two functions of nothing gives, also inside a compiled step."""
    return jax.lax.cond(operand(pred), true_fn, false_fn)


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """`value = body_fun(i, value)` for i from `lower` up to `upper`."""
    return jax.lax.fori_loop(lower, upper, body_fun, init_val)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeats `body(*loop_vars)` while `cond(*loop_vars)` holds.

    Args:
        cond, body: functions of the loop variables.
        loop_vars: a tuple or list of arrays, or one array.
        maximum_iterations: stops there at the latest; None: no limit.
    """
    several = isinstance(loop_vars, tuple | list)
    first = tuple(jnp.asarray(operand(v)) for v in (loop_vars if several else (loop_vars,)))

    def go_on(state: Any) -> Any:
        count, values = state
        more = cond(*values)
        return more if maximum_iterations is None else (count < maximum_iterations) & more

    def advance(state: Any) -> Any:
        count, values = state
        after = body(*values)
        return count + 1, tuple(after) if several else (after,)

    _, last = jax.lax.while_loop(go_on, advance, (jnp.int32(0), first))
    return type(loop_vars)(last) if several else last[0]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> Any:
    """`carry, y = f(carry, x)` along the first axis of `xs`; gives the last carry and all y."""
    return jax.lax.scan(f, init, xs, length, reverse, unroll)


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """A function of one row, applied to all rows at once."""
    return jax.vmap(function)(elements)
