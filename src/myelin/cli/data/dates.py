"""Columns of dates: found, and turned into numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

# A format is tried where ISO 8601 does not fit; the first that fits nearly all cells is taken.
_DAYS = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%y", "%d-%m-%Y", "%d %b %Y")
FORMATS = ("iso", *(day + time for day in _DAYS for time in ("", " %H:%M", " %H:%M:%S")))
NAMES = ("day", "month", "weekday", "hour")
# Dates with a typing error here and there are dates still.
_ENOUGH = 0.95
_TRIED = 50


def find_format(cells: list[str]) -> str | None:
    """The format in which nearly all cells are dates, or None.

    Args:
        cells: those that are not missing.
    """
    for form in FORMATS:
        parse = _parser(form)
        if all(_try(parse, cell) is None for cell in cells[:_TRIED]):
            continue
        read = sum(_try(parse, cell) is not None for cell in cells)
        if read >= _ENOUGH * len(cells):
            return form
    return None


def date_numbers(cells: np.ndarray, form: str) -> np.ndarray:
    """Days since 1970, month, weekday (0 is Monday) and hour of each cell.

    Args:
        cells: text or None `(n,)`.
        form: as `find_format` gives it.

    Returns:
        float64 `(n, 4)`, NaN where there is no date.
    """
    parse = _parser(form)
    numbers = np.full((len(cells), len(NAMES)), np.nan)
    for i, cell in enumerate(cells):
        date = None if cell is None else _try(parse, cell)
        if date is not None:
            days = date.timestamp() / 86400
            numbers[i] = days, date.month, date.weekday(), date.hour + date.minute / 60
    return numbers


def _parser(form: str) -> Callable[[str], datetime]:
    return datetime.fromisoformat if form == "iso" else partial(_strptime, form=form)


def _strptime(cell: str, form: str) -> datetime:
    return datetime.strptime(cell, form)


def _try(parse: Callable[[str], datetime], cell: str) -> datetime | None:
    try:
        date = parse(cell)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
