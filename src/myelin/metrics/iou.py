"""Intersection over union: how well regions of a class cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.backend import epsilon
from myelin.errors import InputError
from myelin.metrics.base import Metric
from myelin.metrics.matrix import tally


class _IoUBase(Metric):
    """A confusion matrix, from which the ratios are read.

    Its counts are kept as exact floats whatever `dtype`, so fractional weights count as they are.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype="int32" if dtype in (None, "int") else dtype)
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        shape = (num_classes, num_classes)
        (self.total_cm,) = self.add_sums("total_confusion_matrix", shape=shape, dtype="float32")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: class numbers, or one-hot along `axis` without `sparse_y_true`.
            y_pred: class numbers, or probabilities along `axis` without `sparse_y_pred`.
            sample_weight: a weight for each example, or each value.
        """
        true = self._classes(y_true, self.sparse_y_true)
        pred = self._classes(y_pred, self.sparse_y_pred)
        counts = tally(true, pred, self.num_classes, sample_weight, self.ignore_class)
        self.add_to(self.total_cm, counts)

    def _classes(self, values: Any, sparse: bool) -> jax.Array:
        values = jnp.asarray(values)
        return (values if sparse else jnp.argmax(values, axis=self.axis)).astype(jnp.int32)


class IoU(_IoUBase):
    """The mean, over some classes, of `hits / (targets + predictions - hits)`.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes to average over; one that never occurs does not count.
        name: how logs call it.
        dtype: accepted for Keras's sake; counts are exact in any case.
        ignore_class: a target that does not count.
        sparse_y_true: whether targets are class numbers, not one-hot.
        sparse_y_pred: whether outputs are class numbers, not probabilities.
        axis: where one-hot targets and probabilities have their classes.

    Raises:
        InputError: a class out of range.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        self.target_class_ids = [int(target) for target in target_class_ids]
        wrong = [target for target in self.target_class_ids if not 0 <= target < num_classes]
        if wrong or not self.target_class_ids:
            raise InputError(
                f"target_class_ids must be classes from 0 to {num_classes - 1}, got "
                f"{self.target_class_ids}"
            )

    def result(self) -> Any:
        """The mean ratio so far, a scalar."""
        matrix = self.total_cm.value
        hits = jnp.diagonal(matrix)
        union = jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - hits
        wanted = jnp.asarray(self.target_class_ids)
        hits, union = hits[wanted], union[wanted]
        occurs = union > 1e-9
        ratio = jnp.where(occurs, hits / (union + epsilon()), 0)
        return jnp.sum(ratio) / (jnp.sum(occurs) + epsilon())


class BinaryIoU(IoU):
    """IoU of two classes, told apart by a threshold.

    Args:
        target_class_ids: the classes to average over, of 0 and 1.
        threshold: from it on an output is of class 1.
        name: how logs call it.
        dtype: accepted for Keras's sake; counts are exact in any case.

    Raises:
        InputError: a class out of range.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch: zeros and ones, probabilities of one size, and weights."""
        above = jnp.asarray(y_pred, "float32") >= self.threshold
        super().update_state(y_true, above, sample_weight)


class MeanIoU(IoU):
    """The mean IoU of all classes.

    Args:
        num_classes: how many classes there are.
        name: how logs call it.
        dtype: accepted for Keras's sake; counts are exact in any case.
        ignore_class: a target that does not count.
        sparse_y_true: whether targets are class numbers, not one-hot.
        sparse_y_pred: whether outputs are class numbers, not probabilities.
        axis: where one-hot targets and probabilities have their classes.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true,
            sparse_y_pred, axis,
        )  # fmt: skip


class OneHotIoU(IoU):
    """IoU with one-hot targets.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes to average over; one that never occurs does not count.
        name: how logs call it.
        dtype: accepted for Keras's sake; counts are exact in any case.
        ignore_class: a target that does not count.
        sparse_y_pred: whether outputs are class numbers, not probabilities.
        axis: where targets and probabilities have their classes.

    Raises:
        InputError: a class out of range.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(MeanIoU):
    """The mean IoU of all classes, with one-hot targets.

    Args:
        num_classes: how many classes there are.
        name: how logs call it.
        dtype: accepted for Keras's sake; counts are exact in any case.
        ignore_class: a target that does not count.
        sparse_y_pred: whether outputs are class numbers, not probabilities.
        axis: where targets and probabilities have their classes.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
