"""How good the predictions are: the scores, with their interval, and their tables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from myelin import evaluation
from myelin.cli import screen
from myelin.cli.data.targets import Target

CONFIDENCE = 0.95
# A table of more classes than this does not fit a screen.
MOST_SHOWN_CLASSES = 20

Scores = dict[str, Any]


def judge(outputs: np.ndarray, y: np.ndarray, target: Target, seed: int) -> Scores:
    """The scores of a model's outputs, as plain data for `metrics.json`.

    Args:
        outputs: probabilities `(n, classes)`, or values `(n, 1)`.
        y: class numbers, or values `(n,)`.
        target: what was predicted.
        seed: of the bootstrap.
    """
    if target.classes is None:
        return _values(outputs.reshape(-1), y, seed)
    return _classes(outputs, y, target.classes)


def _classes(probabilities: np.ndarray, y: np.ndarray, classes: tuple[str, ...]) -> Scores:
    found = evaluation.classification_scores(
        y, probabilities.argmax(-1), np.arange(len(classes)), confidence=CONFIDENCE
    )
    low, high = found.accuracy.interval
    by_class = zip(classes, found.by_class, strict=True)
    return {
        "examples": found.examples,
        "accuracy": found.accuracy.value,
        "accuracy_interval": {
            "low": low,
            "high": high,
            "confidence": CONFIDENCE,
            "method": found.accuracy.method,
        },
        "classes": list(classes),
        "by_class": [
            {"class": name, "precision": _number(s.precision.value),
             "recall": _number(s.recall.value), "examples": s.support}
            for name, s in by_class
        ],
        "confusion_matrix": found.matrix.tolist(),
    }  # fmt: skip


def _values(predicted: np.ndarray, y: np.ndarray, seed: int) -> Scores:
    predicted = predicted.astype(np.float64)
    low, high = evaluation.bootstrap_interval(np.abs(y - predicted), CONFIDENCE, seed=seed)
    return {
        "examples": len(y),
        "mae": evaluation.mean_absolute_error(y, predicted),
        "mae_interval": {
            "low": low,
            "high": high,
            "confidence": CONFIDENCE,
            "method": "percentile bootstrap, 2000 resamples",
        },
        "rmse": evaluation.root_mean_squared_error(y, predicted),
        "r2": _number(evaluation.r2_score(y, predicted)),
    }


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def show(scores: Scores, part: str) -> None:
    """Prints the scores, and the confusion matrix where there are classes.

    Args:
        scores: as `judge` gives them.
        part: what was judged on, such as "Test".
    """
    if "accuracy" not in scores:
        _show_values(scores, part)
        return
    interval = scores["accuracy_interval"]
    screen.say(
        "",
        f"{part} accuracy {scores['accuracy']:.1%} on {scores['examples']:,} examples "
        f"(95 % interval {interval['low']:.1%} to {interval['high']:.1%})",
    )
    if len(scores["classes"]) > MOST_SHOWN_CLASSES:
        _show_confused(scores)
    else:
        _show_matrix(scores)


def _show_values(scores: Scores, part: str) -> None:
    interval = scores["mae_interval"]
    r2 = scores["r2"]
    rows = [
        ("mean absolute error (MAE)", f"{scores['mae']:.4g}"),
        (
            f"  95 % interval ({_short(interval['method'])})",
            f"{interval['low']:.4g} to {interval['high']:.4g}",
        ),
        ("root mean squared error (RMSE)", f"{scores['rmse']:.4g}"),
        ("R²", "undefined: all true values are equal" if r2 is None else f"{r2:.4f}"),
    ]
    screen.say("", f"{part} scores on {scores['examples']:,} examples")
    screen.table(("score", "value"), rows)


def _short(method: str) -> str:
    """The one word of a method that a narrow table has room for."""
    return "bootstrap" if "bootstrap" in method else method.split()[0]


def _show_matrix(scores: Scores) -> None:
    classes, by_class = scores["classes"], scores["by_class"]
    rows = [
        [name, *(str(count) if count else "." for count in counts), _percent(own["recall"])]
        for name, counts, own in zip(classes, scores["confusion_matrix"], by_class, strict=True)
    ]
    rows.append(["precision %", *(_percent(own["precision"]) for own in by_class), ""])
    screen.table(("true \\ predicted", *classes, "recall %"), rows)


def _show_confused(scores: Scores) -> None:
    classes, by_class = scores["classes"], scores["by_class"]
    rows = [
        [classes[true], classes[called], str(count), str(by_class[true]["examples"])]
        for true, called, count in evaluation.most_confused(scores["confusion_matrix"])
    ]
    if rows:
        screen.say("The most confused of the classes; all are in metrics.json.")
        screen.table(("true", "predicted", "times", "of"), rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"
