"""How often Myelin's 95 % intervals hold the truth, on simulated data of which the truth is known.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --times 500

Each simulation draws a sample, takes its intervals and looks whether they hold the value that
endless data would give, over and over. The last column says what is expected: 93 to 97 %, or at
least that where an interval is known to be wide.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import integrate, stats

from myelin import evaluation
from myelin.evaluation import Interval

LEAST, MOST = 0.93, 0.97
# Shares of true classes (rows) and predicted ones: uneven, and one class is taken for another.
CELLS = np.array([[0.44, 0.03, 0.01, 0.02], [0.04, 0.20, 0.01, 0.01],
                  [0.01, 0.02, 0.09, 0.02], [0.01, 0.01, 0.01, 0.07]])  # fmt: skip


@dataclass(frozen=True)
class Simulation:
    """Samples of one kind.

    Attributes:
        title: what is drawn.
        truths: what endless data would give, by name.
        draw: takes a generator, draws a sample, and gives its intervals by the same names.
        wide: the names of intervals that are known to hold the truth more often than they say.
    """

    title: str
    truths: dict[str, float]
    draw: Callable[[np.random.Generator], dict[str, Interval]]
    wide: tuple[str, ...] = field(default=())


def covered(simulation: Simulation, times: int, seed: int = 0) -> dict[str, tuple[float, float]]:
    """The share of intervals that hold the truth, and their mean width, by name."""
    rng = np.random.default_rng(seed)
    drawn = [simulation.draw(rng) for _ in range(times)]
    return {
        name: (
            float(np.mean([each[name].low <= truth <= each[name].high for each in drawn])),
            float(np.mean([each[name].high - each[name].low for each in drawn])),
        )
        for name, truth in simulation.truths.items()
    }


def classes(n: int = 300, resamples: int = 1000) -> Simulation:
    """Predicted classes, of which `CELLS` are the shares."""
    k = len(CELLS)
    right, called, support = CELLS.diagonal(), CELLS.sum(0), CELLS.sum(1)
    recall, precision, f1 = right / support, right / called, 2 * right / (called + support)
    truths = {
        "accuracy": right.sum(),
        "recall of a class": recall[1],
        "precision of a class": precision[1],
        "F1 of a class": f1[1],
        "balanced accuracy": recall.mean(),
        "macro precision": precision.mean(),
        "macro F1": f1.mean(),
        "weighted precision": precision @ support,
        "weighted F1": f1 @ support,
    }

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        cells = np.repeat(np.arange(k * k), rng.multinomial(n, CELLS.ravel()))
        found = evaluation.classification_scores(
            cells // k,
            cells % k,
            np.arange(k),
            resamples=resamples,
            seed=int(rng.integers(1 << 31)),
        )
        one = found.by_class[1]
        scores = (found.accuracy, one.recall, one.precision, one.f1, found.balanced_accuracy,
                  found.macro.precision, found.macro.f1, found.weighted.precision,
                  found.weighted.f1)  # fmt: skip
        return dict(zip(truths, (score.interval for score in scores), strict=True))

    return Simulation(f"{n} predicted classes", {n: float(t) for n, t in truths.items()}, draw)


def means(n: int = 200, resamples: int = 1000) -> Simulation:
    """Means of a normal and of a skewed variable."""

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        seed = int(rng.integers(1 << 31))
        normal, skewed = rng.normal(size=n), rng.exponential(size=n)
        return {
            "normal": evaluation.bootstrap_interval(normal, resamples=resamples, seed=seed),
            "exponential": evaluation.bootstrap_interval(skewed, resamples=resamples, seed=seed),
        }

    return Simulation(f"mean of {n} values", {"normal": 0.0, "exponential": 1.0}, draw)


def numbers(n: int = 200, resamples: int = 1000) -> Simulation:
    """Predicted numbers with normal errors that are 0.3 too high, targets three times as wide."""
    off, spread = 0.3, 3.0
    folded = stats.foldnorm(off)
    truths = {
        "MAE": float(folded.mean()),
        "RMSE": float(np.sqrt(1 + off**2)),
        "median absolute error": float(folded.median()),
        "R²": 1 - (1 + off**2) / spread**2,
        "explained variance": 1 - 1 / spread**2,
    }

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        true = rng.normal(5, spread, n)
        found = evaluation.regression_scores(
            true, true + rng.normal(off, 1, n), resamples=resamples, seed=int(rng.integers(1 << 31))
        )
        scores = (found.mae, found.rmse, found.median_absolute_error, found.r2,
                  found.explained_variance)  # fmt: skip
        return dict(zip(truths, (score.interval for score in scores), strict=True))

    return Simulation(f"{n} predicted numbers", truths, draw)


def areas(n: int = 200, resamples: int = 1000) -> Simulation:
    """Scores of two classes, normal and 1.2 deviations apart; two of five are positive."""
    apart, share = 1.2, 0.4

    def precision_at(score: float) -> float:
        found, alarms = share * stats.norm.sf(score - apart), (1 - share) * stats.norm.sf(score)
        return float(stats.norm.pdf(score - apart) * found / (found + alarms))

    truths = {
        "area under the ROC curve": float(stats.norm.cdf(apart / np.sqrt(2))),
        "average precision": float(integrate.quad(precision_at, -8, 9)[0]),
    }

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        y = rng.random(n) < share
        scores, seed = rng.normal(apart * y), int(rng.integers(1 << 31))
        roc = evaluation.roc_curve(y, scores, resamples=resamples, seed=seed)
        pr = evaluation.precision_recall_curve(y, scores, resamples=resamples, seed=seed)
        ends = (roc.area.interval, pr.average_precision.interval)
        return dict(zip(truths, ends, strict=True))

    return Simulation(f"{n} scores of two classes", truths, draw)


def sure(n: int = 500, resamples: int = 1000) -> Simulation:
    """Probabilities that are too high: of those called p, the share p^1.5 comes true."""
    density = stats.beta(1.5, 1.5).pdf

    def mean(of: Callable[[float], float], low: float = 0.0, high: float = 1.0) -> float:
        return float(integrate.quad(lambda p: of(p) * density(p), low, high)[0])

    edges = np.linspace(0, 1, 11)
    bins = [mean(lambda p: p - p**1.5, a, b) for a, b in itertools.pairwise(edges)]
    truths = {
        "expected calibration error": float(np.abs(bins).sum()),
        "Brier score": mean(lambda p: p**2 - 2 * p * p**1.5 + p**1.5),
        "log-loss": mean(lambda p: -(p**1.5) * np.log(p) - (1 - p**1.5) * np.log1p(-p)),
    }

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        p = rng.beta(1.5, 1.5, n)
        found = evaluation.calibration_scores(
            rng.random(n) < p**1.5, p, resamples=resamples, seed=int(rng.integers(1 << 31))
        )
        scores = (found.expected_error, found.brier, found.log_loss)
        return dict(zip(truths, (score.interval for score in scores), strict=True))

    return Simulation(f"{n} probabilities", truths, draw)


def perfect(n: int = 500, resamples: int = 1000) -> Simulation:
    """Probabilities that are right: the calibration error is 0, and what is found is chance."""

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        p = rng.beta(1.5, 1.5, n)
        found = evaluation.calibration_scores(
            rng.random(n) < p, p, resamples=resamples, seed=int(rng.integers(1 << 31))
        )
        return {"expected calibration error": found.expected_error.interval}

    truths = {"expected calibration error": 0.0}
    return Simulation(f"{n} perfect probabilities", truths, draw, tuple(truths))


def folds(n: int = 100, splits: int = 10) -> Simulation:
    """Squared errors of a model that says the mean of its training rows.

    That model's true error is `1 + 1 / n_train` on normal data. The difference is that of two
    models with nothing left to learn, one of which says the true mean and the other 0.3 more, which
    costs `0.3²`. The corrected interval is made for training sets drawn at random; k folds, whose
    test sets do not overlap, vary less than it expects, so that it holds the truth more often than
    it says.
    """
    test, more = n // 5, 0.3
    truths = {
        "random splits": 1 + 1 / (n - test),
        "difference, random splits": more**2,
        "5 folds": 1 + 1 / (n - test),
        "difference, 5 folds": more**2,
    }

    def errors(y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The error and the difference on each fold, of which `rows` has the test rows first."""
        tested, trained = y[rows[:, :test]], y[rows[:, test:]]
        error = np.square(tested - trained.mean(1, keepdims=True)).mean(1)
        return error, (np.square(tested - more) - np.square(tested)).mean(1)

    def draw(rng: np.random.Generator) -> dict[str, Interval]:
        y, order = rng.normal(size=n), rng.permutation(n)
        drawn = rng.permuted(np.tile(np.arange(n), (splits, 1)), axis=1)
        turned = np.stack([np.roll(order, i * test) for i in range(5)])
        ends = (
            evaluation.corrected_interval(own, n - test, test)
            for own in (*errors(y, drawn), *errors(y, turned))
        )
        return dict(zip(truths, ends, strict=True))

    wide = ("5 folds", "difference, 5 folds")
    return Simulation(f"{n} rows, corrected for overlap", truths, draw, wide)


SIMULATIONS = (classes, means, numbers, areas, sure, perfect, folds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=4000)
    options = parser.parse_args()
    start = time.perf_counter()
    print("| data | score | truth | held | mean width | expected |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    for make in SIMULATIONS:
        simulation = make()
        for name, (held, width) in covered(simulation, options.times).items():
            expected = f"at least {LEAST:.0%}" if name in simulation.wide else "93 to 97 %"
            print(
                f"| {simulation.title} | {name} | {simulation.truths[name]:.4f} | {held:.1%} | "
                f"{width:.4f} | {expected} |",
                flush=True,
            )
    print(f"\n{options.times:,} samples each, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
