"""How far outputs are from numbers."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.losses.base import divide_no_nan
from myelin.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from myelin.metrics.arrays import pair, weights_like
from myelin.metrics.base import Metric
from myelin.metrics.reduction import Mean, MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """The mean of `(y_true - y_pred)²`.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of `|y_true - y_pred|`.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of `100 · |(y_true - y_pred) / y_true|`, in percent.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of `(log(y_true + 1) - log(y_pred + 1))²`.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`: squared near zero, absolute far away.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean squared error over all examples, not the mean of batches' roots.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Adds a batch: targets and outputs of one shape, and a weight for each example."""
        y_true, y_pred = pair(y_true, y_pred, self.dtype)
        super().update_state(jnp.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self) -> Any:
        """The root so far, a scalar."""
        return jnp.sqrt(super().result())


class R2Score(Metric):
    """The share of the targets' variance that the outputs explain; 1 is perfect.

    Sums are taken from the first example on, not from zero, so targets far from zero lose no
    digits to the difference of two large sums. A column of constant targets scores 1 where the
    outputs equal them and 0 else, as in scikit-learn.

    Args:
        class_aggregation: `"uniform_average"` over columns, `"variance_weighted_average"`, or
            None for a number for each column.
        num_regressors: adjusts the score for so many inputs, when above 0; counts examples, of
            which there must be more than inputs by 2, else the score is left as it is.
        name: how logs call it.
        dtype: the type to compute in.

    Raises:
        InputError: an argument out of its range.

    Source: Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance, 1983.
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise InputError(
                'class_aggregation must be None, "uniform_average" or '
                f'"variance_weighted_average", got {class_aggregation!r}'
            )
        if num_regressors < 0:
            raise InputError(f"num_regressors must be 0 or more, got {num_regressors}")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        (self.num_samples,) = self.add_sums("num_samples")
        self._built = False

    def _build(self, columns: int) -> None:
        self.squared_sum, self.sum, self.residual, self.count = self.add_sums(
            "squared_sum", "sum", "residual", "count", shape=(columns,)
        )
        self.origin = self.add_variable((columns,), dtype=self.dtype, name="origin")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: targets, `(examples, columns)` or `(examples,)`.
            y_pred: outputs, the same.
            sample_weight: a weight for each example.

        Raises:
            ShapeError: other shapes.
        """
        y_true, y_pred = pair(y_true, y_pred, self.dtype)
        if y_true.ndim == 1:
            y_true, y_pred = y_true[:, None], y_pred[:, None]
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: wants y_true and y_pred of one shape (examples, columns), got "
                f"{y_true.shape} and {y_pred.shape}"
            )
        if not self._built:
            self._build(y_true.shape[-1])
        weight = weights_like(1.0 if sample_weight is None else sample_weight, y_true)
        self.origin.assign(jnp.where(self.count.value > 0, self.origin.value, y_true[0]))
        apart = y_true - self.origin.value
        self.add_to(self.squared_sum, jnp.sum(jnp.square(apart) * weight, axis=0))
        self.add_to(self.sum, jnp.sum(apart * weight, axis=0))
        self.add_to(self.residual, jnp.sum(jnp.square(y_true - y_pred) * weight, axis=0))
        self.add_to(self.count, jnp.sum(weight, axis=0))
        self.add_to(self.num_samples, jnp.sum(jnp.any(weight != 0, axis=1)))

    def result(self) -> Any:
        """The score so far: a scalar, or `(columns,)` with `class_aggregation=None`."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        mean = divide_no_nan(self.sum.value, self.count.value)
        total, residual = self.squared_sum.value - self.sum.value * mean, self.residual.value
        constant = total == 0
        scores = 1 - residual / jnp.where(constant, 1, total)
        perfect = (residual == 0) & (self.count.value > 0)
        scores = jnp.where(constant, perfect.astype(self.dtype), scores)
        if self.class_aggregation == "uniform_average":
            score = jnp.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            whole = jnp.sum(total)
            weighted = jnp.sum(total * scores) / jnp.where(whole == 0, 1, whole)
            score = jnp.where(whole == 0, jnp.mean(scores), weighted)
        else:
            score = scores
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: jax.Array) -> jax.Array:
        n = self.num_samples.value
        free = n - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (n - 1) / jnp.where(free > 0, free, 1)
        return jnp.where(free > 0, adjusted, score)
