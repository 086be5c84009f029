"""Where images have their axes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import operand


def standard_format(data_format: Any, owner: str) -> str:
    """`data_format`, or "channels_last" where it is None.

    Raises:
        InputError: it is neither; names the function or layer.
    """
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(
            f'{owner}: data_format wants "channels_last" or "channels_first", got {data_format!r}'
        )
    return data_format or "channels_last"


def axes_of_images(data_format: Any, owner: str) -> tuple[int, int, int]:
    """The axes of rows, columns and channels, counted from the end."""
    last = standard_format(data_format, owner) == "channels_last"
    return (-3, -2, -1) if last else (-2, -1, -3)


def as_images(images: Any, owner: str) -> jax.Array:
    """One image or a batch of them, as an array.

    Raises:
        ShapeError: it has neither 3 nor 4 axes; names the function or layer.
    """
    x = jnp.asarray(operand(images))
    if x.ndim not in (3, 4):
        raise ShapeError(
            f"{owner}: wants one image (height, width, channels) or a batch of them, "
            f"got the shape {tuple(x.shape)}"
        )
    return x


def as_batch(images: Any, data_format: Any, owner: str) -> jax.Array:
    """Images as `(batch, height, width, channels)`; `in_format` is the way back."""
    x = as_images(images, owner)
    _, _, channels = axes_of_images(data_format, owner)
    return jnp.moveaxis(x if x.ndim == 4 else x[None], channels, -1)


def in_format(batch: jax.Array, like: Any, data_format: Any, owner: str) -> jax.Array:
    """`(batch, height, width, channels)` in the format, and with as many axes, as `like` has."""
    _, _, channels = axes_of_images(data_format, owner)
    x = jnp.moveaxis(batch, -1, channels)
    return x if jnp.ndim(operand(like)) == 4 else x[0]
