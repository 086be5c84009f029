"""Inputs, targets and weights as one tuple, and apart again."""

from __future__ import annotations

from typing import Any

from myelin.errors import InputError


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Puts what `fit` takes into one piece: `x`, `(x, y)` or `(x, y, sample_weight)`.

    A list or tuple of inputs without targets becomes `(x,)`, so that it is not taken for
    inputs and targets.
    """
    if y is None:
        return (x,) if isinstance(x, tuple | list) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Takes `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)` apart; what is missing is None.

    Raises:
        InputError: more than three parts, or none.
    """
    if not isinstance(data, tuple | list):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise InputError(f"data wants to be x, (x, y) or (x, y, sample_weight), got {len(data)}")
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight
