"""`myelin train`: from data to a trained, judged and saved model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.cli import files, page, screen
from myelin.cli.data import columns, reading, targets
from myelin.cli.data.rows import Source
from myelin.cli.data.targets import Target
from myelin.cli.fitting import Trained, fit
from myelin.cli.folds import cross_validate, scores_of, show_folds
from myelin.cli.judge import Scores, judge, show
from myelin.cli.networks import make_optimizer
from myelin.cli.options import TrainOptions
from myelin.cli.own import own_network
from myelin.cli.page import Finished
from myelin.cli.parts import Parts, prepare
from myelin.cli.preparation import Preparation
from myelin.errors import InputError

if TYPE_CHECKING:
    from myelin import Model
    from myelin.evaluation.cross_validation import CrossValidation

# What a run ends with when Ctrl-C cut it short, as shells count it.
INTERRUPTED = 130


def train(data: str, options: TrainOptions, resumed: bool = False) -> int:
    """Trains on DATA, prints the scores, and writes the folder of the run.

    Args:
        data: a built-in name or a path.
        options: of the command.
        resumed: whether a run goes on that did not come to its end.

    Returns:
        The exit code.

    Raises:
        InputError: data or options that cannot be used.
    """
    kind = reading.kind_of(data)
    if options.image_size is not None and kind != "images":
        raise InputError(f"--image-size is for folders of images, and {data} is none")
    make_optimizer(options)
    title = Path(data).resolve().stem
    place = files.output_folder(options.output, title, resumed)
    with own_network(options.model) as own, place as folder:
        source = reading.read_labelled(data, options.target, options.image_size)
        target, reason = _target(source, options)
        prepared, parts, notes = prepare(source, target, _drawn_by(options))
        if options.augment != "off" and not prepared.shows_images:
            raise InputError(f"--augment is for images, and {data} has none")
        said = [reason, *source.notes, *notes]
        _introduce(source, prepared, parts, said, options)
        folds = None if options.cv is None else cross_validate(source, target, options, own)
        files.begin_run(folder, data, options)
        trained = fit(parts, prepared, options, folder, own)
        _say_how_it_went(trained)
        run = Finished(data, source, prepared, parts, trained, options, said)
        scores = _scored(run, folder, folds)
        if not trained.interrupted:
            files.end_run(folder)
    # The files come first: whoever reads the output may have gone away by now.
    _show(scores)
    written = (files.MODEL, files.HISTORY, files.METRICS, files.PREPARATION, files.REPORT)
    screen.say(f"Wrote {folder}: {', '.join(written)}")
    if trained.interrupted:
        screen.say(f"To go on: myelin train --resume {folder}")
    return INTERRUPTED if trained.interrupted else 0


def _drawn_by(options: TrainOptions) -> TrainOptions:
    """The options by which the parts are drawn: where folds judge, no rows are held back for it."""
    return options if options.cv is None else dataclasses.replace(options, test_split=0.0)


def _scored(run: Finished, folder: Path, folds: CrossValidation | None) -> Scores:
    """Judges a run and writes its files; gives the scores.

    Args:
        run: the trained model and all that led to it.
        folder: where it goes.
        folds: of its cross-validation, if there was one.
    """
    target, seed = run.prepared.target, run.options.seed
    if folds is None:
        outputs, y = _judged(run.trained.model, run.parts)
        scores = {**judged_on(run.parts, run.trained.chosen), **judge(outputs, y, target, seed)}
    else:
        outputs = None
        scores = scores_of(folds, target, seed)
        if len(run.parts.test.y):
            outputs, y = _judged(run.trained.model, run.parts)
            scores["test"] = judge(outputs, y, target, seed)
    run.trained.model.save(folder / files.MODEL)
    files.write_json(folder / files.PREPARATION, run.prepared.to_json())
    seconds = run.trained.seconds + (0.0 if folds is None else folds.seconds)
    files.write_json(folder / files.METRICS, {**_summary(run, round(seconds, 3)), **scores})
    if folds is None:
        assert outputs is not None
        page.write_page(folder, run, outputs, scores)
    else:
        page.write_page_of_folds(folder, run, outputs, scores, folds, seconds)
    return scores


def _show(scores: Scores) -> None:
    if "cross_validation" in scores:
        show_folds(scores)
        show(scores, "Cross-validated")
        if "test" in scores:
            show(scores["test"], "Test")
        return
    show(scores, scores["judged_on"].capitalize())
    if scores["optimistic"]:
        screen.say(f"This score is optimistic: {scores['why']}.")


def _target(source: Source, options: TrainOptions) -> tuple[Target, str]:
    y = source.rows.y
    assert y is not None
    if len(y) < 4:
        raise InputError(
            f"{source.title}: {len(y)} examples are too few to learn from and judge by"
        )
    return targets.decide(y, options.target, options.task, source.labels)


def _introduce(
    source: Source, prepared: Preparation, parts: Parts, notes: list[str], options: TrainOptions
) -> None:
    """Says what was read, and how it is used."""
    sizes = [len(part.y) for part in (parts.train, parts.validation, parts.test)]
    shape = prepared.input_shape
    what = f"{shape[0]} features" if len(shape) == 1 else f"shape {' x '.join(map(str, shape))}"
    if prepared.columns:
        what = f"{columns.describe(list(prepared.columns))} columns as {what}"
    screen.say(f"{source.title}: {sum(sizes):,} examples, {what}")
    classes = prepared.target.classes
    if classes is not None:
        screen.say(f"Classes: {targets.shortened(classes)}")
    screen.say(*notes)
    own = " (the data's own part)" if source.test is not None else ""
    if options.cv is None:
        screen.say(f"Split: {sizes[0]:,} train, {sizes[1]:,} validation, {sizes[2]:,} test{own}")
        return
    tested = f", {sizes[2]:,} test{own}" if sizes[2] else ""
    screen.say(
        f"Split: {options.cv} folds of {sum(sizes[:2]):,}; for the model that is kept "
        f"{sizes[0]:,} train, {sizes[1]:,} validation{tested}"
    )


def _say_how_it_went(trained: Trained) -> None:
    kept = f"; kept epoch {trained.chosen}, the best on validation" if trained.chosen else ""
    epochs = screen.counted(trained.epochs, "epoch")
    screen.say(f"Trained {epochs} in {trained.seconds:.1f} s{kept}")


def judged_on(parts: Parts, chosen: int | None) -> dict[str, Any]:
    """Which rows judge, whether their score flatters the model, and why.

    Args:
        parts: the rows; the first that is not empty of test, validation and training judges.
        chosen: the epoch that validation chose, or None.
    """
    part, optimistic = "test", False
    why = "these rows neither trained the model nor chose the epoch"
    if not len(parts.test.y):
        part = "validation"
        if chosen:
            optimistic, why = True, "the same rows chose the epoch"
        if not len(parts.validation.y):
            part, optimistic, why = "training", True, "the model learned from these very rows"
    return {"judged_on": part, "optimistic": optimistic, "why": why}


def _judged(model: Model, parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """The outputs and the targets of the rows that judge."""
    part = next(p for p in (parts.test, parts.validation, parts.train) if len(p.y))
    return model.predict(part.x, verbose=0), part.y


def _summary(run: Finished, seconds: float) -> dict[str, Any]:
    """What `metrics.json` says besides the scores."""
    from myelin.evaluation.report import versions

    source, prepared, parts, trained = run.source, run.prepared, run.parts, run.trained
    return {
        "versions": versions(),
        "seed": run.options.seed,
        "data": {
            "name": run.data,
            "kind": source.kind,
            "sha256": source.fingerprint,
            "input_shape": list(prepared.input_shape),
            "task": prepared.target.task,
            "target": prepared.target.name,
            "train": len(parts.train.y),
            "validation": len(parts.validation.y),
            "test": len(parts.test.y),
        },
        "options": run.options.to_json(),
        "epochs": trained.epochs,
        "epoch_kept": trained.chosen or trained.epochs,
        "interrupted": trained.interrupted,
        "seconds": seconds,
        "parameters": trained.model.count_params(),
    }
