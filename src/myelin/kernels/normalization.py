"""Normalization by channel: the moments of a batch, and scaling whose gradients are sums over it.

    moments    mean and variance of each channel
    scaled     y = x · factor + offset
    sums       Σ x·y and Σ y of each channel, which is the gradient of `scaled` by factor and offset

The derivatives of the last two are made of each other and of plain arithmetic, so they can be
derived forwards and backwards without end. On a CPU `moments` and `sums` read their operands once:
XLA reads x twice for the moments, and reduces leading axes slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.interpreters import ad, batching, mlir

from myelin.kernels import native, plain
from myelin.kernels.primitive import Primitive

Array = jax.Array


def moments(x: Array) -> tuple[Array, Array]:
    """The mean and the variance of each channel, over all axes but the last.

    Shapes: x `(…, channels)`, both results `(channels,)`.

    Source: for the joining of parts on a CPU, Chan, Golub and LeVeque, Updating Formulae and a
    Pairwise Algorithm for Computing Sample Variances, 1979.
    """
    mean, var = _moments(x.reshape(1, -1, x.shape[-1]))
    return mean[0], var[0]


@jax.custom_jvp
def _moments(x: Array) -> tuple[Array, Array]:
    """Of members `(members, rows, channels)`."""
    if not _runs_natively(x):
        return plain_moments(x)
    shape = jax.ShapeDtypeStruct((x.shape[0], x.shape[2]), jnp.float32)
    call = jax.ffi.ffi_call("myelin_moments", (shape, shape), vmap_method="broadcast_all")
    return jax.lax.platform_dependent(x, cpu=lambda x: tuple(call(x)), default=plain_moments)


def plain_moments(x: Array) -> tuple[Array, Array]:
    """`_moments` by XLA, on any device and in any type."""
    mean = x.mean(1, keepdims=True)
    return mean[:, 0], jnp.square(x - mean).mean(1)


@_moments.defjvp
def _moments_differentiated(primals: Any, tangents: Any) -> Any:
    (x,), (x_dot,) = primals, tangents
    mean, var = _moments(x)
    var_dot = 2 * ((x - mean[:, None]) * x_dot).mean(1)
    return (mean, var), (x_dot.mean(1), var_dot)


def scaled(x: Array, factor: Array, offset: Array) -> Array:
    """`x · factor + offset` for each channel.

    Shapes: x `(…, channels)`, factor and offset `(channels,)`.
    """
    if plain.wanted():
        return _plain_scaled(x, factor, offset, members=False)
    return _scaled_p.bind(x, factor, offset, members=False)


def _runs_natively(x: Any) -> bool:
    return (
        # First, as sizes may be symbols where it is not.
        native.usable() and jnp.result_type(x) == jnp.float32 and x.size > 0
    )


# With `members=True` all operands have one more axis in front, of members each by itself.
_scaled_p = Primitive("myelin_scaled")
_sums_p = Primitive("myelin_sums")
_sums_p.multiple_results = True


def _plain_scaled(x: Array, factor: Array, offset: Array, *, members: bool) -> Array:
    if members:
        shape = (x.shape[0], *[1] * (x.ndim - 2), x.shape[-1])
        factor, offset = factor.reshape(shape), offset.reshape(shape)
    return x * factor + offset


def _plain_sums(x: Array, y: Array, *, members: bool) -> tuple[Array, Array]:
    axes = tuple(range(int(members), x.ndim - 1))
    return (x * y).sum(axes), y.sum(axes)


def _sums(x: Array, y: Array, *, members: bool) -> tuple[Array, Array]:
    if not _runs_natively(x):
        return _plain_sums(x, y, members=members)

    def call(x: Array, y: Array) -> tuple[Array, Array]:
        count = x.shape[0] if members else 1
        x, y = (a.reshape(count, -1, a.shape[-1]) for a in (x, y))
        shape = jax.ShapeDtypeStruct((count, x.shape[-1]), jnp.float32)
        found = jax.ffi.ffi_call("myelin_sums", (shape, shape))(x, y)
        products, total = found
        return (products, total) if members else (products[0], total[0])

    def plain(x: Array, y: Array) -> tuple[Array, Array]:
        return _plain_sums(x, y, members=members)

    return jax.lax.platform_dependent(x, y, cpu=call, default=plain)


def _shapes_of_sums(x: Any, y: Any, *, members: bool) -> Any:
    one = jax.core.ShapedArray((*x.shape[: int(members)], x.shape[-1]), x.dtype)
    return one, one


def _scaled_differentiated(primals: Any, tangents: Any, *, members: bool) -> Any:
    x, factor, offset = primals
    x_dot, factor_dot, offset_dot = tangents
    y = _scaled_p.bind(x, factor, offset, members=members)
    y_dots = []
    if not (isinstance(factor_dot, ad.Zero) and isinstance(offset_dot, ad.Zero)):
        steps = (ad.instantiate_zeros(factor_dot), ad.instantiate_zeros(offset_dot))
        y_dots.append(_scaled_p.bind(x, *steps, members=members))
    if not isinstance(x_dot, ad.Zero):
        y_dots.append(_plain_scaled(x_dot, factor, jnp.zeros_like(offset), members=members))
    return y, sum(y_dots[1:], y_dots[0])


def _scaled_transposed(y_bar: Any, x: Any, factor: Any, offset: Any, *, members: bool) -> Any:
    """By factor and offset, in which alone `_scaled_differentiated` leaves it linear."""
    del factor, offset
    return (None, *_sums_p.bind(x, y_bar, members=members))


def _sums_differentiated(primals: Any, tangents: Any, *, members: bool) -> Any:
    x, y = primals
    x_dot, y_dot = (ad.instantiate_zeros(tangent) for tangent in tangents)
    products, sums = _sums_p.bind(x, y_dot, members=members)
    axes = tuple(range(int(members), x.ndim - 1))
    return _sums_p.bind(x, y, members=members), [products + (x_dot * y).sum(axes), sums]


def _sums_transposed(bars: Any, x: Any, y: Any, *, members: bool) -> Any:
    """By y, as above."""
    del y
    return None, _scaled_p.bind(x, *map(ad.instantiate_zeros, bars), members=members)


def _members(operands: Any, axes: Any, members: bool) -> tuple[list[Array], int]:
    """The operands with all members on one axis in front, and how many the new one counts."""
    size = next(v.shape[a] for v, a in zip(operands, axes, strict=True) if a is not None)
    moved = [batching.bdim_at_front(v, a, size) for v, a in zip(operands, axes, strict=True)]
    if members:
        moved = [v.reshape(-1, *v.shape[2:]) for v in moved]
    return moved, size


def _scaled_batched(operands: Any, axes: Sequence[Any], *, members: bool) -> Any:
    if not members and axes[1] is None and axes[2] is None:
        x = jnp.moveaxis(operands[0], axes[0], 0)
        return _scaled_p.bind(x, *operands[1:], members=False), 0
    moved, size = _members(operands, axes, members)
    y = _scaled_p.bind(*moved, members=True)
    return (y.reshape(size, -1, *y.shape[1:]) if members else y), 0


def _sums_batched(operands: Any, axes: Sequence[Any], *, members: bool) -> Any:
    moved, size = _members(operands, axes, members)
    found = _sums_p.bind(*moved, members=True)
    if members:
        found = [f.reshape(size, -1, *f.shape[1:]) for f in found]
    return found, (0, 0)


_scaled_p.def_impl(jax.jit(_plain_scaled, static_argnames="members"))
_scaled_p.def_abstract_eval(lambda x, *_, members: jax.core.ShapedArray(x.shape, x.dtype))
ad.primitive_jvps[_scaled_p] = _scaled_differentiated
ad.primitive_transposes[_scaled_p] = _scaled_transposed
batching.primitive_batchers[_scaled_p] = _scaled_batched
# Plain arithmetic, which XLA makes one loop of with what comes before and after.
mlir.register_lowering(_scaled_p, mlir.lower_fun(_plain_scaled, multiple_results=False))

_sums_p.def_impl(jax.jit(_sums, static_argnames="members"))
_sums_p.def_abstract_eval(_shapes_of_sums)
ad.primitive_jvps[_sums_p] = _sums_differentiated
ad.primitive_transposes[_sums_p] = _sums_transposed
batching.primitive_batchers[_sums_p] = _sums_batched
mlir.register_lowering(_sums_p, mlir.lower_fun(_sums, multiple_results=True))
