"""Making, arranging, choosing and scattering arrays: what stands at TensorFlow's root."""

from __future__ import annotations

import builtins
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from myelin import ops
from myelin.dtypes import floatx, name_of
from myelin.errors import InputError
from myelin.keras_script.tensorflow.calling import renamed, tensor

convert_to_tensor = renamed(
    lambda value, dtype=None, dtype_hint=None: ops.convert_to_tensor(value, dtype)
)
cast = renamed(ops.cast)
einsum = renamed(ops.einsum)
is_tensor = ops.is_tensor
ones_like = renamed(ops.ones_like, input="x")
zeros_like = renamed(ops.zeros_like, input="x")
reshape = renamed(
    lambda tensor, shape: ops.reshape(tensor, _sizes(shape)),
)
stop_gradient = renamed(ops.stop_gradient, input="variable")
tensordot = renamed(lambda a, b, axes: ops.tensordot(a, b, axes))


def _sizes(shape: Any) -> tuple[int, ...]:
    found = np.asarray(shape)
    return tuple(int(n) for n in found.ravel())


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None, layout: Any = None) -> Any:
    """An array of zeros."""
    return jnp.zeros(_sizes(shape), name_of(dtype))


def ones(shape: Any, dtype: Any = "float32", name: str | None = None, layout: Any = None) -> Any:
    """An array of ones."""
    return jnp.ones(_sizes(shape), name_of(dtype))


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Any:
    """An array of one value."""
    return jnp.full(_sizes(dims), tensor(value))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None,
    dtype: Any = "float32", name: str | None = None,
) -> Any:  # fmt: skip
    """Ones on the diagonal, zeros elsewhere."""
    made = jnp.eye(num_rows, num_columns, dtype=name_of(dtype))
    return made if batch_shape is None else jnp.broadcast_to(made, (*batch_shape, *made.shape))


def range(
    start: Any = 0, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None
) -> Any:
    """Numbers from `start` up to `limit`, `delta` apart; up to `start` from 0 without a limit."""
    bounds = (0, start) if limit is None else (start, limit)
    given = [x if isinstance(x, int | float) else np.asarray(x).item() for x in (*bounds, delta)]
    whole = all(isinstance(x, int) for x in given)
    kind = name_of(dtype) if dtype is not None else "int32" if whole else floatx()
    return jnp.asarray(np.arange(*given), kind)


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Any:
    """So many numbers at even distances, both ends among them."""
    return jnp.linspace(tensor(start), tensor(stop), int(num), axis=axis)


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> Any:
    """The coordinates of a grid."""
    return list(jnp.meshgrid(*map(tensor, args), indexing=indexing))


def one_hot(
    indices: Any, depth: int, on_value: Any = None, off_value: Any = None,
    axis: int | None = None, dtype: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """For each number a row with `on_value` (1) at its place and `off_value` (0) elsewhere."""
    on = 1 if on_value is None else on_value
    off = 0 if off_value is None else off_value
    given = next((x for x in (on_value, off_value) if x is not None), None)
    kind = floatx() if given is None else tensor(given).dtype
    hot = jax.nn.one_hot(tensor(indices), int(depth), axis=-1 if axis is None else axis) > 0
    return jnp.where(hot, on, off).astype(kind if dtype is None else name_of(dtype))


def identity(input: Any, name: str | None = None) -> Any:
    """The same array."""
    return tensor(input)


def rank(input: Any, name: str | None = None) -> Any:
    """How many axes there are."""
    return tensor(jnp.ndim(tensor(input)))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Any:
    """How many numbers there are."""
    return jnp.asarray(tensor(input).size, "int32")


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Any:
    """The sizes of the axes, as a tuple."""
    return tuple(np.shape(input) if isinstance(input, np.ndarray) else ops.shape(input))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Any:
    """The axes in another order, the reverse one by default."""
    made = ops.transpose(a, None if perm is None else _sizes(perm))
    return ops.conj(made) if conjugate else made


def concat(values: Any, axis: int, name: str | None = None) -> Any:
    """Arrays one after another along an axis."""
    return ops.concatenate(values, axis=int(axis))


def stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Arrays side by side along a new axis."""
    return ops.stack(values, axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> Any:
    """The parts along an axis, as a list without that axis."""
    return list(jnp.moveaxis(tensor(value), axis, 0))


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: str | None = None
) -> Any:
    """So many equal parts along an axis, or parts of the listed sizes (-1: what is left)."""
    value = tensor(value)
    if isinstance(num_or_size_splits, int):
        return jnp.split(value, num_or_size_splits, axis)
    sizes = list(_sizes(num_or_size_splits))
    if -1 in sizes:
        sizes[sizes.index(-1)] = value.shape[axis] - sum(sizes) - 1
    return jnp.split(value, np.cumsum(sizes)[:-1].tolist(), axis)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Without the axes of length 1, or without the listed ones."""
    return ops.squeeze(input, None if axis is None else _sizes(axis))


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """The array so many times along each axis."""
    return jnp.tile(tensor(input), _sizes(multiples))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Each entry so many times."""
    return jnp.repeat(tensor(input), tensor(repeats), axis)


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """The array with its axes of length 1 repeated to a shape."""
    return jnp.broadcast_to(tensor(input), _sizes(shape))


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Longer along each axis by the listed numbers of entries before and after."""
    widths = [tuple(int(n) for n in pair) for pair in np.asarray(paddings)]
    kind = mode.lower()
    given = ops.convert_to_tensor(tensor)
    if kind == "constant":
        return jnp.pad(given, widths, constant_values=constant_values)
    return jnp.pad(given, widths, mode=kind)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """The listed axes the other way round."""
    return jnp.flip(ops.convert_to_tensor(tensor), _sizes(axis))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """Entries moved along axes, those at the end to the front."""
    return jnp.roll(tensor(input), _sizes(shift), _sizes(axis))


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """A part of each axis: from where on, and how long (-1: to the end)."""
    starts, lengths = _sizes(begin), _sizes(size)
    index = tuple(
        builtins.slice(first, None if n == -1 else first + n)
        for first, n in zip(starts, lengths, strict=True)
    )
    return tensor(input_)[index]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """x where the condition holds, else y; with the condition alone, the places where it holds."""
    condition = tensor(condition)
    if (x is None) != (y is None):
        raise InputError("where takes x and y both, or neither")
    if x is None:
        return jnp.stack(jnp.nonzero(condition), axis=-1)
    return jnp.where(condition.astype(bool), tensor(x), tensor(y))


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str | None = None) -> Any:
    """The entries for which the mask is true."""
    chosen = np.asarray(mask, bool)
    array = ops.convert_to_tensor(tensor)
    first = axis or 0
    index = (builtins.slice(None),) * first + (chosen,)
    return array[index]


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int | None = None,
    batch_dims: int = 0, name: str | None = None,
) -> Any:  # fmt: skip
    """The listed entries along an axis; with `batch_dims` from each batch its own."""
    params, indices = tensor(params), tensor(indices)
    along = batch_dims if axis is None else axis
    along = along + params.ndim if along < 0 else along
    take: Any = functools.partial(jnp.take, axis=along - batch_dims)
    for _ in builtins.range(batch_dims):
        take = jax.vmap(take)
    return take(params, indices)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """The entries, or parts, at the places that the last axis of `indices` lists."""
    take: Any = _at_places
    for _ in builtins.range(batch_dims):
        take = jax.vmap(take)
    return take(tensor(params), tensor(indices))


