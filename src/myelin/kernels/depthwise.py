"""Convolution with a group for each channel, for a CPU: sums of shifted products.

XLA's grouped convolution takes ten times as long. Shapes are those of `convolution`, with
`groups` the number of channels: x `(batch, *image, channels)`, kernel `(*window, 1, channels · m)`
and y `(batch, *output, channels · m)`, m filters a channel.

The last spatial axis and the channels are taken as one axis, of rows of numbers that adjoin:
XLA turns a loop over them into vector instructions, and a shift by a point into one by as many
numbers as there are channels. Where windows step by more than one point along that axis, the
points of each remainder are first put together.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from myelin.kernels.geometry import Geometry, spread

Array = jax.Array

# How many images are taken at once. A loop over them keeps what is computed for each in the
# cache, and out of the loops that read it: XLA would fuse it into each, and compute it again.
_AT_ONCE = 8


def forward(x: Array, kernel: Array, geometry: Geometry) -> Array:
    """y: the sum over the window's points of `x, shifted, times kernel`."""
    filters = kernel.shape[-1]
    factors = jnp.tile(kernel.reshape(-1, filters), (1, geometry.output[-1]))

    def piece(x: Array) -> Array:
        rows = _rows(_per_filter(x, filters), geometry)
        terms = [row * factor for row, factor in zip(rows, factors, strict=True)]
        return sum(terms[1:], terms[0])

    y = lax.map(piece, _pieces(x))
    return y.reshape(x.shape[0], *geometry.output, filters)


def input_gradient(y: Array, kernel: Array, geometry: Geometry) -> Array:
    """x̄: `forward` over y, spread out by the strides, with the kernel turned round."""
    spread_out = spread(y, geometry)
    rank = len(geometry.image)
    plain = geometry._replace(
        image=spread_out.shape[1:-1], strides=(1,) * rank, padding=((0, 0),) * rank
    )
    x = forward(spread_out, jnp.flip(kernel, range(rank)), plain)
    return x.reshape(*x.shape[:-1], geometry.groups, -1).sum(-1)


def kernel_gradient(x: Array, y: Array, geometry: Geometry) -> Array:
    """k̄: for each point of the window, the sum of `x, shifted, times y` over all else."""
    filters = y.shape[-1]

    def add(sums: Array, pieces: tuple[Array, Array]) -> tuple[Array, None]:
        rows = _rows(_per_filter(pieces[0], filters), geometry)
        flat = pieces[1].reshape(*pieces[1].shape[:-2], -1)
        return sums + jnp.stack([_sum_of_products(row, flat) for row in rows]), None

    points, width = math.prod(geometry.window), geometry.output[-1] * filters
    sums, _ = lax.scan(add, jnp.zeros((points, width), x.dtype), (_pieces(x), _pieces(y)))
    return sums.reshape(points, -1, filters).sum(1).reshape(*geometry.window, 1, filters)


def _pieces(x: Array) -> Array:
    return x.reshape(-1, math.gcd(x.shape[0], _AT_ONCE), *x.shape[1:])


def _per_filter(x: Array, filters: int) -> Array:
    return x if x.shape[-1] == filters else jnp.repeat(x, filters // x.shape[-1], axis=-1)


def _rows(x: Array, geometry: Geometry) -> list[Array]:
    """What each point of the window meets in x: arrays `(batch, *output[:-1], output[-1] · c)`."""
    step, channels = geometry.strides[-1], x.shape[-1]
    wanted = (geometry.output[-1] - 1) * step + geometry.reach[-1]
    before, _ = geometry.padding[-1]
    width = -(-wanted // step) * step
    # Zeros after the last point that a window reaches make the width a multiple of the step.
    last = (before, width - geometry.image[-1] - before, 0)
    padding = [(0, 0, 0), *((*p, 0) for p in geometry.padding[:-1]), last, (0, 0, 0)]
    x = lax.pad(x, jnp.zeros((), x.dtype), padding)
    by_remainder = x.reshape(*x.shape[:-2], width // step, step, channels)
    parts = [by_remainder[..., r, :] for r in range(step)]
    flat = [part.reshape(*part.shape[:-2], -1) for part in parts]
    outer = list(zip(geometry.output[:-1], geometry.strides[:-1], strict=True))
    found = []
    for *at, column in geometry.offsets:
        start = column // step * channels
        rest = (slice(a, a + (o - 1) * s + 1, s) for a, (o, s) in zip(at, outer, strict=True))
        found.append(flat[column % step][:, *rest, start : start + geometry.output[-1] * channels])
    return found


def _sum_of_products(row: Array, y: Array) -> Array:
    """`row · y` summed over all axes but the last.

    The last sum is a product with ones: XLA's own reduction of the leading axes goes number by
    number, which takes three times as long.
    """
    terms = [a * b for a, b in zip(row, y, strict=True)]
    part = sum(terms[1:], terms[0]).reshape(-1, y.shape[-1])
    return jnp.ones((part.shape[0],), part.dtype) @ part
