"""Windows of images as columns, and back, with `keras.ops`'s names; channels stand first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import ShapeError
from myelin.ops.convert import convert_to_tensor
from myelin.promise import lift

Array = jax.Array
Sizes = int | Sequence[int]


def unfold(
    x: Any, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Array:
    """The windows of images, each as a column.

    Args:
        x: `(batch, channels, height, width)`.
        kernel_size: the height and width of a window, or both in one.
        dilation: from one pixel of a window to the next.
        padding: zeros on each side.
        stride: from one window to the next.

    Returns:
        `(batch, channels · height · width of a window, windows)`.

    Raises:
        ShapeError: not four axes.
    """
    x = convert_to_tensor(x)
    if x.ndim != 4:
        raise ShapeError(f"unfold: wants (batch, channels, height, width), got {tuple(x.shape)}")
    (top, left), size = _pair(padding), _pair(kernel_size)
    wide = jnp.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    down, across = (
        _places(*sizes)
        for sizes in zip(wide.shape[2:], size, _pair(dilation), _pair(stride), strict=True)
    )
    # The axes: batch, channels, window's row, window's column, row of windows, column of windows.
    windows = wide[:, :, down[:, None, :, None], across[None, :, None, :]]
    return windows.reshape(x.shape[0], x.shape[1] * size[0] * size[1], -1)


def fold(
    x: Any,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """The sums of windows laid where `unfold` takes them from.

    Args:
        x: `(batch, channels · height · width of a window, windows)`.
        output_size: height and width of the images.
        kernel_size, dilation, padding, stride: as for `unfold`.

    Returns:
        `(batch, channels, *output_size)`.

    Raises:
        ShapeError: x does not hold such windows.
    """
    x, size, (high, wide) = convert_to_tensor(x), _pair(kernel_size), _pair(output_size)
    top, left = _pair(padding)
    down, across = (
        _places(*sizes)
        for sizes in zip(
            (high + 2 * top, wide + 2 * left), size, _pair(dilation), _pair(stride), strict=True
        )
    )
    rows, columns = down.shape[1], across.shape[1]
    if x.ndim != 3 or x.shape[1] % (size[0] * size[1]) or x.shape[2] != rows * columns:
        raise ShapeError(
            f"fold: wants (batch, channels · {size[0] * size[1]}, {rows * columns}), got "
            f"{tuple(x.shape)}"
        )
    channels = x.shape[1] // (size[0] * size[1])
    windows = x.reshape(x.shape[0], channels, *size, rows, columns)
    images = jnp.zeros((x.shape[0], channels, high + 2 * top, wide + 2 * left), x.dtype)
    images = images.at[:, :, down[:, None, :, None], across[None, :, None, :]].add(windows)
    return images[:, :, top : top + high, left : left + wide]


def _places(length: int, size: int, dilation: int, stride: int) -> Array:
    """Where along an axis each number of each window stands, `(size, windows)`."""
    starts = jnp.arange(0, length - dilation * (size - 1), stride)
    return jnp.arange(size)[:, None] * dilation + starts


def _pair(value: Sizes) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return first, second


__all__ = [
    "fold",
    "unfold",
]
lift(globals(), __all__)
