"""From a table's columns to numbers: each kind of column learns from the training rows alone."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from myelin.cli.data.dates import NAMES, date_numbers, find_format
from myelin.cli.data.rows import Table
from myelin.errors import FileFormatError, InputError

MOST_CATEGORIES = 50
# A column is one of numbers although some of its cells, such as "unknown", are none.
_MOSTLY_NUMBERS = 0.95
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_ID_NAME = re.compile(r"(?i:(^|[_ ])(id|index|key|uuid|guid)$|^unnamed: 0$|^$)|[a-z]I[dD]$")


@dataclass(frozen=True)
class NumberColumn:
    """Standardized: `(value - mean) / scale`, with the median for a missing value.

    In float64, because float32 would lose the differences between large numbers.
    """

    name: str
    median: float
    mean: float
    scale: float
    kind: str = "number"

    @property
    def width(self) -> int:
        """How many features it gives."""
        return 1

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """The features `(n, 1)`."""
        values = numbers(self.name, cells)
        values = np.where(np.isnan(values), self.median, values)
        return ((values - self.mean) / self.scale)[:, None]


@dataclass(frozen=True)
class CategoryColumn:
    """One slot a category; the rare ones share the last slot, where training had any.

    A category that training never saw goes to that slot too, or is zero in every slot.
    None among the categories is a missing value.
    """

    name: str
    categories: tuple[str | None, ...]
    other: bool
    kind: str = "category"

    @property
    def width(self) -> int:
        """How many features it gives."""
        return len(self.categories) + self.other

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """The features `(n, slots)`, 0 or 1."""
        place = {category: i for i, category in enumerate(self.categories)}
        slots = np.array([place.get(cell, len(place)) for cell in cells], np.intp)
        return np.eye(len(place) + 1)[slots][:, : self.width]


@dataclass(frozen=True)
class DateColumn:
    """Days since 1970, month, weekday and hour, each standardized; the median where missing."""

    name: str
    form: str
    median: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    kind: str = "date"

    @property
    def width(self) -> int:
        """How many features it gives."""
        return len(NAMES)

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """The features `(n, 4)`."""
        values = date_numbers(cells, self.form)
        values = np.where(np.isnan(values), self.median, values)
        return (values - np.array(self.mean)) / np.array(self.scale)


Column = NumberColumn | CategoryColumn | DateColumn
_KINDS: dict[str, Any] = {
    "number": NumberColumn,
    "category": CategoryColumn,
    "date": DateColumn,
}


def learn_columns(table: Table) -> tuple[list[Column], list[str]]:
    """How to encode each column, and sentences about what was done with which.

    Args:
        table: the training rows.

    Raises:
        InputError: no column is left to learn from.
    """
    columns: list[Column] = []
    said: dict[str, list[str]] = {}
    for name, cells in table.columns.items():
        column, what, detail = _learn(name, cells)
        if column is not None:
            columns.append(column)
        if what:
            said.setdefault(what, []).append(f"{name} ({detail})" if detail else name)
    notes = [f"{what}: {_listed(those)}." for what, those in said.items()]
    if not columns:
        raise InputError("No column is left to learn from. " + " ".join(notes))
    return columns, notes


def _listed(names: list[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


_LEFT_OUT = "Left out"
_Learned = tuple[Column | None, str, str]


def _learn(name: str, cells: np.ndarray) -> _Learned:
    present = [cell for cell in cells if cell is not None]
    if not present:
        return None, _LEFT_OUT, "empty"
    distinct = len(set(present))
    if distinct == 1 and len(present) == len(cells):
        return None, _LEFT_OUT, f"{present[0]} in every row"
    values = numbers(name, cells)
    known = int(np.isfinite(values).sum())
    if known >= _MOSTLY_NUMBERS * len(present):
        return _learn_number(name, values, len(present) - known)
    form = find_format(present)
    if form is not None:
        return _learn_date(name, cells, form)
    return _learn_category(name, cells, present, distinct)


def _learn_number(name: str, values: np.ndarray, unreadable: int) -> _Learned:
    known = values[~np.isnan(values)]
    if _numbers_the_rows(name, known, len(values)):
        return None, _LEFT_OUT, "only numbers the rows"
    median, mean, scale = _statistics(values)
    column = NumberColumn(name, median, mean, scale)
    missing = len(values) - len(known)
    if not missing:
        return column, "", ""
    detail = f"{missing}" + (f", {unreadable} of them no numbers" if unreadable else "")
    return column, "Missing numbers became the column's median", detail


def _numbers_the_rows(name: str, known: np.ndarray, n: int) -> bool:
    """Whether a column is a count of the rows or an ID, which tells nothing about new rows."""
    if len(known) < n or n < 3 or np.any(known != np.floor(known)):
        return False
    if len(np.unique(known)) < n:
        return False
    # The training rows are in the file's order, with those of the other parts left out.
    rising = bool(np.all(np.diff(known) > 0)) and 0 <= known[0] <= 20 and known[-1] < 4 * n
    return (rising and n >= 20) or _ID_NAME.search(name) is not None


def _statistics(values: np.ndarray) -> tuple[float, float, float]:
    """Median, mean and standard deviation, with the median where a value is missing."""
    median = float(np.nanmedian(values))
    filled = np.where(np.isnan(values), median, values)
    deviation = float(filled.std())
    return median, float(filled.mean()), deviation if deviation > 0 else 1.0


def _learn_date(name: str, cells: np.ndarray, form: str) -> _Learned:
    values = date_numbers(cells, form)
    statistics = [_statistics(column) for column in values.T]
    median, mean, scale = (tuple(s[i] for s in statistics) for i in range(3))
    column = DateColumn(name, form, median, mean, scale)
    detail = "ISO 8601" if form == "iso" else form
    return column, "Dates became day, month, weekday and hour", detail


def _learn_category(name: str, cells: np.ndarray, present: list[str], distinct: int) -> _Learned:
    words = sum(len(cell.split()) for cell in present) / len(present)
    if distinct > 20 and (words > 5 or distinct > len(present) / 2):
        what = "free text" if words > 2 else "an ID"
        return None, _LEFT_OUT, f"{what}, {distinct} different values in {len(cells)} rows"
    counts = Counter(cells.tolist())
    often = [category for category, count in counts.most_common(MOST_CATEGORIES) if count > 1]
    kept = sorted(often, key=lambda category: (category is None, category or ""))
    other = len(kept) < len(counts)
    column = CategoryColumn(name, tuple(kept), other)
    if not kept:
        return None, _LEFT_OUT, "no value occurs twice"
    if len(counts) <= MOST_CATEGORIES:
        return column, "", ""
    return column, "Rare categories share one slot", f"{len(kept)} of {len(counts)} kept"


def numbers(name: str, cells: np.ndarray) -> np.ndarray:
    """The numbers of a column as float64 `(n,)`, NaN where there is none.

    Raises:
        InputError: infinity.
    """
    filled = ["nan" if cell is None else cell for cell in cells]
    try:
        values = np.array(filled, np.float64)
    except ValueError:
        values = np.array([_number(cell) for cell in filled], np.float64)
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise InputError(f'The column "{name}" holds infinity ({filled[row]})')
    return values


def _number(cell: str) -> float:
    """A number as people write it: 1,234.5, $12 or 30%; NaN for other text."""
    text = cell.strip("$€£% ")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return float("nan")


def encode_table(table: Table, columns: list[Column]) -> tuple[np.ndarray, list[str]]:
    """The features of each row, and sentences about values that training did not know.

    Returns:
        float32 `(n, features)`, and notes.

    Raises:
        InputError: a column is not there.
    """
    absent = [column.name for column in columns if column.name not in table.columns]
    if absent:
        raise InputError(
            f"The model wants the column{'s' if len(absent) > 1 else ''} {', '.join(absent)}; "
            f"there are {', '.join(table.columns)}"
        )
    notes = []
    for column in columns:
        cells = table.columns[column.name]
        if isinstance(column, CategoryColumn) and not column.other:
            new = set(cells.tolist()) - set(column.categories)
            if new:
                shown = ", ".join(sorted("missing" if c is None else c for c in new)[:3])
                notes.append(f'"{column.name}" has values that training never saw: {shown}.')
        elif isinstance(column, NumberColumn):
            gaps = int(np.isnan(numbers(column.name, cells)).sum())
            if gaps:
                notes.append(f'"{column.name}": {gaps} missing numbers became the median.')
    features = np.concatenate([c.encode(table.columns[c.name]) for c in columns], 1)
    return features.astype(np.float32), notes


def describe(columns: list[Column]) -> str:
    """The kinds of columns in words, such as `3 numbers, 2 categories`."""
    words = {"number": "numeric", "category": "categorical", "date": "date"}
    counts = Counter(column.kind for column in columns)
    return ", ".join(f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind])


def to_json(columns: list[Column]) -> list[dict[str, Any]]:
    """The columns as plain data."""
    return [asdict(column) for column in columns]


def from_json(written: list[dict[str, Any]]) -> list[Column]:
    """The columns that `to_json` wrote.

    Raises:
        FileFormatError: something else.
    """
    columns = []
    try:
        for entry in written:
            values = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
            columns.append(_KINDS[entry["kind"]](**values))
    except (KeyError, TypeError) as error:
        raise FileFormatError(f"preprocessing.json: a column cannot be read ({error})") from None
    return columns
