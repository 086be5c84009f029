"""`keras.ops` for images: convolutions and pooling, over the kernels of `myelin.kernels`.

Arrays are `(batch, *image, channels)`, or with `data_format="channels_first"`
`(batch, channels, *image)`, with one, two or three spatial axes; kernels are
`(*window, channels, filters)` in both. Sizes are whole numbers, or one for each spatial axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.kernels import convolution, pooling
from myelin.kernels.geometry import Geometry, each_axis, geometry, transposed_geometry
from myelin.ops.convert import operand
from myelin.promise import lift

Array = jax.Array


def conv(
    inputs: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """The convolution of images with a kernel.

    Args:
        inputs: the images.
        kernel: `(*window, channels / groups, filters)`; it tells the number of groups.
        strides: steps between windows.
        padding: `"valid"`, `"same"` or `"causal"`.
        data_format: `"channels_last"` (None) or `"channels_first"`.
        dilation_rate: distances between the points of a window.

    Raises:
        InputError: an argument out of range.
        ShapeError: arrays that do not fit each other.
    """
    x, k = _channels_last(inputs, data_format), jnp.asarray(operand(kernel))
    if k.ndim != x.ndim or k.shape[-2] == 0 or x.shape[-1] % k.shape[-2]:
        raise _unlike("conv", "(*window, channels / groups, filters)", inputs, k)
    groups = x.shape[-1] // k.shape[-2]
    if k.shape[-1] % groups:
        raise ShapeError(f"conv: {k.shape[-1]} filters cannot be shared out to {groups} groups")
    how = _geometry("conv", x, k.shape[:-2], strides, padding, dilation_rate, groups)
    return _back(convolution.convolve(x, k, how), data_format)


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """The convolution of each channel by itself, with m filters of its own.

    Args:
        inputs: the images.
        kernel: `(*window, channels, m)`.
        strides, padding, data_format, dilation_rate: as for `conv`.

    Shapes: the outputs have `channels · m` channels, those of one input channel together.

    Raises: as `conv`.
    """
    x, k = _channels_last(inputs, data_format), jnp.asarray(operand(kernel))
    if k.ndim != x.ndim or k.shape[-2] != x.shape[-1]:
        raise _unlike("depthwise_conv", "(*window, channels, m)", inputs, k)
    groups = x.shape[-1]
    how = _geometry("depthwise_conv", x, k.shape[:-2], strides, padding, dilation_rate, groups)
    return _back(convolution.convolve(x, k.reshape(*k.shape[:-2], 1, -1), how), data_format)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """`depthwise_conv`, and a `conv` with windows of one point that mixes the channels.

    Args:
        inputs: the images.
        depthwise_kernel: `(*window, channels, m)`.
        pointwise_kernel: `(1, …, channels · m, filters)`.
        strides, padding, data_format, dilation_rate: of the first of the two.

    Raises: as `conv`.
    """
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, data_format=data_format)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int] | None = None,
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """The transpose of `conv` as a linear map: from the small images to the large ones.

    Args:
        inputs: the images.
        kernel: `(*window, filters, channels)`.
        strides, data_format, dilation_rate: as for `conv`.
        padding: `"valid"` or `"same"`, which gives images `strides` times as large.
        output_padding: further points after the image, below the strides; worked out when None.

    Raises: as `conv`.
    """
    x, k = _channels_last(inputs, data_format), jnp.asarray(operand(kernel))
    if k.ndim != x.ndim or k.shape[-1] != x.shape[-1]:
        raise _unlike("conv_transpose", "(*window, filters, channels)", inputs, k)
    rank = x.ndim - 2
    if padding not in ("valid", "same"):
        raise InputError(f'conv_transpose: padding wants "valid" or "same", got {padding!r}')
    how = transposed_geometry(
        x.shape[1:-1],
        k.shape[:-2],
        each_axis(strides, rank, "conv_transpose", "strides"),
        padding,
        None
        if output_padding is None
        else each_axis(output_padding, rank, "conv_transpose", "output_padding", 0),
        each_axis(dilation_rate, rank, "conv_transpose", "dilation_rate"),
    )
    return _back(convolution.convolve_transposed(x, k, how), data_format)


def max_pool(
    inputs: Any,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The largest number of each window and channel.

    Args:
        inputs: the images.
        pool_size: the sizes of the windows.
        strides: steps between windows; `pool_size` when None.
        padding: `"valid"` or `"same"`, whose padding takes no part in the maximum.
        data_format: `"channels_last"` (None) or `"channels_first"`.

    Raises:
        InputError: an argument out of range.
    """
    x = _channels_last(inputs, data_format)
    how = _windows("max_pool", x, pool_size, strides, padding)
    return _back(pooling.max_pool(x, how), data_format)


