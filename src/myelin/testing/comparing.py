"""Comparisons that all contracts share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from myelin import dtypes


def agree(got: Any, wanted: Any, promise: str, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Raises AssertionError, with `promise` in its message, unless two trees of arrays are close.

    Args:
        got, wanted: trees of arrays of one structure.
        promise: what should hold, as a sentence.
        rtol, atol: relative and absolute tolerance, as for `numpy.allclose`.
    """
    left, right = jax.tree.leaves(got), jax.tree.leaves(wanted)
    if len(left) != len(right):
        raise AssertionError(f"{promise} But there are {len(left)} arrays, not {len(right)}.")
    for one, other in zip(left, right, strict=True):
        one, other = _as_float(one), _as_float(other)
        if one.shape != other.shape:
            raise AssertionError(f"{promise} But the shapes are {one.shape} and {other.shape}.")
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=promise)


def _as_float(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(np.float64) if array.dtype.kind in "fV" else array


def plain_json(config: Any) -> str:
    """A configuration as text; raises AssertionError where it holds more than plain values."""
    try:
        return json.dumps(config)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"Its configuration is plain JSON. But {error}.") from error


def directional_derivative(
    function: Callable[[Any], Any], at: Any, direction: Any, step: float = 1e-6
) -> float:
    """The derivative of a scalar function along a direction, by central differences.

    `(f(x + h v) - f(x - h v)) / 2h`, with an error of the order of h squared; wants float64.

    Args:
        function: takes a tree of arrays and gives a scalar.
        at, direction: x and v, trees of one structure.
        step: h.
    """
    ahead = function(jax.tree.map(lambda x, v: x + step * v, at, direction))
    behind = function(jax.tree.map(lambda x, v: x - step * v, at, direction))
    return float((ahead - behind) / (2 * step))


def check_gradient(
    function: Callable[[Any], Any], at: Any, promise: str, rng: np.random.Generator
) -> None:
    """Compares jax's gradient with a numerical one along a random direction, in float64."""
    # One program gives the gradient and both values, since compiling is what this costs.
    both = jax.jit(jax.value_and_grad(lambda x: function(x).sum()))
    direction = jax.tree.map(lambda x: rng.normal(size=np.shape(x)), at)
    _, gradient = both(at)
    along = sum(
        float(np.vdot(g, v))
        for g, v in zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    )
    numerical = directional_derivative(lambda x: both(x)[0], at, direction)
    agree(along, numerical, promise, rtol=1e-4, atol=1e-6)


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """Inside the block everything made by default is float64."""
    before = dtypes.floatx()
    with jax.enable_x64(True):
        dtypes.set_floatx("float64")
        try:
            with dtypes.policy_scope("float64"):
                yield
        finally:
            dtypes.set_floatx(before)
