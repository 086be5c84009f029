"""`myelin predict` and `myelin evaluate`: a saved model on data."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np

from myelin.cli import files, screen
from myelin.cli.data import reading
from myelin.cli.data.rows import Rows, Source
from myelin.cli.judge import judge, show
from myelin.cli.own import code_of
from myelin.cli.preparation import Preparation
from myelin.errors import InputError


def predict(model: str, data: str, output: str | None, code: str | None = None) -> int:
    """Writes a line of CSV for each row: the class and its probability, or the value.

    Args:
        model: the folder of a run, or the model file in it.
        data: a built-in name or a path.
        output: the file to write; None is the standard output.
        code: the Python file with the network's own layers, or None.

    Returns:
        The exit code.

    Raises:
        InputError: a model or data that cannot be used.
    """
    file, prepared = files.find_run(model)
    source = reading.read_inputs(data, prepared.image_size, prepared.channels)
    x, notes = prepared.inputs(source.rows, source.kind)
    with code_of(code):
        outputs = files.load_run(file, prepared).predict(x, verbose=0)
    text = _as_csv(outputs, source.rows, prepared)
    # The predictions may be on their way to another program.
    screen.say(*notes, stderr=True)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return 0
    files.write_text(Path(output), text)
    screen.say(f"Wrote {len(source.rows):,} predictions to {output}")
    return 0


def _as_csv(outputs: np.ndarray, rows: Rows, prepared: Preparation) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    classes = prepared.target.classes
    name = prepared.target.name or "prediction"
    file = ["file"] if rows.names else []
    writer.writerow([*file, name, *(["probability"] if classes else [])])
    for i, row in enumerate(outputs.reshape(len(outputs), -1)):
        named = [rows.names[i]] if rows.names else []
        if classes is None:
            writer.writerow([*named, f"{row[0]:.7g}"])
        else:
            best = int(row.argmax())
            writer.writerow([*named, classes[best], f"{row[best]:.4f}"])
    return text.getvalue()


def evaluate(
    model: str, data: str, target: str | None, output: str | None, code: str | None = None
) -> int:
    """Prints a model's scores on data that have their targets.

    Args:
        model: the folder of a run, or the model file in it.
        data: a built-in name or a path.
        target: the column with the targets; None is the one that the model learned.
        output: a JSON file for the scores, or None.
        code: the Python file with the network's own layers, or None.

    Returns:
        The exit code.

    Raises:
        InputError: a model or data that cannot be used.
    """
    file, prepared = files.find_run(model)
    is_table = reading.kind_of(data) == "table"
    column = target or (prepared.target.name if is_table else None)
    source = reading.read_labelled(data, column, prepared.image_size, prepared.channels)
    rows = source.rows if source.test is None else source.test
    assert rows.y is not None
    if not len(rows):
        raise InputError(f"{data}: has no examples")
    x, notes = prepared.inputs(rows, source.kind)
    y = prepared.target.encode(rows.y)
    with code_of(code):
        outputs = files.load_run(file, prepared).predict(x, verbose=0)
    scores = judge(outputs, y, prepared.target, seed=0)
    screen.say(f"{source.title}: {_what(source)}", *source.notes, *notes)
    why = _optimistic(source, prepared)
    part = "Test" if source.test is not None else "Evaluation"
    show(scores, part)
    if why:
        screen.say(f"This score is optimistic: {why}.")
    if output is not None:
        files.write_json(Path(output), {"optimistic": bool(why), "why": why, **scores})
        screen.say(f"Wrote {output}")
    return 0


def _what(source: Source) -> str:
    if source.test is not None:
        return f"the test part of {len(source.test):,} examples"
    return f"{len(source.rows):,} examples"


def _optimistic(source: Source, prepared: Preparation) -> str:
    """Why a score on these data flatters the model, or nothing."""
    same = source.fingerprint is not None and source.fingerprint == prepared.training_data
    if same and source.test is None:
        return "the model learned from most of these rows"
    return ""
