"""The folder of a run: made before the work, filled after it, read again later."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from myelin.cli.options import TrainOptions
from myelin.cli.preparation import Preparation
from myelin.errors import FileFormatError, InputError, UnknownNameError

if TYPE_CHECKING:
    from myelin import Model

MODEL, HISTORY, METRICS, PREPARATION, REPORT = (
    "model.myelin",
    "history.csv",
    "metrics.json",
    "preprocessing.json",
    "report.html",
)
# What is there while a run is not at its end: what it was told, and where it is.
RUN, CHECKPOINTS = "run.json", "checkpoints"


@contextlib.contextmanager
def output_folder(wanted: str | None, title: str, resumed: bool = False) -> Iterator[Path]:
    """Makes the folder of a run; takes it away again if the block fails before a file is in it.

    Args:
        wanted: the folder; None takes the first free one of `runs/<title>-1`, `-2`, …
        title: of the data.
        resumed: whether the run in it goes on.

    Raises:
        InputError: a folder that cannot be made or written to, or that holds other files.
    """
    folder = Path(wanted) if wanted is not None else None
    try:
        if folder is None:
            folder, fresh = _numbered(title), True
        else:
            fresh = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            _holds_only_a_run(folder)
            if (folder / RUN).exists() and not resumed:
                raise InputError(
                    f"--output {folder}: holds a run that is not at its end; go on with "
                    f"myelin train --resume {folder}, or delete it"
                )
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        where = folder or Path("runs")
        raise InputError(f"--output {where}: cannot be written to ({error.strerror})") from None
    try:
        yield folder
    except BaseException:
        if fresh and not _holds_progress(folder):
            shutil.rmtree(folder)
        raise


def _holds_progress(folder: Path) -> bool:
    """Whether there is more in it than what the run was told."""
    return any(path.is_file() and path.name != RUN for path in folder.rglob("*"))


def begin_run(folder: Path, data: str, options: TrainOptions) -> None:
    """Writes down what a run was told, so that `--resume` can go on with it."""
    told = {"data": data, "options": options.to_json(), "working_folder": os.getcwd()}
    write_json(folder / RUN, told)


def read_run(folder: str, verbose: int | None) -> tuple[str, TrainOptions]:
    """The data and the options of a run that is not at its end.

    Args:
        folder: of the run.
        verbose: what to show of it; None for what it was told.

    Raises:
        InputError: there is no such run, or not from here.
        FileFormatError: what was written down of it cannot be read.
    """
    path = Path(folder) / RUN
    if not path.exists():
        at_end = (Path(folder) / METRICS).exists()
        why = "that run is at its end" if at_end else "there is no run; name the folder of one"
        raise InputError(f"--resume {folder}: {why}")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        options = TrainOptions.from_json(told["options"])
        data, began = str(told["data"]), str(told["working_folder"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FileFormatError(f"{path}: cannot be read ({error})") from None
    if os.path.realpath(began) != os.path.realpath(os.getcwd()):
        raise InputError(f"--resume {folder}: that run was begun in {began}; go on with it there")
    chosen = options.verbose if verbose is None else verbose
    return data, dataclasses.replace(options, output=folder, verbose=chosen)


def end_run(folder: Path) -> None:
    """Removes what a run needs to go on: it is at its end."""
    (folder / RUN).unlink(missing_ok=True)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def _numbered(title: str) -> Path:
    number = 1
    while True:
        folder = Path("runs") / f"{title}-{number}"
        try:
            # Made and tested in one, so that two runs at once get two folders.
            folder.mkdir(parents=True)
        except FileExistsError:
            if not folder.parent.is_dir():
                raise
            number += 1
        else:
            return folder


def _holds_only_a_run(folder: Path) -> None:
    ours = {MODEL, HISTORY, METRICS, PREPARATION, REPORT, RUN, CHECKPOINTS}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if others:
        raise InputError(
            f"--output {folder}: holds other files, such as {others[0]}; name a new folder"
        )


def write_json(path: Path, value: Any) -> None:
    """Writes plain data as `write_text` does."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes text so that a reader sees the old file or the new one, never half.

    Raises:
        InputError: it cannot be written.
    """
    from myelin.saving.atomic import replacing, target_of

    try:
        with replacing(target_of(path)) as file:
            # The name of a file need not be UTF-8, and stays as it is.
            file.write(text.encode(errors="surrogateescape"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: cannot be written ({reason})") from None


def find_run(model: str) -> tuple[Path, Preparation]:
    """The model file that MODEL names, and the preparation beside it.

    Args:
        model: the folder of a run, or the model file in it.

    Raises:
        InputError: it is not there.
        FileFormatError: the preparation cannot be read.
    """
    path = Path(model)
    if not path.exists():
        raise InputError(f'There is no model "{model}": name the folder that myelin train wrote')
    file = path / MODEL if path.is_dir() else path
    if not file.exists():
        raise InputError(f"{model}: has no {MODEL}; name the folder that myelin train wrote")
    beside = file.with_name(PREPARATION)
    if not beside.exists():
        raise InputError(
            f"{model}: there is no {PREPARATION} beside the model, which says how to read data for "
            "it; name the folder that myelin train wrote"
        )
    try:
        written = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{beside}: cannot be read ({error})") from None
    return file, Preparation.from_json(written)


def load_run(file: Path, preparation: Preparation) -> Model:
    """The model of a run, which must fit its preparation.

    Raises:
        FileFormatError: the file holds no model, or another one.
        InputError: the model has layers of the user's own, which are not known.
    """
    import myelin
    from myelin.layers.shapes import fit

    try:
        model: Model = myelin.load_model(file)
    except UnknownNameError as error:
        raise InputError(
            f"{file}: {error} If it is the network's own, name the file that --model named in "
            "training with --code FILE.py"
        ) from None
    classes = preparation.target.classes
    shapes = {
        "input_shape": (None, *preparation.input_shape),
        "output_shape": (None, 1 if classes is None else len(classes)),
    }
    for name, wanted in shapes.items():
        # A subclassed model of the user's own knows its shapes only while it computes.
        given = getattr(model, name, wanted)
        if not fit(given, wanted):
            raise FileFormatError(f"{file}: does not fit the {PREPARATION} beside it")
    return model
