"""Operations of torch's that become functions of `myelin.ops`, and what becomes of sizes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading, Sizes
from myelin.promise import Promise


class Filled:
    """An array of one number, of a size that may vary: torch's zeros and ones."""

    def __init__(self, value: float, sizes: Sequence[Any], dtype: str) -> None:
        self.value, self.sizes, self.dtype = value, list(sizes), dtype

    def array(self, r: Reading) -> np.ndarray:
        """The numbers themselves.

        Raises:
            InputError: a size varies.
        """
        if any(isinstance(size, Sizes) for size in self.sizes):
            raise r.refused("computes with zeros or ones of a size that varies")
        check_count(r, math.prod(self.sizes))
        return np.full(self.sizes, self.value, self.dtype)


def check_count(r: Reading, count: int) -> None:
    """Raises where a file asks for more numbers than any honest one does.

    Raises:
        InputError: it does.
    """
    if count > _MOST_NUMBERS:
        raise r.refused(f"wants {count} numbers that no file brings")


# What is made of nothing, such as masks, is small.
_MOST_NUMBERS = 1 << 26


def is_zeros(value: Any) -> bool:
    """Whether a value is nothing but zeros."""
    return isinstance(value, Filled) and value.value == 0


def _in(r: Reading, value: Any) -> Any:
    """An operand: a weight as a promise, zeros as numbers."""
    return value.array(r) if isinstance(value, Filled) else r.value(value)


# Arithmetic.


