"""ROC and precision-recall curves: what every threshold would give, with areas and intervals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from myelin.errors import InputError
from myelin.evaluation import checks, ranking
from myelin.evaluation.intervals import Estimate


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
    entries = _two_classes(y_true, scores, positive)
    areas, _ = ranking.areas_of([entries], ranking.roc_area, confidence, resamples, seed)
    return _roc(entries, areas[0])


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
    entries = _two_classes(y_true, scores, positive)
    areas, _ = ranking.areas_of([entries], ranking.average_precision, confidence, resamples, seed)
    return _precision_recall(entries, areas[0])


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
    areas, mean_area = ranking.areas_of(lists, ranking.roc_area, confidence, resamples, seed)
    *by_class, micro = map(_roc, lists, areas)
    usable = [curve for curve in by_class if np.isfinite(curve.area.value)]
    grid = np.unique(np.concatenate([[0.0, 1.0], *(c.false_positive_rate for c in usable)]))
    # A curve may jump at a point of the grid, so the mean has both sides of each.
    sides = [
        np.stack(_both_sides(grid, c.false_positive_rate, c.true_positive_rate), 1).ravel()
        for c in usable
    ]
    mean = np.mean(sides, 0) if sides else np.full(4, np.nan)
    macro = RocCurve(np.repeat(grid, 2), mean, None, mean_area)
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
    areas, mean_area = ranking.areas_of(
        lists, ranking.average_precision, confidence, resamples, seed
    )
    *by_class, micro = map(_precision_recall, lists, areas)
    usable = [curve for curve in by_class if np.isfinite(curve.average_precision.value)]
    grid = np.unique(np.concatenate([[0.0, 1.0], *(c.recall for c in usable)]))
    # The precision at the first threshold that finds as much.
    steps = [c.precision[np.searchsorted(c.recall, grid)] for c in usable]
    mean = np.mean(steps, 0) if steps else np.full(2, np.nan)
    return CurvesByClass(
        known, tuple(by_class), PrecisionRecallCurve(grid, mean, None, mean_area), micro
    )


def _both_sides(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve's height just left and just right of each point."""
    left = np.interp(-grid[::-1], -x[::-1], y[::-1])[::-1]
    return left, np.interp(grid, x, y)


def _two_classes(y_true: Any, scores: Any, positive: Any) -> ranking.Entries:
    given = checks.scores_of("scores", scores)
    if given.ndim != 1:
        raise InputError(
            f"A curve of two classes wants scores (n,), got {given.shape}; give the column of the "
            "positive class, or call roc_curves or precision_recall_curves"
        )
    truth = checks.truths(y_true, positive)
    checks.same_length(truth, given)
    entries = ranking.Entries(truth, given, np.arange(len(truth)))
    if not entries.judgeable:
        raise InputError("A curve wants examples of both classes in y_true, and there is only one")
    return entries


def _each_class(y_true: Any, scores: Any, labels: Any) -> tuple[list[ranking.Entries], np.ndarray]:
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
    lists = [ranking.Entries(hot[:, i], given[:, i], rows) for i in range(k)]
    lists.append(ranking.Entries(hot.ravel(), given.ravel(), np.repeat(rows, k)))
    return lists, checks.columns(y_true, k, labels)


def _roc(entries: ranking.Entries, area: Estimate) -> RocCurve:
    from sklearn import metrics

    with warnings.catch_warnings():
        # That a class never occurs is said by the NaN in its area.
        warnings.simplefilter("ignore")
        false, true, thresholds = metrics.roc_curve(entries.positive, entries.scores)
    return RocCurve(false, true, thresholds, area)


def _precision_recall(entries: ranking.Entries, average: Estimate) -> PrecisionRecallCurve:
    from sklearn import metrics

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, thresholds = metrics.precision_recall_curve(
            entries.positive, entries.scores
        )
    cuts = np.concatenate([[np.inf], thresholds[::-1]])
    return PrecisionRecallCurve(recall[::-1], precision[::-1], cuts, average)
