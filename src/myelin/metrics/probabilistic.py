"""Cross-entropies and divergences as metrics."""

from __future__ import annotations

from typing import Any

from myelin.losses.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from myelin.losses.probabilistic import kl_divergence, poisson
from myelin.metrics.reduction import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper):
    """The mean of `sum(y_true · log(y_true / y_pred))`, both probabilities.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean of `y_pred - y_true · log(y_pred)`.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
    """

    _direction = "down"

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of yes-or-no targets.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        from_logits: whether outputs still need a sigmoid.
        label_smoothing: moves targets this much, in [0, 1], towards 0.5.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing,
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of one-hot targets.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        from_logits: whether outputs still need a softmax.
        label_smoothing: moves targets this much, in [0, 1], towards equal shares.
        axis: where the classes are.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of class numbers.

    Args:
        name: how logs call it.
        dtype: the type to compute in.
        from_logits: whether outputs still need a softmax.
        ignore_class: a target whose cross-entropy is 0.
        axis: where the outputs have their classes.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
