"""Intervals: the range in which a score would lie on endless data, as far as n examples can say."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from myelin.errors import InputError

# Numbers drawn at a time by the bootstrap, so that long arrays do not fill the memory.
_DRAWN_AT_ONCE = 4_000_000


class Interval(NamedTuple):
    """A closed range `[low, high]`."""

    low: float
    high: float


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The score interval of a proportion, such as an accuracy.

    With `p = successes / n` and z the normal quantile of `(1 + confidence) / 2`:
    `(p + z²/2n ± z·sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`. Unlike the textbook `p ± z·se` it
    stays inside 0 to 1, and is right for small n and for p near 0 or 1 too.

    Args:
        successes: examples that were right, from 0 to n.
        n: all examples, at least 1.
        confidence: how often such an interval holds the truth, above 0 and below 1.

    Returns:
        Low and high, from 0 to 1.

    Raises:
        InputError: a number out of its range.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    _check_confidence(confidence)
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
    _check_confidence(confidence)
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError(f"bootstrap_interval wants finite values (n,), got shape {array.shape}")
    if resamples < 1:
        raise InputError(f"bootstrap_interval wants resamples of at least 1, got {resamples}")
    rng = np.random.default_rng(seed)
    block = max(1, _DRAWN_AT_ONCE // array.size)
    means: list[np.ndarray] = []
    for first in range(0, resamples, block):
        rows = min(block, resamples - first)
        means.append(array[rng.integers(0, array.size, (rows, array.size))].mean(1))
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence wants a number above 0 and below 1, got {confidence!r}")
