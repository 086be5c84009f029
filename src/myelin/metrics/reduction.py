"""Sum and Mean, and the mean of what a function gives for each example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from myelin import losses, registry
from myelin.losses.base import divide_no_nan, same_rank
from myelin.metrics.arrays import weights_like
from myelin.metrics.base import Metric

Reduce = Callable[..., jax.Array]


def per_example(
    values: Any, sample_weight: Any, reduce: Reduce, dtype: str
) -> tuple[jax.Array, jax.Array | None]:
    """One weighted value for each example, and its weight.

    Args:
        values: of any shape, examples first.
        sample_weight: a weight for each example, or for each value; None for none.
        reduce: `jnp.mean` or `jnp.sum`, over the axes behind the first.
        dtype: the type of the answer.

    Returns:
        Two arrays of shape `(examples,)`; the second one None without weights.
    """
    values = jnp.asarray(values, dtype)
    weight = None
    if sample_weight is not None:
        weight = jnp.asarray(sample_weight, dtype)
        values, weight = same_rank(values, weight)
        ndim = weight.ndim
        if values.ndim > ndim:
            values = reduce(values, axis=tuple(range(ndim, values.ndim)))
        weight = jnp.broadcast_to(weight, values.shape)
        values = values * weight
        if ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weight


class Sum(Metric):
    """The sum of all values, each times its weight.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        (self.total,) = self.add_sums("total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values of any shape, with a weight for each example or each value."""
        values, _ = per_example(values, sample_weight, jnp.sum, self.dtype)
        self.add_to(self.total, jnp.sum(values))

    def result(self) -> Any:
        """The sum so far, a scalar."""
        return self.total.value.astype(self.dtype)


class Mean(Metric):
    """The mean over all examples: the weighted sum divided by the sum of the weights.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total, self.count = self.add_sums("total", "count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values: a scalar, or an array with examples along its first axis.

        Args:
            values: the mean of each example's values counts.
            sample_weight: a weight for each example or each value.
        """
        values, weight = per_example(values, sample_weight, jnp.mean, self.dtype)
        self.add_to(self.total, jnp.sum(values))
        if weight is not None:
            self.add_to(self.count, jnp.sum(weight))
        else:
            self.add_to(self.count, values.shape[0] if values.ndim else 1)

    def result(self) -> Any:
        """The mean so far, a scalar; 0 before any example."""
        return divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """The mean over examples of what a function gives for them.

    Values that the function leaves out, such as those of `ignore_class`, do not count. A function
    that reduces a batch to one number itself counts as many times as the batch has examples, so
    the last, smaller batch of an epoch does not weigh too much.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, giving a value for each example; a `Loss` too.
        name: how logs call it.
        dtype: the type to compute in.
        **kwargs: handed to `fn`.
    """

    def __init__(self, fn: Any, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.fn = fn
        self._kwargs = kwargs
        if not hasattr(self, "_direction") and _is_loss(fn):
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Adds a batch.

        Args:
            y_true: targets, examples first.
            y_pred: outputs, examples first.
            sample_weight: a weight for each example, or each value that `fn` gives.
        """
        fn = self.fn
        if isinstance(fn, losses.Loss):
            fn, y_true, y_pred = fn.call, jnp.asarray(y_true), jnp.asarray(y_pred)
        values = jnp.asarray(fn(y_true, y_pred, **self._kwargs))
        if values.ndim == 0:
            examples = jnp.shape(y_pred)[0] if jnp.ndim(y_pred) else 1
            weight = examples if sample_weight is None else jnp.sum(jnp.asarray(sample_weight))
            super().update_state(values, sample_weight=weight)
            return
        choose = getattr(self.fn, "counted", None)
        counted = choose and choose(jnp.asarray(y_true), y_pred, values, **self._kwargs)
        if counted is not None:
            weight = weights_like(1.0 if sample_weight is None else sample_weight, values)
            sample_weight = weight * counted
        super().update_state(values, sample_weight=sample_weight)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new metric from what `get_config` gave; a function may stand there by its name."""
        made_of = {name: registry.deserialize(value) for name, value in config.items()}
        if isinstance(made_of.get("fn"), str):
            from myelin.metrics.names import function

            made_of["fn"] = function(made_of["fn"])
        return cls(**made_of)


def _is_loss(fn: Any) -> bool:
    return isinstance(fn, losses.Loss) or any(fn is known for known in losses.NAMES.values())
