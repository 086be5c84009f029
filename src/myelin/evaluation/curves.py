"""ROC and precision-recall curves: what every threshold would give, with areas and intervals."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from myelin.errors import InputError
from myelin.evaluation import checks
from myelin.evaluation.intervals import UNKNOWN, Estimate, Interval, wilson_interval
from myelin.evaluation.resampling import check_arguments, percentile_interval, resamples_of


@dataclass(frozen=True)
class RocCurve:
    """What share of the positives is found at what share of false alarms.

    Attributes:
        false_positive_rate: of the negatives, the share above a threshold; rising from 0 to 1.
        true_positive_rate: of the positives, the share above it.
        thresholds: the scores cut at, the first infinite; None for a mean of curves.
        area: under the curve: how often a positive has a higher score than a negative.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray | None
    area: Estimate


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """How many of those called positive are, at what share of positives found.

    Attributes:
        recall: of the positives, the share above a threshold; rising from 0 to 1.
        precision: of those above it, the share that is positive; 1 where there are none.
        thresholds: the scores cut at, the first infinite; None for a mean of curves.
        average_precision: the mean precision over the positives, `Σ (Rᵢ - Rᵢ₋₁)·Pᵢ`.
    """

    recall: np.ndarray
    precision: np.ndarray
    thresholds: np.ndarray | None
    average_precision: Estimate


Curve = TypeVar("Curve", RocCurve, PrecisionRecallCurve)


@dataclass(frozen=True)
class CurvesByClass(Generic[Curve]):
    """Each class against all others, and two averages.

    Attributes:
        labels: the classes.
        by_class: the curve of each; NaN in the area of one that never or always occurs.
        macro: the mean curve of the others, whose area is the mean of theirs.
        micro: the curve of all pairs of an example and a class, taken for one list.
    """

    labels: np.ndarray
    by_class: tuple[Curve, ...]
    macro: Curve
    micro: Curve


