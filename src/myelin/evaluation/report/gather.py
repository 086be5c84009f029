"""Gathers what a report says of a model or of a cross-validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.evaluation import risks
from myelin.evaluation.intervals import CORRECTED
from myelin.evaluation.report import data, judged, measures, network
from myelin.evaluation.report.content import (
    Content,
    FoldRow,
    Folds,
    Headline,
    Mark,
    Scored,
    curves_of,
)
from myelin.evaluation.report.data import Part
from myelin.evaluation.report.judged import Judged
from myelin.evaluation.report.measures import ClassMeasures, ValueMeasures
from myelin.evaluation.report.run import Run
from myelin.evaluation.risks import Risk

Pair = tuple[Any, Any]


def of_model(
    model: Any, outputs: Any, x: Any, y: Any, run: Run, class_names: Sequence[Any] | None,
    train: Pair | None, validation: Pair | None,
) -> Content:  # fmt: skip
    """What there is to say of one model.

    Args:
        model: trained.
        outputs: what it predicts for `x`.
        x, y: the rows that judge.
        run: how it came about.
        class_names: a name for each class, or None.
        train, validation: the rows that trained it and those that chose the epoch, where given.
    """
    rows = judged.read(outputs, y, getattr(model, "loss", None), class_names)
    measured = measures.measure(rows, run.seed or 0, run.mae)
    mark = _mark(model, x, y, run, train, validation)
    history = run.history
    if history is None:
        history = getattr(getattr(model, "history", None), "history", None) or {}
    kept, marked = _epoch(model, run, history)
    found, looked_for = _risks(rows, x, None if train is None else train[0], run)
    return Content(
        run=run,
        scored=Scored(_headline(rows, measured, run.judged_on, train), rows, measured, x),
        mark=mark,
        inputs=data.describe(x),
        parts=_parts(model, rows, mark, run, train, validation),
        risks=found,
        looked_for=looked_for,
        network=network.describe(model),
        curves=curves_of([history]),
        kept=[kept],
        marked=marked,
        seconds=run.seconds,
    )


def _headline(
    rows: Judged, measured: ClassMeasures | ValueMeasures, part: str, train: Pair | None
) -> Headline:
    what = f"{len(rows.y):,} {part} {'example' if len(rows.y) == 1 else 'examples'}"
    if isinstance(measured, ClassMeasures):
        score, name, words = measured.scores.accuracy, "accuracy", "accuracy"
        baseline = measured.baseline
    else:
        score, name, words = measured.scores.mae, "mae", "mean absolute error"
        baseline = measured.baseline(None if train is None else train[1])
    share = isinstance(measured, ClassMeasures)
    return Headline(
        name, score.value, score.interval, score.method, f"{words} on {what}", share, baseline
    )


def _mark(
    model: Any, x: Any, y: Any, run: Run, train: Pair | None, validation: Pair | None
) -> Mark:
    """Whether the judging rows also trained the model or chose the epoch."""
    if run.optimistic is not None:
        learned = run.judged_on == "training"
        if run.optimistic:
            sentence = f"This score is optimistic: {run.optimistic}."
            return Mark("optimistic", sentence, learned, not learned)
        why = run.why or "these rows neither trained the model nor chose the epoch"
        return Mark("honest", f"{why[:1].upper()}{why[1:]}.", learned)
    from myelin.training.honesty import fingerprint
    from myelin.training.reading import Reader

    reader = Reader(model)
    judging = reader.examples(x, y)
    chosen = getattr(model, "_chosen_on", None)
    if train is not None and fingerprint(reader.examples(*train)) == fingerprint(judging):
        sentence = "This score is optimistic: the model learned from these very rows."
        return Mark("optimistic", sentence, True, None)
    if chosen is not None and chosen.same(judging):
        sentence = (
            f"This score is optimistic: the same data chose the epoch ({chosen.by}). Score the "
            "model on data that training never saw."
        )
        return Mark("optimistic", sentence, None if train is None else False, True)
    if train is None:
        sentence = (
            "Whether the model learned from these rows cannot be seen from here: pass "
            "train=(x, y), and the report looks."
        )
        return Mark("unknown", sentence, None, None if chosen is None else False)
    return Mark("honest", "These rows neither trained the model nor chose the epoch.")


def _epoch(model: Any, run: Run, history: Any) -> tuple[int | None, str]:
    """The epoch to mark in the curves, from 1, and what the mark says."""
    if run.epoch is not None:
        return run.epoch, "kept"
    chosen = getattr(model, "_chosen_on", None)
    monitor = "" if chosen is None else chosen.by.rpartition(" on ")[2]
    values = np.asarray(history.get(monitor, []), np.float64)
    if not np.isfinite(values).any():
        return None, ""
    # Whether the best weights were put back, only the callback knew.
    falls = any(word in monitor for word in ("loss", "error", "mse", "mae", "divergence"))
    best = np.nanargmin(values) if falls else np.nanargmax(values)
    return int(best) + 1, f"best {monitor}"


def _parts(
    model: Any, rows: Judged, mark: Mark, run: Run, train: Pair | None, validation: Pair | None
) -> list[Part]:
    """The rows by their use, each part once."""

    def encoded(y: Any) -> np.ndarray:
        if rows.classes is None:
            return np.asarray(y, np.float64).reshape(-1)
        return judged.encode(y, rows.classes)

    chose = run.chosen_by is not None or getattr(model, "_chosen_on", None) is not None
    found = []
    for name, pair in (("training", train), ("validation", validation)):
        if pair is not None and name != run.judged_on and len(pair[1]):
            learned = name == "training"
            y = encoded(pair[1])
            found.append(Part(name, len(y), y, learned, chose and not learned, False))
    found.append(Part(run.judged_on, len(rows.y), rows.y, mark.learned, mark.chose, True))
    return found


def _risks(rows: Judged, x: Any, x_train: Any, run: Run) -> tuple[list[Risk], list[str]]:
    """The risks in the rows that judge, and all that were looked for."""
    looked_for, found = ["a constant target"], [risks.constant_target(rows.y)]
    flat = None if x is None else data.as_table(x)
    if flat is not None and not data.shows_images(x):
        looked_for.append("a feature that equals the target")
        names = run.features if run.features is not None else getattr(x, "columns", None)
        names = None if names is None else [str(name) for name in names]
        found.append(risks.target_among_features(flat, rows.y, names))
    trained = None if x_train is None else data.as_table(x_train)
    if flat is not None and trained is not None and flat.shape[1:] == trained.shape[1:]:
        looked_for.append("the same row in the training and in the judging part")
        found.append(risks.duplicate_rows(trained, flat))
    if rows.classes is not None:
        looked_for.append("predictions all of one class")
        found.append(risks.single_class(rows.predicted))
    return [risk for risk in found if risk is not None], looked_for


def of_folds(
    result: Any, run: Run, class_names: Sequence[Any] | None, train: Pair | None,
    test: tuple[Any, Any, Any] | None,
) -> Content:  # fmt: skip
    """What there is to say of a cross-validation.

    Args:
        result: of `cross_validate`.
        run: how it came about.
        class_names: a name for each class, or None.
        train: the rows that were cross-validated, for pictures and risks, or None.
        test: outputs, inputs and targets of rows that no fold saw, or None.
    """
    model = result.folds[0].model
    loss = getattr(model, "loss", None)
    outputs = judged.as_rows(result.predictions)
    y = np.asarray(result.y)
    tested = np.isfinite(outputs).all(1)
    rows = judged.read(outputs[tested], y[tested], loss, class_names)
    x = None if train is None else data.take(train[0], tested)
    measured = measures.measure(rows, run.seed or 0)
    folds = _folds(result, int((~tested).sum()))
    found, looked_for = _risks(rows, x, None, run)
    if rows.classes is not None:
        labels = judged.encode(y, rows.classes)
        pairs = [(fold.train, fold.test) for fold in result.folds]
        missing = risks.missing_classes(labels, pairs)
        looked_for.append("a class missing from a fold")
        found += [] if missing is None else [missing]
    held_out = None
    if test is not None:
        held = judged.read(test[0], test[2], loss, class_names)
        own = measures.measure(held, run.seed or 0)
        held_out = Scored(_headline(held, own, "held-out", train), held, own, test[1])
    return Content(
        run=run,
        scored=Scored(_mean(folds, rows, measured), rows, measured, x),
        mark=_mark_of_folds(result),
        inputs=[] if x is None else data.describe(x),
        parts=[],
        risks=found,
        looked_for=looked_for,
        network=network.describe(model),
        curves=curves_of([fold.history for fold in result.folds]),
        kept=[fold.epoch for fold in result.folds],
        seconds=result.seconds,
        folds=folds,
        held_out=held_out,
    )


def _mark_of_folds(result: Any) -> Mark:
    if result.optimistic:
        return Mark("optimistic", str(result.optimistic))
    return Mark(
        "honest",
        "Each fold was tested on rows that neither trained its model nor chose its epoch.",
    )


def _folds(result: Any, untested: int) -> Folds:
    rows = [
        FoldRow(
            training=len(fold.train),
            validation=0 if fold.validation is None else len(fold.validation),
            test=len(fold.test),
            epochs=len(next(iter(fold.history.values()), [])),
            kept=fold.epoch,
            seed=fold.seed,
        )
        for fold in result.folds
    ]
    several = len(rows) > 1
    means = {
        name: (result.mean(name), result.interval(name) if several else None)
        for name in result.scores
    }
    scores = {name: np.asarray(each, np.float64) for name, each in result.scores.items()}
    return Folds(rows, scores, means, untested)


_OF_CLASSES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy",
               "binary_accuracy")  # fmt: skip
_OF_VALUES = ("mae", "mean_absolute_error", "rmse", "root_mean_squared_error")


def _mean(folds: Folds, rows: Judged, measured: ClassMeasures | ValueMeasures) -> Headline:
    """The mean of the score that people ask for first."""
    wanted = _OF_CLASSES if rows.classes is not None else _OF_VALUES
    name = next((name for name in wanted if name in folds.means), next(iter(folds.means)))
    value, interval = folds.means[name]
    share = name in _OF_CLASSES
    baseline = (math.nan, "")
    if isinstance(measured, ClassMeasures) and share:
        baseline = measured.baseline
    elif isinstance(measured, ValueMeasures) and name in _OF_VALUES[:2]:
        baseline = measured.baseline(None)
    called = {"mae": "mean absolute error", "acc": "accuracy"}.get(name, name.replace("_", " "))
    k = len(folds.rows)
    words = f"{called}, the mean of {k} {'fold' if k == 1 else 'folds'}"
    return Headline(name, value, interval, CORRECTED, words, share, baseline)
