"""The area under a curve that thresholds draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.backend import epsilon
from myelin.errors import InputError, ShapeError, unknown_name
from myelin.losses.base import divide_no_nan
from myelin.metrics.arrays import check_range
from myelin.metrics.base import Metric
from myelin.metrics.counting import Thresholds, count

_KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "minoring", "majoring")


class AUC(Metric):
    """The area under the ROC, precision-recall or precision-recall-gain curve.

    The curve is drawn through `num_thresholds` points, so the area is close to the exact one,
    and closer with more of them; outputs that crowd near 0 or 1 want more.

    Args:
        num_thresholds: how many points, above 1.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, `"minoring"` (from below) or `"majoring"`.
        name: how logs call it.
        dtype: the type to compute in.
        thresholds: points of one's own in [0, 1], instead of evenly spaced ones.
        multi_label: averages the areas of the columns, instead of counting all together.
        num_labels: how many columns there are, with `multi_label`; the first batch tells too.
        label_weights: a weight for each column.
        from_logits: whether outputs still need a sigmoid.

    Raises:
        InputError: a number out of its range, or `num_labels` without `multi_label`.
        UnknownNameError: no such curve or method.

    Source: Davis and Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006,
    for the interpolated PR area; Flach and Kull, Precision-Recall-Gain Curves, 2015.
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _chosen("AUC curve", str(curve).upper(), _CURVES)
        self.summation_method = _chosen("AUC method", str(summation_method).lower(), _METHODS)
        self._own_thresholds = thresholds is not None
        self._thresholds = _around_all(num_thresholds, thresholds)
        self.num_thresholds = len(self._thresholds)
        if num_labels and not multi_label:
            raise InputError("num_labels goes with multi_label=True")
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else [float(w) for w in label_weights]
        self.from_logits = from_logits
        self._built = False
        if not multi_label:
            self._build(())
        elif num_labels:
            self._build((num_labels,))

    @property
    def thresholds(self) -> list[float]:
        """The points, with one just below 0 and one just above 1."""
        return self._thresholds.values

    def _build(self, labels: tuple[int, ...]) -> None:
        sums = self.add_sums(*_KINDS, shape=(self.num_thresholds, *labels))
        self.true_positives, self.false_positives = sums[:2]
        self.true_negatives, self.false_negatives = sums[2:]
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: zeros and ones.
            y_pred: probabilities, or logits with `from_logits`, of the same shape.
            sample_weight: a weight for each example.

        Raises:
            ShapeError: with `multi_label`, outputs that are not `(examples, labels)`.
        """
        y_pred = jnp.asarray(y_pred, self.dtype)
        if self.multi_label and y_pred.ndim != 2:
            raise ShapeError(
                f"{self.name}: multi_label=True wants outputs of shape (examples, labels), "
                f"got {y_pred.shape}"
            )
        if not self._built:
            self._build(y_pred.shape[1:])
        counts = count(
            y_true,
            jax.nn.sigmoid(y_pred) if self.from_logits else y_pred,
            self._thresholds,
            sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
            dtype=self.dtype,
        )
        for kind in _KINDS:
            self.add_to(getattr(self, kind), getattr(counts, kind))

    def result(self) -> Any:
        """The area so far, a scalar."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(self._interpolated_pr())
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        elif self.summation_method == "minoring":
            heights = jnp.minimum(y[:-1], y[1:])
        else:
            heights = jnp.maximum(y[:-1], y[1:])
        return self._over_labels((x[:-1] - x[1:]) * heights)

    def _points(self) -> tuple[jax.Array, jax.Array]:
        """The curve's points from right to left, as thresholds rise."""
        tp, fp = self.true_positives.value, self.false_positives.value
        tn, fn = self.true_negatives.value, self.false_negatives.value
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, divide_no_nan(tp, tp + fp)
        odds = divide_no_nan(tp + fn, tn + fp)
        recall_gain = jnp.where(tp == 0, 0, 1 - odds * divide_no_nan(fn, tp))
        precision_gain = jnp.where(tp == 0, 1, 1 - odds * divide_no_nan(fp, tp))
        return jnp.maximum(recall_gain, 0), precision_gain

    def _interpolated_pr(self) -> jax.Array:
        """The area between each two points, where true positives grow evenly with all positives."""
        tp = self.true_positives.value
        called = tp + self.false_positives.value
        gained = tp[:-1] - tp[1:]
        slope = divide_no_nan(gained, jnp.maximum(called[:-1] - called[1:], 0))
        intercept = tp[1:] - slope * called[1:]
        both = (called[:-1] > 0) & (called[1:] > 0)
        ratio = jnp.where(both, divide_no_nan(called[:-1], jnp.maximum(called[1:], 0)), 1)
        positives = jnp.maximum(tp[1:] + self.false_negatives.value[1:], 0)
        return divide_no_nan(slope * (gained + intercept * jnp.log(ratio)), positives)

    def _over_labels(self, parts: jax.Array) -> jax.Array:
        """The sum of the parts; over labels their mean, weighted where weights were given."""
        areas = jnp.sum(parts, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return jnp.mean(areas)
        weights = jnp.asarray(self.label_weights, self.dtype)
        return divide_no_nan(jnp.sum(areas * weights), jnp.sum(weights))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        config = super().get_config()
        config["thresholds"] = self.thresholds[1:-1] if self._own_thresholds else None
        return config


def _chosen(kind: str, name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise unknown_name(kind, name, known)
    return name


def _around_all(count: int, given: Sequence[float] | None) -> Thresholds:
    """The points, with both ends moved out so that every output lies between them."""
    if given is None:
        if count <= 1:
            raise InputError(f"num_thresholds must be a whole number above 1, got {count}")
        inner, even = [place / (count - 1) for place in range(1, count - 1)], True
    else:
        check_range("thresholds", given)
        inner = sorted(float(value) for value in given)
        even = Thresholds([0.0, *inner, 1.0]).even
    return Thresholds([-epsilon(), *inner, 1 + epsilon()], even=even)
