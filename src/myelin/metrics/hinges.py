"""Hinge losses as metrics."""

from __future__ import annotations

from typing import Any

from myelin.losses.hinge import categorical_hinge, hinge, squared_hinge
from myelin.metrics.reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true · y_pred, 0)`; targets are -1 and 1, zeros count as -1.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of `max(1 - y_true · y_pred, 0)²`; targets are -1 and 1, zeros count as -1.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """How far the right output lies below 1 above the largest wrong one, on average.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
