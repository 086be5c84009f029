"""`report.html`: the page of a run, beside its other files."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.cli import files
from myelin.cli.data.rows import Source
from myelin.cli.fitting import Trained
from myelin.cli.judge import Scores
from myelin.cli.options import TrainOptions
from myelin.cli.parts import Parts
from myelin.cli.preparation import Preparation
from myelin.evaluation import Estimate, Interval

if TYPE_CHECKING:
    from myelin.evaluation.cross_validation import CrossValidation
    from myelin.evaluation.report import Run

# What a command says about the place and the manner of its output makes no other model.
_NOT_REPEATED = ("output", "verbose")


@dataclass(frozen=True)
class Finished:
    """A run of `myelin train` up to its trained model.

    Attributes:
        data: as the command was given it.
        source, prepared, parts: what was read, and how it is used.
        trained: the model.
        options: of the command.
        notes: sentences on how the data were read.
    """

    data: str
    source: Source
    prepared: Preparation
    parts: Parts
    trained: Trained
    options: TrainOptions
    notes: list[str]


def write_page(folder: Path, run: Finished, outputs: np.ndarray, scores: Scores) -> None:
    """Writes the page of a run into its folder, where `history.csv` is already.

    Args:
        folder: of the run.
        run: the trained model and all that led to it.
        outputs: of the model for the rows that judge.
        scores: as `metrics.json` has them, with what they were judged on.

    Raises:
        InputError: it cannot be written.
    """
    from myelin.evaluation.report import gather, write

    parts, trained = run.parts, run.trained
    by_name = {"test": parts.test, "validation": parts.validation, "training": parts.train}
    judging = by_name[scores["judged_on"]]
    classes = run.prepared.target.classes
    described = dataclasses.replace(
        _run(run, scores),
        seconds=trained.seconds,
        epoch=trained.chosen or trained.epochs or None,
        chosen_by="the validation loss" if trained.chosen else None,
        history=read_history(folder / files.HISTORY),
        mae=None if classes else _estimate(scores, "mae"),
    )
    content = gather.of_model(
        trained.model, outputs, judging.x, judging.y, described, classes,
        (parts.train.x, parts.train.y), (parts.validation.x, parts.validation.y),
    )  # fmt: skip
    write(content, folder / files.REPORT)


def write_page_of_folds(
    folder: Path, run: Finished, outputs: np.ndarray | None, scores: Scores,
    folds: CrossValidation, seconds: float,
) -> None:  # fmt: skip
    """Writes the page of a run that was cross-validated.

    Args:
        folder: of the run.
        run: the model that is kept and all that led to it.
        outputs: of that model for the data's own test part; None where there is none.
        scores: as `metrics.json` has them.
        folds: what the cross-validation found.
        seconds: that training took, all together.

    Raises:
        InputError: it cannot be written.
    """
    from myelin.evaluation.report import gather, write

    x, _ = run.prepared.inputs(run.source.rows, run.source.kind)
    test = None if outputs is None else (outputs, run.parts.test.x, run.parts.test.y)
    described = dataclasses.replace(
        _run(run, scores),
        held_out="The model that is kept, which learned from all other rows, on the data's own "
        "test part.",
    )
    content = gather.of_folds(
        dataclasses.replace(folds, seconds=seconds), described, run.prepared.target.classes,
        (x, folds.y), test,
    )  # fmt: skip
    write(content, folder / files.REPORT)


def _run(run: Finished, scores: Scores) -> Run:
    from myelin.evaluation.report import Run

    source, prepared = run.source, run.prepared
    facts = {"Read from": run.data}
    if source.fingerprint is not None:
        facts["SHA-256"] = source.fingerprint
    classifies = prepared.target.classes is not None
    return Run(
        title=source.title,
        target=prepared.target.name,
        command=command_of(run.data, run.options),
        seed=run.options.seed,
        unit=None if classifies else "standard deviations of the target",
        data=facts,
        features=[c.name for c in prepared.columns for _ in range(c.width)] or None,
        notes=tuple(run.notes),
        judged_on=scores["judged_on"],
        optimistic=scores["why"] if scores["optimistic"] else "",
        why=scores["why"],
    )


def _estimate(scores: Scores, name: str) -> Estimate:
    """A score of `metrics.json` with the interval that is there."""
    given = scores[f"{name}_interval"]
    return Estimate(scores[name], Interval(given["low"], given["high"]), given["method"])


def command_of(data: str, options: TrainOptions) -> str:
    """The command that makes the model again: DATA, and what is not as by default.

    Args:
        data: as the command was given it.
        options: of the command.
    """
    from myelin.cli import main

    words = ["myelin", "train", data]
    defaults = {name: p.default for name, p in inspect.signature(main.train).parameters.items()}
    for name, value in options.to_json().items():
        # The seed is said even where it is the default one: it belongs to the result.
        if name in _NOT_REPEATED or (value == defaults[name] and name != "seed"):
            continue
        words += [f"--{name.replace('_', '-')}", _written(name, value)]
    return shlex.join(words)


def _written(name: str, value: Any) -> str:
    if name == "image_size":
        return "x".join(map(str, value))
    return (",".join(map(str, value)) or "0") if isinstance(value, list) else str(value)


def read_history(path: Path) -> dict[str, list[float]]:
    """The columns of `history.csv`, without the epoch and what was not measured."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in (rows[0] if rows else {}) if name != "epoch"]
    return {
        name: [float(row[name]) for row in rows]
        for name in names
        if all(_is_number(row[name]) for row in rows)
    }


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True