def unary(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a function of one array."""
    return lambda r, self: function(_in(r, self))


def binary(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a function of two arrays, or of one and a number."""
    return lambda r, self, other: function(_in(r, self), _in(r, other))


def _both_promised(a: Any, b: Any) -> bool:
    """Whether two values are arrays of examples of one shape, as layers take them."""
    promised = isinstance(a, Promise) and isinstance(b, Promise)
    return promised and a.shape == b.shape and a.shape[:1] == (None,)


def add(r: Reading, self: Any, other: Any, alpha: Any = 1) -> Any:
    """The sum, with `alpha` as a factor of the second."""
    if isinstance(self, int | Sizes) or isinstance(other, Sizes):
        raise r.refused("adds to a size that varies")
    a, b = _in(r, self), _in(r, other)
    b = b if alpha == 1 else b * alpha
    return layers.Add()([a, b]) if _both_promised(a, b) else ops.add(a, b)


def sub(r: Reading, self: Any, other: Any, alpha: Any = 1) -> Any:
    """The difference, with `alpha` as a factor of the second."""
    b = _in(r, other)
    return ops.subtract(_in(r, self), b if alpha == 1 else b * alpha)


def mul(r: Reading, self: Any, other: Any) -> Any:
    """The product."""
    a, b = _in(r, self), _in(r, other)
    return layers.Multiply()([a, b]) if _both_promised(a, b) else ops.multiply(a, b)


def div(r: Reading, self: Any, other: Any, rounding_mode: Any = None) -> Any:
    """The quotient."""
    y = ops.divide(_in(r, self), _in(r, other))
    return y if rounding_mode is None else {"floor": ops.floor, "trunc": ops.trunc}[rounding_mode](y)


def clamp(r: Reading, self: Any, min: Any = None, max: Any = None) -> Any:
    """x within bounds."""
    y = _in(r, self)
    y = y if min is None else ops.maximum(y, _in(r, min))
    return y if max is None else ops.minimum(y, _in(r, max))


def softplus(r: Reading, self: Any, beta: float = 1, threshold: float = 20) -> Any:
    """`log(1 + exp(beta·x)) / beta`."""
    return ops.softplus(self) if beta == 1 else ops.softplus(self * beta) / beta


def masked_fill(r: Reading, self: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is True, else x."""
    return ops.where(_in(r, mask), _in(r, value), _in(r, self))


def where(r: Reading, condition: Any, self: Any, other: Any) -> Any:
    """One where the condition is True, the other where it is not."""
    return ops.where(_in(r, condition), _in(r, self), _in(r, other))


def cast(r: Reading, self: Any, dtype: Any = None) -> Any:
    """x in another type; whole numbers have 32 bits here."""
    if dtype is None:
        return self
    return ops.cast(_in(r, self), {"int64": "int32", "float64": "float32"}.get(dtype, dtype))


def same(r: Reading, self: Any) -> Any:
    """x."""
    return self


# Reductions.


def over(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a reduction over axes."""

    def entry(r: Reading, self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) and dim else None if dim == [] else dim
        x = _in(r, self)
        if axis is None and isinstance(x, Promise) and None in x.shape[:1]:
            raise r.refused("reduces over all examples of a batch, which a model here does not")
        return function(x, axis, keepdim)

    return entry


def var(r: Reading, self: Any, dim: Any = None, correction: Any = 1, unbiased: Any = None,
        keepdim: bool = False) -> Any:  # fmt: skip
    """The variance, by default divided by one less than there are numbers."""
    axes = [dim] if isinstance(dim, int) else list(dim or range(len(self.shape)))
    count = math.prod(self.shape[axis] or 0 for axis in axes)
    less = 1 if correction is None else correction
    less = int(unbiased) if unbiased is not None else less
    if count <= less:
        raise r.refused("wants axes of a known size, of more than one")
    return ops.var(self, tuple(axes), keepdims=keepdim) * (count / (count - less))


def std(r: Reading, self: Any, dim: Any = None, correction: Any = 1, unbiased: Any = None,
        keepdim: bool = False) -> Any:  # fmt: skip
    """The root of the variance."""
    return ops.sqrt(var(r, self, dim, correction, unbiased, keepdim))


def largest(values: Any, places: Any) -> Callable[..., Any]:
    """An entry for the largest number of an axis and its place, or of two arrays."""

    def entry(r: Reading, self: Any, dim: Any = None, keepdim: bool = False, other: Any = None) -> Any:
        if other is not None:
            pair = ops.maximum if values is ops.max else ops.minimum
            return pair(_in(r, self), _in(r, other))
        if dim is None:
            raise r.refused("reduces over all examples of a batch, which a model here does not")
        return values(self, dim, keepdims=keepdim), places(self, dim, keepdims=keepdim)

    return entry


# Products.


def matmul(r: Reading, self: Any, other: Any = None, mat2: Any = None) -> Any:
    """The product of matrices."""
    return ops.matmul(_in(r, self), _in(r, mat2 if other is None else other))


def addmm(r: Reading, self: Any, mat1: Any = None, mat2: Any = None, beta: Any = 1,
          alpha: Any = 1, batch1: Any = None, batch2: Any = None) -> Any:  # fmt: skip
    """`beta·self + alpha·(mat1 @ mat2)`."""
    one, two = (mat1, mat2) if batch1 is None else (batch1, batch2)
    y = ops.matmul(_in(r, one), _in(r, two))
    y = y if alpha == 1 else y * alpha
    return y + (_in(r, self) if beta == 1 else _in(r, self) * beta)


def einsum(r: Reading, equation: str, tensors: Any) -> Any:
    """The sum over what the letters of the equation share."""
    return ops.einsum(equation, *(_in(r, tensor) for tensor in tensors))


def attention(
    r: Reading, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """`softmax(query @ keyᵀ · scale + mask) @ value`."""
    if enable_gqa:
        raise r.refused("shares keys between heads by enable_gqa=True: repeat them beforehand")
    q, k, v = (_in(r, array) for array in (query, key, value))
    scores = ops.matmul(q, ops.swapaxes(k, -1, -2))
    scores = scores * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        check_count(r, q.shape[-2] * k.shape[-2])
        past = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
        scores = ops.where(past, scores, -math.inf)
    if attn_mask is not None:
        mask = _in(r, attn_mask)
        flags = str(mask.dtype) == "bool"
        scores = ops.where(mask, scores, -math.inf) if flags else scores + mask
    weights = ops.softmax(scores, -1)
    if dropout_p:
        # Only where attention was said to train, or it would say 0.
        if r.call.path not in r.program.always:
            raise r.refused("drops also when the module does not train")
        weights = layers.Dropout(dropout_p, name=r.own_name)(weights)
    return ops.matmul(weights, v)


# Shapes.


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
    x = _in(r, self)
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
    x = _in(r, self)
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
    return ops.moveaxis(_in(r, self), source, destination)


def unsqueeze(r: Reading, self: Any, dim: int) -> Any:
    """A new axis of size 1."""
    return ops.expand_dims(_in(r, self), dim)


def squeeze(r: Reading, self: Any, dim: Any = None) -> Any:
    """Without axes of size 1; those of other sizes stay, as in torch."""
    x = _in(r, self)
    axes = range(len(x.shape)) if dim is None else [dim] if isinstance(dim, int) else dim
    ones = tuple(axis for axis in axes if x.shape[axis] == 1)
    return ops.squeeze(x, ones) if ones else x


def expand(r: Reading, self: Any, size: Sequence[Any]) -> Any:
    """Copies along axes of size 1, and along new ones in front."""
    x = _in(r, self)
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
    arrays = [_in(r, tensor) for tensor in tensors]
    if all(isinstance(a, Promise) and a.shape[:1] == (None,) for a in arrays) and dim:
        return layers.Concatenate(dim)(arrays)
    return ops.concatenate(arrays, dim)


def stack(r: Reading, tensors: Any, dim: int = 0) -> Any:
    """Arrays beside each other along a new axis."""
    return ops.stack([_in(r, tensor) for tensor in tensors], dim)


def narrow(r: Reading, self: Any, dim: int = 0, start: Any = None, length: Any = None) -> Any:
    """A part of an axis."""
    return slice_of(r, self, dim, start, start + length)


def slice_of(
    r: Reading, self: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    """A part of an axis, in steps."""
    x = _in(r, self)
    whole = start in (None, 0) and step == 1
    if whole and (end is None or isinstance(end, Sizes) or end >= 2**62):
        return x
    if isinstance(start, Sizes) or isinstance(end, Sizes):
        raise r.refused("cuts at a place that varies")
    end = None if end is not None and end >= 2**62 else end
    return x[(*[slice(None)] * (dim % len(x.shape)), slice(start, end, step))]


def select(r: Reading, self: Any, dim: int, index: int) -> Any:
    """One place of an axis."""
    x = _in(r, self)
    return x[(*[slice(None)] * (dim % len(x.shape)), index)]


def split(r: Reading, self: Any, split_size: Any = None, dim: int = 0, split_sizes: Any = None,
          chunks: Any = None) -> Any:  # fmt: skip
    """Parts of an axis: of one size, of sizes, or so many."""
    x = _in(r, self)
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
    return [select(r, self, dim, index) for index in range(_in(r, self).shape[dim])]


_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(r: Reading, self: Any, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Any:
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
    return ops.repeat(_in(r, self), repeats, dim)


def repeat(r: Reading, self: Any, repeats: Sequence[Any]) -> Any:
    """The whole array so many times along each axis."""
    if any(isinstance(one, Sizes) for one in repeats):
        if all(one == 1 for one in repeats[1:]) and _in(r, self).shape[0] == 1:
            return expand(r, self, [repeats[0], *[-1] * (len(repeats) - 1)])
        raise r.refused("repeats so often as varies")
    return ops.tile(_in(r, self), tuple(repeats))


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


# What is made of nothing.


def filled(value: float) -> Callable[..., Any]:
    """An entry for an array of one number."""

    def entry(r: Reading, size: Any, dtype: Any = None, fill_value: Any = value) -> Any:
        return Filled(fill_value, size, dtype or "float32")

    return entry


def filled_like(value: float) -> Callable[..., Any]:
    """An entry for an array of one number, in the shape of another."""

    def entry(r: Reading, self: Any, dtype: Any = None, fill_value: Any = value) -> Any:
        x = _in(r, self)
        y = ops.full_like(x, fill_value)
        return y if dtype is None else cast(r, y, dtype)

    return entry


def arange(
    r: Reading, end: Any, start: Any = 0, step: Any = 1, dtype: Any = None
) -> np.ndarray:
    """The numbers from start to end."""
    if any(isinstance(value, Sizes) for value in (start, end, step)):
        raise r.refused("counts to a number that varies")
    check_count(r, int((end - start) / step))
    numbers = np.arange(start, end, step)
    return numbers.astype(dtype or ("int32" if numbers.dtype.kind == "i" else "float32"))


def take_along(r: Reading, self: Any, dim: Any = None, index: Any = None, indices: Any = None) -> Any:
    """The numbers at places along an axis."""
    places = _in(r, indices if index is None else index)
    return ops.take_along_axis(_in(r, self), ops.cast(places, "int32"), dim)


def index_select(r: Reading, self: Any, dim: int, index: Any) -> Any:
    """Some places of an axis."""
    return ops.take(_in(r, self), _in(r, index), dim)


def argsort(r: Reading, self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    """The places of numbers in rising order."""
    x = _in(r, self)
    x = ops.cast(x, "int32") if str(x.dtype) in ("bool", "uint8") else x
    return ops.argsort(ops.negative(x) if descending else x, dim)


def sort(r: Reading, self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    """Numbers in order, and their places."""
    places = argsort(r, self, dim, descending)
    return ops.take_along_axis(_in(r, self), places, dim), places


def getitem(r: Reading, a: Any, b: Any) -> Any:
    """One of several values."""
    return a[b]


def triangle(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for one half of matrices."""

    def entry(r: Reading, self: Any, diagonal: int = 0) -> Any:
        x = _in(r, self)
        if isinstance(x, np.ndarray):
            return (np.tril if function is ops.tril else np.triu)(x, diagonal)
        return function(x, diagonal)

    return entry


_UNARY = {
    name: getattr(ops, name)
    for name in (
        "abs", "ceil", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "floor",
        "log", "log10", "log1p", "log2", "logical_not", "reciprocal", "round", "rsqrt", "sign",
        "sin", "sinh", "sqrt", "square", "tan", "trunc", "isnan", "isinf", "isfinite",
    )
} | {
    "neg": ops.negative, "bitwise_not": ops.logical_not, "acos": ops.arccos, "asin": ops.arcsin,
    "atan": ops.arctan, "logsigmoid": ops.log_sigmoid, "asinh": ops.arcsinh,
    "acosh": ops.arccosh, "atanh": ops.arctanh,
}  # fmt: skip
_BINARY = {
    "pow": ops.power, "eq": ops.equal, "ne": ops.not_equal, "lt": ops.less, "le": ops.less_equal,
    "gt": ops.greater, "ge": ops.greater_equal, "maximum": ops.maximum, "minimum": ops.minimum,
    "logical_and": ops.logical_and, "logical_or": ops.logical_or, "atan2": ops.arctan2,
    "bitwise_and": ops.logical_and, "bitwise_or": ops.logical_or, "__and__": ops.logical_and,
    "__or__": ops.logical_or, "logaddexp": ops.logaddexp, "floor_divide": ops.floor_divide,
    "remainder": ops.mod,
}  # fmt: skip

TABLE: dict[str, Callable[..., Any]] = {
    **{name: unary(function) for name, function in _UNARY.items()},
    **{name: binary(function) for name, function in _BINARY.items()},
    "add": add, "sub": sub, "mul": mul, "div": div, "clamp": clamp, "clip": clamp,
    "rsub": lambda r, self, other, alpha=1: sub(r, other, self, alpha),
    "clamp_min": lambda r, self, min: clamp(r, self, min),
    "clamp_max": lambda r, self, max: clamp(r, self, None, max),
    "softplus": softplus, "masked_fill": masked_fill, "where": where,
    "to": cast, "_to_copy": cast, "type_as": lambda r, self, other: self,
    **dict.fromkeys(("contiguous", "clone", "alias", "lift_fresh_copy", "detach_"), same),
    "detach": lambda r, self: ops.stop_gradient(_in(r, self)),
    "mean": over(ops.mean), "sum": over(ops.sum), "amax": over(ops.amax), "amin": over(ops.amin),
    "prod": over(ops.prod), "logsumexp": over(ops.logsumexp), "any": over(ops.any),
    "all": over(ops.all), "argmax": over(ops.argmax), "argmin": over(ops.argmin),
    "var": var, "std": std, "max": largest(ops.max, ops.argmax),
    "min": largest(ops.min, ops.argmin),
    "cumsum": lambda r, self, dim: ops.cumsum(_cumulated(r, self), dim),
    "log_softmax": lambda r, self, dim: ops.log_softmax(self, dim),
    "glu": lambda r, self, dim=-1: ops.glu(self, dim),
    "matmul": matmul, "bmm": matmul, "mm": matmul, "addmm": addmm, "baddbmm": addmm,
    "einsum": einsum, "scaled_dot_product_attention": attention,
    "sym_size": size_of, "reshape": reshape, "view": reshape, "_unsafe_view": reshape,
    "flatten": flatten, "unflatten": unflatten, "permute": permute, "transpose": transpose,
    "swapaxes": lambda r, self, axis0, axis1: transpose(r, self, axis0, axis1),
    "t": transpose, "numpy_T": lambda r, self: permute(r, self, range(len(self.shape))[::-1]),
    "movedim": movedim,
    "unsqueeze": unsqueeze, "squeeze": squeeze, "expand": expand,
    "expand_as": lambda r, self, other: ops.add(_in(r, self), ops.zeros_like(other)),
    "cat": concatenate, "stack": stack, "slice": slice_of, "narrow": narrow, "select": select,
    "split": split, "split_with_sizes": split, "chunk": split, "unbind": unbind, "pad": pad,
    "constant_pad_nd": constant_pad,
    **{f"{kind}_pad{rank}d": padded_by(mode) for rank in (1, 2, 3)
       for kind, mode in (("reflection", "reflect"), ("replication", "replicate"))},
    "flip": lambda r, self, dims: ops.flip(_in(r, self), tuple(dims)),
    "roll": lambda r, self, shifts, dims: ops.roll(_in(r, self), tuple(shifts), tuple(dims)),
    "repeat": repeat, "tile": lambda r, self, dims: repeat(r, self, dims),
    "repeat_interleave": repeat_interleave,
    **{f"upsample_nearest{rank}d": upsample_nearest(rank) for rank in (1, 2, 3)},
    "zeros": filled(0.0), "ones": filled(1.0), "full": filled(0.0),
    "zeros_like": filled_like(0.0), "ones_like": filled_like(1.0), "full_like": filled_like(0.0),
    "scalar_tensor": lambda r, s: s, "arange": arange, "tril": triangle(ops.tril),
    "triu": triangle(ops.triu), "gather": take_along, "take_along_dim": take_along,
    "index_select": index_select, "argsort": argsort, "sort": sort, "getitem": getitem,
    # Operators of Python's between sizes.
    "sizes_mul": sizes_multiplied,
}  # fmt: skip


def _cumulated(r: Reading, value: Any) -> Any:
    """What is summed: flags count as numbers, as in torch."""
    x = _in(r, value)
    return ops.cast(x, "int32") if str(x.dtype) == "bool" else x
