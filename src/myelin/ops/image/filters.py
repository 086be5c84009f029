"""Filters: each pixel becomes a weighted sum of those around it, with zeros beyond the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import operand
from myelin.ops.image.formats import as_images, axes_of_images
from myelin.promise import lift

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


def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Array:
    """How alike two images are in structure; 1 where they are equal.

    Args:
        image1, image2: one image each, or a batch, of one shape.
        max_val: the largest value that a pixel can have.
        filter_size, filter_sigma: side and spread of the window, a Gaussian.
        k1, k2: keep the quotients finite, in shares of `max_val`.
        data_format: where the channels are; last when None.

    Returns:
        A number for each pair, `(batch,)`, or one for one image.

    Raises:
        InputError: a side that is even.
        ShapeError: images of different shapes, or smaller than the window.

    Source: Wang et al., Image Quality Assessment, 2004.
    """
    one, other = (as_images(image, "ssim") for image in (image1, image2))
    rows, columns, channels = axes_of_images(data_format, "ssim")
    if filter_size < 1 or filter_size % 2 == 0:
        raise InputError(f"ssim: filter_size wants an odd number above 0, got {filter_size!r}")
    if one.shape != other.shape or min(one.shape[rows], one.shape[columns]) < filter_size:
        raise ShapeError(
            f"ssim: wants two images of one shape, {filter_size} pixels high and wide at least, "
            f"got {tuple(one.shape)} and {tuple(other.shape)}"
        )
    dtype = jnp.result_type(one.dtype, other.dtype, float)
    one, other = one.astype(dtype), other.astype(dtype)
    places = jnp.arange(filter_size, dtype=dtype) - filter_size // 2
    weights = jnp.exp(-0.5 * jnp.square(places / filter_sigma))
    window = list(weights / weights.sum())

    def mean(x: Array) -> Array:
        for axis in (rows, columns):
            side = filter_size // 2
            whole = _filtered(x, axis, window)
            # Only where the window lies wholly inside.
            x = jax.lax.slice_in_dim(whole, side, x.shape[axis] - side, axis=axis)
        return x

    mean1, mean2 = mean(one), mean(other)
    spread1, spread2 = mean(one * one) - mean1**2, mean(other * other) - mean2**2
    shared = mean(one * other) - mean1 * mean2
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    above = (2 * mean1 * mean2 + c1) * (2 * shared + c2)
    below = (mean1**2 + mean2**2 + c1) * (spread1 + spread2 + c2)
    return jnp.mean(above / below, axis=(rows, columns, channels))


def _filtered(x: Array, axis: int, weights: Sequence[Any]) -> Array:
    """Weighted sums along an axis, of shifted copies."""
    axis, length, before = axis % x.ndim, x.shape[axis], (len(weights) - 1) // 2
    padding = [(0, 0)] * x.ndim
    padding[axis] = (before, len(weights) - 1 - before)
    wide = jnp.pad(x, padding)
    shifted = (jax.lax.slice_in_dim(wide, i, i + length, axis=axis) for i in range(len(weights)))
    terms = [weight * part for weight, part in zip(weights, shifted, strict=True)]
    return sum(terms[1:], terms[0])


lift(
    globals(),
    ["gaussian_blur", "sobel_edges", "ssim"],
)