def average_pool(
    inputs: Any,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The mean of each window and channel, over the points that are in the image.

    Args: as for `max_pool`.

    Raises:
        InputError: an argument out of range.
    """
    x = _channels_last(inputs, data_format)
    how = _windows("average_pool", x, pool_size, strides, padding)
    return _back(pooling.average_pool(x, how), data_format)


def adaptive_max_pool(
    inputs: Any, output_size: int | Sequence[int], data_format: str | None = None
) -> Array:
    """The maxima of as many windows along each axis as `output_size` says.

    Args:
        inputs: the images.
        output_size: how many windows along each spatial axis, at most one a point.
        data_format: `"channels_last"` (None) or `"channels_first"`.

    Raises:
        InputError: a size below 1.
    """
    x = _channels_last(inputs, data_format)
    output = each_axis(output_size, x.ndim - 2, "adaptive_max_pool", "output_size")
    return _back(pooling.adaptive_max_pool(x, output), data_format)


def adaptive_average_pool(
    inputs: Any, output_size: int | Sequence[int], data_format: str | None = None
) -> Array:
    """The means of as many windows along each axis as `output_size` says.

    Args: as for `adaptive_max_pool`.

    Raises:
        InputError: a size below 1.
    """
    x = _channels_last(inputs, data_format)
    output = each_axis(output_size, x.ndim - 2, "adaptive_average_pool", "output_size")
    return _back(pooling.adaptive_average_pool(x, output), data_format)


def _channels_last(inputs: Any, data_format: str | None) -> Array:
    x = jnp.asarray(operand(inputs))
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(
            f'data_format wants "channels_last" or "channels_first", got {data_format!r}'
        )
    if not 3 <= x.ndim <= 5:
        raise ShapeError(
            "images have a batch axis, one to three spatial axes and a channel axis, "
            f"got inputs of shape {x.shape}"
        )
    return jnp.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _back(y: Array, data_format: str | None) -> Array:
    return jnp.moveaxis(y, -1, 1) if data_format == "channels_first" else y


def _geometry(
    owner: str,
    x: Array,
    window: Sequence[int],
    strides: Any,
    padding: str,
    dilation: Any,
    groups: int,
) -> Geometry:
    rank = x.ndim - 2
    if padding not in ("valid", "same", "causal"):
        raise InputError(f'{owner}: padding wants "valid" or "same", got {padding!r}')
    return geometry(
        x.shape[1:-1],
        window,
        each_axis(strides, rank, owner, "strides"),
        padding,
        each_axis(dilation, rank, owner, "dilation_rate"),
        groups,
    )


def _windows(owner: str, x: Array, pool_size: Any, strides: Any, padding: str) -> Geometry:
    window = each_axis(pool_size, x.ndim - 2, owner, "pool_size")
    steps = window if strides is None else strides
    return _geometry(owner, x, window, steps, padding, 1, 1)


def _unlike(owner: str, wanted: str, inputs: Any, kernel: Array) -> ShapeError:
    return ShapeError(
        f"{owner}: wants a kernel {wanted} that fits the inputs, got a kernel of shape "
        f"{kernel.shape} for inputs of shape {jnp.shape(operand(inputs))}"
    )


__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "max_pool",
    "separable_conv",
]
lift(globals(), __all__)
