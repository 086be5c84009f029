"""Operations of torch's that put numbers in other places: shapes, cuts, copies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading, Sizes
from myelin.interop.torch.inward.values import operand
from myelin.promise import Promise


def size_of(r: Reading, self: Any, dim: int) -> Any:
    """A size: a number, or one that varies with the number of examples."""
    size = self.shape[dim]
    return Sizes() if size is None else size


def sizes_multiplied(r: Reading, a: Any, b: Any) -> Any:
    """The product of two sizes."""
    if isinstance(a, Sizes) and isinstance(b, Sizes):
        raise r.refused("multiplies two sizes that vary")
    return a * b


def reshape(r: Reading, self: Any, size: Any = None, shape: Any = None) -> Any:
    """The same numbers in another shape, of which one size may vary."""
    x = operand(r, self)
    sizes = list(shape if size is None else size)
    said = r.call.shape or ()
    if len(said) == len(sizes):
        sizes = [s if one == -1 and s is not None else one
                 for one, s in zip(sizes, said, strict=True)]  # fmt: skip
    varying = [place for place, one in enumerate(sizes) if isinstance(one, Sizes)]
    if not varying or isinstance(x, np.ndarray):
        return ops.reshape(x, tuple(sizes))
    if varying == [0] and _rows_stay(x, sizes):
        return _rows(x, sizes[1:])
    if len(varying) > 1 or -1 in sizes:
        raise r.refused("has two sizes that vary")
    return ops.reshape(x, tuple(-1 if isinstance(one, Sizes) else one for one in sizes))


def _rows_stay(x: Any, sizes: Sequence[Any]) -> bool:
    """Whether each example keeps its numbers: not where heads, say, stand among the examples."""
    inner = (*x.shape[1:], *sizes[1:])
    known = x.shape[0] is None and None not in inner and -1 not in inner
    return known and math.prod(x.shape[1:]) == math.prod(sizes[1:])


def _rows(x: Any, sizes: Sequence[int]) -> Any:
    """Each example in another shape."""
    if len(sizes) == 1 and len(x.shape) > 2:
        return layers.Flatten("channels_last")(x)
    return layers.Reshape(tuple(sizes))(x)


def flatten(r: Reading, self: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Some axes as one."""
    rank = len(self.shape)
    start, end = start_dim % rank, end_dim % rank
    if start == end:
        return self
    if start == 1 and end == rank - 1 and self.shape[0] is None:
        return layers.Flatten("channels_last", name=r.own_name)(self)
    inner = self.shape[start : end + 1]
    one = -1 if None in inner else math.prod(inner)
    return _reshaped(r, self, [*self.shape[:start], one, *self.shape[end + 1 :]])


def unflatten(r: Reading, self: Any, dim: int, sizes: Any) -> Any:
    """One axis as several."""
    place = dim % len(self.shape)
    return _reshaped(r, self, [*self.shape[:place], *sizes, *self.shape[place + 1 :]])


def _reshaped(r: Reading, x: Any, sizes: Sequence[Any]) -> Any:
    """x in a shape in which None stands for what varies."""
    return reshape(r, x, [Sizes() if size is None else size for size in sizes])


def permute(r: Reading, self: Any, dims: Sequence[int]) -> Any:
    """The axes in another order."""
    x = operand(r, self)
    rank = len(x.shape)
    order = [axis % rank for axis in dims]
    if order[0] == 0 and isinstance(x, Promise) and x.shape[0] is None:
        return layers.Permute(tuple(order[1:]))(x)
    return ops.transpose(x, tuple(order))


def transpose(r: Reading, self: Any, dim0: int = 0, dim1: int = 1) -> Any:
    """Two axes in each other's place."""
    order = list(range(len(self.shape)))
    one, other = dim0 % len(order), dim1 % len(order)
    order[one], order[other] = other, one
    return permute(r, self, order)


def movedim(r: Reading, self: Any, source: Any, destination: Any) -> Any:
    """Axes in other places."""
    return ops.moveaxis(operand(r, self), source, destination)


def unsqueeze(r: Reading, self: Any, dim: int) -> Any:
    """A new axis of size 1."""
    return ops.expand_dims(operand(r, self), dim)


