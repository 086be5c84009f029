"""Images sampled at other places than their pixels: what rotation, zoom and their kin compute.

Each output pixel reads its neighbours by one gather of whole pixels per corner, all channels at
once, with indices that are known to be inside: 0.8 ms for 64 images of 32 x 32 x 3 on two cores,
where a gather per channel takes 2.1 and `jax.scipy.ndimage.map_coordinates` 3.1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax


# Compiled as wholes also where a layer is called alone: op by op, each would be compiled by itself.
@functools.partial(jax.jit, static_argnames=("interpolation", "fill_mode"))
def sample(
    images: jax.Array,
    rows: jax.Array,
    columns: jax.Array,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> jax.Array:
    """The images' values at `rows` and `columns`, of which the pixels have whole numbers.

    Args:
        images: `(batch, height, width, channels)`, of any type.
        rows, columns: `(batch, out_height, out_width)`, of any size, also outside.
        interpolation: "bilinear", or "nearest" (halves go up).
        fill_mode: what lies outside: "constant" (`fill_value`), "nearest" (the edge goes on:
            `a a | a b c | c c`), "reflect" (`b a | a b c | c b`), "mirror" (`c b | a b c | b a`)
            or "wrap" (`b c | a b c | a b`). They are the modes "grid-constant", "nearest",
            "reflect", "mirror" and "grid-wrap" of `scipy.ndimage`.
        fill_value: with "constant".

    Returns:
        `(batch, out_height, out_width, channels)` in the type of the images; where that is an
        integer type, rounded.
    """
    flat = images.reshape(-1, images.shape[-1])
    if interpolation == "nearest":
        index, within = _find(jnp.floor(rows + 0.5), jnp.floor(columns + 0.5), images, fill_mode)
        values = flat.at[index].get(mode="promise_in_bounds")
        if fill_mode == "constant":
            values = jnp.where(within[..., None], values, jnp.asarray(fill_value, images.dtype))
        return values
    top, left = jnp.floor(rows), jnp.floor(columns)
    lower, right = (jnp.asarray(c, rows.dtype)[:, None, None, None] for c in _CORNERS)
    weights = jnp.abs(1 - lower - (rows - top)) * jnp.abs(1 - right - (columns - left))
    index, within = _find(top + lower, left + right, images, fill_mode)
    values = jnp.zeros((*rows.shape, images.shape[-1]), jnp.result_type(flat, weights))
    if fill_mode == "constant":
        values += fill_value * jnp.where(within, 0, weights).sum(0)[..., None]
        weights = jnp.where(within, weights, 0)

    def add(values: jax.Array, corner: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        index, weight = corner
        return values + weight[..., None] * flat.at[index].get(mode="promise_in_bounds"), None

    # A loop, because XLA fuses through gathers: of two layers written out, the second computes
    # the whole of the first anew for each of its corners, 35 ms instead of 2.
    values, _ = lax.scan(add, values, (index, weights))
    if jnp.issubdtype(images.dtype, jnp.integer):
        values = jnp.round(values)
    return values.astype(images.dtype)


# What to add to the row and the column of the upper left corner for each of the four.
_CORNERS = (0, 0, 1, 1), (0, 1, 0, 1)


def _find(
    rows: jax.Array, columns: jax.Array, images: jax.Array, fill_mode: str
) -> tuple[jax.Array, jax.Array]:
    """The index among all pixels of what is seen at whole rows and columns, and if it is there."""
    batch, height, width, _ = images.shape
    row, column = rows.astype(jnp.int32), columns.astype(jnp.int32)
    own_row, own_column = _INSIDE[fill_mode](row, height), _INSIDE[fill_mode](column, width)
    first = height * width * jnp.arange(batch, dtype=jnp.int32)
    index = first[:, None, None] + own_row * width + own_column
    return index, (row == own_row) & (column == own_column)


@functools.partial(jax.jit, static_argnames=("interpolation", "fill_mode"))
def project(
    images: jax.Array,
    matrices: jax.Array,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> jax.Array:
    """Images under one projective map each: output pixel (x, y) shows the input at
    `((a0·x + a1·y + a2) / k, (b0·x + b1·y + b2) / k)` with `k = c0·x + c1·y + 1`.

    Args:
        images: `(batch, height, width, channels)`.
        matrices: `(batch, 8)`, the numbers a0, a1, a2, b0, b1, b2, c0, c1 of each image.
        interpolation, fill_mode, fill_value: as for `sample`.
    """
    _, height, width, _ = images.shape
    y = jnp.arange(height, dtype=matrices.dtype)[:, None]
    x = jnp.arange(width, dtype=matrices.dtype)[None, :]
    columns, rows = apply_projection(as_3x3(matrices)[:, None, None], x, y)
    return sample(images, rows, columns, interpolation, fill_mode, fill_value)


def as_3x3(matrices: jax.Array) -> jax.Array:
    """The matrices `(…, 3, 3)` of the maps whose eight numbers are given, the ninth being 1."""
    ones = jnp.ones_like(matrices[..., :1])
    return jnp.concatenate([matrices, ones], axis=-1).reshape(*matrices.shape[:-1], 3, 3)


def inverse(matrices: jax.Array) -> jax.Array:
    """The inverses of projective maps `(…, 3, 3)`, each up to a factor, which maps do not have."""
    a, b, c = (matrices[..., row, :] for row in range(3))
    return jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)], axis=-1)


def apply_projection(
    matrices: jax.Array, x: jax.Array, y: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Where projective maps `(…, 3, 3)` take points (x, y)."""
    to_x, to_y, to_k = (
        matrices[..., row, 0] * x + matrices[..., row, 1] * y + matrices[..., row, 2]
        for row in range(3)
    )
    # On the horizon of a map k is 0: far away is as good as nowhere, and stays a number.
    k = jnp.where(jnp.abs(to_k) < 1e-6, 1e-6, to_k)
    return to_x / k, to_y / k


