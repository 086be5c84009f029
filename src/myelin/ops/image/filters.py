"""Filters: each pixel becomes a weighted sum of those around it, with zeros beyond the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.ops.convert import operand
from myelin.ops.image.formats import as_images, axes_of_images

Array = jax.Array


def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Array:
    """Images blurred by a Gaussian, `exp(-x²/2·sigma²)` scaled to sum 1 in each direction.

    Args:
        images: one image or a batch, of a float type.
        kernel_size: how many pixels `(across, down)` a sum takes in.
        sigma: the spread `(across, down)`, above 0, in pixels.
        data_format: where the channels are; last when None.
    """
    x = as_images(images, "gaussian_blur")
    rows, columns, _ = axes_of_images(data_format, "gaussian_blur")
    spread = jnp.asarray(operand(sigma), x.dtype)
    for axis, size, width in (
        (columns, kernel_size[0], spread[0]),
        (rows, kernel_size[1], spread[1]),
    ):
        places = jnp.arange(size, dtype=x.dtype) - (size - 1) / 2
        weights = jnp.exp(-0.5 * jnp.square(places / width))
        x = _filtered(x, axis, list(weights / weights.sum()))
    return x


def sobel_edges(images: Any, data_format: str | None = None) -> Array:
    """How fast images change downwards and to the right, by Sobel's filter.

    Args:
        images: `(batch, height, width, channels)`, or one image.
        data_format: where the channels are; last when None.

    Returns:
        The shape of the images with a last axis of two: down, and to the right.
    """
    x = as_images(images, "sobel_edges")
    rows, columns, _ = axes_of_images(data_format, "sobel_edges")
    across = _filtered(_filtered(x, rows, [1, 2, 1]), columns, [-1, 0, 1])
    down = _filtered(_filtered(x, columns, [1, 2, 1]), rows, [-1, 0, 1])
    return jnp.stack([down, across], axis=-1)


def _filtered(x: Array, axis: int, weights: Sequence[Any]) -> Array:
    """Weighted sums along an axis, of shifted copies."""
    axis, length, before = axis % x.ndim, x.shape[axis], (len(weights) - 1) // 2
    padding = [(0, 0)] * x.ndim
    padding[axis] = (before, len(weights) - 1 - before)
    wide = jnp.pad(x, padding)
    shifted = (jax.lax.slice_in_dim(wide, i, i + length, axis=axis) for i in range(len(weights)))
    terms = [weight * part for weight, part in zip(weights, shifted, strict=True)]
    return sum(terms[1:], terms[0])
