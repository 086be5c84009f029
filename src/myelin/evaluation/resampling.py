"""The bootstrap: how a score varies over samples drawn from the sample.

A resample of n examples is how often each of them was drawn, a column of n whole numbers. A score
that is a function of sums over examples needs no more: its sums for all resamples are one product
of matrices. `bootstrap` is for any other score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation.intervals import UNKNOWN, Estimate, Interval, check_confidence

# Numbers drawn at a time: few enough to be counted within a processor's cache.
_DRAWN_AT_ONCE = 300_000

_METHODS = ("percentile", "bca")


def bootstrap_interval(
    values: Any, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """The percentile bootstrap interval of a mean, such as a mean absolute error.

    Draws n of the n values with replacement, takes the mean, and does so `resamples` times;
    the interval runs between the `(1 ± confidence) / 2` quantiles of those means.

    Args:
        values: one per example `(n,)`, such as the absolute errors; finite, n at least 1.
        confidence: above 0 and below 1.
        resamples: how many means are drawn, at least 1.
        seed: the same seed gives the same interval.

    Returns:
        Low and high, in the units of the values.

    Raises:
        InputError: no values, values that are not finite, or a number out of its range.

    Source: Efron, Bootstrap Methods: Another Look at the Jackknife, 1979.
    """
    check_arguments(confidence, resamples)
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError(f"bootstrap_interval wants finite values (n,), got shape {array.shape}")
    means = resampled_sums(array[None], resamples, seed)[0] / array.size
    return percentile_interval(means, confidence)


def bootstrap(
    statistic: Callable[..., float],
    *arrays: Any,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    method: str = "percentile",
) -> Interval:
    """The bootstrap interval of any function of examples.

    Draws n of the n rows with replacement, the same rows of every array, and calls the function,
    `resamples` times; `"bca"` calls it n times more, with one row left out.

    >>> import numpy as np
    >>> bootstrap(np.median, np.arange(100.0), resamples=500)
    Interval(low=40.5, high=59.0)

    Args:
        statistic: takes the rows of each array, gives a number; NaN where it is undefined.
        *arrays: `(n, …)` each, n at least 1.
        confidence: above 0 and below 1.
        resamples: at least 1; 1000 or more for an interval that others shall read.
        seed: the same seed gives the same interval.
        method: `"percentile"`, the quantiles of the drawn numbers; or `"bca"`, which moves them
            for bias and skewness, for n of 30 or more.

    Returns:
        Low and high, in the units of the statistic. Resamples that give NaN do not count; both
        are NaN where none does.

    Raises:
        InputError: no rows, lengths that differ, or an argument out of its range.

    Source: Efron, Bootstrap Methods: Another Look at the Jackknife, 1979; Better Bootstrap
    Confidence Intervals, 1987.
    """
    check_arguments(confidence, resamples)
    if method not in _METHODS:
        raise InputError(f'bootstrap: method wants "percentile" or "bca", got {method!r}')
    rows = [np.asarray(array) for array in arrays]
    if not rows or not all(array.ndim and len(array) == len(rows[0]) > 0 for array in rows):
        shapes = ", ".join(str(array.shape) for array in rows) or "none"
        raise InputError(f"bootstrap wants arrays of one length of at least 1, got {shapes}")
    n = len(rows[0])
    rng = np.random.default_rng(seed)

    def at(chosen: np.ndarray) -> float:
        return float(statistic(*(array[chosen] for array in rows)))

    drawn = np.array([at(rng.integers(0, n, n)) for _ in range(resamples)])
    if method == "percentile":
        return percentile_interval(drawn, confidence)
    everyone = np.arange(n)
    left_out = np.array([at(np.delete(everyone, i)) for i in range(n)]) if n > 1 else drawn[:0]
    return bca_interval(at(everyone), drawn, left_out, confidence)


def resamples_of(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each of n examples is drawn, block by block.

    Args:
        n: examples.
        resamples: in all blocks.
        seed: of the draw.

    Returns:
        Counts as float64 `(n, resamples of the block)`; each column sums to n.
    """
    rng = np.random.default_rng(seed)
    block = max(1, _DRAWN_AT_ONCE // n)
    for first in range(0, resamples, block):
        columns = min(block, resamples - first)
        place = rng.integers(0, n, (n, columns)) * columns + np.arange(columns)
        counts = np.bincount(place.ravel(), minlength=n * columns)
        yield counts.reshape(n, columns).astype(np.float64)


@dataclass(frozen=True)
class Resampled:
    """Sums over examples, in the sample and in resamples of it, from which scores are read.

    Attributes:
        sums: of the sample `(sums, 1)`.
        drawn: of each resample `(sums, resamples)`.
        left_out: of the sample without each of its examples `(sums, n)`; none for a single one.
        confidence: of intervals.
    """

    sums: np.ndarray
    drawn: np.ndarray
    left_out: np.ndarray
    confidence: float

    @classmethod
    def of(cls, terms: np.ndarray, confidence: float, resamples: int, seed: int) -> Resampled:
        """Draws them.

        Args:
            terms: a row for each sum, a column for each example `(sums, n)`.
            confidence: above 0 and below 1.
            resamples: at least 1.
            seed: of the draw.

        Raises:
            InputError: an argument out of its range.
        """
        check_arguments(confidence, resamples)
        sums = terms.sum(1, keepdims=True)
        left_out = sums - terms if terms.shape[1] > 1 else terms[:, :0]
        return cls(sums, resampled_sums(terms, resamples, seed), left_out, confidence)

    def estimate(self, score: Callable[[np.ndarray], np.ndarray]) -> Estimate:
        """A score and its bias-corrected and accelerated interval.

        Args:
            score: from sums `(sums, m)` to m scores.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            value, drawn, left_out = (
                score(part) for part in (self.sums, self.drawn, self.left_out)
            )
        interval = bca_interval(float(value[0]), drawn, left_out, self.confidence)
        return Estimate(float(value[0]), interval, f"BCa bootstrap, {len(drawn)} resamples")


def resampled_sums(terms: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """The sums of each row of `terms` `(sums, n)` in each resample, `(sums, resamples)`."""
    blocks = resamples_of(terms.shape[1], resamples, seed)
    return np.concatenate([terms @ counts for counts in blocks], 1)


def percentile_interval(drawn: np.ndarray, confidence: float) -> Interval:
    """The quantiles `(1 ± confidence) / 2` of the numbers drawn, of which NaN do not count."""
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return UNKNOWN
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def bca_interval(
    value: float, drawn: np.ndarray, left_out: np.ndarray, confidence: float
) -> Interval:
    """The bias-corrected and accelerated interval.

    Args:
        value: the score of all examples.
        drawn: the score of each resample; NaN do not count.
        left_out: the score without each of the examples, of which there are two or more.
        confidence: above 0 and below 1.

    Source: Efron, Better Bootstrap Confidence Intervals, 1987.
    """
    drawn, left_out = drawn[np.isfinite(drawn)], left_out[np.isfinite(left_out)]
    if not drawn.size or not np.isfinite(value):
        return UNKNOWN
    normal = NormalDist()
    below = float((drawn < value).mean() + (drawn == value).mean() / 2)
    # A value outside of all draws would put the bias at infinity.
    edge = 1 / (2 * drawn.size)
    bias = normal.inv_cdf(min(max(below, edge), 1 - edge))
    pulls = left_out.mean() - left_out if left_out.size else np.zeros(1)
    spread = float(np.square(pulls).sum())
    scale = 6 * spread**1.5
    acceleration = float((pulls**3).sum()) / scale if scale else 0.0
    shares = []
    for share in ((1 - confidence) / 2, (1 + confidence) / 2):
        moved = bias + normal.inv_cdf(share)
        shares.append(normal.cdf(bias + moved / (1 - acceleration * moved)))
    low, high = np.quantile(drawn, shares)
    return Interval(float(low), float(high))


def check_arguments(confidence: float, resamples: int) -> None:
    """Raises unless both are in their range.

    Raises:
        InputError: one is not.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise InputError(f"The bootstrap wants resamples of at least 1, got {resamples}")