def _at_places(array: Any, places: Any) -> Any:
    return array[tuple(jnp.moveaxis(places, -1, 0))]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Any:
    """Zeros, with values added at the listed places."""
    updates = tensor(updates)
    made = jnp.zeros(_sizes(shape), updates.dtype)
    return tensor_scatter_nd_add(made, indices, updates)


def tensor_scatter_nd_update(
    tensor: Any, indices: Any, updates: Any, name: str | None = None
) -> Any:
    """The array with other values at the listed places."""
    return _at(tensor, indices).set(ops.convert_to_tensor(updates))


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """The array with values added at the listed places."""
    return _at(tensor, indices).add(ops.convert_to_tensor(updates))


def _at(array: Any, indices: Any) -> Any:
    places = jnp.moveaxis(ops.convert_to_tensor(indices), -1, 0)
    return ops.convert_to_tensor(array).at[tuple(places)]


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """The entries in rising or falling order."""
    return jnp.sort(tensor(values), axis, descending=_falls(direction))


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Where the entries of the sorted array come from."""
    return jnp.argsort(tensor(values), axis, descending=_falls(direction))


def _falls(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise InputError(f'direction wants "ASCENDING" or "DESCENDING", got {direction!r}')
    return direction == "DESCENDING"


class Unique(NamedTuple):
    """The different entries, and for each entry which of them it is."""

    y: Any
    idx: Any


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Unique:
    """The different entries, in the order in which they come first."""
    _, first, inverse = np.unique(np.asarray(x), return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))
    return Unique(tensor(np.asarray(x)[np.sort(first)]), tensor(place[inverse].astype(np.int32)))


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32",
    name: str | None = None,
) -> Any:  # fmt: skip
    """Where values go into a sorted array so that it stays sorted."""
    find: Any = functools.partial(jnp.searchsorted, side=side)
    for _ in builtins.range(tensor(sorted_sequence).ndim - 1):
        find = jax.vmap(find)
    return find(tensor(sorted_sequence), tensor(values))


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: str | None = None
) -> Any:
    """True for the first so many entries of each row."""
    lengths = tensor(lengths)
    most = int(jnp.max(lengths)) if maxlen is None else int(maxlen)
    return (jnp.arange(most) < lengths[..., None]).astype(name_of(dtype))


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The norm of vectors or matrices; the Euclidean one of all entries by default."""
    x = ops.convert_to_tensor(tensor)
    kind = None if ord == "euclidean" else ord
    if axis is None:
        return jnp.linalg.norm(x.ravel(), kind).reshape((1,) * x.ndim if keepdims else ())
    along = axis if isinstance(axis, int) else tuple(axis)
    if kind is None and isinstance(along, tuple):
        return jnp.sqrt(jnp.sum(jnp.square(jnp.abs(x)), along, keepdims=keepdims))
    return jnp.linalg.norm(x, kind, along, keepdims)