@jax.jit
def homography(start: jax.Array, end: jax.Array) -> jax.Array:
    """The eight numbers of the map that shows at the points `end` what was at `start`.

    Args:
        start, end: `(batch, 4, 2)`, four points (x, y) of each image.

    Returns:
        `(batch, 8)` for `project`; the identity where the points are no quadrilateral.

    Source: Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.
    """
    (x, y), (u, v) = jnp.moveaxis(end, -1, 0), jnp.moveaxis(start, -1, 0)
    zero, one = jnp.zeros_like(x), jnp.ones_like(x)
    for_u = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    for_v = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    equations = jnp.concatenate([for_u, for_v], axis=-2)
    wanted = jnp.concatenate([u, v], axis=-1)
    found = jnp.linalg.solve(equations, wanted[..., None])[..., 0]
    identity = jnp.asarray([1, 0, 0, 0, 1, 0, 0, 0], found.dtype)
    return jnp.where(jnp.isfinite(found).all(-1, keepdims=True), found, identity)


def _reflect(index: jax.Array, size: int) -> jax.Array:
    index = jnp.mod(index, 2 * size)
    return jnp.minimum(index, 2 * size - 1 - index)


def _mirror(index: jax.Array, size: int) -> jax.Array:
    period = max(2 * size - 2, 1)
    index = jnp.mod(index, period)
    return jnp.minimum(index, period - index) if size > 1 else index


def _edge(index: jax.Array, size: int) -> jax.Array:
    return jnp.clip(index, 0, size - 1)


# From any whole number to the index, from 0 to size - 1, of the pixel to be seen there.
_INSIDE: dict[str, Callable[[jax.Array, int], jax.Array]] = {
    "constant": _edge,
    "nearest": _edge,
    "reflect": _reflect,
    "mirror": _mirror,
    "wrap": jnp.mod,
}
