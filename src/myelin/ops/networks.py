"""What networks need beyond arithmetic: activations are `myelin.activations`; here is the rest."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, dtypes
from myelin.errors import InputError, ShapeError
from myelin.losses.base import EPSILON
from myelin.losses.crossentropy import binary_values, log_probabilities
from myelin.losses.crossentropy import sparse_categorical_crossentropy as sparse_loss
from myelin.losses.regression import unit
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift

Array = jax.Array


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Array:
    """1 at the place of each class and 0 elsewhere; zeros for a number that is no class.

    Args:
        x: whole numbers `(…)`.
        num_classes: the size of the new axis.
        axis: where it goes.
        dtype: the default float type when None.
        sparse: accepted as False only; arrays are dense.

    Raises:
        InputError: `sparse`.
    """
    if sparse:
        raise InputError("one_hot: sparse arrays do not exist here; leave sparse out")
    name = dtypes.name_of(dtype)
    return jax.nn.one_hot(operand(x), num_classes, axis=axis, dtype=name)


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
) -> Array:
    """1 at the places of all classes of an example and 0 elsewhere.

    Args:
        inputs: whole numbers `(classes,)` or `(batch, classes)`; what is no class is left out.
        num_classes: how many classes there are.
        axis: where theirs goes.
        dtype: the default float type when None.
        sparse: accepted as False only; arrays are dense.

    Raises:
        InputError: no `num_classes`, or `sparse`.
    """
    if num_classes is None:
        raise InputError("multi_hot: say how many classes there are, num_classes=…")
    x = convert_to_tensor(inputs).astype(jnp.int32)
    ones = one_hot(x, num_classes, axis, dtype, sparse)
    return jnp.max(ones, axis=1 if x.ndim > 1 else 0)


def gelu(x: Any, approximate: bool = True) -> Array:
    """See `myelin.activations.gelu`; here the tanh approximation is the default, as in Keras."""
    return activations.gelu(operand(x), approximate)


def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Array:
    """x divided by its norm along an axis, or by epsilon (1e-7) where the norm is below it."""
    x, least = operand(x), EPSILON if epsilon is None else epsilon
    if order == 2:
        return unit(x, axis, least)
    return x / jnp.maximum(jnp.linalg.norm(x, order, axis, keepdims=True), least)


def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, Array]:
    """Mean and variance over axes.

    Args:
        x: any shape.
        axes: a number or several.
        keepdims: whether they stay, with size 1.
        synchronized: accepted for Keras's sake: a batch over several devices is one array here.
    """
    x, axes = operand(x), tuple(axes) if isinstance(axes, list) else axes
    return jnp.mean(x, axes, keepdims=keepdims), jnp.var(x, axes, keepdims=keepdims)


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Array:
    """`scale · (x - mean) / sqrt(variance + epsilon) + offset`, a number of each along an axis.

    Args:
        x: any shape.
        mean, variance: `(size of the axis,)`.
        axis: the one along which they differ.
        offset, scale: as mean; without when None.
        epsilon: joins the variance.

    Source: Ioffe and Szegedy, 2015.
    """
    x = operand(x)
    shape = [1] * x.ndim
    shape[axis] = -1
    factor = jax.lax.rsqrt(jnp.reshape(operand(variance), shape) + epsilon)
    if scale is not None:
        factor = factor * jnp.reshape(operand(scale), shape)
    shift = -jnp.reshape(operand(mean), shape) * factor
    if offset is not None:
        shift = shift + jnp.reshape(operand(offset), shape)
    return x * factor + shift


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Any = -1,
    epsilon: float | None = None,
) -> Array:
    """`gamma · (x - mean) / sqrt(variance + epsilon) + beta`, with those of each example.

    Args:
        x: any shape.
        gamma, beta: of the shape of the axes; without when None.
        axis: a number or several, over which mean and variance are taken.
        epsilon: 1e-7 when None.

    Source: Ba et al., Layer Normalization, 2016.
    """
    y, axes = _precise(x), _rising(axis)
    centered = y - jnp.mean(y, axes, keepdims=True)
    y = centered * jax.lax.rsqrt(jnp.mean(jnp.square(centered), axes, keepdims=True)
                                 + (EPSILON if epsilon is None else epsilon))  # fmt: skip
    if gamma is not None:
        y = y * _along(gamma, y, axes)
    if beta is not None:
        y = y + _along(beta, y, axes)
    return y.astype(operand(x).dtype)


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Array:
    """`scale · x / sqrt(mean of x² + epsilon)`, with the mean of each example.

    Args:
        x: any shape.
        scale: what broadcasts to x; without when None.
        axis: a number or several, over which the mean is taken.
        epsilon: 1e-7 when None.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
    """
    y = _precise(x)
    least = EPSILON if epsilon is None else epsilon
    y = y * jax.lax.rsqrt(jnp.mean(jnp.square(y), _rising(axis), keepdims=True) + least)
    if scale is not None:
        y = y * operand(scale)
    return y.astype(operand(x).dtype)


def _precise(x: Any) -> Array:
    """x in float32 at least, in which sums of squares do not overflow."""
    x = jnp.asarray(operand(x))
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def _rising(axis: Any) -> tuple[int, ...]:
    return tuple(sorted(axis)) if isinstance(axis, list | tuple) else (axis,)


def _along(weights: Any, x: Array, axes: tuple[int, ...]) -> Array:
    """Weights of the shape of some axes of x, in a shape that broadcasts to x."""
    given = jnp.asarray(operand(weights))
    if given.ndim == x.ndim or axes in ((-1,), (x.ndim - 1,)):
        return given
    places = [axis % x.ndim for axis in axes]
    return given.reshape([x.shape[i] if i in places else 1 for i in range(x.ndim)])


def psnr(x1: Any, x2: Any, max_val: Any) -> Array:
    """The peak signal-to-noise ratio of two images in decibel, `20·log10(max) - 10·log10(mse)`.

    Args:
        x1, x2: of one shape.
        max_val: the largest value that a pixel can have.

    Raises:
        ShapeError: the shapes differ.
    """
    one, other = convert_to_tensor(x1), convert_to_tensor(x2)
    if one.shape != other.shape:
        raise ShapeError(
            f"psnr: wants two of one shape, got {tuple(one.shape)} and {tuple(other.shape)}"
        )
    mse = jnp.mean(jnp.square(one - other))
    return 20 * jnp.log10(jnp.asarray(operand(max_val), other.dtype)) - 10 * jnp.log10(mse)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-Σ target · log p` along an axis; see `myelin.losses.categorical_crossentropy`."""
    return -jnp.sum(
        operand(target) * log_probabilities(operand(output), from_logits, axis), axis=axis
    )


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-log p[target]`; see `myelin.losses.sparse_categorical_crossentropy`."""
    return sparse_loss(operand(target), operand(output), from_logits=from_logits, axis=axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Array:
    """`-t · log p - (1 - t) · log(1 - p)`, elementwise."""
    t, y = jnp.asarray(operand(target)), jnp.asarray(operand(output))
    return binary_values(t.astype(y.dtype), y, from_logits)


__all__ = [
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "gelu",
    "layer_normalization",
    "moments",
    "multi_hot",
    "normalize",
    "one_hot",
    "psnr",
    "rms_normalization",
    "sparse_categorical_crossentropy",
]
lift(globals(), __all__)
