"""Scores of predicted classes: for each class, averaged, and for all examples, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError, require
from myelin.evaluation import checks
from myelin.evaluation.confusion import coded, confusion_matrix
from myelin.evaluation.intervals import UNKNOWN, Estimate, Interval, wilson_interval
from myelin.evaluation.resampling import check_arguments, percentile_interval

# Numbers drawn at a time.
_DRAWN_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class ClassScores:
    """How well one class was found.

    Attributes:
        label: the class.
        precision: of the examples called this class, the share that are; NaN if none was.
        recall: of the examples of this class, the share that was found; NaN if there are none.
        f1: the harmonic mean of both; NaN if no example is or was called this class.
        support: the examples of this class, or the sum of their weights.
    """

    label: Any
    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: float


@dataclass(frozen=True)
class AverageScores:
    """The same scores, averaged over classes; what is undefined for a class counts as 0."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class ClassificationScores:
    """What `classification_scores` found.

    Attributes:
        labels: the classes, in the order of everything else.
        matrix: the confusion matrix `(classes, classes)`, true classes along rows.
        by_class: a `ClassScores` for each class.
        macro: the plain mean over classes.
        micro: over all examples; each is called one class, so all three are the accuracy.
        weighted: the mean over classes by their support.
        accuracy: the share of examples that are right.
        balanced_accuracy: the mean recall of the classes that occur.
        examples: how many there are.
        confidence: of the intervals.
    """

    labels: np.ndarray
    matrix: np.ndarray
    by_class: tuple[ClassScores, ...]
    macro: AverageScores
    micro: AverageScores
    weighted: AverageScores
    accuracy: Estimate
    balanced_accuracy: Estimate
    examples: int
    confidence: float

    def to_frame(self) -> Any:
        """A pandas table: a row for each class, then the averages; the accuracy is "micro".

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pandas = require("pandas", "parquet", "to_frame")
        total = float(self.matrix.sum())
        rows, index = [], []
        for name, scores, support in self._rows(total):
            index.append(name)
            row: dict[str, Any] = {}
            for kind in ("precision", "recall", "f1"):
                found = getattr(scores, kind)
                row |= {kind: found.value, f"{kind}_low": found.interval.low,
                        f"{kind}_high": found.interval.high}  # fmt: skip
            rows.append(row | {"support": support})
        return pandas.DataFrame(rows, index=pandas.Index(index, name="class"))

    def __str__(self) -> str:
        total = self.matrix.sum().item()
        lines: list[tuple[str, ...]] = [("class", "precision", "recall", "F1", "support")]
        for name, scores, support in self._rows(total):
            shown = [_shown(each) for each in (scores.precision, scores.recall, scores.f1)]
            lines.append((str(name), *shown, f"{support:,.6g}"))
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
                 for line in lines]  # fmt: skip
        return "\n".join([
            *(line.rstrip() for line in table),
            f"accuracy {_shown(self.accuracy)}, balanced {_shown(self.balanced_accuracy)}, "
            f"{self.examples:,} examples; in brackets the {100 * self.confidence:.4g} % intervals",
        ])  # fmt: skip

    def _rows(self, total: float) -> list[tuple[Any, Any, float]]:
        """Name, scores and support of each row of a table."""
        averages = (("macro", self.macro), ("micro", self.micro), ("weighted", self.weighted))
        return [
            *((own.label, own, own.support) for own in self.by_class),
            *((name, scores, total) for name, scores in averages),
        ]


def _shown(score: Estimate) -> str:
    if np.isnan(score.value):
        return "undefined"
    return f"{score.value:.3f} ({score.interval.low:.3f} to {score.interval.high:.3f})"


def classification_scores(
    y_true: Any,
    y_pred: Any,
    labels: Any = None,
    sample_weight: Any = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> ClassificationScores:
    """Precision, recall and F1 of each class and averaged, and the accuracy, with intervals.

    Accuracy, precision and recall are proportions and have Wilson's interval; so has F1, which is
    `2J / (1 + J)` of the proportion J of right ones among the examples that are, or were called,
    the class. Macro precision, macro recall and the balanced accuracy are means of independent
    proportions, whose intervals are put together; the other averages are resampled. Weighted
    examples count as `(Σw)² / Σw²` of equal weight.

    Args:
        y_true: the true labels `(n,)`: numbers, strings or booleans; n at least 1.
        y_pred: the predicted labels `(n,)`.
        labels: the classes in their order; by default all that occur, sorted.
        sample_weight: how much each example counts `(n,)`, 0 or more; 1 when None.
        confidence: of all intervals, above 0 and below 1.
        resamples: of the bootstrap, at least 1.
        seed: of the bootstrap.

    Returns:
        The scores; they print as a table.

    Raises:
        InputError: no examples, lengths that differ, a label that is not among `labels`, or an
            argument out of its range.

    Source: Wilson, 1927; Lam, Gopal and Qian, Confidence Intervals for the F1 Score, 2023 (the
    indirect interval of F1); Zou and Donner, Construction of Confidence Limits About Effect
    Measures, 2008 (of a mean of proportions); Kish, Survey Sampling, 1965 (weights).
    """
    check_arguments(confidence, resamples)
    row, column, known = coded(y_true, y_pred, labels)
    weight = checks.weights(sample_weight, len(row))
    if not weight.sum() > 0:
        raise InputError("classification_scores wants at least one example of a weight above 0")
    counted = _Counted.of(row, column, weight, len(known))
    by_class = _by_class(counted, known, confidence)
    whole = counted.right.sum(), counted.support.sum(), counted.support_squared.sum()
    accuracy = counted.proportion(*whole, confidence)
    drawn = _drawn(row, column, weight, len(known), resamples, seed)
    macro, weighted, balanced = _averages(by_class, accuracy, drawn, confidence)
    return ClassificationScores(
        labels=known,
        matrix=confusion_matrix(y_true, y_pred, known, sample_weight),
        by_class=by_class,
        macro=macro,
        micro=AverageScores(accuracy, accuracy, accuracy),
        weighted=weighted,
        accuracy=accuracy,
        balanced_accuracy=balanced,
        examples=len(row),
        confidence=confidence,
    )


@dataclass(frozen=True)
class _Counted:
    """Sums of weights, and of their squares, for each class: right, called it, and being it."""

    right: np.ndarray
    called: np.ndarray
    support: np.ndarray
    right_squared: np.ndarray
    called_squared: np.ndarray
    support_squared: np.ndarray

    @classmethod
    def of(cls, row: np.ndarray, column: np.ndarray, weight: np.ndarray, k: int) -> _Counted:
        hit = row == column
        sums = [
            np.bincount(place, own, k)
            for each in (weight, np.square(weight))
            for place, own in ((row[hit], each[hit]), (column, each), (row, each))
        ]
        return cls(*sums)

    @staticmethod
    def proportion(right: float, total: float, squared: float, confidence: float) -> Estimate:
        """The share `right / total`; `squared` is the sum of the squared weights."""
        if not total > 0:
            return Estimate(float("nan"), UNKNOWN, "Wilson score")
        # 1 exactly where nothing is weighted, so that whole numbers stay whole.
        scale = total / squared
        n = max(1.0, total * scale)
        interval = wilson_interval(min(right * scale, n), n, confidence)
        return Estimate(float(right / total), interval, "Wilson score")


def _by_class(counted: _Counted, known: np.ndarray, confidence: float) -> tuple[ClassScores, ...]:
    found = []
    for i, label in enumerate(known):
        right, called, support = counted.right[i], counted.called[i], counted.support[i]
        either = called + support - right
        squared = counted.called_squared[i] + counted.support_squared[i] - counted.right_squared[i]
        overlap = counted.proportion(right, either, squared, confidence)
        low, high = (2 * end / (1 + end) for end in overlap.interval)
        value = 2 * overlap.value / (1 + overlap.value)
        whole = float(support).is_integer()
        found.append(
            ClassScores(
                label=label.item() if hasattr(label, "item") else label,
                precision=counted.proportion(right, called, counted.called_squared[i], confidence),
                recall=counted.proportion(right, support, counted.support_squared[i], confidence),
                f1=Estimate(value, Interval(low, high), "Wilson score of the overlap"),
                support=int(support) if whole else float(support),
            )
        )
    return tuple(found)


def _averages(
    by_class: tuple[ClassScores, ...],
    accuracy: Estimate,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    confidence: float,
) -> tuple[AverageScores, AverageScores, Estimate]:
    """Macro and weighted averages, and the balanced accuracy."""
    k = len(by_class)
    support = np.array([own.support for own in by_class], np.float64)
    even, by_support = np.full(k, 1 / k), support / support.sum()
    precision, recall, f1 = (
        [getattr(own, kind) for own in by_class] for kind in ("precision", "recall", "f1")
    )
    right, called, found = drawn
    method = f"percentile bootstrap, {len(right)} resamples"
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions, f1s = right / called, 2 * right / (called + found)
        shares = found / found.sum(1, keepdims=True)

    def resampled(scores: list[Estimate], each: np.ndarray, weights: np.ndarray) -> Estimate:
        together = _together(scores, even if weights.ndim == 1 else by_support)
        means = _mean_over_classes(scores, each, weights)
        if not np.ptp(means):
            # All resamples agree, as where no prediction is wrong: they do not know how wrong
            # the next ones may be, which the intervals of the classes do.
            return together
        return Estimate(together.value, percentile_interval(means, confidence), method)

    occurring = np.where(support > 0, 1, 0) / (support > 0).sum()
    return (
        AverageScores(_together(precision, even), _together(recall, even),
                      resampled(f1, f1s, even)),
        AverageScores(resampled(precision, precisions, shares), accuracy,
                      resampled(f1, f1s, shares)),
        _together(recall, occurring),
    )  # fmt: skip


def _together(scores: Sequence[Estimate], shares: np.ndarray) -> Estimate:
    """The mean of independent scores: their distances to each end add up like errors do.

    Source: Zou and Donner, Construction of Confidence Limits About Effect Measures, 2008.
    """
    value, low, high = (
        np.nan_to_num(np.array(part, np.float64))
        for part in zip(*((s.value, *s.interval) for s in scores), strict=True)
    )
    mean = float(shares @ value)
    down = float(np.sqrt(np.square(shares * (value - low)).sum()))
    up = float(np.sqrt(np.square(shares * (high - value)).sum()))
    interval = Interval(max(0.0, mean - down), min(1.0, mean + up))
    return Estimate(mean, interval, "Wilson scores of the classes, put together")


def _mean_over_classes(
    scores: list[Estimate], drawn: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The mean score of each resample `(resamples,)`.

    A class that a resample happens to lack is left out of its mean; a score that is undefined in
    the data counts as 0, as it does in the mean of the data.
    """
    undefined = np.isnan([score.value for score in scores])
    drawn = np.where(undefined, 0, drawn)
    weights = np.where(np.isnan(drawn), 0, weights)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.nan_to_num(drawn) * weights).sum(1) / weights.sum(1))


def _drawn(
    row: np.ndarray, column: np.ndarray, weight: np.ndarray, k: int, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, called and support of each class in each resample, `(resamples, classes)` each.

    Examples that are alike are drawn together: how many of them a resample has is multinomial.
    """
    from scipy import sparse

    weights, which = np.unique(weight, return_inverse=True)
    kind = (row * k + column) * len(weights) + which
    _, first, times = np.unique(kind, return_index=True, return_counts=True)
    true, called, each = row[first], column[first], weight[first].astype(np.float64)
    m, rng = len(first), np.random.default_rng(seed)

    def summing(place: np.ndarray, counts: np.ndarray) -> Any:
        return sparse.csr_array((each * counts, (np.arange(m), place)), shape=(m, k))

    onto = [summing(true, true == called), summing(called, np.ones(m)), summing(true, np.ones(m))]
    parts: list[list[np.ndarray]] = []
    block = max(1, _DRAWN_AT_ONCE // m)
    for done in range(0, resamples, block):
        drawn = rng.multinomial(len(row), times / len(row), min(block, resamples - done))
        parts.append([np.asarray(drawn @ matrix) for matrix in onto])
    right, named, support = (np.concatenate(part) for part in zip(*parts, strict=True))
    return right, named, support
