"""How far predicted numbers lie from the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation.checks import numbers
from myelin.evaluation.intervals import Estimate, Interval
from myelin.evaluation.resampling import Resampled


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    """The mean of `|y_true - y_pred|`, in the units of y.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    return float(np.abs(residuals(y_true, y_pred)).mean())


def root_mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """The square root of the mean of `(y_true - y_pred)²`, in the units of y.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    return float(np.sqrt(np.square(residuals(y_true, y_pred)).mean()))


def median_absolute_error(y_true: Any, y_pred: Any) -> float:
    """The median of `|y_true - y_pred|`, in the units of y, which a few wild values leave alone.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    return float(np.median(np.abs(residuals(y_true, y_pred))))


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> float:
    """The mean of `|y_true - y_pred| / |y_true|`; 0.1 is ten percent.

    Args:
        y_true: the true values `(n,)`, none of them 0.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: a true value of 0; or shapes that differ or are not `(n,)`, or values that are
            none or not finite.
    """
    true, predicted = numbers(y_true, y_pred)
    if not true.all():
        raise InputError(
            "mean_absolute_percentage_error wants true values other than 0, and row "
            f"{int(np.flatnonzero(true == 0)[0])} is 0; mean_absolute_error needs no such thing"
        )
    return float((np.abs(true - predicted) / np.abs(true)).mean())


def r2_score(y_true: Any, y_pred: Any) -> float:
    """The coefficient of determination, `1 - Σ(y_true - y_pred)² / Σ(y_true - mean)²`.

    1 is perfect, 0 is as good as always saying the mean, below 0 is worse than that. Where all
    true values are the same it is NaN: there is nothing to explain.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    true, predicted = numbers(y_true, y_pred)
    spread = np.square(true - true.mean()).sum()
    if spread == 0:
        return float("nan")
    return float(1 - np.square(true - predicted).sum() / spread)


def explained_variance(y_true: Any, y_pred: Any) -> float:
    """The share of the variance that is explained, `1 - Var(y_true - y_pred) / Var(y_true)`.

    It is R² but for an error that all predictions share, which it does not see. NaN where all
    true values are the same.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    true, predicted = numbers(y_true, y_pred)
    spread = true.var()
    return float(1 - (true - predicted).var() / spread) if spread else float("nan")


def residuals(y_true: Any, y_pred: Any) -> np.ndarray:
    """What the predictions leave, `y_true - y_pred`, in the units of y.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Returns:
        A number for each example `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or values that are none or not finite.
    """
    true, predicted = numbers(y_true, y_pred)
    return true - predicted


@dataclass(frozen=True)
class QuantilePlot:
    """Ordered values beside what a normal distribution would give; a line where they are normal.

    Attributes:
        normal: the quantiles of the standard normal distribution `(n,)`, rising.
        ordered: the values `(n,)`, rising.
        slope, intercept: of the least-squares line through them: deviation and mean, if normal.
        correlation: of both, 1 where they lie on the line.
    """

    normal: np.ndarray
    ordered: np.ndarray
    slope: float
    intercept: float
    correlation: float


def normal_quantiles(values: Any) -> QuantilePlot:
    """The points of a quantile-quantile plot against the normal distribution.

    Args:
        values: such as residuals `(n,)`; finite, n at least 2.

    Raises:
        InputError: fewer than two values, or values that are not finite.

    Source: Filliben, The Probability Plot Correlation Coefficient Test for Normality, 1975.
    """
    from scipy import stats

    array = np.asarray(values, np.float64)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise InputError(
            f"normal_quantiles wants 2 or more finite values (n,), got shape {array.shape}"
        )
    normal, ordered = stats.probplot(array, fit=False)
    slope, intercept, correlation = float("nan"), float("nan"), float("nan")
    if np.ptp(array):
        slope, intercept, correlation = stats.linregress(normal, ordered)[:3]
    else:
        slope, intercept = 0.0, float(array[0])
    return QuantilePlot(normal, ordered, float(slope), float(intercept), float(correlation))


@dataclass(frozen=True)
class RegressionScores:
    """What `regression_scores` found; all but R² and explained variance in the units of y.

    Attributes:
        mae: the mean absolute error.
        rmse: the root of the mean squared error.
        median_absolute_error: of half the examples the error is larger.
        r2: the coefficient of determination; NaN where all true values are the same.
        explained_variance: the same but for a common error.
        examples: how many there are.
        confidence: of the intervals.
    """

    mae: Estimate
    rmse: Estimate
    median_absolute_error: Estimate
    r2: Estimate
    explained_variance: Estimate
    examples: int
    confidence: float

    def __str__(self) -> str:
        rows = (
            ("mean absolute error", self.mae),
            ("root mean squared error", self.rmse),
            ("median absolute error", self.median_absolute_error),
            ("R²", self.r2),
            ("explained variance", self.explained_variance),
        )
        return "\n".join([
            *(f"{name:24}{score}" for name, score in rows),
            f"{self.examples:,} examples; in brackets the {100 * self.confidence:.4g} % intervals",
        ])  # fmt: skip


def regression_scores(
    y_true: Any, y_pred: Any, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> RegressionScores:
    """The errors of predicted numbers, each with its interval.

    The median's interval runs between two of the ordered errors, whose ranks the binomial
    distribution gives; all others are the bootstrap's.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.
        confidence: above 0 and below 1.
        resamples: of the bootstrap, at least 1.
        seed: the same seed gives the same intervals.

    Returns:
        The scores; they print as a table.

    Raises:
        InputError: shapes that differ or are not `(n,)`, values that are none or not finite, or
            an argument out of its range.

    Source: Efron, Better Bootstrap Confidence Intervals, 1987; of the median: Conover, Practical
    Nonparametric Statistics, 1999, section 3.2.
    """
    true, predicted = numbers(y_true, y_pred)
    left = true - predicted
    # Sums of squares far from 0 would lose the spread to rounding.
    centered, shift = true - true.mean(), left - left.mean()
    terms = [np.ones_like(left), np.abs(left), np.square(left), shift, np.square(shift),
             centered, np.square(centered)]  # fmt: skip
    resampled = Resampled.of(np.stack(terms), confidence, resamples, seed)
    least = 1e-12 * np.square(centered).sum()

    def explained(left_over: Any, s: Any) -> Any:
        spread = s[6] - s[5] ** 2 / s[0]
        # What remains of a spread of 0 is rounding.
        return 1 - left_over / np.where(spread > least, spread, np.nan)

    return RegressionScores(
        mae=resampled.estimate(lambda s: s[1] / s[0]),
        rmse=resampled.estimate(lambda s: np.sqrt(s[2] / s[0])),
        median_absolute_error=_median(np.abs(left), confidence),
        r2=resampled.estimate(lambda s: explained(s[2], s)),
        explained_variance=resampled.estimate(lambda s: explained(s[4] - s[3] ** 2 / s[0], s)),
        examples=len(true),
        confidence=confidence,
    )


def _median(errors: np.ndarray, confidence: float) -> Estimate:
    """The median, between the ordered errors that hold it as often as `confidence` says."""
    from scipy.stats import binom

    ordered, n = np.sort(errors), len(errors)
    rank = max(int(binom.ppf((1 - confidence) / 2, n, 0.5)), 1)
    interval = Interval(float(ordered[rank - 1]), float(ordered[n - rank]))
    return Estimate(float(np.median(errors)), interval, "ranks")
