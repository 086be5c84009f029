"""Cross-entropies: of classes and of yes or no, plain, focal and generalized.

Each computes from logits where it can: when it is told to with `from_logits`, and also when the
outputs are the probabilities that a softmax or sigmoid of the same step gave.
"""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations
from myelin.errors import InputError, ShapeError
from myelin.losses.base import EPSILON, LossFunctionWrapper, counting, floating, pair


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-Σ_k y_true[k] · log p[k]`, p the probabilities of the classes.

    Args:
        y_true: shares of the classes, one-hot for one class, `(…, K)`.
        y_pred: probabilities, made to add up to 1, or logits, `(…, K)`.
        from_logits: whether `y_pred` are logits.
        label_smoothing: the share of `y_true`, in [0, 1), that all K classes get alike.
        axis: of the classes.

    Returns:
        Values `(…)`.

    Raises:
        ShapeError: the shapes differ.
        InputError: a smoothing outside [0, 1).
    """
    y_true, y_pred = _same(y_true, y_pred, "categorical_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 1.0 / y_true.shape[-1])
    return -jnp.sum(y_true * log_probabilities(y_pred, from_logits, axis), axis=axis)


def _ignored(
    y_true: Any, y_pred: Any, values: Any, ignore_class: int | None = None, **_: Any
) -> Any:
    if ignore_class is None:
        return None
    return (y_true != ignore_class).reshape(values.shape)


@counting(_ignored)
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """`-log p[y_true]`, p the probabilities of the classes.

    Args:
        y_true: numbers of the classes, 0 to K - 1, `(…)` or `(…, 1)`.
        y_pred: probabilities, made to add up to 1, or logits, `(…, K)`.
        from_logits: whether `y_pred` are logits.
        ignore_class: a label that gives the value 0 and does not count in a mean.
        axis: of the classes in `y_pred`.

    Returns:
        Values `(…)`.

    Raises:
        ShapeError: the shapes do not fit.
    """
    y_pred, labels = floating(y_pred), jnp.asarray(y_true)
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    log_p = jnp.moveaxis(log_probabilities(y_pred, from_logits, axis), axis, -1)
    if labels.shape != log_p.shape[:-1]:
        raise ShapeError(
            f"sparse_categorical_crossentropy: labels of shape {labels.shape} do not fit outputs "
            f"of shape {y_pred.shape}; one-hot labels go to categorical_crossentropy"
        )
    labels = labels.astype(jnp.int32)
    chosen = labels[..., None] == jnp.arange(log_p.shape[-1], dtype=jnp.int32)
    if ignore_class is not None:
        chosen = chosen & (labels != ignore_class)[..., None]
    # A sum over a mask is as fast as a gather here, and its gradient needs no scatter.
    return -jnp.sum(jnp.where(chosen, log_p, 0), axis=-1)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The mean of `-y_true · log p - (1 - y_true) · log(1 - p)` along an axis.

    Args:
        y_true: 0 or 1, or a share between them, `(…, K)`.
        y_pred: probabilities or logits, `(…, K)`.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far, in [0, 1), `y_true` moves towards one half.
        axis: to take the mean along.

    Returns:
        Values `(…)`.

    Raises:
        ShapeError: the shapes differ.
        InputError: a smoothing outside [0, 1).
    """
    y_true, y_pred = pair(y_true, y_pred, "binary_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 0.5)
    return jnp.mean(_binary(y_true, y_pred, from_logits), axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-Σ_k alpha · (1 - p[k])^gamma · y_true[k] · log p[k]`: easy examples count less.

    Args:
        y_true, y_pred, from_logits, label_smoothing, axis: as for `categorical_crossentropy`.
        alpha: a factor, or one for each class.
        gamma: how much less an example counts whose p is high.

    Returns:
        Values `(…)`.

    Raises:
        ShapeError: the shapes differ.
        InputError: a smoothing outside [0, 1).

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    y_true, y_pred = _same(y_true, y_pred, "categorical_focal_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 1.0 / y_true.shape[-1])
    log_p = log_probabilities(y_pred, from_logits, axis)
    factor = jnp.asarray(alpha, log_p.dtype) * _power(1 - jnp.exp(log_p), gamma)
    return -jnp.sum(factor * y_true * log_p, axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The binary cross-entropy, each value times `(1 - p_t)^gamma`, p_t the share of the truth.

    Args:
        y_true, y_pred, from_logits, label_smoothing, axis: as for `binary_crossentropy`.
        apply_class_balancing: whether class 1 also gets the factor alpha and 0 gets 1 - alpha.
        alpha: in [0, 1].
        gamma: how much less an example counts whose p_t is high.

    Returns:
        Values `(…)`.

    Raises:
        ShapeError: the shapes differ.
        InputError: a smoothing outside [0, 1).

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    y_true, y_pred = pair(y_true, y_pred, "binary_focal_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 0.5)
    p = jax.nn.sigmoid(y_pred) if from_logits else y_pred
    values = _binary(y_true, y_pred, from_logits)
    values = _power(1 - (y_true * p + (1 - y_true) * (1 - p)), gamma) * values
    if apply_class_balancing:
        values = (y_true * alpha + (1 - y_true) * (1 - alpha)) * values
    return jnp.mean(values, axis=axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """`(1 - p[y_true]^q) / q`: between cross-entropy (q → 0) and absolute error (q = 1).

    Bears wrong labels better than cross-entropy does.

    Args:
        y_true: numbers of the classes, `(…)` or `(…, 1)`.
        y_pred: probabilities `(…, K)`.
        q: in (0, 1).

    Returns:
        Values `(…)`.

    Source: Zhang and Sabuncu, Generalized Cross Entropy Loss, 2018.
    """
    y_pred, labels = floating(y_pred), jnp.asarray(y_true)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    chosen = labels.astype(jnp.int32)[..., None] == jnp.arange(y_pred.shape[-1])
    return (1 - jnp.sum(jnp.where(chosen, y_pred, 0), axis=-1) ** q) / q


def log_probabilities(y_pred: Any, from_logits: bool, axis: int) -> Any:
    """The logarithms of the classes' probabilities, from logits wherever they are known."""
    logits = activations.logits_behind(y_pred, "softmax") if axis in (-1, y_pred.ndim - 1) else None
    if from_logits:
        if logits is not None:
            _warn_twice("softmax")
        return jax.nn.log_softmax(y_pred, axis=axis)
    if logits is not None:
        return jax.nn.log_softmax(logits, axis=axis)
    p = y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)
    return jnp.log(jnp.clip(p, EPSILON, 1 - EPSILON))


def _binary(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    logits = activations.logits_behind(y_pred, "sigmoid")
    if from_logits and logits is not None:
        _warn_twice("sigmoid")
    if from_logits or logits is None:
        return binary_values(y_true, y_pred, from_logits)
    return binary_values(y_true, logits, from_logits=True)


def binary_values(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    """`-y_true · log p - (1 - y_true) · log(1 - p)`, elementwise, p kept off 0 and 1 by 1e-7."""
    if from_logits:
        x = y_pred
        return -y_true * jax.nn.log_sigmoid(x) - (1 - y_true) * jax.nn.log_sigmoid(-x)
    p = jnp.clip(y_pred, EPSILON, 1 - EPSILON)
    return -y_true * jnp.log(p) - (1 - y_true) * jnp.log(1 - p)


def _warn_twice(activation: str) -> None:
    warnings.warn(
        f"from_logits=True, but the outputs have been through a {activation} already: drop one "
        "of the two",
        stacklevel=5,
    )


def _same(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    y_pred = floating(y_pred)
    y_true = jnp.asarray(y_true, y_pred.dtype)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: targets of shape {y_true.shape} do not fit outputs of shape {y_pred.shape}; "
            "numbers of classes go to sparse_categorical_crossentropy"
        )
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"{name} over a single class is always 0: use binary_crossentropy for yes or no",
            SyntaxWarning,
            stacklevel=4,
        )
    return y_true, y_pred


def _smoothed(y_true: Any, smoothing: float, towards: float) -> Any:
    if not 0 <= smoothing < 1:
        raise InputError(f"label_smoothing must be in [0, 1), got {smoothing!r}")
    return y_true * (1 - smoothing) + smoothing * towards if smoothing else y_true


def _power(base: Any, exponent: float) -> Any:
    """A power whose slope at 0 is finite, as it is for a base that rounding has made 0."""
    return jnp.where(base > 0, jnp.where(base > 0, base, 1) ** exponent, 0.0**exponent)


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot targets; see `categorical_crossentropy`."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of numbered classes; see `sparse_categorical_crossentropy`."""

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of yes or no; see `binary_crossentropy`."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Focal cross-entropy of one-hot targets; see `categorical_focal_crossentropy`."""

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Focal cross-entropy of yes or no; see `binary_focal_crossentropy`."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Bears wrong labels; see `categorical_generalized_cross_entropy`.

    Raises:
        InputError: q is not between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise InputError(f"CategoricalGeneralizedCrossEntropy: q must be in (0, 1), got {q!r}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
