"""Constraints: functions that put a weight back where it may be, after each update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp

from myelin import registry
from myelin.errors import InputError
from myelin.registry import Configured

# What Keras adds to a norm before it divides by it.
_EPSILON = 1e-7


class Constraint(Configured):
    """The base: a subclass overrides `__call__(self, w)`, which gives an array like `w`.

    Raises:
        NotImplementedError: the base itself is called.
    """

    def __call__(self, w: Any) -> Any:
        """The nearest allowed array."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, w)")


class MaxNorm(Constraint):
    """Shrinks vectors that are longer than `max_value` to that length.

    Args:
        max_value: the greatest norm, ≥ 0.
        axis: the axes a vector lies along: 0 for a Dense kernel (inputs, units), so that each
            unit has its vector; (0, 1, 2) for a Conv2D kernel.

    Raises:
        InputError: a negative `max_value`.

    Source: Srivastava et al., Dropout, 2014.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        if max_value < 0:
            raise InputError(f"MaxNorm: max_value must be 0 or more, got {max_value!r}")
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """`w` with long vectors shortened."""
        norms = _norms(w, self.axis)
        wanted = jnp.clip(norms, 0, self.max_value)
        return w * (wanted / (_EPSILON + norms))


class MinMaxNorm(Constraint):
    """Brings the norms of vectors towards the range from `min_value` to `max_value`.

        norm' = rate · clip(norm, min_value, max_value) + (1 - rate) · norm

    Args:
        min_value, max_value: the range of norms.
        rate: how much of the way is gone at each step, in (0, 1].
        axis: the axes a vector lies along, as for `MaxNorm`.

    Raises:
        InputError: an empty range, or a rate outside (0, 1].
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        if not 0 <= min_value <= max_value:
            raise InputError(
                f"MinMaxNorm wants 0 ≤ min_value ≤ max_value, got {min_value!r} and {max_value!r}"
            )
        if not 0 < rate <= 1:
            raise InputError(f"MinMaxNorm: rate must be in (0, 1], got {rate!r}")
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """`w` with norms nearer to the range."""
        norms = _norms(w, self.axis)
        clipped = jnp.clip(norms, self.min_value, self.max_value)
        wanted = self.rate * clipped + (1 - self.rate) * norms
        return w * (wanted / (_EPSILON + norms))


class NonNeg(Constraint):
    """Sets negative numbers to 0."""

    def __call__(self, w: Any) -> Any:
        """`max(w, 0)`."""
        return jnp.maximum(w, 0)


class UnitNorm(Constraint):
    """Gives every vector the length 1.

    Args:
        axis: the axes a vector lies along, as for `MaxNorm`.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """`w` divided by its norms."""
        return w / (_EPSILON + _norms(w, self.axis))


def _norms(w: Any, axis: Any) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    squares = jnp.sum(jnp.square(w), axis=axis, keepdims=True)
    return jnp.sqrt(squares)


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

NAMES: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm, "max_norm": MaxNorm, "MinMaxNorm": MinMaxNorm,
    "min_max_norm": MinMaxNorm, "NonNeg": NonNeg, "non_neg": NonNeg, "nonneg": NonNeg,
    "UnitNorm": UnitNorm, "unit_norm": UnitNorm,
}  # fmt: skip


def get(identifier: Any) -> Callable[..., Any] | None:
    """The constraint meant by a name, a class, a configuration or a function; None for None.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
    """
    return registry.resolve(identifier, NAMES, "constraint")


def serialize(constraint: Any) -> Any:
    """The constraint as plain JSON values."""
    return registry.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that `serialize` wrote."""
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NAMES", "NonNeg", "UnitNorm", "deserialize",
           "get", "max_norm", "min_max_norm", "non_neg", "serialize", "unit_norm"]  # fmt: skip
