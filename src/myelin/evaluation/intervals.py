"""Intervals: the range in which a score would lie on endless data, as far as n examples can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from myelin.errors import InputError


class Interval(NamedTuple):
    """A closed range `[low, high]`."""

    low: float
    high: float


UNKNOWN = Interval(float("nan"), float("nan"))


@dataclass(frozen=True)
class Estimate:
    """A score and its interval.

    Attributes:
        value: of the examples at hand; NaN where it is undefined.
        interval: where the score on endless data lies; NaN twice where that is unknown.
        method: how the interval was found, such as "Wilson score".
    """

    value: float
    interval: Interval
    method: str

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.4g} ({low:.4g} to {high:.4g})"


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """The score interval of a proportion, such as an accuracy.

    With `p = successes / n` and z the normal quantile of `(1 + confidence) / 2`:
    `(p + z²/2n ± z·sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`. Unlike the textbook `p ± z·se` it
    stays inside 0 to 1, and is right for small n and for p near 0 or 1 too.

    Args:
        successes: examples that were right, from 0 to n; no whole number where weights count.
        n: all examples, at least 1.
        confidence: how often such an interval holds the truth, above 0 and below 1.

    Returns:
        Low and high, from 0 to 1.

    Raises:
        InputError: a number out of its range.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    check_confidence(confidence)
    if n < 1 or not 0 <= successes <= n:
        raise InputError(
            f"wilson_interval wants n of at least 1 and successes from 0 to n, got "
            f"successes={successes}, n={n}"
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = successes / n
    center = p + z**2 / (2 * n)
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    low = 0.0 if successes == 0 else (center - half) / (1 + z**2 / n)
    high = 1.0 if successes == n else (center + half) / (1 + z**2 / n)
    return Interval(float(low), float(high))


# What `corrected_interval` does, in the words of pages and files.
CORRECTED = "corrected for training sets that overlap"


def corrected_interval(
    values: Any,
    n_train: float | Sequence[float],
    n_test: float | Sequence[float],
    confidence: float = 0.95,
) -> Interval:
    """The interval of a score's mean over k folds, whose training sets overlap.

    Models trained on much the same rows are much alike, so their scores vary less than k
    independent ones would. With s² the variance of the k scores, the variance of their mean is
    taken as `(1/k + n_test/n_train)·s²`, and Student's quantile with k - 1 degrees of freedom. It
    is right for random subsampling of a stable learner, and wide for folds that do not overlap.

    Args:
        values: the score of each fold `(k,)`, finite, k at least 2.
        n_train: rows that a fold trains on, above 0; or a number a fold, of which the mean counts.
        n_test: rows that a fold tests on, above 0; likewise.
        confidence: above 0 and below 1.

    Returns:
        Low and high, in the units of the values.

    Raises:
        InputError: fewer than two values, values that are not finite, or a number out of range.

    Source: Nadeau and Bengio, Inference for the Generalization Error, 2003.
    """
    scores = _fold_scores("corrected_interval", values)
    error = _corrected_error(scores, n_train, n_test)
    return _students(float(scores.mean()), error, len(scores) - 1, confidence)


@dataclass(frozen=True)
class PairedTest:
    """Whether two models differ, judged on the same folds.

    Attributes:
        difference: the mean over the folds.
        interval: where the true difference lies.
        t: the difference by its standard error.
        p_value: how often folds would differ so much if the models did not.
        degrees: of freedom, k - 1.
    """

    difference: float
    interval: Interval
    t: float
    p_value: float
    degrees: int


def corrected_paired_test(
    differences: Any,
    n_train: float | Sequence[float],
    n_test: float | Sequence[float],
    confidence: float = 0.95,
) -> PairedTest:
    """Student's paired test of two models on the same k folds, corrected as `corrected_interval`.

    Args:
        differences: one model's score less the other's, on each fold `(k,)`; k at least 2.
        n_train: rows that a fold trains on, above 0; or a number a fold, of which the mean counts.
        n_test: rows that a fold tests on, above 0; likewise.
        confidence: of the interval, above 0 and below 1.

    Returns:
        The two-sided test. Where all differences are 0, the p-value is 1.

    Raises:
        InputError: fewer than two differences, or numbers that are not finite or out of range.

    Source: Nadeau and Bengio, Inference for the Generalization Error, 2003.
    """
    from scipy.special import stdtr

    apart = _fold_scores("corrected_paired_test", differences)
    mean, error = float(apart.mean()), _corrected_error(apart, n_train, n_test)
    degrees = len(apart) - 1
    t = mean / error if error else float(np.copysign(np.inf, mean)) if mean else 0.0
    return PairedTest(
        difference=mean,
        interval=_students(mean, error, degrees, confidence),
        t=t,
        p_value=float(2 * stdtr(degrees, -abs(t))),
        degrees=degrees,
    )


def _fold_scores(who: str, values: Any) -> np.ndarray:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or len(scores) < 2 or not np.isfinite(scores).all():
        raise InputError(f"{who} wants a finite number for each of 2 or more folds, got {values!r}")
    return scores


def _corrected_error(scores: np.ndarray, n_train: Any, n_test: Any) -> float:
    """The standard error of the mean."""
    sizes = []
    for name, given in (("n_train", n_train), ("n_test", n_test)):
        size = np.asarray(given, np.float64)
        if size.shape not in ((), scores.shape) or not (size > 0).all():
            raise InputError(
                f"{name} wants a number above 0, or one for each of {len(scores)} folds, got "
                f"{given!r}"
            )
        sizes.append(float(size.mean()))
    # Equal scores have the variance 0, which rounding in their mean must not hide.
    variance = float(scores.var(ddof=1)) if np.ptp(scores) else 0.0
    return float(np.sqrt((1 / len(scores) + sizes[1] / sizes[0]) * variance))


def _students(mean: float, error: float, degrees: int, confidence: float) -> Interval:
    from scipy.special import stdtrit

    check_confidence(confidence)
    half = float(stdtrit(degrees, (1 + confidence) / 2)) * error
    return Interval(mean - half, mean + half)


def check_confidence(confidence: float) -> None:
    """Raises unless it lies between 0 and 1.

    Raises:
        InputError: it does not.
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence wants a number above 0 and below 1, got {confidence!r}")
