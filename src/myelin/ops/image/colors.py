"""Colors: gray, and hue, saturation and value."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.image.formats import as_images, axes_of_images
from myelin.promise import lift

Array = jax.Array


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Array:
    """The brightness of each pixel, `0.2989·red + 0.587·green + 0.114·blue`, as one channel.

    Args:
        images: with 3 channels, or 1, which stays as it is.
        data_format: where the channels are; last when None.

    Raises:
        ShapeError: another number of channels.
    """
    x = as_images(images, "rgb_to_grayscale")
    _, _, channels = axes_of_images(data_format, "rgb_to_grayscale")
    if x.shape[channels] == 1:
        return x
    red, green, blue = _channels(x, channels, "rgb_to_grayscale")
    return (0.2989 * red + 0.587 * green + 0.114 * blue).astype(x.dtype)


def rgb_to_hsv(images: Any, data_format: str | None = None) -> Array:
    """Hue, saturation and value, each from 0 to 1, of red, green and blue from 0 to 1.

    Args:
        images: of a float type, with 3 channels.
        data_format: where the channels are; last when None.

    Raises:
        InputError: whole numbers.
        ShapeError: another number of channels.

    Source: Smith, Color Gamut Transform Pairs, SIGGRAPH 1978.
    """
    x = _of_floats(images, "rgb_to_hsv")
    _, _, channels = axes_of_images(data_format, "rgb_to_hsv")
    x = jnp.where(jnp.abs(x) < jnp.finfo(x.dtype).eps, 0, x)
    red, green, blue = _channels(x, channels, "rgb_to_hsv")
    value = jnp.maximum(jnp.maximum(red, green), blue)
    spread = value - jnp.minimum(jnp.minimum(red, green), blue)
    sixth = 1 / (6 * jnp.where(spread > 0, spread, 1))
    hue = jnp.where(value == green, (blue - red) * sixth + 1 / 3, (red - green) * sixth + 2 / 3)
    hue = jnp.where(value == red, (green - blue) * sixth, hue)
    hue = jnp.where(spread > 0, hue, 0)
    hue = jnp.where(hue < 0, hue + 1, hue)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    return jnp.concatenate([hue, saturation, value], axis=channels)


def hsv_to_rgb(images: Any, data_format: str | None = None) -> Array:
    """Red, green and blue of hue, saturation and value; see `rgb_to_hsv`."""
    x = _of_floats(images, "hsv_to_rgb")
    _, _, channels = axes_of_images(data_format, "hsv_to_rgb")
    hue, saturation, value = _channels(x, channels, "hsv_to_rgb")
    angle = jnp.mod(hue, 1) * 6
    shares = jnp.concatenate(
        [jnp.abs(angle - 3) - 1, 2 - jnp.abs(angle - 2), 2 - jnp.abs(angle - 4)], axis=channels
    )
    return value * (1 - saturation + saturation * jnp.clip(shares, 0, 1))


def _of_floats(images: Any, owner: str) -> Array:
    x = as_images(images, owner)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise InputError(
            f"{owner}: wants numbers of a float type from 0 to 1, got {x.dtype}: "
            "divide by 255 first"
        )
    return x


def _channels(x: Array, axis: int, owner: str) -> list[Array]:
    if x.shape[axis] != 3:
        raise ShapeError(f"{owner}: wants 3 channels, got the shape {tuple(x.shape)}")
    return jnp.split(x, 3, axis)


lift(
    globals(),
    ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"],
)
