"""All scores of the rows that judge, as `myelin.evaluation` computes them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.evaluation.calibration import CalibrationScores, calibration_scores
from myelin.evaluation.classification import ClassificationScores, classification_scores
from myelin.evaluation.confusion import most_confused
from myelin.evaluation.curves import (
    PrecisionRecallCurve,
    RocCurve,
    precision_recall_curve,
    precision_recall_curves,
    roc_curve,
    roc_curves,
)
from myelin.evaluation.examples import WorstExamples, worst_examples
from myelin.evaluation.intervals import Estimate
from myelin.evaluation.regression import (
    QuantilePlot,
    RegressionScores,
    normal_quantiles,
    regression_scores,
)
from myelin.evaluation.report.judged import Judged

# A person waits for a report: about so many examples are drawn for the intervals of a score, and
# so many scores ranked for those of the curves. Curves of more scores than these are left out.
_DRAWN_IN_ALL, _RANKED_IN_ALL, _MOST_RANKED = 4_000_000, 20_000_000, 1_000_000
_WORST = 10


@dataclass(frozen=True)
class Curves:
    """ROC and precision-recall curves.

    Attributes:
        roc, precision_recall: of the positive class, or the macro averages over the classes.
        micro: both of all pairs of example and class; None for two classes.
        by_class: both of each class against the others; empty for two classes.
    """

    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    micro: tuple[RocCurve, PrecisionRecallCurve] | None
    by_class: list[tuple[RocCurve, PrecisionRecallCurve]]


@dataclass(frozen=True)
class ClassMeasures:
    """How good predicted classes are.

    Attributes:
        scores: accuracy, and precision, recall and F1 of each class and averaged.
        calibration: whether the probabilities hold.
        curves: or a sentence that says why there are none.
        confused: the most confused pairs: true class, predicted class, times.
        worst: the examples with the largest loss.
        baseline: the share of the commonest class, and what a model says that scores it.
    """

    scores: ClassificationScores
    calibration: CalibrationScores
    curves: Curves | str
    confused: list[tuple[int, int, int]]
    worst: WorstExamples
    baseline: tuple[float, str]


@dataclass(frozen=True)
class ValueMeasures:
    """How good predicted numbers are.

    Attributes:
        scores: MAE, RMSE, R² and the others.
        quantiles: of the residuals against the normal distribution; None for a single row.
        worst: the examples with the largest error.
        y: the true values.
    """

    scores: RegressionScores
    quantiles: QuantilePlot | None
    worst: WorstExamples
    y: np.ndarray

    def baseline(self, y_train: Any) -> tuple[float, str]:
        """The MAE of always saying the median, and what to call that.

        Args:
            y_train: the targets that a model learns the median from; these rows' own when None.
        """
        known = self.y if y_train is None else np.asarray(y_train, np.float64).reshape(-1)
        return float(np.abs(self.y - np.median(known)).mean()), "always the median"


def measure(rows: Judged, seed: int, mae: Estimate | None = None) -> ClassMeasures | ValueMeasures:
    """All scores of the rows.

    Args:
        rows: targets and predictions.
        seed: of the bootstrap.
        mae: the mean absolute error of numbers, where it was taken already.
    """
    resamples = int(np.clip(_DRAWN_IN_ALL // len(rows.y), 100, 2000))
    if rows.probabilities is None:
        left = rows.y - rows.predicted
        found = regression_scores(rows.y, rows.predicted, resamples=resamples, seed=seed)
        return ValueMeasures(
            scores=dataclasses.replace(found, mae=mae or found.mae),
            quantiles=normal_quantiles(left) if len(left) > 1 else None,
            worst=worst_examples(rows.y, rows.predicted, _WORST),
            y=rows.y,
        )
    k = rows.probabilities.shape[1]
    known = np.arange(k)
    scores = classification_scores(rows.y, rows.predicted, known, seed=seed)
    judged = rows.probabilities[:, 1] if k == 2 else rows.probabilities
    counts = np.bincount(rows.y, minlength=k)
    return ClassMeasures(
        scores=scores,
        calibration=calibration_scores(
            rows.y, judged, labels=known, resamples=resamples, seed=seed
        ),
        curves=_curves(rows.y, rows.probabilities, seed),
        confused=most_confused(scores.matrix),
        worst=worst_examples(rows.y, rows.probabilities, _WORST, known),
        baseline=(float(counts.max() / counts.sum()), "always the commonest class"),
    )


def _curves(y: np.ndarray, probabilities: np.ndarray, seed: int) -> Curves | str:
    n, k = probabilities.shape
    if len(np.unique(y)) < 2:
        return "All examples are of one class, so there is nothing to tell apart."
    if n * k > _MOST_RANKED:
        return f"{n:,} examples of {k:,} classes are too many for curves; take fewer examples."
    resamples = int(np.clip(_RANKED_IN_ALL // (n * k), 100, 1000))
    if k == 2:
        positive = probabilities[:, 1]
        return Curves(
            roc_curve(y, positive, 1, resamples=resamples, seed=seed),
            precision_recall_curve(y, positive, 1, resamples=resamples, seed=seed),
            None,
            [],
        )
    known = np.arange(k)
    roc = roc_curves(y, probabilities, known, resamples=resamples, seed=seed)
    recalled = precision_recall_curves(y, probabilities, known, resamples=resamples, seed=seed)
    by_class = list(zip(roc.by_class, recalled.by_class, strict=True))
    return Curves(roc.macro, recalled.macro, (roc.micro, recalled.micro), by_class)
