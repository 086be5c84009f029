"""Operations of torch's that become arithmetic of `myelin.ops`: sums, reductions, products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading, Sizes
from myelin.interop.torch.inward.values import check_count, operand
from myelin.promise import Promise


def unary(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a function of one array."""
    return lambda r, self: function(operand(r, self))


def binary(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a function of two arrays, or of one and a number."""
    return lambda r, self, other: function(operand(r, self), operand(r, other))


def _both_promised(a: Any, b: Any) -> bool:
    """Whether two values are arrays of examples of one shape, as layers take them."""
    promised = isinstance(a, Promise) and isinstance(b, Promise)
    return promised and a.shape == b.shape and a.shape[:1] == (None,)


def add(r: Reading, self: Any, other: Any, alpha: Any = 1) -> Any:
    """The sum, with `alpha` as a factor of the second."""
    if isinstance(self, int | Sizes) or isinstance(other, Sizes):
        raise r.refused("adds to a size that varies")
    a, b = operand(r, self), operand(r, other)
    b = b if alpha == 1 else b * alpha
    return layers.Add()([a, b]) if _both_promised(a, b) else ops.add(a, b)


def sub(r: Reading, self: Any, other: Any, alpha: Any = 1) -> Any:
    """The difference, with `alpha` as a factor of the second."""
    b = operand(r, other)
    return ops.subtract(operand(r, self), b if alpha == 1 else b * alpha)


def mul(r: Reading, self: Any, other: Any) -> Any:
    """The product."""
    a, b = operand(r, self), operand(r, other)
    return layers.Multiply()([a, b]) if _both_promised(a, b) else ops.multiply(a, b)


def div(r: Reading, self: Any, other: Any, rounding_mode: Any = None) -> Any:
    """The quotient."""
    y = ops.divide(operand(r, self), operand(r, other))
    return (
        y if rounding_mode is None else {"floor": ops.floor, "trunc": ops.trunc}[rounding_mode](y)
    )


def clamp(r: Reading, self: Any, min: Any = None, max: Any = None) -> Any:
    """x within bounds."""
    y = operand(r, self)
    y = y if min is None else ops.maximum(y, operand(r, min))
    return y if max is None else ops.minimum(y, operand(r, max))


def masked_fill(r: Reading, self: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is True, else x."""
    return ops.where(operand(r, mask), operand(r, value), operand(r, self))


def where(r: Reading, condition: Any, self: Any, other: Any) -> Any:
    """One where the condition is True, the other where it is not."""
    return ops.where(operand(r, condition), operand(r, self), operand(r, other))


def cast(r: Reading, self: Any, dtype: Any = None) -> Any:
    """x in another type; whole numbers have 32 bits here."""
    if dtype is None:
        return self
    return ops.cast(operand(r, self), {"int64": "int32", "float64": "float32"}.get(dtype, dtype))


def same(r: Reading, self: Any) -> Any:
    """x."""
    return self


# Reductions.


def over(function: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for a reduction over axes."""

    def entry(r: Reading, self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) and dim else None if dim == [] else dim
        x = operand(r, self)
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

    def entry(
        r: Reading, self: Any, dim: Any = None, keepdim: bool = False, other: Any = None
    ) -> Any:
        if other is not None:
            pair = ops.maximum if values is ops.max else ops.minimum
            return pair(operand(r, self), operand(r, other))
        if dim is None:
            raise r.refused("reduces over all examples of a batch, which a model here does not")
        return values(self, dim, keepdims=keepdim), places(self, dim, keepdims=keepdim)

    return entry


# Products.


def matmul(r: Reading, self: Any, other: Any = None, mat2: Any = None) -> Any:
    """The product of matrices."""
    return ops.matmul(operand(r, self), operand(r, mat2 if other is None else other))


def addmm(r: Reading, self: Any, mat1: Any = None, mat2: Any = None, beta: Any = 1,
          alpha: Any = 1, batch1: Any = None, batch2: Any = None) -> Any:  # fmt: skip
    """`beta·self + alpha·(mat1 @ mat2)`."""
    one, two = (mat1, mat2) if batch1 is None else (batch1, batch2)
    y = ops.matmul(operand(r, one), operand(r, two))
    y = y if alpha == 1 else y * alpha
    return y + (operand(r, self) if beta == 1 else operand(r, self) * beta)


def einsum(r: Reading, equation: str, tensors: Any) -> Any:
    """The sum over what the letters of the equation share."""
    return ops.einsum(equation, *(operand(r, tensor) for tensor in tensors))


def attention(
    r: Reading, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """`softmax(query @ keyᵀ · scale + mask) @ value`."""
    if enable_gqa:
        raise r.refused("shares keys between heads by enable_gqa=True: repeat them beforehand")
    q, k, v = (operand(r, array) for array in (query, key, value))
    scores = ops.matmul(q, ops.swapaxes(k, -1, -2))
    scores = scores * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        check_count(r, q.shape[-2] * k.shape[-2])
        past = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
        scores = ops.where(past, scores, -math.inf)
    if attn_mask is not None:
        mask = operand(r, attn_mask)
        flags = str(mask.dtype) == "bool"
        scores = ops.where(mask, scores, -math.inf) if flags else scores + mask
    weights = ops.softmax(scores, -1)
    if dropout_p:
        # Only where attention was said to train, or it would say 0.
        if r.call.path not in r.program.always:
            raise r.refused("drops also when the module does not train")
        weights = layers.Dropout(dropout_p, name=r.own_name)(weights)
    return ops.matmul(weights, v)


def _cumulated(r: Reading, value: Any) -> Any:
    """What is summed: flags count as numbers, as in torch."""
    x = operand(r, value)
    return ops.cast(x, "int32") if str(x.dtype) == "bool" else x


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
    "eq": ops.equal, "ne": ops.not_equal, "lt": ops.less, "le": ops.less_equal,
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
    "pow": lambda r, self, exponent: ops.power(operand(r, self), operand(r, exponent)),
    "rsub": lambda r, self, other, alpha=1: sub(r, other, self, alpha),
    "clamp_min": lambda r, self, min: clamp(r, self, min),
    "clamp_max": lambda r, self, max: clamp(r, self, None, max),
    "masked_fill": masked_fill, "where": where,
    "to": cast, "_to_copy": cast, "type_as": lambda r, self, other: self,
    **dict.fromkeys(("contiguous", "clone", "alias", "lift_fresh_copy", "detach_"), same),
    "detach": lambda r, self: ops.stop_gradient(operand(r, self)),
    "mean": over(ops.mean), "sum": over(ops.sum), "amax": over(ops.amax), "amin": over(ops.amin),
    "prod": over(ops.prod), "logsumexp": over(ops.logsumexp), "any": over(ops.any),
    "all": over(ops.all), "argmax": over(ops.argmax), "argmin": over(ops.argmin),
    "var": var, "std": std, "max": largest(ops.max, ops.argmax),
    "min": largest(ops.min, ops.argmin),
    "cumsum": lambda r, self, dim: ops.cumsum(_cumulated(r, self), dim),
    "matmul": matmul, "bmm": matmul, "mm": matmul, "addmm": addmm, "baddbmm": addmm,
    "einsum": einsum, "scaled_dot_product_attention": attention,
}  # fmt: skip
