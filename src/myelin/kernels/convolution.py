"""Convolution and its two gradients: three bilinear maps, each the derivative of the others.

`y = x * k` has the input gradient `x̄(ȳ, k)` and the kernel gradient `k̄(x, ȳ)`. Every derivative
of one of the three, forwards or backwards and of any order, is one of the three again, so each
is a primitive of jax's with the other two as its rules, and all of them run in the form that is
fast on the device. XLA's own derivatives on a CPU are not: see benchmarks/README.md.

Arrays have their channels last: x `(batch, *image, channels)`, k `(*window, channels / groups,
filters)`, y `(batch, *output, filters)`. On a CPU:

forward          XLA's convolution, which is fast; a window of one point is a matrix product
input gradient   a convolution with the kernel turned round, over y spread out by the strides
kernel gradient  the windows of x as rows of a matrix, and one product of matrices

Convolutions with a group for each channel are in `depthwise`. On other devices the plain form
(`reference`) runs, and what XLA makes of its transposes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching, mlir

from myelin.kernels import compiled_convolution as compiled
from myelin.kernels import depthwise, plain
from myelin.kernels.geometry import Geometry, spread, spread_padding, windows
from myelin.kernels.primitive import Primitive

Array = jax.Array

# The windows of x are written out for as many images at a time as fit into so many numbers.
_LARGEST_MATRIX = 16 * 2**20


def convolve(x: Array, kernel: Array, geometry: Geometry) -> Array:
    """The convolution of x with a kernel (the cross-correlation, as everywhere in the field).

    Args:
        x: `(batch, *image, channels)`.
        kernel: `(*window, channels / groups, filters)`; output channels of one group adjoin.
        geometry: fits both.

    Shapes: y `(batch, *output, filters)`.

    Can be differentiated forwards and backwards, any number of times.
    """
    x, kernel = _one_type(x, kernel)
    if plain.wanted():
        return reference(x, kernel, geometry)
    return _forward.bind(x, kernel, geometry=geometry, members=False)


def convolve_transposed(y: Array, kernel: Array, geometry: Geometry) -> Array:
    """The transpose of `convolve` as a linear map: from y `(batch, *output, filters)` to x.

    Args:
        y: what `convolve` with this geometry gives.
        kernel: `(*window, channels / groups, filters)`.
        geometry: of the convolution from x to y.

    Shapes: x `(batch, *image, channels)`.
    """
    y, kernel = _one_type(y, kernel)
    if plain.wanted():
        return _reference_input_gradient(y, kernel, geometry)
    return _input_gradient.bind(y, kernel, geometry=geometry, members=False)


def reference(x: Array, kernel: Array, geometry: Geometry) -> Array:
    """What `convolve` computes, in one call of `jax.lax`."""
    return lax.conv_general_dilated(
        x,
        kernel,
        geometry.strides,
        geometry.padding,
        rhs_dilation=geometry.dilation,
        dimension_numbers=_channels_last(len(geometry.image)),
        feature_group_count=geometry.groups,
    )


def _channels_last(rank: int) -> lax.ConvDimensionNumbers:
    array = (0, rank + 1, *range(1, rank + 1))
    return lax.ConvDimensionNumbers(array, (rank + 1, rank, *range(rank)), array)


def _one_type(a: Array, b: Array) -> tuple[Array, Array]:
    dtype = jnp.promote_types(a.dtype, b.dtype)
    return a.astype(dtype), b.astype(dtype)


# The shapes of the three results.


def _shape_of_y(x: Any, kernel: Any, geometry: Geometry) -> tuple[int, ...]:
    return (x.shape[0], *geometry.output, kernel.shape[-1])


def _shape_of_x(y: Any, kernel: Any, geometry: Geometry) -> tuple[int, ...]:
    return (y.shape[0], *geometry.image, kernel.shape[-2] * geometry.groups)


def _shape_of_kernel(x: Any, y: Any, geometry: Geometry) -> tuple[int, ...]:
    return (*geometry.window, x.shape[-1] // geometry.groups, y.shape[-1])


# The plain forms of the gradients.


def _reference_input_gradient(y: Array, kernel: Array, geometry: Geometry) -> Array:
    x = jax.ShapeDtypeStruct(_shape_of_x(y, kernel, geometry), y.dtype)
    (x_bar,) = jax.linear_transpose(lambda x: reference(x, kernel, geometry), x)(y)
    return x_bar


def _reference_kernel_gradient(x: Array, y: Array, geometry: Geometry) -> Array:
    kernel = jax.ShapeDtypeStruct(_shape_of_kernel(x, y, geometry), x.dtype)
    (kernel_bar,) = jax.linear_transpose(lambda kernel: reference(x, kernel, geometry), kernel)(y)
    return kernel_bar


# The forms for a CPU.


def _cpu_forward(x: Array, kernel: Array, geometry: Geometry) -> Array:
    if compiled.suits(x, kernel.shape[-1], geometry):
        return compiled.forward(x, kernel, _shape_of_y(x, kernel, geometry), geometry)
    if _is_depthwise(x, geometry):
        return depthwise.forward(x, kernel, geometry)
    if _is_pointwise(geometry):
        (points,) = windows(x, geometry)
        return points @ kernel.reshape(kernel.shape[-2:])
    return reference(*_padded(x, kernel, geometry))


def _padded(x: Array, kernel: Array, geometry: Geometry) -> tuple[Array, Array, Geometry]:
    """The same convolution without negative padding, with which XLA may read beside the image."""
    if min((p for pair in geometry.padding for p in pair), default=0) >= 0:
        return x, kernel, geometry
    config = [(0, 0, 0), *((*p, 0) for p in geometry.padding), (0, 0, 0)]
    x = lax.pad(x, jnp.zeros((), x.dtype), config)
    none = ((0, 0),) * len(geometry.padding)
    return x, kernel, geometry._replace(image=x.shape[1:-1], padding=none)


def _cpu_input_gradient(y: Array, kernel: Array, geometry: Geometry) -> Array:
    if compiled.suits(y, kernel.shape[-2] * geometry.groups, geometry):
        return compiled.input_gradient(y, kernel, _shape_of_x(y, kernel, geometry), geometry)
    if geometry.groups > 1 and kernel.shape[-2] == 1:
        return depthwise.input_gradient(y, kernel, geometry)
    if _is_pointwise(geometry):
        return spread(y @ kernel.reshape(kernel.shape[-2:]).T, geometry)
    turned = jnp.flip(kernel, range(len(geometry.window)))
    turned = turned.reshape(*kernel.shape[:-1], geometry.groups, -1)
    turned = jnp.swapaxes(turned, -3, -1).reshape(
        *geometry.window, kernel.shape[-1] // geometry.groups, -1
    )
    rank = len(geometry.image)
    padding, strides = spread_padding(geometry), geometry.strides
    if min((p for pair in padding for p in pair), default=0) < 0:
        y = spread(y, geometry)
        padding, strides = ((0, 0),) * rank, (1,) * rank
    return lax.conv_general_dilated(
        y,
        turned,
        (1,) * rank,
        padding,
        lhs_dilation=strides,
        rhs_dilation=geometry.dilation,
        dimension_numbers=_channels_last(rank),
        feature_group_count=geometry.groups,
    )


def _cpu_kernel_gradient(x: Array, y: Array, geometry: Geometry) -> Array:
    shape = _shape_of_kernel(x, y, geometry)
    if compiled.suits(x, y.shape[-1], geometry):
        return compiled.kernel_gradient(x, y, shape, geometry)
    if _is_depthwise(x, geometry):
        return depthwise.kernel_gradient(x, y, geometry)
    numbers = math.prod(geometry.output) * math.prod(geometry.window) * x.shape[-1]
    images = max(1, _LARGEST_MATRIX // max(1, numbers))
    whole = x.shape[0] - x.shape[0] % images
    if whole == 0:
        return _matrix_product(x, y, geometry).reshape(shape)

    def add(total: Array, part: Any) -> tuple[Array, None]:
        return total + _matrix_product(part[0], part[1], geometry), None

    rest = _matrix_product(x[whole:], y[whole:], geometry)
    parts = [a[:whole].reshape(-1, images, *a.shape[1:]) for a in (x, y)]
    total, _ = lax.scan(add, rest, tuple(parts))
    return total.reshape(shape)


def _matrix_product(x: Array, y: Array, geometry: Geometry) -> Array:
    """The kernel gradient `(points, channels / groups, filters)`: windows, turned, times y."""
    groups = geometry.groups
    points = windows(x, geometry)
    matrix = points[0] if len(points) == 1 else jnp.concatenate(points, axis=-1)
    if groups == 1:
        return matrix.reshape(-1, matrix.shape[-1]).T @ y.reshape(-1, y.shape[-1])
    matrix = matrix.reshape(-1, len(points), groups, x.shape[-1] // groups)
    by_group = jnp.einsum("mpgc,mgf->pcgf", matrix, y.reshape(-1, groups, y.shape[-1] // groups))
    return by_group.reshape(-1, y.shape[-1])


def _is_pointwise(geometry: Geometry) -> bool:
    return geometry.groups == 1 and math.prod(geometry.window) == 1


def _is_depthwise(x: Array, geometry: Geometry) -> bool:
    return geometry.groups == x.shape[-1] > 1


# The primitives.

_Map = Callable[[Array, Array, Geometry], Array]


def _primitive(name: str, cpu: _Map, plain: _Map, shape: Callable[..., Any]) -> Primitive:
    """A bilinear primitive that is computed by `cpu` on a CPU and by `plain` elsewhere.

    With `members=True` both operands have one more axis in front, of members that are computed
    each by itself: what `vmap` makes of it where the second operand has the mapped axis.
    """
    primitive = Primitive(f"myelin_convolution_{name}")

    def on_cpu(a: Array, b: Array, geometry: Geometry, members: bool) -> Array:
        if a.dtype in (jnp.bfloat16, jnp.float16):
            # Sums of many short numbers want a longer one, and a CPU has it anyway.
            long = on_cpu(a.astype(jnp.float32), b.astype(jnp.float32), geometry, members)
            return long.astype(a.dtype)
        if not members:
            return cpu(a, b, geometry)
        # Not vmap: XLA's grouped convolution is slow on a CPU, which is busy with one member.
        return lax.map(lambda pair: cpu(pair[0], pair[1], geometry), (a, b))

    def elsewhere(a: Array, b: Array, geometry: Geometry, members: bool) -> Array:
        if not members:
            return plain(a, b, geometry)
        return jax.vmap(lambda a, b: plain(a, b, geometry))(a, b)

    def compute(a: Array, b: Array, *, geometry: Geometry, members: bool) -> Array:
        if a.size == 0 or b.size == 0:
            announced = announce(a, b, geometry=geometry, members=members)
            return jnp.zeros(announced.shape, announced.dtype)
        return lax.platform_dependent(
            a, b,
            cpu=lambda a, b: on_cpu(a, b, geometry, members),
            default=lambda a, b: elsewhere(a, b, geometry, members),
        )  # fmt: skip

    def announce(a: Any, b: Any, *, geometry: Geometry, members: bool) -> Any:
        if not members:
            return jax.core.ShapedArray(shape(a, b, geometry), a.dtype)
        one = [jax.ShapeDtypeStruct(v.shape[1:], v.dtype) for v in (a, b)]
        return jax.core.ShapedArray((a.shape[0], *shape(*one, geometry)), a.dtype)

    primitive.def_impl(jax.jit(compute, static_argnames=("geometry", "members")))
    primitive.def_abstract_eval(announce)
    mlir.register_lowering(primitive, mlir.lower_fun(compute, multiple_results=False))
    return primitive


def _map_over(primitive: Primitive, folds: bool) -> None:
    """Gives a primitive its rule for `vmap`.

    Args:
        primitive: of `_primitive`.
        folds: whether a mapped axis of the first operand alone can join the batch axis.
    """

    def rule(operands: Any, axes: Sequence[Any], *, geometry: Geometry, members: bool) -> Any:
        size = next(v.shape[axis] for v, axis in zip(operands, axes, strict=True)
                    if axis is not None)  # fmt: skip
        alone = folds and not members and axes[1] is None
        a = batching.bdim_at_front(operands[0], axes[0], size)
        b = operands[1] if alone else batching.bdim_at_front(operands[1], axes[1], size)
        if alone:
            a = a.reshape(-1, *a.shape[2:])
        elif members:
            a, b = a.reshape(-1, *a.shape[2:]), b.reshape(-1, *b.shape[2:])
        y = primitive.bind(a, b, geometry=geometry, members=not alone)
        if alone or members:
            y = y.reshape(size, -1, *y.shape[1:])
        return y, 0

    batching.primitive_batchers[primitive] = rule


_forward = _primitive("forward", _cpu_forward, reference, _shape_of_y)
_input_gradient = _primitive(
    "input_gradient", _cpu_input_gradient, _reference_input_gradient, _shape_of_x
)
_kernel_gradient = _primitive(
    "kernel_gradient", _cpu_kernel_gradient, _reference_kernel_gradient, _shape_of_kernel
)

ad.defbilinear(
    _forward,
    lambda y, x, kernel, **how: _input_gradient.bind(y, kernel, **how),
    lambda y, x, kernel, **how: _kernel_gradient.bind(x, y, **how),
)
ad.defbilinear(
    _input_gradient,
    lambda x, y, kernel, **how: _forward.bind(x, kernel, **how),
    lambda x, y, kernel, **how: _kernel_gradient.bind(x, y, **how),
)
ad.defbilinear(
    _kernel_gradient,
    lambda kernel, x, y, **how: _input_gradient.bind(y, kernel, **how),
    lambda kernel, x, y, **how: _forward.bind(x, kernel, **how),
)
_map_over(_forward, folds=True)
_map_over(_input_gradient, folds=True)
_map_over(_kernel_gradient, folds=False)
