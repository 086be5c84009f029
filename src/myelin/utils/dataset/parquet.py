"""Rows of Parquet files, read a piece at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, require, unknown_name
from myelin.utils.dataset.trees import TensorSpec

# Rows read at a time: a few megabytes of a usual table.
_PIECE = 65536


class Parquet:
    """Batches `(x, y)`, or `x` alone, of the rows of Parquet files.

    Args:
        paths: a path, a pattern, or several.
        batch_size: rows a batch.
        target: the column that is `y`; None for inputs alone.
        columns: the columns of `x`, in order; None takes all others.

    Raises:
        InputError: no files, or columns that are not numbers.
        UnknownNameError: a column that is not there.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(
        self, paths: Any, batch_size: int, target: str | None, columns: Sequence[str] | None
    ) -> None:
        self._parquet = require("pyarrow.parquet", "parquet", "reading Parquet files")
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self.paths = [file for path in given for file in sorted(glob.glob(os.fspath(path)))]
        if not self.paths:
            raise InputError(f"from_parquet: no files called {', '.join(map(str, given))}")
        schema = self._parquet.read_schema(self.paths[0])
        names = [name for name in schema.names if name != target]
        self.columns = names if columns is None else list(columns)
        for name in [*self.columns, *([] if target is None else [target])]:
            if name not in schema.names:
                raise unknown_name("column", name, schema.names)
        kinds = {name: schema.field(name).type.to_pandas_dtype() for name in self.columns}
        if words := [name for name, kind in kinds.items() if np.dtype(kind).kind not in "biuf"]:
            raise InputError(f"from_parquet: these columns are not numbers: {', '.join(words[:5])}")
        self.target = target
        self.batch_size = batch_size
        self._goal = None if target is None else schema.field(target).type.to_pandas_dtype()

    def count(self) -> int:
        """How many batches there are."""
        rows = sum(self._parquet.read_metadata(path).num_rows for path in self.paths)
        return -(-int(rows) // self.batch_size)

    def spec(self) -> Any:
        """What a batch looks like."""
        x = TensorSpec((None, len(self.columns)), "float32")
        return x if self.target is None else (x, TensorSpec((None,), self._goal))

    def batches(self) -> Iterator[Any]:
        """The batches of one pass, files one after another; those that cross files are whole."""
        kept: list[np.ndarray] = []
        for piece in self._pieces():
            joined = zip(kept, piece, strict=True) if kept else ((part,) for part in piece)
            parts = [np.concatenate(pair) for pair in joined]
            whole = len(parts[0]) // self.batch_size * self.batch_size
            for start in range(0, whole, self.batch_size):
                yield self._element([part[start : start + self.batch_size] for part in parts])
            kept = [part[whole:] for part in parts]
        if kept and len(kept[0]):
            yield self._element(kept)

    def _pieces(self) -> Iterator[list[np.ndarray]]:
        wanted = [*self.columns, *([] if self.target is None else [self.target])]
        for path in self.paths:
            with self._parquet.ParquetFile(path) as file:
                for piece in file.iter_batches(_PIECE, columns=wanted):
                    x = np.empty((piece.num_rows, len(self.columns)), np.float32)
                    for place, name in enumerate(self.columns):
                        x[:, place] = piece.column(name).to_numpy(zero_copy_only=False)
                    if self.target is None:
                        yield [x]
                    else:
                        yield [x, piece.column(self.target).to_numpy(zero_copy_only=False)]

    def _element(self, parts: list[np.ndarray]) -> Any:
        return parts[0] if self.target is None else tuple(parts)
