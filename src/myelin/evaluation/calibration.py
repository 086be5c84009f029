"""Calibration: whether what a model calls 80 % sure is right in 80 % of cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation import checks
from myelin.evaluation.intervals import Estimate, Interval, wilson_interval
from myelin.evaluation.resampling import Resampled

# Of the range in which an end of an interval lies: to a thousandth of the error found.
_HALVINGS = 10


@dataclass(frozen=True)
class CalibrationCurve:
    """Predicted probabilities in bins, beside what came true.

    Attributes:
        edges: of the bins `(bins + 1,)`; a bin holds its upper edge.
        predicted: the mean probability in each bin; NaN in an empty one.
        observed: the share that came true; NaN in an empty bin.
        low, high: Wilson's interval of that share; NaN in an empty bin.
        count: how many examples are in each bin.
    """

    edges: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray

    @property
    def expected_error(self) -> float:
        """The distance of observed from predicted, averaged over examples."""
        there = self.count > 0
        apart = np.abs(self.observed - self.predicted)[there]
        return float((apart * self.count[there]).sum() / self.count.sum())

    @property
    def maximum_error(self) -> float:
        """The largest distance of observed from predicted among the bins."""
        return float(np.nanmax(np.abs(self.observed - self.predicted)))


@dataclass(frozen=True)
class CalibrationScores:
    """What `calibration_scores` found.

    Attributes:
        curve: the `CalibrationCurve`.
        expected_error: its expected calibration error.
        maximum_error: the largest error of a bin; it has no interval, for it hangs on one bin of
            perhaps few examples, whose own interval the curve has.
        brier: the mean squared distance of the probabilities from the truth.
        log_loss: the mean of minus the logarithm of the true class's probability.
    """

    curve: CalibrationCurve
    expected_error: Estimate
    maximum_error: float
    brier: Estimate
    log_loss: Estimate


def calibration_curve(
    y_true: Any,
    probabilities: Any,
    bins: int = 10,
    strategy: str = "uniform",
    labels: Any = None,
    confidence: float = 0.95,
) -> CalibrationCurve:
    """Predicted probabilities in bins, beside the share that came true.

    Of two classes in one column it is the positive class's probability that is judged, from 0 to
    1; of several columns that of the predicted class, from 1 / classes to 1.

    Args:
        y_true: labels `(n,)` of two classes; or for several columns class numbers, other labels
            `(n,)`, or one-hot rows `(n, classes)`.
        probabilities: of the positive class `(n,)` or `(n, 1)`, or of each class `(n, classes)`.
        bins: how many, at least 1.
        strategy: `"uniform"`, bins of equal width; or `"quantile"`, of equal numbers of examples.
        labels: the label of each column; or the negative and the positive label. By default the
            class numbers, or all labels, sorted.
        confidence: of Wilson's intervals, above 0 and below 1.

    Raises:
        InputError: no probabilities, labels that do not fit them, or an argument out of its range.

    Source: Niculescu-Mizil and Caruana, Predicting Good Probabilities With Supervised Learning,
    2005; of the predicted class: Guo and others, On Calibration of Modern Neural Networks, 2017.
    """
    sure, right = _judged(y_true, probabilities, labels)
    return _curve(sure, right, *_binned(sure, bins, strategy), confidence)


def expected_calibration_error(
    y_true: Any,
    probabilities: Any,
    bins: int = 10,
    strategy: str = "uniform",
    labels: Any = None,
) -> float:
    """How far probabilities lie from what came true, averaged over the examples of all bins.

    It is above 0 for a perfect model too, and grows with the number of bins, since the share of
    few examples is never quite the true one. The arguments and errors are `calibration_curve`'s.

    Source: Naeini and others, Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015.
    """
    return calibration_curve(y_true, probabilities, bins, strategy, labels).expected_error


def brier_score(y_true: Any, probabilities: Any, labels: Any = None) -> float:
    """The mean squared distance of the probabilities from the truth; 0 is perfect.

    Of two classes it is the mean of `(p - y)²`, from 0 to 1, in one column or two; of more the
    sum of these squares over the classes, from 0 to 2.

    Args:
        y_true: as for `calibration_curve`.
        probabilities: of the positive class `(n,)` or `(n, 1)`, or of each class `(n, classes)`.
        labels: the label of each column; or the negative and the positive label.

    Raises:
        InputError: no probabilities, or labels that do not fit them.

    Source: Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.
    """
    return float(_brier_terms(*_columns(y_true, probabilities, labels)).mean())


def log_loss(y_true: Any, probabilities: Any, labels: Any = None) -> float:
    """The mean of minus the natural logarithm of the true class's probability; 0 is perfect.

    A probability below the resolution of its own type counts as that, so it stays finite.

    Args:
        y_true: as for `calibration_curve`.
        probabilities: of the positive class `(n,)` or `(n, 1)`, or of each class `(n, classes)`.
        labels: the label of each column; or the negative and the positive label.

    Raises:
        InputError: no probabilities, or labels that do not fit them.

    Source: Good, Rational Decisions, 1952.
    """
    least = _resolution(probabilities)
    return float(true_class_losses(*_columns(y_true, probabilities, labels), least).mean())


def calibration_scores(
    y_true: Any,
    probabilities: Any,
    bins: int = 10,
    strategy: str = "uniform",
    labels: Any = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> CalibrationScores:
    """The calibration curve, its error, the Brier score and the log-loss, with intervals.

    The calibration error is not resampled: by chance alone it is larger than the truth, and a
    resample's is larger still. Its interval holds the errors that the one found could come from,
    which may all be smaller than it.

    Args:
        y_true, probabilities, bins, strategy, labels: as for `calibration_curve`.
        confidence: of all intervals, above 0 and below 1.
        resamples: of the bootstrap, at least 1.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: no probabilities, labels that do not fit them, or an argument out of its range.
    """
    sure, right = _judged(y_true, probabilities, labels)
    curve = _curve(sure, right, *_binned(sure, bins, strategy), confidence)
    truth, table = _columns(y_true, probabilities, labels)
    losses = true_class_losses(truth, table, _resolution(probabilities))
    terms = np.stack([np.ones(len(truth)), _brier_terms(truth, table), losses])
    resampled = Resampled.of(terms, confidence, resamples, seed)
    return CalibrationScores(
        curve=curve,
        expected_error=Estimate(
            curve.expected_error,
            _error_interval(curve, confidence, resamples, seed),
            f"test inversion, {resamples} simulations",
        ),
        maximum_error=curve.maximum_error,
        brier=resampled.estimate(lambda sums: sums[1] / sums[0]),
        log_loss=resampled.estimate(lambda sums: sums[2] / sums[0]),
    )


def _error_interval(
    curve: CalibrationCurve, confidence: float, simulations: int, seed: int
) -> Interval:
    """The calibration errors under which the one found is neither too large nor too small.

    Under an error e the true gaps of all bins are taken for e; what is found of them in samples of
    n varies as the binomial distribution does, and the bins' shares as unequal gaps make it matter.

    Source: Carpenter, Test Inversion Bootstrap Confidence Intervals, 1999.
    """
    rng = np.random.default_rng(seed)
    there = curve.count > 0
    count, n, found = curve.count[there], int(curve.count.sum()), curve.expected_error
    share, gap = count / n, (curve.observed - curve.predicted)[there]
    # Laplace's rule, since a bin of which none or all came true has a doubtful share too.
    rate = (curve.observed[there] * count + 1) / (count + 2)
    noise = np.sqrt(rate * (1 - rate) / count) * rng.normal(size=(simulations, len(count)))
    unequal = share @ np.square(gap / found) - 1 if found else 0.0
    sway = np.sqrt(max(float(unequal), 0) / n) * rng.normal(size=simulations)

    def below(error: float) -> float:
        """How often a sample shows an error no larger than the one found."""
        shown = np.abs(error + noise) @ share + error * sway
        return float((shown <= found).mean())

    def error_at(chance: float) -> float:
        low, high = 0.0, found
        if below(low) <= chance:
            return low
        while below(high) > chance:
            low, high = high, 2 * high
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) > chance else (low, middle)
        return high

    tail = (1 - confidence) / 2
    return Interval(error_at(1 - tail), error_at(tail))


def true_class_losses(truth: np.ndarray, table: np.ndarray, least: float) -> np.ndarray:
    """Minus the logarithm of each example's true class's probability, `(n,)`.

    Args:
        truth: the number of each true class `(n,)`.
        table: the probabilities `(n, classes)`.
        least: what smaller probabilities are taken for, above 0.
    """
    return np.asarray(-np.log(np.clip(table[np.arange(len(truth)), truth], least, 1)))


def _brier_terms(truth: np.ndarray, table: np.ndarray) -> np.ndarray:
    squares = np.square(table - (truth[:, None] == np.arange(table.shape[1])))
    # Two classes miss by the same, which counts once.
    return np.asarray(squares[:, 1] if table.shape[1] == 2 else squares.sum(1))


def _columns(y_true: Any, probabilities: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """The number of each true class, and the probability of each class."""
    table = checks.probabilities_of(probabilities)
    if table.ndim == 1:
        truth = _truths(y_true, labels).astype(np.int64)
        table = np.stack([1 - table, table], 1)
    else:
        truth = checks.class_numbers(y_true, table.shape[1], labels)
    checks.same_length(truth, table)
    return truth, table


def _judged(y_true: Any, probabilities: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """The probability that is judged `(n,)`, and whether it came true."""
    table = checks.probabilities_of(probabilities)
    if table.ndim == 1:
        sure, right = table, _truths(y_true, labels)
    else:
        sure = table.max(1)
        right = table.argmax(1) == checks.class_numbers(y_true, table.shape[1], labels)
    checks.same_length(right, sure)
    return sure, right


def _truths(y_true: Any, labels: Any) -> np.ndarray:
    if labels is None:
        return checks.truths(y_true)
    known = checks.known_labels(labels)
    if len(known) != 2:
        raise InputError(
            f"Probabilities (n,) want two labels, the negative and the positive, got {len(known)}"
        )
    return checks.class_numbers(y_true, 2, known) == 1


def _resolution(probabilities: Any) -> float:
    """The least number that its type tells from 0 beside 1."""
    dtype = np.asarray(probabilities).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)


def _binned(sure: np.ndarray, bins: int, strategy: str) -> tuple[np.ndarray, np.ndarray]:
    """The edges of the bins, and the bin of each probability."""
    if bins < 1:
        raise InputError(f"bins wants a number of at least 1, got {bins}")
    edges = np.linspace(0, 1, bins + 1)
    if strategy == "quantile":
        edges = np.quantile(sure, edges)
    elif strategy != "uniform":
        raise InputError(f'strategy wants "uniform" or "quantile", got {strategy!r}')
    return edges, np.searchsorted(edges[1:-1], sure)


def _curve(
    sure: np.ndarray, right: np.ndarray, edges: np.ndarray, place: np.ndarray, confidence: float
) -> CalibrationCurve:
    bins = len(edges) - 1
    count, hits = np.bincount(place, minlength=bins), np.bincount(place, right, bins)
    with np.errstate(invalid="ignore"):
        predicted, observed = np.bincount(place, sure, bins) / count, hits / count
    ends = np.array([
        wilson_interval(float(hit), int(n), confidence) if n else (np.nan, np.nan)
        for hit, n in zip(hits, count, strict=True)
    ])  # fmt: skip
    return CalibrationCurve(edges, predicted, observed, ends[:, 0], ends[:, 1], count)
