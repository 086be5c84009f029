"""`Loss`, `LossFunctionWrapper`, and how values become one number."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp

from myelin import activations, dtypes, naming, registry
from myelin.errors import InputError, ShapeError
from myelin.registry import Configured

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)

# What Keras keeps probabilities and divisors away from zero by.
EPSILON = 1e-7


class Loss(Configured):
    """The base: a subclass overrides `call(self, y_true, y_pred)`, which gives values.

    Args:
        name: its name; from the class when None.
        reduction: what becomes of the values: `"sum_over_batch_size"` or `"mean"`, their mean;
            `"sum"`; `"mean_with_sample_weight"`, their sum divided by that of the weights;
            `"none"` or None, the values themselves.
        dtype: the type to compute in; the default float type when None.

    Raises:
        InputError: an unknown reduction.
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        if reduction not in REDUCTIONS:
            known = ", ".join(f'"{r}"' for r in REDUCTIONS[:-1])
            raise InputError(
                f"{type(self).__name__}: reduction wants {known} or None, got {reduction!r}"
            )
        self.name = name or naming.auto_name(naming.snake_case(type(self).__name__))
        self.reduction = reduction
        self._dtype = None if dtype is None else dtypes.policy_for(dtype).compute_dtype

    @property
    def dtype(self) -> str:
        """The type it computes in."""
        return self._dtype or dtypes.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: targets `(n, …)`.
            y_pred: outputs `(n, …)`.
            sample_weight: a factor for each value, `(n,)` or of the values' shape.

        Returns:
            A scalar; the values `(n, …)` with `reduction="none"`.
        """
        y_pred = _converted(y_pred, self.dtype)
        y_true = _converted(y_true, self.dtype)
        values = jnp.asarray(self.call(y_true, y_pred), self.dtype)
        counted = self.counted(y_true, y_pred, values)
        return reduce(values, sample_weight, counted, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The values of a batch, one or more for each example."""
        raise NotImplementedError(f"{type(self).__name__} must override call(self, y_true, y_pred)")

    def counted(self, y_true: Any, y_pred: Any, values: Any) -> Any:
        """Which of the values count, a boolean array, or None where all do."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss, as plain JSON values."""
        config = super().get_config()
        if "dtype" in config:
            config["dtype"] = self._dtype
        return config


class LossFunctionWrapper(Loss):
    """A loss from a function `(y_true, y_pred, **arguments) -> values`.

    Args:
        fn: the function; where targets and outputs differ by a last axis of size 1, it is given
            both with the same number of axes.
        reduction, name, dtype: as for `Loss`.
        kwargs: handed on to the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._arguments = kwargs
        vars(self).update(kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """What the function gives."""
        if not isinstance(y_pred, dict):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._arguments)

    def counted(self, y_true: Any, y_pred: Any, values: Any) -> Any:
        """Which values count, for the few functions that leave some out."""
        choose = getattr(self.fn, "counted", None)
        return None if choose is None else choose(y_true, y_pred, values, **self._arguments)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A new loss from what `get_config` gave."""
        made = {name: registry.deserialize(value) for name, value in config.items()}
        if isinstance(made.get("fn"), str):
            from myelin import losses

            made["fn"] = losses.get(made["fn"])
        return cls(**made)


def counting(choose: Callable[..., Any]) -> Callable[[Any], Any]:
    """A decorator for a loss function that leaves some of its values out of the mean."""

    def decorate(function: Any) -> Any:
        function.counted = choose
        return function

    return decorate


def _converted(values: Any, dtype: str) -> Any:
    """Arrays of the loss's type; what is known of an output's logits stays known."""
    if isinstance(values, dict):
        return jax.tree.map(functools.partial(_converted, dtype=dtype), values)
    if isinstance(values, jax.Array) and values.dtype == dtype:
        return values
    return activations.pass_on(values, jnp.asarray(values, dtype))


def same_rank(one: Any, other: Any) -> tuple[Any, Any]:
    """Two arrays with as many axes, where they differ by a last axis of size 1 only."""
    if one.ndim == other.ndim + 1 and one.shape[-1] == 1:
        return (one, other[:, None]) if other.ndim == 1 else (one[..., 0], other)
    if other.ndim == one.ndim + 1 and other.shape[-1] == 1:
        return (one[:, None], other) if one.ndim == 1 else (one, other[..., 0])
    return one, other


def pair(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """Targets and outputs as float arrays of one shape.

    Raises:
        ShapeError: the shapes differ by more than a last axis of size 1. Broadcasting `(n,)`
            against `(n, 1)` would give n² values and a wrong loss without a word.
    """
    y_pred = floating(y_pred)
    y_true, y_pred = same_rank(jnp.asarray(y_true, y_pred.dtype), y_pred)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: targets of shape {y_true.shape} do not fit outputs of shape {y_pred.shape}"
        )
    return y_true, y_pred


def floating(values: Any) -> Any:
    """`values` as an array of a float type."""
    if not isinstance(values, jax.Array):
        values = jnp.asarray(values)
    return values if dtypes.is_float(values.dtype) else values.astype(dtypes.floatx())


def reduce(values: Any, weight: Any, counted: Any, reduction: str | None) -> Any:
    """Weighs the values, and makes one number of them.

    Args:
        values: any shape.
        weight: of the same shape, with a last axis of size 1 more or less, or of the shape of
            the first axes; None: all 1.
        counted: a boolean array of the values' shape, or None for all.
        reduction: as for `Loss`.
    """
    if weight is not None:
        weight = jnp.asarray(weight, values.dtype)
        values, weight = same_rank(values, weight)
        if values.ndim > weight.ndim:
            weight = weight.reshape(*weight.shape, *[1] * (values.ndim - weight.ndim))
    if counted is not None:
        counted = counted.astype(values.dtype)
        weight = counted if weight is None else weight * counted
    if weight is not None:
        values = values * weight
    if reduction in ("none", None):
        return values
    total = jnp.sum(values)
    if reduction == "sum" or values.size == 0:
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(total, jnp.sum(weight))
    if counted is not None:
        return divide_no_nan(total, jnp.sum(counted))
    return total / values.size


@jax.jit
def divide_no_nan(numerator: Any, denominator: Any) -> jax.Array:
    """The quotient, and 0 where the denominator is 0."""
    denominator = jnp.asarray(denominator)
    zero = denominator == 0
    return jnp.where(zero, 0, numerator / jnp.where(zero, 1, denominator))
