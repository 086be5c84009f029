"""`CSVLogger`: a row of a file for every epoch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from myelin.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row, and flushes it before the next epoch begins.

    Args:
        filename: the file; its folder is made where it is missing.
        separator: what stands between two values.
        append: goes on with a file that exists rather than beginning anew.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self.csv_file: IO[str] | None = None
        self._with_header = True
        self._start, self._written = 0, ""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Opens the file."""
        self.on_train_end()
        path = Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = self.append and path.exists() and path.stat().st_size > 0
        self._with_header = not begun
        # csv writes the ends of lines itself.
        self.csv_file = path.open("a" if self.append else "w", encoding="utf-8", newline="")
        self.keys = None
        self._start = self.csv_file.tell()
        self._written = ""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes a row."""
        assert self.csv_file is not None
        logs = logs or {}
        first = self.keys is None
        if self.keys is None:
            self.keys = _columns(logs)
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.sep)
        if first and self._with_header:
            writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self._written += text.getvalue()
        self.csv_file.write(text.getvalue())
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Closes the file."""
        if self.csv_file is not None:
            self.csv_file.close()
            self.csv_file = None

    def get_state(self) -> dict[str, Any]:
        """What is kept for a run that goes on: all rows, and where in the file they begin."""
        return {"start": self._start, "written": self._written, "keys": self.keys}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave: rows of epochs that are run again go away."""
        assert self.csv_file is not None
        self._start = min(state["start"], Path(self.filename).stat().st_size)
        self._written, self.keys = state["written"], state["keys"]
        self.csv_file.truncate(self._start)
        self.csv_file.seek(self._start)
        self.csv_file.write(self._written)
        self.csv_file.flush()


def _columns(logs: Logs) -> list[str]:
    """The columns; those of the validation too, for it may only come in a later epoch."""
    keys = sorted(logs)
    if not any(key.startswith("val_") for key in keys):
        keys += [f"val_{key}" for key in keys]
    return keys


def _cell(value: Any) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0 or not isinstance(value, Iterable):
        return value
    return f'"[{", ".join(map(str, value))}]"'