def squeeze(r: Reading, self: Any, dim: Any = None) -> Any:
    """Without axes of size 1; those of other sizes stay, as in torch."""
    x = operand(r, self)
    axes = range(len(x.shape)) if dim is None else [dim] if isinstance(dim, int) else dim
    ones = tuple(axis for axis in axes if x.shape[axis] == 1)
    return ops.squeeze(x, ones) if ones else x


def expand(r: Reading, self: Any, size: Sequence[Any]) -> Any:
    """Copies along axes of size 1, and along new ones in front."""
    x = operand(r, self)
    new = len(size) - len(x.shape)
    if any(isinstance(one, Sizes) for one in size):
        return _for_each_example(r, x, size)
    whole = [x.shape[i - new] if one == -1 else one for i, one in enumerate(size)]
    if any(one is None for one in whole):
        ones = tuple(1 if one is None else one for one in whole)
        return ops.multiply(x, np.ones(ones, "float32"))
    return ops.broadcast_to(x, tuple(whole))


def _for_each_example(r: Reading, x: Any, size: Sequence[Any]) -> Any:
    """x for each example, where its first axis is 1: added to zeros made of the first input."""
    if not isinstance(size[0], Sizes) or any(isinstance(one, Sizes) for one in size[1:]):
        raise r.refused("has a size that varies behind the first axis")
    if x.shape[0] is None:
        return expand(r, x, [-1, *size[1:]])
    first = ops.cast(r.inputs[0], "float32")
    rest = tuple(range(1, len(first.shape)))
    nothing = ops.multiply(ops.sum(first, rest) if rest else first, 0.0)
    nothing = ops.reshape(nothing, (-1, *[1] * (len(size) - 1)))
    return expand(r, ops.add(nothing, x), [-1, *size[1:]])


def concatenate(r: Reading, tensors: Any, dim: int = 0) -> Any:
    """Arrays behind each other."""
    arrays = [operand(r, tensor) for tensor in tensors]
    if all(isinstance(a, Promise) and a.shape[:1] == (None,) for a in arrays) and dim:
        return layers.Concatenate(dim)(arrays)
    return ops.concatenate(arrays, dim)


def stack(r: Reading, tensors: Any, dim: int = 0) -> Any:
    """Arrays beside each other along a new axis."""
    return ops.stack([operand(r, tensor) for tensor in tensors], dim)


def narrow(r: Reading, self: Any, dim: int = 0, start: Any = None, length: Any = None) -> Any:
    """A part of an axis."""
    return slice_of(r, self, dim, start, start + length)


