"""Regularizers: scalars that grow with the weights and are added to the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from myelin import registry
from myelin.errors import InputError, ShapeError
from myelin.registry import Configured


class Regularizer(Configured):
    """The base: a subclass overrides `__call__(self, x)`, which gives a scalar.

    Raises:
        NotImplementedError: the base itself is called.
    """

    def __call__(self, x: Any) -> Any:
        """The penalty for an array `x` of any shape."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, x)")


class L1L2(Regularizer):
    """`l1 · Σ|x| + l2 · Σx²`.

    Args:
        l1, l2: factors ≥ 0; None is 0.

    Raises:
        InputError: a factor that is no finite number ≥ 0.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor(self, "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor(self, "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty for an array of any shape."""
        x = jnp.asarray(x)
        penalty = jnp.zeros((), x.dtype)
        if _counts(self.l1):
            penalty = penalty + self.l1 * jnp.sum(jnp.abs(x))
        if _counts(self.l2):
            penalty = penalty + self.l2 * jnp.sum(jnp.square(x))
        return penalty


class L1(Regularizer):
    """`l1 · Σ|x|`: drives weights to exactly zero.

    Args:
        l1: the factor ≥ 0; None is 0.01.

    Raises:
        InputError: the factor is no finite number ≥ 0.
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor(self, "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """The penalty for an array of any shape."""
        return self.l1 * jnp.sum(jnp.abs(jnp.asarray(x)))


class L2(Regularizer):
    """`l2 · Σx²`: keeps weights small.

    Args:
        l2: the factor ≥ 0; None is 0.01.

    Raises:
        InputError: the factor is no finite number ≥ 0.
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor(self, "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty for an array of any shape."""
        return self.l2 * jnp.sum(jnp.square(jnp.asarray(x)))


class OrthogonalRegularizer(Regularizer):
    """Makes the rows, or the columns, of a matrix orthogonal to each other.

    `factor` times the mean |cosine| over all pairs of different rows (or columns).

    Args:
        factor: ≥ 0.
        mode: `"rows"` or `"columns"`.

    Raises:
        InputError: a bad factor or mode.
        ShapeError: called on an array that does not have 2 axes.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise InputError(f'OrthogonalRegularizer: mode wants "rows" or "columns", got {mode!r}')
        self.factor = _factor(self, "factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty for a matrix."""
        x = jnp.asarray(x)
        if x.ndim != 2:
            raise ShapeError(f"OrthogonalRegularizer wants a matrix, got shape {x.shape}")
        axis = 1 if self.mode == "rows" else 0
        size = x.shape[1 - axis]
        # The square of a norm is kept off zero as Keras keeps it, so that its root has a slope.
        norm = jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(x), axis=axis, keepdims=True), 1e-14))
        x = x / norm
        products = x @ x.T if self.mode == "rows" else x.T @ x
        pairs = size * (size - 1) / 2
        outside = jnp.sum(jnp.abs(products * (1.0 - jnp.eye(size, dtype=x.dtype))))
        return self.factor * 0.5 * outside / max(pairs, 1)


def _counts(factor: Any) -> bool:
    """Whether a factor is not 0; one that a sweep varies inside the compiled step may be any."""
    return isinstance(factor, jax.core.Tracer) or bool(factor)


def _factor(owner: Any, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{type(owner).__name__}: {name} wants a finite number, got {value!r}")
    if value < 0:
        raise InputError(f"{type(owner).__name__}: {name} must be 0 or more, got {value!r}")
    return float(value)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

NAMES: dict[str, type[Regularizer]] = {
    "L1": L1, "l1": L1, "L2": L2, "l2": L2, "L1L2": L1L2, "l1_l2": L1L2, "l1l2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "orthogonal_regularizer": OrthogonalRegularizer,
}  # fmt: skip


def get(identifier: Any) -> Callable[..., Any] | None:
    """The regularizer meant by a name, a class, a configuration or a function; None for None.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
    """
    return registry.resolve(identifier, NAMES, "regularizer")


def serialize(regularizer: Any) -> Any:
    """The regularizer as plain JSON values."""
    return registry.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` wrote."""
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


__all__ = ["L1", "L2", "L1L2", "NAMES", "OrthogonalRegularizer", "Regularizer", "deserialize",
           "get", "l1", "l1_l2", "l2", "orthogonal_regularizer",
           "serialize"]  # fmt: skip
