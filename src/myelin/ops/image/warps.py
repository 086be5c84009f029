"""Images seen through maps of the plane, and arrays sampled at any place."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.kernels import warping
from myelin.ops import draws
from myelin.ops.convert import operand
from myelin.ops.image.filters import gaussian_blur
from myelin.ops.image.formats import as_batch, in_format
from myelin.promise import lift

Array = jax.Array

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Images under affine maps: output pixel (x, y) shows the input at
    `(a0·x + a1·y + a2, b0·x + b1·y + b2)`.

    Args:
        images: one image or a batch.
        transform: `(8,)`, or `(batch, 8)` for a map each: a0, a1, a2, b0, b1, b2, and two zeros.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant" (`fill_value`), "nearest", "wrap", "mirror" or
            "reflect"; see `myelin.kernels.warping.sample`.
        fill_value: with "constant".
        data_format: where the channels are; last when None.

    Raises:
        InputError: another interpolation or fill mode.
        ShapeError: images or maps of another shape.
    """
    _check("affine_transform", interpolation, fill_mode)
    batch = as_batch(images, data_format, "affine_transform")
    maps = jnp.asarray(operand(transform), jnp.float32)
    if maps.ndim not in (1, 2) or maps.shape[-1] != 8:
        raise ShapeError(
            f"affine_transform: transform wants 8 numbers, or (batch, 8), got {maps.shape}"
        )
    maps = jnp.broadcast_to(maps, (batch.shape[0], 8)).at[:, 6:].set(0)
    y = warping.project(batch, maps, interpolation, fill_mode, fill_value)
    return in_format(y, images, data_format, "affine_transform")


def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Images moved so that four points go to four others, and straight lines stay straight.

    Args:
        images: one image or a batch.
        start_points, end_points: `(4, 2)`, or `(batch, 4, 2)`: points (x, y) before and after.
        interpolation: "bilinear" or "nearest".
        fill_value: what lies outside.
        data_format: where the channels are; last when None.

    Raises:
        InputError: another interpolation.
        ShapeError: images or points of another shape.
    """
    _check("perspective_transform", interpolation, "constant")
    batch = as_batch(images, data_format, "perspective_transform")
    points = [jnp.asarray(operand(given), jnp.float32) for given in (start_points, end_points)]
    shapes = [tuple(given.shape) for given in points]
    if shapes[0] != shapes[1] or shapes[0][-2:] != (4, 2) or len(shapes[0]) not in (2, 3):
        raise ShapeError(
            "perspective_transform: start_points and end_points want the shape (4, 2), or "
            f"(batch, 4, 2), both the same, got {shapes[0]} and {shapes[1]}"
        )
    start, end = (jnp.broadcast_to(given, (batch.shape[0], 4, 2)) for given in points)
    maps = warping.homography(start, end)
    y = warping.project(batch, maps, interpolation, "constant", fill_value)
    return in_format(y, images, data_format, "perspective_transform")


def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Array:
    """Bent images: each pixel shows a neighbour, and near pixels show near neighbours.

    The displacement is normal noise of spread sigma, blurred by a Gaussian of spread sigma, times
    alpha; across and down it is drawn apart.

    Args:
        images: one image or a batch.
        alpha: how far.
        sigma: how smooth, in pixels.
        interpolation, fill_mode, fill_value: as for `affine_transform`.
        seed: a whole number, a `SeedGenerator` or None, as in `myelin.random`.
        data_format: where the channels are; last when None.

    Raises:
        InputError: another interpolation or fill mode.
        ShapeError: images of another shape.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003, section 2.
    """
    _check("elastic_transform", interpolation, fill_mode)
    batch = as_batch(images, data_format, "elastic_transform")
    _, height, width, _ = batch.shape
    noise = draws.normal((len(batch), height, width, 2), stddev=sigma, seed=seed)
    side = int(6 * sigma) | 1
    moved = alpha * gaussian_blur(noise, (side, side), (sigma, sigma))
    rows = jnp.arange(height)[:, None] + moved[..., 1]
    columns = jnp.arange(width) + moved[..., 0]
    y = warping.sample(
        batch.astype(jnp.promote_types(batch.dtype, jnp.float32)), rows, columns,
        interpolation, fill_mode, fill_value,
    )  # fmt: skip
    return in_format(y.astype(batch.dtype), images, data_format, "elastic_transform")


def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Array:
    """The values of an array at places between its numbers.

    Args:
        inputs: an array of any shape.
        coordinates: one array of places along each axis of `inputs`.
        order: 0 takes the nearest value, 1 interpolates linearly.
        fill_mode: what lies outside, as for `affine_transform`.
        fill_value: with "constant".

    Returns:
        The shape of one of the coordinates' arrays, in the type of the inputs.

    Raises:
        InputError: another order or fill mode.
        ShapeError: not one array of coordinates for each axis.
    """
    x, places = jnp.asarray(operand(inputs)), jnp.asarray(operand(coordinates))
    if order not in (0, 1):
        raise InputError(f"map_coordinates: order wants 0 or 1, got {order!r}")
    _check("map_coordinates", "nearest", fill_mode)
    if places.ndim < 2 or len(places) != x.ndim:
        raise ShapeError(
            f"map_coordinates: an array of shape {tuple(x.shape)} wants coordinates ({x.ndim}, …), "
            f"got {tuple(places.shape)}"
        )
    from jax.scipy import ndimage

    return ndimage.map_coordinates(x, list(places), order, fill_mode, fill_value)


def _check(owner: str, interpolation: str, fill_mode: str) -> None:
    if interpolation not in ("nearest", "bilinear"):
        raise InputError(
            f'{owner}: interpolation wants "nearest" or "bilinear", got {interpolation!r}'
        )
    if fill_mode not in FILL_MODES:
        raise InputError(
            f"{owner}: fill_mode wants one of {', '.join(FILL_MODES)}, got {fill_mode!r}"
        )


lift(
    globals(),
    ["affine_transform", "elastic_transform", "map_coordinates", "perspective_transform"],
)