def slice_of(
    r: Reading, self: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    """A part of an axis, in steps."""
    x = operand(r, self)
    whole = start in (None, 0) and step == 1
    if whole and (end is None or isinstance(end, Sizes) or end >= 2**62):
        return x
    if isinstance(start, Sizes) or isinstance(end, Sizes):
        raise r.refused("cuts at a place that varies")
    end = None if end is not None and end >= 2**62 else end
    return x[(*[slice(None)] * (dim % len(x.shape)), slice(start, end, step))]


def select(r: Reading, self: Any, dim: int, index: int) -> Any:
    """One place of an axis."""
    x = operand(r, self)
    return x[(*[slice(None)] * (dim % len(x.shape)), index)]


def split(r: Reading, self: Any, split_size: Any = None, dim: int = 0, split_sizes: Any = None,
          chunks: Any = None) -> Any:  # fmt: skip
    """Parts of an axis: of one size, of sizes, or so many."""
    x = operand(r, self)
    whole = x.shape[dim]
    if whole is None:
        raise r.refused("cuts an axis of a size that varies")
    sizes = split_sizes if split_size is None else split_size
    if chunks is not None:
        sizes = -(-whole // chunks)
    if isinstance(sizes, int):
        sizes = [min(sizes, whole - start) for start in range(0, whole, sizes)]
    ends = list(itertools.accumulate(sizes))
    return [slice_of(r, x, dim, end - size, end) for size, end in zip(sizes, ends, strict=True)]


def unbind(r: Reading, self: Any, dim: int = 0) -> Any:
    """Each place of an axis by itself."""
    return [select(r, self, dim, index) for index in range(operand(r, self).shape[dim])]


_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(
    r: Reading, self: Any, pad: Sequence[int], mode: str = "constant", value: Any = None
) -> Any:
    """More at the ends of the last axes, or less."""
    pairs = [(0, 0)] * (len(self.shape) - len(pad) // 2)
    pairs += [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    x = self
    for axis, (before, after) in enumerate(pairs):
        if before < 0 or after < 0:
            x = slice_of(r, x, axis, max(0, -before), None if after >= 0 else after)
    grown = tuple((max(0, before), max(0, after)) for before, after in pairs)
    if not any(itertools.chain(*grown)):
        return x
    named = {"constant_values": value} if value else {}
    return ops.pad(x, grown, _MODES[mode], **named)


def constant_pad(r: Reading, self: Any, pad: Sequence[int], value: Any = 0) -> Any:
    """Numbers around the last axes."""
    return globals()["pad"](r, self, pad, "constant", value)


def padded_by(mode: str) -> Callable[..., Any]:
    """An entry for `reflection_pad2d` and its kin."""
    return lambda r, self, padding: pad(r, self, padding, mode)


def repeat_interleave(r: Reading, self: Any, repeats: Any, dim: Any = None) -> Any:
    """Each place of an axis so many times."""
    return ops.repeat(operand(r, self), repeats, dim)


def repeat(r: Reading, self: Any, repeats: Sequence[Any]) -> Any:
    """The whole array so many times along each axis."""
    if any(isinstance(one, Sizes) for one in repeats):
        if all(one == 1 for one in repeats[1:]) and operand(r, self).shape[0] == 1:
            return expand(r, self, [repeats[0], *[-1] * (len(repeats) - 1)])
        raise r.refused("repeats so often as varies")
    return ops.tile(operand(r, self), tuple(repeats))


def upsample_nearest(rank: int) -> Callable[..., Any]:
    """An entry for points repeated along `rank` axes."""

    def entry(r: Reading, input: Any, output_size: Any = None, scale_factors: Any = None) -> Any:
        sizes = input.shape[2:]
        factors = scale_factors or [n / o for n, o in zip(output_size, sizes, strict=True)]
        whole = [round(factor) for factor in factors]
        if any(f != w for f, w in zip(factors, whole, strict=True)):
            raise r.refused("enlarges by other than whole factors")
        x = input
        for axis, factor in enumerate(whole, 2):
            x = ops.repeat(x, factor, axis) if factor > 1 else x
        return x

    return entry


TABLE: dict[str, Callable[..., Any]] = {
    "sym_size": size_of, "reshape": reshape, "view": reshape, "_unsafe_view": reshape,
    "flatten": flatten, "unflatten": unflatten, "permute": permute, "transpose": transpose,
    "swapaxes": lambda r, self, axis0, axis1: transpose(r, self, axis0, axis1),
    "t": transpose, "numpy_T": lambda r, self: permute(r, self, range(len(self.shape))[::-1]),
    "movedim": movedim, "unsqueeze": unsqueeze, "squeeze": squeeze, "expand": expand,
    "expand_as": lambda r, self, other: ops.add(operand(r, self), ops.zeros_like(other)),
    "cat": concatenate, "stack": stack, "slice": slice_of, "narrow": narrow, "select": select,
    "split": split, "split_with_sizes": split, "chunk": split, "unbind": unbind, "pad": pad,
    "constant_pad_nd": constant_pad,
    **{f"{kind}_pad{rank}d": padded_by(mode) for rank in (1, 2, 3)
       for kind, mode in (("reflection", "reflect"), ("replication", "replicate"))},
    "flip": lambda r, self, dims: ops.flip(operand(r, self), tuple(dims)),
    "roll": lambda r, self, shifts, dims: ops.roll(operand(r, self), tuple(shifts), tuple(dims)),
    "repeat": repeat, "tile": lambda r, self, dims: repeat(r, self, dims),
    "repeat_interleave": repeat_interleave,
    **{f"upsample_nearest{rank}d": upsample_nearest(rank) for rank in (1, 2, 3)},
    # Python's own operator between sizes.
    "sizes_mul": sizes_multiplied,
}  # fmt: skip