def roc_curve(
    y_true: Any,
    scores: Any,
    positive: Any = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> RocCurve:
    """The ROC curve of two classes, and the area under it.

    The area's interval is the percentile bootstrap's. Where the scores part the classes without a
    single mistake it goes down to what the area would be if as many examples of one class stood on
    the wrong side as Wilson's interval allows to have been missed.

    Args:
        y_true: labels `(n,)` of two classes, both of which occur.
        scores: higher for the positive class `(n,)` or `(n, 1)`: probabilities, logits, any.
        positive: its label; by default 1 among 0 and 1, and else the larger of the two.
        confidence: above 0 and below 1.
        resamples: at least 1.
        seed: the same seed gives the same interval.

    Raises:
        InputError: more than two classes or only one, lengths that differ, or scores not finite.

    Source: Fawcett, An Introduction to ROC Analysis, 2006.
    """
    judged = _judge(_two_classes(y_true, scores, positive), _roc_area, confidence, resamples, seed)
    return _roc(*judged[0])


def precision_recall_curve(
    y_true: Any,
    scores: Any,
    positive: Any = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> PrecisionRecallCurve:
    """The precision-recall curve of two classes, and the average precision.

    The arguments and errors are those of `roc_curve`.

    Source: Davis and Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006.
    """
    lists = _two_classes(y_true, scores, positive)
    judged = _judge(lists, _average_precision, confidence, resamples, seed)
    return _precision_recall(*judged[0])


def roc_curves(
    y_true: Any,
    scores: Any,
    labels: Any = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> CurvesByClass[RocCurve]:
    """The ROC curve of each class against all others, with macro and micro average.

    Args:
        y_true: class numbers from 0, or other labels `(n,)`, or one-hot rows `(n, classes)`.
        scores: higher for the more likely class `(n, classes)`; 2 classes or more.
        labels: the label of each column; by default the class numbers, or all labels, sorted.
        confidence: of the intervals, above 0 and below 1.
        resamples: of the percentile bootstrap, at least 1; time and n·classes grow together.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: labels that do not fit the columns, lengths that differ, or scores not finite.

    Source: Fawcett, An Introduction to ROC Analysis, 2006.
    """
    lists, known = _each_class(y_true, scores, labels)
    judged = _judge(lists, _roc_area, confidence, resamples, seed)
    curves = [_roc(*each) for each in judged[:-1]]
    by_class, micro = curves[:-1], curves[-1]
    usable = [curve for curve in by_class if np.isfinite(curve.area.value)]
    grid = np.unique(np.concatenate([[0.0, 1.0], *(c.false_positive_rate for c in usable)]))
    # A curve may jump at a point of the grid, so the mean has both sides of each.
    sides = [
        np.stack(_both_sides(grid, c.false_positive_rate, c.true_positive_rate), 1).ravel()
        for c in usable
    ]
    mean = np.mean(sides, 0) if sides else np.full(4, np.nan)
    macro = RocCurve(np.repeat(grid, 2), mean, None, judged[-1][2])
    return CurvesByClass(known, tuple(by_class), macro, micro)


def precision_recall_curves(
    y_true: Any,
    scores: Any,
    labels: Any = None,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> CurvesByClass[PrecisionRecallCurve]:
    """The precision-recall curve of each class against all others, with macro and micro average.

    The arguments and errors are those of `roc_curves`.

    Source: Davis and Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006.
    """
    lists, known = _each_class(y_true, scores, labels)
    judged = _judge(lists, _average_precision, confidence, resamples, seed)
    curves = [_precision_recall(*each) for each in judged[:-1]]
    by_class, micro = curves[:-1], curves[-1]
    usable = [curve for curve in by_class if np.isfinite(curve.average_precision.value)]
    grid = np.unique(np.concatenate([[0.0, 1.0], *(c.recall for c in usable)]))
    # The precision at the first threshold that finds as much.
    steps = [c.precision[np.searchsorted(c.recall, grid)] for c in usable]
    mean = np.mean(steps, 0) if steps else np.full(2, np.nan)
    return CurvesByClass(
        known, tuple(by_class), PrecisionRecallCurve(grid, mean, None, judged[-1][2]), micro
    )


def _both_sides(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve's height just left and just right of each point."""
    left = np.interp(-grid[::-1], -x[::-1], y[::-1])[::-1]
    return left, np.interp(grid, x, y)


@dataclass(frozen=True)
class _Entries:
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


def _two_classes(y_true: Any, scores: Any, positive: Any) -> list[_Entries]:
    given = checks.scores_of("scores", scores)
    if given.ndim != 1:
        raise InputError(
            f"A curve of two classes wants scores (n,), got {given.shape}; give the column of the "
            "positive class, or call roc_curves or precision_recall_curves"
        )
    truth = checks.truths(y_true, positive)
    checks.same_length(truth, given)
    entries = _Entries(truth, given, np.arange(len(truth)))
    if not entries.judgeable:
        raise InputError("A curve wants examples of both classes in y_true, and there is only one")
    return [entries]


def _each_class(y_true: Any, scores: Any, labels: Any) -> tuple[list[_Entries], np.ndarray]:
    """The entries of each class, then those of all together; and the classes."""
    given = checks.scores_of("scores", scores)
    if given.ndim != 2:
        raise InputError(
            f"Curves by class want scores (n, classes), got {given.shape}; for two classes call "
            "roc_curve or precision_recall_curve"
        )
    n, k = given.shape
    truth = checks.class_numbers(y_true, k, labels)
    checks.same_length(truth, given)
    hot, rows = truth[:, None] == np.arange(k), np.arange(n)
    lists = [_Entries(hot[:, i], given[:, i], rows) for i in range(k)]
    lists.append(_Entries(hot.ravel(), given.ravel(), np.repeat(rows, k)))
    return lists, checks.columns(y_true, k, labels)


_Area = Callable[[np.ndarray, np.ndarray], np.ndarray]
_Judged = tuple[np.ndarray, np.ndarray, Estimate]


def _judge(
    lists: Sequence[_Entries], area: _Area, confidence: float, resamples: int, seed: int
) -> list[_Judged]:
    """Truths, scores and area of each list; of several, at the end, the mean area of all but
    the last.
    """
    check_arguments(confidence, resamples)
    n = int(lists[0].example[-1]) + 1
    ranked = [_rank(entries, n) if entries.judgeable else None for entries in lists]

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

    found = [
        (entries.positive, entries.scores, estimated(value, each, low))
        for entries, value, each, low in zip(lists, values, drawn, lows, strict=True)
    ]
    if len(lists) == 1:
        return found
    usable = np.flatnonzero(np.isfinite(values[:-1]))
    value, low = (float(_mean(part[usable, None])[0]) for part in (values, lows))
    macro = estimated(value, _mean(drawn[usable]), low)
    return [*found, (np.array([]), np.array([]), macro)]


def _least(ranked: tuple[Any, Any], area: _Area, confidence: float) -> float:
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


def _rank(entries: _Entries, n: int) -> tuple[Any, Any]:
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


def _roc_area(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """How often a positive stands above a negative, ties counting half.

    Args:
        positives, negatives: how many stand in each group, from the highest score down
            `(groups, m)`.
    """
    above = np.cumsum(positives, 0) - positives / 2
    pairs = positives.sum(0) * negatives.sum(0)
    return np.asarray((negatives * above).sum(0) / pairs)


def _average_precision(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """The precision at each group's threshold, averaged over the positives."""
    found = np.cumsum(positives, 0)
    called = np.cumsum(positives + negatives, 0)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return np.asarray((positives * precision).sum(0) / positives.sum(0))


def _roc(truth: np.ndarray, scores: np.ndarray, area: Estimate) -> RocCurve:
    from sklearn import metrics

    with warnings.catch_warnings():
        # That a class never occurs is said by the NaN in its area.
        warnings.simplefilter("ignore")
        false, true, thresholds = metrics.roc_curve(truth, scores)
    return RocCurve(false, true, thresholds, area)


def _precision_recall(
    truth: np.ndarray, scores: np.ndarray, average: Estimate
) -> PrecisionRecallCurve:
    from sklearn import metrics

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, thresholds = metrics.precision_recall_curve(truth, scores)
    cuts = np.concatenate([[np.inf], thresholds[::-1]])
    return PrecisionRecallCurve(recall[::-1], precision[::-1], cuts, average)
