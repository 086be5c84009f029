"""How well scores put positives above negatives, in the sample and in resamples of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.evaluation.intervals import UNKNOWN, Estimate, Interval, wilson_interval
from myelin.evaluation.resampling import check_arguments, percentile_interval, resamples_of


@dataclass(frozen=True)
class Entries:
    """Scores to be ranked, and which of them are positive.

    Attributes:
        positive: booleans `(entries,)`.
        scores: `(entries,)`.
        example: the example that an entry is about; with an example all its entries are drawn.
    """

    positive: np.ndarray
    scores: np.ndarray
    example: np.ndarray

    @property
    def judgeable(self) -> bool:
        """Whether there are positives and negatives to part."""
        return bool(self.positive.any() and not self.positive.all())


Area = Callable[[np.ndarray, np.ndarray], np.ndarray]


def areas_of(
    lists: Sequence[Entries], area: Area, confidence: float, resamples: int, seed: int
) -> tuple[list[Estimate], Estimate]:
    """The area of each list, and the mean area of all but the last, with intervals.

    Args:
        lists: of entries about the same examples; the last may hold those of all others together.
        area: `roc_area` or `average_precision`.
        confidence: above 0 and below 1.
        resamples: at least 1.
        seed: of the draw.

    Raises:
        InputError: an argument out of its range.
    """
    check_arguments(confidence, resamples)
    n = int(lists[0].example[-1]) + 1
    ranked = [rank(entries, n) if entries.judgeable else None for entries in lists]

    def areas(counts: np.ndarray) -> np.ndarray:
        """The area of each list for each column of counts."""
        none = np.full(counts.shape[1], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack(
                [none if each is None else area(each[0] @ counts, each[1] @ counts)
                 for each in ranked]
            )  # fmt: skip

    drawn = np.concatenate([areas(c) for c in resamples_of(n, resamples, seed)], 1)
    values = areas(np.ones((n, 1)))[:, 0]
    lows = np.array([
        _least(each, area, confidence) if each is not None and value == 1 else np.nan
        for each, value in zip(ranked, values, strict=True)
    ])  # fmt: skip

    def estimated(value: float, each: np.ndarray, low: float) -> Estimate:
        if value == 1:
            # All resamples of a perfect order are perfect: they do not know what may go wrong.
            return Estimate(1.0, Interval(float(low), 1.0), "Wilson scores of the classes")
        interval = percentile_interval(each, confidence) if np.isfinite(value) else UNKNOWN
        return Estimate(float(value), interval, f"percentile bootstrap, {resamples} resamples")

    found = [estimated(*each) for each in zip(values, drawn, lows, strict=True)]
    usable = np.flatnonzero(np.isfinite(values[:-1]))
    value, low = (float(_mean(part[usable, None])[0]) for part in (values, lows))
    return found, estimated(value, _mean(drawn[usable]), low)


def _least(ranked: tuple[Any, Any], area: Area, confidence: float) -> float:
    """The low end of a perfect area.

    As many positives as Wilson's interval allows to have been missed stand below all others, or as
    many negatives above; the area is the smaller one of the two.
    """
    examples = [len(np.unique(part.indices)) for part in ranked]
    kept = [wilson_interval(n, n, confidence).low for n in examples]
    positives, negatives = (np.asarray(part.sum(1), np.float64).reshape(-1, 1) for part in ranked)
    none = np.zeros((1, 1))
    last = area(
        np.concatenate([kept[0] * positives, [[(1 - kept[0]) * positives.sum()]]]),
        np.concatenate([negatives, none]),
    )
    first = area(
        np.concatenate([none, positives]),
        np.concatenate([[[(1 - kept[1]) * negatives.sum()]], kept[1] * negatives]),
    )
    return float(min(last[0], first[0]))


def _mean(areas: np.ndarray) -> np.ndarray:
    """The mean down each column, of what is defined there."""
    there = np.isfinite(areas)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, areas, 0).sum(0) / there.sum(0))


def rank(entries: Entries, n: int) -> tuple[Any, Any]:
    """Which examples stand in which group, from the highest score down: positives, negatives.

    Equal scores make one group. Neighbouring groups of negatives act as one, and are made one.
    """
    from scipy import sparse

    order = np.argsort(-entries.scores, kind="stable")
    truth, scores, example = (
        part[order] for part in (entries.positive, entries.scores, entries.example)
    )
    group = np.cumsum(np.concatenate([[False], scores[1:] != scores[:-1]]))
    found = np.bincount(group, truth) > 0
    group = np.cumsum(np.concatenate([[False], found[1:] | found[:-1]]))[group]

    def members(chosen: np.ndarray) -> Any:
        places = (group[chosen], example[chosen])
        return sparse.csr_array((np.ones(len(places[0])), places), shape=(group[-1] + 1, n))

    return members(truth), members(~truth)


def roc_area(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """How often a positive stands above a negative, ties counting half.

    Args:
        positives, negatives: how many stand in each group, from the highest score down
            `(groups, m)`.
    """
    above = np.cumsum(positives, 0) - positives / 2
    pairs = positives.sum(0) * negatives.sum(0)
    return np.asarray((negatives * above).sum(0) / pairs)


def average_precision(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """The precision at each group's threshold, averaged over the positives."""
    found = np.cumsum(positives, 0)
    called = np.cumsum(positives + negatives, 0)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return np.asarray((positives * precision).sum(0) / positives.sum(0))
