"""How far predicted numbers lie from the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import InputError


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    """The mean of `|y_true - y_pred|`, in the units of y.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or no values.
    """
    true, predicted = _pair(y_true, y_pred)
    return float(np.abs(true - predicted).mean())


def root_mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """The square root of the mean of `(y_true - y_pred)²`, in the units of y.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or no values.
    """
    true, predicted = _pair(y_true, y_pred)
    return float(np.sqrt(np.square(true - predicted).mean()))


def r2_score(y_true: Any, y_pred: Any) -> float:
    """The coefficient of determination, `1 - Σ(y_true - y_pred)² / Σ(y_true - mean)²`.

    1 is perfect, 0 is as good as always saying the mean, below 0 is worse than that. Where all
    true values are the same it is NaN: there is nothing to explain.

    Args:
        y_true: the true values `(n,)`.
        y_pred: the predicted values `(n,)`.

    Raises:
        InputError: shapes that differ or are not `(n,)`, or no values.
    """
    true, predicted = _pair(y_true, y_pred)
    spread = np.square(true - true.mean()).sum()
    if spread == 0:
        return float("nan")
    return float(1 - np.square(true - predicted).sum() / spread)


def _pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
    if true.shape != predicted.shape or true.ndim != 1 or not true.size:
        raise InputError(
            f"y_true and y_pred want the same shape (n,), got {true.shape} and {predicted.shape}"
        )
    return true, predicted
