"""`.csv` and `.parquet` files to a `Table`. CSV needs nothing but Python."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from myelin.cli.data.rows import Rows, Table
from myelin.errors import InputError, nearest, require

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "<na>"})
_DELIMITERS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def read_table(path: Path) -> Table:
    """All columns of a `.csv`, `.tsv` or `.parquet` file.

    Raises:
        InputError: a file that is empty, damaged, or has rows of different lengths.
        MissingExtraError: parquet without the packages that read it.
    """
    table = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    if not len(table):
        raise InputError(f"{path}: has no rows under its header")
    return table


def _read_csv(path: Path) -> Table:
    # A cell of free text can be longer than the module's own limit.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header = _header(path, next(reader, None))
            rows = []
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise InputError(
                        f"{path}, line {reader.line_num}: {len(row)} fields, "
                        f"but the header has {len(header)}"
                    )
                rows.append(row)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no text in UTF-8 (byte {error.start})") from None
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from None
    columns = [_cells(column, delimiter) for column in zip(*rows, strict=True)]
    if not columns:
        columns = [np.empty(0, object) for _ in header]
    return Table(dict(zip(header, columns, strict=True)))


def _delimiter(line: str) -> str:
    """The mark that cuts the first line into the most fields."""
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))


def _header(path: Path, row: list[str] | None) -> list[str]:
    if row is None or not any(cell.strip() for cell in row):
        raise InputError(f"{path}: is empty; the first line must name the columns")
    names = [name.strip() for name in row]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f'{path}: two columns are called "{twice[0]}"')
    return names


def _cells(column: Any, delimiter: str) -> np.ndarray:
    cells = np.empty(len(column), object)
    for i, raw in enumerate(column):
        text = raw.strip()
        if text.lower() in MISSING:
            continue
        # Where the semicolon separates the fields, the comma is the decimal mark.
        decimal = delimiter == ";" and _DECIMAL_COMMA.fullmatch(text)
        cells[i] = text.replace(",", ".") if decimal else text
    return cells


def _read_parquet(path: Path) -> Table:
    pandas = require("pandas", "parquet", "Reading .parquet")
    require("pyarrow", "parquet", "Reading .parquet")
    try:
        frame = pandas.read_parquet(path)
    except Exception as error:  # pyarrow's errors share no base class of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is no parquet file that can be read ({reason})") from None
    columns = {str(name): _as_cells(frame[name]) for name in frame.columns}
    return Table(columns)


def _as_cells(series: Any) -> np.ndarray:
    cells = np.empty(len(series), object)
    present = np.flatnonzero(series.notna().to_numpy())
    values = series.tolist()
    for i in present:
        text = str(values[i]).strip()
        cells[i] = None if text.lower() in MISSING else text
    return cells


def with_target(path: Path, table: Table, target: str | None) -> tuple[Rows, list[str]]:
    """The table without its target column, the target, and what there is to say.

    Rows whose target is missing are left out.

    Args:
        path: for the errors.
        table: all columns.
        target: the name of one.

    Returns:
        Rows whose targets are float64 where all of them are numbers, else text; and notes.

    Raises:
        InputError: no target is named, there is no such column, or it is empty.
    """
    names = ", ".join(list(table.columns)[:20]) + (" …" if len(table.columns) > 20 else "")
    if target is None:
        raise InputError(f"{path}: a table wants --target COLUMN, one of: {names}")
    if target not in table.columns:
        hint = nearest(target, table.columns)
        hint = hint if hint.startswith("Did") else f"Columns: {names}"
        raise InputError(f'{path}: has no column "{target}". {hint}')
    others = Table({name: cells for name, cells in table.columns.items() if name != target})
    if not others.columns:
        raise InputError(f'{path}: has no column besides the target "{target}"')
    cells = table.columns[target]
    present = np.array([cell is not None for cell in cells])
    if not present.any():
        raise InputError(f'{path}: the target "{target}" is empty in every row')
    notes = []
    if not present.all():
        notes.append(f"Rows left out because they have no target: {int((~present).sum())}.")
        others, cells = others.take(present), cells[present]
    return Rows(others, _target_values(path, target, cells)), notes


def _target_values(path: Path, name: str, cells: np.ndarray) -> np.ndarray:
    try:
        values = np.array(cells.tolist(), np.float64)
    except ValueError:
        return cells
    if np.isinf(values).any():
        raise InputError(f'{path}: the target "{name}" holds infinity')
    return values
