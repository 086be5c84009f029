"""What every reader gives: `Rows` of inputs and targets, in a `Source` that says where from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["arrays", "table", "images"]


@dataclass(frozen=True)
class Table:
    """Columns by name, all of one length; a cell is text, or None where it is missing.

    Cells stay text until a column knows what it is, so that the category "01" is not 1.
    """

    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: np.ndarray) -> Table:
        """The table of these rows, by index or by mask."""
        return Table({name: cells[rows] for name, cells in self.columns.items()})


@dataclass(frozen=True)
class Rows:
    """Examples as they were read.

    Attributes:
        x: an array `(n, …)` or a table of n rows.
        y: the targets `(n,)` as float64 or as text; None where there are none.
        names: of each row, such as the image's file.
    """

    x: np.ndarray | Table
    y: np.ndarray | None = None
    names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: np.ndarray) -> Rows:
        """These rows alone, by index."""
        x: Any = self.x.take(rows) if isinstance(self.x, Table) else self.x[rows]
        return Rows(
            x,
            None if self.y is None else self.y[rows],
            None if self.names is None else [self.names[i] for i in rows],
        )


@dataclass(frozen=True)
class Source:
    """Data that were read, and what there is to say about them.

    Attributes:
        title: a short name, also for the output folder.
        kind: of the inputs.
        rows: the examples; the training part where `test` is given.
        test: the test part, where the data bring their own.
        fingerprint: of the file or folder; None for built-in data.
        notes: sentences for the reader.
        labels: whether whole-number targets are known to be class labels.
    """

    title: str
    kind: Kind
    rows: Rows
    test: Rows | None = None
    fingerprint: str | None = None
    notes: list[str] = field(default_factory=list)
    labels: bool = False
