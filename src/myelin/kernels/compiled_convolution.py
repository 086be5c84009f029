"""Convolutions of images, and of one axis, by the native kernels.

`native/convolution.c` sums a tile of results in registers while the taps of the window pass by; the
windows of x are never written out.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.kernels import native
from myelin.kernels.geometry import Geometry

Array = jax.Array
Shape = tuple[int, ...]

# As `MOST_TAPS` of convolution.c.
_MOST_TAPS = 128


def suits(array: Any, channels: int, geometry: Geometry) -> bool:
    """Whether there is a native kernel: for one group, or a group and a filter for each channel.

    Args:
        array: the first operand.
        channels: of the array at the other end, of y for x.
        geometry: of the convolution.
    """
    by_channel = geometry.groups == array.shape[-1] == channels
    return (
        jnp.result_type(array) == jnp.float32
        and len(geometry.image) <= 2
        and (geometry.groups == 1 or by_channel)
        and math.prod(geometry.window) <= _MOST_TAPS
        and min(geometry.output, default=0) > 0
        and native.usable()
    )


def forward(x: Array, kernel: Array, shape: Shape, geometry: Geometry) -> Array:
    """y from x and the kernel; `shape` is that of the result, as in the other two."""
    return _call("myelin_convolve", x, kernel, shape, geometry)


def input_gradient(y: Array, kernel: Array, shape: Shape, geometry: Geometry) -> Array:
    """The gradient by x."""
    return _call("myelin_convolve_input_gradient", y, kernel, shape, geometry)


def kernel_gradient(x: Array, y: Array, shape: Shape, geometry: Geometry) -> Array:
    """The gradient by the kernel."""
    return _call("myelin_convolve_kernel_gradient", x, y, shape, geometry)


def _call(target: str, a: Array, b: Array, shape: Shape, geometry: Geometry) -> Array:
    before = tuple(p[0] for p in geometry.padding)
    if len(geometry.image) == 2:
        numbers = np.array([*geometry.strides, *geometry.dilation, *before], np.int32)
        return _called(target, a, b, shape, numbers)
    # One axis is an image of a single row.
    one = np.array([1, *geometry.strides, 1, *geometry.dilation, 0, *before], np.int32)
    if target == "myelin_convolve_kernel_gradient":
        return _called(target, a[:, None], b[:, None], (1, *shape), one)[0]
    return _called(target, a[:, None], b[None], (shape[0], 1, *shape[1:]), one)[:, 0]


def _called(target: str, a: Array, b: Array, shape: Shape, numbers: np.ndarray) -> Array:
    result = jax.ffi.ffi_call(target, jax.ShapeDtypeStruct(shape, jnp.float32))
    return result(a, b, numbers)
