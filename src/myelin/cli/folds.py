"""`myelin train --cv K`: how good models made this way are on rows that they never saw.

All folds train at once, as one program. What a fold knows of the data it knows from its own
training rows: how columns are encoded, the scale of the inputs, the unit of the target.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.cli import preparation, screen
from myelin.cli.data.rows import Rows, Source
from myelin.cli.data.targets import Target
from myelin.cli.fitting import Unit, compiled_network, early_stopping, unit_of, verbosity
from myelin.cli.judge import CONFIDENCE, Scores, judge
from myelin.cli.networks import scaling, shows_pixels
from myelin.cli.options import TrainOptions
from myelin.cli.own import OwnNetwork
from myelin.cli.preparation import Preparation

if TYPE_CHECKING:
    from myelin.evaluation.cross_validation import CrossValidation
    from myelin.evaluation.folds import Split
    from myelin.evaluation.stacking import Stack
    from myelin.evaluation.together import Fold

WHY = "each fold was tested on rows that neither trained its model nor chose its epoch"


@dataclass(frozen=True)
class Encoded:
    """The rows as the folds encode them.

    Attributes:
        rows: all of them once for each fold; None where folds encode alike, and share theirs.
        x, y: what the network takes.
        folds: row numbers of these.
        units: of each fold's target; None for classes.
        prepared: what the inputs are.
        scaled: whether they went through `scaling`.
    """

    rows: Stack | None
    x: np.ndarray
    y: np.ndarray
    folds: list[Split]
    units: list[Unit] | None
    prepared: Preparation
    scaled: bool


def cross_validate(
    source: Source, target: Target, options: TrainOptions, own: OwnNetwork | None
) -> CrossValidation:
    """Trains and judges a network on each fold of the rows, all folds at once.

    Args:
        source: the data, of which `rows` are cross-validated.
        target: what is predicted.
        options: of the command, with the number of folds.
        own: what makes the user's own network, in the place of Myelin's.

    Returns:
        What was found, in the target's own units.

    Raises:
        InputError: folds that cannot be made.
        NonFiniteError: the loss of a fold became NaN or infinite.
    """
    from myelin.evaluation import cross_validation

    rows = source.rows
    assert rows.y is not None
    y = target.encode(rows.y)
    splits = _draw(y, target, options)
    screen.say(f"Cross-validation: {len(splits)} folds, all trained at once")
    encoded = _encode(source, y, target, splits)
    stopping = early_stopping(options)
    result = cross_validation.cross_validate(
        lambda: compiled_network(encoded.x, encoded.prepared, options, own, encoded.scaled),
        encoded.x,
        encoded.y,
        encoded.folds,
        epochs=options.epochs,
        batch_size=min(options.batch_size, min(len(split.train) for split in splits)),
        callbacks=[stopping] if stopping else None,
        validation_split=options.validation_split,
        seed=options.seed,
        verbose=verbosity(options),
    )
    return _in_own_rows(result, encoded, y)


def _draw(y: np.ndarray, target: Target, options: TrainOptions) -> list[Split]:
    """The folds, their training rows in an order drawn at random."""
    from myelin.evaluation.folds import Split, make_folds
    from myelin.training.data import Arrays

    classifies = target.classes is not None
    folds = make_folds(options.cv, Arrays(y, y), classes=classifies, seed=options.seed)
    rng = np.random.default_rng(options.seed)
    # Where the rows of a file are sorted, the last of them would be no fair validation.
    return [Split(rng.permutation(split.train), split.test) for split in folds]


def _encode(source: Source, y: np.ndarray, target: Target, splits: list[Split]) -> Encoded:
    from myelin.evaluation.stacking import stack

    rows = source.rows
    if isinstance(rows.x, np.ndarray) and shows_pixels(rows.x) and target.classes is not None:
        # No fold learns anything of pixels and classes: they are the same numbers for all.
        prepared, x = _encoded(rows, source, target, splits[0])
        return Encoded(None, x, y, splits, None, prepared, scaled=False)
    each = [_encoded(rows, source, target, split) for split in splits]
    tables = bool(each[0][0].columns)
    parts = [
        x if tables else np.asarray(scaling(x[split.train])(x))
        for (_, x), split in zip(each, splits, strict=True)
    ]
    prepared = max((own for own, _ in each), key=lambda own: own.input_shape[-1])
    units = [unit_of(y[split.train], prepared) for split in splits]
    known = [unit for unit in units if unit is not None]
    targets = [unit.of(y) for unit in known] or [y] * len(splits)
    made = stack(parts, targets, None, splits)
    return Encoded(made, made.x, made.y, made.folds, known or None, prepared, not tables)


def _encoded(
    rows: Rows, source: Source, target: Target, split: Split
) -> tuple[Preparation, np.ndarray]:
    """All rows, by what the training rows of a fold say."""
    # In the order of the file, by which a column that only counts the rows is known.
    prepared, _ = preparation.learn(rows.take(np.sort(split.train)), source.kind, target, None)
    return prepared, prepared.inputs(rows, source.kind)[0]


def _in_own_rows(result: CrossValidation, encoded: Encoded, y: np.ndarray) -> CrossValidation:
    """The result by the rows of the data, and in the units of the target."""
    from myelin.evaluation.cross_validation import out_of_fold

    folds = result.folds if encoded.rows is None else encoded.rows.unstacked(result.folds)
    if encoded.units is not None:
        folds = [_in_unit(f, unit, y) for f, unit in zip(folds, encoded.units, strict=True)]
    return dataclasses.replace(
        result, folds=folds, y=y, predictions=out_of_fold(folds, len(y)), _means={}
    )


def _in_unit(fold: Fold, unit: Unit, y: np.ndarray) -> Fold:
    """The fold's predictions and errors in the target's own unit."""
    from myelin import evaluation

    predicted = np.asarray(fold.predictions, np.float64) * unit.deviation + unit.mean
    errors = {
        "mae": evaluation.mean_absolute_error(y[fold.test], predicted[:, 0]),
        "rmse": evaluation.root_mean_squared_error(y[fold.test], predicted[:, 0]),
    }
    return dataclasses.replace(fold, predictions=predicted, scores=errors)


def scores_of(result: CrossValidation, target: Target, seed: int) -> Scores:
    """The scores as plain data for `metrics.json`.

    The first is the mean over the folds with the interval of that mean; tables and scores of
    single classes are of all rows, each predicted out of fold.
    """
    scores = judge(result.predictions, result.y, target, seed)
    means = {name: _mean(result, name) for name in result.scores}
    name = "mae" if target.classes is None else "accuracy"
    if name in means:
        scores[name] = means[name]["mean"]
        scores[f"{name}_interval"] = means[name]["interval"]
    rows = [
        {"train": len(fold.train),
         "validation": 0 if fold.validation is None else len(fold.validation),
         "test": len(fold.test), "epochs": len(next(iter(fold.history.values()), [])),
         "epoch_kept": fold.epoch, "seed": fold.seed, **fold.scores}
        for fold in result.folds
    ]  # fmt: skip
    return {
        "judged_on": "folds", "optimistic": False, "why": WHY,
        "cross_validation": {"means": means, "folds": rows}, **scores,
    }  # fmt: skip


def _mean(result: CrossValidation, name: str) -> dict[str, Any]:
    from myelin.evaluation.intervals import CORRECTED

    low, high = result.interval(name, CONFIDENCE)
    interval = {"low": low, "high": high, "confidence": CONFIDENCE, "method": CORRECTED}
    return {"mean": result.mean(name), "deviation": result.std(name), "interval": interval}


def show_folds(scores: Scores) -> None:
    """Prints a row for each fold, and the means with their intervals."""
    found = scores["cross_validation"]
    names = list(found["means"])
    rows = [
        [str(i), *(f"{fold[part]:,}" for part in ("train", "validation", "test", "epoch_kept")),
         *(f"{fold[name]:.4g}" for name in names)]
        for i, fold in enumerate(found["folds"], 1)
    ]  # fmt: skip
    means = [found["means"][name] for name in names]
    rows.append(["mean", "", "", "", "", *(f"{mean['mean']:.4g}" for mean in means)])
    for side, words in (("low", "95 % from"), ("high", "to")):
        rows.append([words, "", "", "", "", *(f"{m['interval'][side]:.4g}" for m in means)])
    screen.say("")
    screen.table(("fold", "train", "validation", "test", "epoch", *names), rows)
