"""Loops, branches and derivatives of one's own, with `keras.ops`'s names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.ops.convert import operand
from myelin.promise import lift
from myelin.variable import Variable

Array = jax.Array


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
    return jax.vmap(function)(_values(elements))


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """A function of one row, applied to one row after another."""
    return jax.lax.map(f, _values(xs))


def associative_scan(
    f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """`f` of all numbers so far, for an associative f, in a logarithmic number of rounds.

    Args:
        f: of two arrays, or trees of them.
        elems: an array, or a tree of them.
        reverse: whether to begin at the end.
        axis: along which.
    """
    return jax.lax.associative_scan(f, _values(elems), reverse, axis)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """What one of several functions gives for `operands`; the first or last beyond the ends."""
    return jax.lax.switch(operand(index), list(branches), *_values(operands))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of numbers as a function of arrays that broadcast.

    Args:
        pyfunc: the function.
        excluded: places or names of arguments that are handed on as they are.
        signature: which axes the function takes itself, such as `"(n),(n)->()"`.
    """
    return jnp.vectorize(pyfunc, excluded=excluded or frozenset(), signature=signature)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a derivative of one's own.

    Args:
        f: gives `(value, gradient)`, where `gradient(upstream)` gives that of each argument.
    """
    function = jax.custom_gradient(f)

    @functools.wraps(f)
    def with_values(*args: Any, **kwargs: Any) -> Any:
        return function(*_values(args), **_values(kwargs))

    return with_values


def _values(tree: Any) -> Any:
    """A tree with the values of variables in their place."""
    return jax.tree.map(lambda x: x.value if isinstance(x, Variable) else x, tree)


__all__ = [
    "associative_scan",
    "cond",
    "custom_gradient",
    "fori_loop",
    "map",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "while_loop",
]

# The others answer promises at once, or take functions.
_AT_ONCE = {"custom_gradient", "vectorize"}
lift(globals(), set(__all__) - _AT_ONCE)
