"""What functions of `myelin.ops` and `myelin.activations` are in torch, by name.

A function is called with the arguments of its namesake, by their names; one that asks for `b`
gets the building, which knows shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from myelin.errors import InputError
from myelin.interop.torch.outward.building import Building, Proxy, is_proxy

Function = Callable[..., Any]


def _axes(b: Building, x: Proxy, axis: Any) -> tuple[int, ...]:
    rank = len(b.shape(x))
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(int(a) % rank for a in axes)


def _over(function: Function) -> Function:
    """A reduction over several axes."""

    def reduced(b: Building, x: Proxy, axis: Any, keepdims: bool) -> Proxy:
        return function(x, _axes(b, x, axis), keepdims)

    return reduced


def _largest(function: Function) -> Function:
    def reduced(b: Building, x: Proxy, axis: Any, keepdims: bool, initial: Any = None) -> Proxy:
        y = function(x, _axes(b, x, axis), keepdims)
        return y if initial is None else function(torch.stack([y, torch.full_like(y, initial)]), 0)

    return reduced


def _prod(b: Building, x: Proxy, axis: Any, keepdims: bool, dtype: Any) -> Proxy:
    for place in sorted(_axes(b, x, axis), reverse=True):
        x = x.prod(place, keepdims)
    return _cast(x, dtype)


def _along(function: Function) -> Function:
    """A function along an axis, or over all numbers in a row."""

    def along(x: Proxy, axis: int | None, dtype: Any = None) -> Proxy:
        y = function(x.flatten(), 0) if axis is None else function(x, axis)
        return _cast(y, dtype)

    return along


def _relu(x: Any, negative_slope: float, max_value: Any, threshold: float) -> Any:
    if threshold == 0:
        y = functional.leaky_relu(x, negative_slope) if negative_slope else torch.relu(x)
    else:
        y = torch.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else y.clamp(max=max_value)


def _squareplus(x: Any, **arguments: Any) -> Any:
    # Its b is a number, not the building.
    return (x + (x * x + arguments["b"]).sqrt()) / 2


def _softmax(function: Function) -> Function:
    def along(x: Proxy, axis: Any) -> Proxy:
        if isinstance(axis, int):
            return function(x, axis)
        y = x - x.logsumexp(tuple(axis), True)
        return y if function is torch.log_softmax else y.exp()

    return along


def _sparsemax(x: Proxy, axis: int) -> Proxy:
    x = x.movedim(axis, -1)
    z = x.sort(-1, True)[0]
    k = torch.ones_like(z).cumsum(-1)
    sums = z.cumsum(-1)
    support = (1 + k * z > sums).sum(-1, True)
    tau = (sums.gather(-1, support - 1) - 1) / support
    return (x - tau).clamp(min=0).movedim(-1, axis)


def _reshape(x: Proxy, newshape: Any) -> Proxy:
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    return x.reshape(*(-1 if size is None else size for size in sizes))


def _transpose(b: Building, x: Proxy, axes: Any) -> Proxy:
    return x.permute(*(range(len(b.shape(x)))[::-1] if axes is None else axes))


def _expand_dims(b: Building, x: Proxy, axis: Any) -> Proxy:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    rank = len(b.shape(x)) + len(axes)
    for place in sorted(a % rank for a in axes):
        x = x.unsqueeze(place)
    return x


def _squeeze(b: Building, x: Proxy, axis: Any) -> Proxy:
    if axis is None:
        axis = tuple(place for place, size in enumerate(b.shape(x)) if size == 1)
    return x.squeeze(axis)


def _flip(b: Building, x: Proxy, axis: Any) -> Proxy:
    return x.flip(_axes(b, x, axis))


def _pad(b: Building, x: Proxy, pad_width: Any, mode: str, constant_values: Any) -> Proxy:
    rank = len(b.shape(x))
    pairs = np.broadcast_to(np.asarray(pad_width), (rank, 2)).tolist()
    # Other modes than zeros are torch's for the last axes alone.
    first = next((axis for axis, pair in enumerate(pairs) if any(pair)), rank)
    flat = [size for pair in reversed(pairs[first:]) for size in pair]
    if mode == "constant":
        return functional.pad(x, flat, value=constant_values or 0)
    named = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in named or first < 2:
        raise InputError(
            f"to_torch: ops.pad with mode {mode!r} of axis {first} has no torch form here"
        )
    return functional.pad(x, flat, named[mode])


def _split(b: Building, x: Proxy, indices_or_sections: Any, axis: int) -> list[Proxy]:
    size = b.shape(x)[axis]
    if size is None:
        raise InputError("to_torch: ops.split wants an axis of a known size")
    cut = indices_or_sections
    step = size // cut if isinstance(cut, int) else 0
    ends = [*range(step, size, step)] if isinstance(cut, int) else list(cut)
    bounds = zip([0, *ends], [*ends, size], strict=True)
    return [x.narrow(axis, start, end - start) for start, end in bounds]


def _take(b: Building, x: Proxy, indices: Any, axis: int | None) -> Proxy:
    if axis is None:
        x, axis = x.flatten(), 0
    if isinstance(indices, int):
        return x.select(axis, indices)
    axis %= len(b.shape(x))
    places = indices.long() if is_proxy(indices) else b.constant(np.asarray(indices))
    return x[(*[slice(None)] * axis, places)]


def _get_item(b: Building, x: Proxy, key: Any) -> Proxy:
    return x[tuple(key) if isinstance(key, list) else key]


def _cast(x: Proxy, dtype: Any) -> Proxy:
    return x if dtype is None else x.to(_type(dtype))


def _type(dtype: Any) -> Any:
    found = getattr(torch, {"bool": "bool"}.get(str(dtype), str(dtype)), None)
    if not isinstance(found, torch.dtype):
        raise InputError(f"to_torch: torch has no type {dtype}")
    return found


def _one_hot(b: Building, x: Proxy, num_classes: int, axis: int, dtype: Any, sparse: bool) -> Proxy:
    # Unlike torch's own, numbers out of range give zeros.
    y = x.unsqueeze(-1) == b.constant(np.arange(num_classes))
    return y.to(_type(dtype or "float32")).movedim(-1, axis)


def _dot(b: Building, x1: Any, x2: Any) -> Proxy:
    if len(b.shape(x2)) > 2:
        raise InputError("to_torch: ops.dot has a torch form for up to 2 axes on the right alone")
    return x1 @ x2


def _normalize(b: Building, x: Proxy, axis: Any, order: int, epsilon: Any) -> Proxy:
    least = 1e-12 if epsilon is None else epsilon
    axes = _axes(b, x, axis)
    if order == 2:
        return x * (x * x).sum(axes, True).clamp(min=least**2 if epsilon else least).rsqrt()
    return x / torch.linalg.vector_norm(x, order, axes, True).clamp(min=least)


_IN_TURN = {
    name: getattr(torch, name)
    for name in (
        "abs", "ceil", "cos", "cosh", "erf", "erfinv", "exp", "exp2", "expm1", "floor", "i0",
        "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "reciprocal", "rsqrt",
        "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
        "relu", "selu", "sigmoid", "deg2rad", "rad2deg", "erfc", "logical_not", "negative",
    )
} | {
    "arccos": torch.acos, "arccosh": torch.acosh, "arcsin": torch.asin, "arcsinh": torch.asinh,
    "arctan": torch.atan, "arctanh": torch.atanh, "fabs": torch.abs, "absolute": torch.abs,
    "linear": lambda x: x, "copy": torch.clone, "exponential": torch.exp, "relu6": functional.relu6,
    "silu": functional.silu, "swish": functional.silu, "mish": functional.mish,
    "softsign": functional.softsign, "log_sigmoid": functional.logsigmoid,
    "hard_silu": functional.hardswish, "hard_swish": functional.hardswish,
    "hard_tanh": functional.hardtanh, "hard_sigmoid": functional.hardsigmoid,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "tanh_shrink": lambda x: x - torch.tanh(x),
    "sparse_plus": lambda x: torch.where(x < 1, (x.clamp(min=-1) + 1) ** 2 / 4, x),
    "sparse_sigmoid": lambda x: ((x + 1) / 2).clamp(0, 1),
}  # fmt: skip


def _unary(function: Function) -> Function:
    return lambda x: function(x)


_PAIRS: dict[str, Function] = {
    "add": lambda x1, x2: x1 + x2, "subtract": lambda x1, x2: x1 - x2,
    "multiply": lambda x1, x2: x1 * x2, "divide": lambda x1, x2: x1 / x2,
    "true_divide": lambda x1, x2: x1 / x2,
    "power": lambda x1, x2: x1**x2, "floor_divide": lambda x1, x2: x1 // x2,
    "mod": lambda x1, x2: x1 % x2, "equal": lambda x1, x2: x1 == x2,
    "not_equal": lambda x1, x2: x1 != x2, "greater": lambda x1, x2: x1 > x2,
    "greater_equal": lambda x1, x2: x1 >= x2, "less": lambda x1, x2: x1 < x2,
    "less_equal": lambda x1, x2: x1 <= x2,
    "maximum": lambda x1, x2: _bounded(x1, x2, "min", torch.maximum),
    "minimum": lambda x1, x2: _bounded(x1, x2, "max", torch.minimum),
    "logical_and": lambda x1, x2: torch.logical_and(x1, x2),
    "logical_or": lambda x1, x2: torch.logical_or(x1, x2),
    "logical_xor": lambda x1, x2: torch.logical_xor(x1, x2),
    "arctan2": lambda x1, x2: torch.atan2(x1, x2),
    "logaddexp": lambda x1, x2: torch.logaddexp(x1, x2),
    "matmul": lambda x1, x2: x1 @ x2, "dot": _dot,
}  # fmt: skip


def _bounded(x1: Any, x2: Any, side: str, function: Function) -> Any:
    """The larger, or smaller, of two, of which one may be a number."""
    if is_proxy(x1) and is_proxy(x2):
        return function(x1, x2)
    array, number = (x1, x2) if is_proxy(x1) else (x2, x1)
    return array.clamp(**{side: number})


FUNCTIONS: dict[str, Function] = {
    **{name: _unary(function) for name, function in _IN_TURN.items()},
    **_PAIRS,
    "relu": _relu,
    "leaky_relu": lambda x, negative_slope: functional.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha: functional.elu(x, alpha),
    "celu": lambda x, alpha: functional.celu(x, alpha),
    "gelu": lambda x, approximate: functional.gelu(
        x, approximate="tanh" if approximate else "none"
    ),
    "squareplus": _squareplus,
    "hard_shrink": lambda x, threshold: functional.hardshrink(x, threshold),
    "soft_shrink": lambda x, threshold: functional.softshrink(x, threshold),
    "threshold": lambda x, threshold, default_value: functional.threshold(
        x, threshold, default_value
    ),
    "softmax": _softmax(torch.softmax),
    "log_softmax": _softmax(torch.log_softmax),
    "sparsemax": _sparsemax,
    "glu": lambda x, axis: functional.glu(x, axis),
    "clip": lambda x, x_min, x_max: x.clamp(x_min, x_max),
    "where": lambda condition, x1, x2: torch.where(condition, x1, x2),
    "sum": _over(lambda x, axes, kept: x.sum(axes, kept)),
    "mean": _over(lambda x, axes, kept: x.mean(axes, kept)),
    "amax": _over(lambda x, axes, kept: x.amax(axes, kept)),
    "amin": _over(lambda x, axes, kept: x.amin(axes, kept)),
    "var": _over(lambda x, axes, kept: x.var(axes, correction=0, keepdim=kept)),
    "std": _over(lambda x, axes, kept: x.std(axes, correction=0, keepdim=kept)),
    "logsumexp": _over(lambda x, axes, kept: x.logsumexp(axes, kept)),
    "max": _largest(lambda x, axes, kept=False: x.amax(axes, kept)),
    "min": _largest(lambda x, axes, kept=False: x.amin(axes, kept)),
    "any": _over(lambda x, axes, kept: x.bool().any(axes, kept)),
    "all": _over(lambda x, axes, kept: x.bool().all(axes, kept)),
    "argmax": lambda x, axis, keepdims: x.argmax(axis, keepdims),
    "argmin": lambda x, axis, keepdims: x.argmin(axis, keepdims),
    "cumsum": _along(lambda x, axis: x.cumsum(axis)),
    "cumprod": _along(lambda x, axis: x.cumprod(axis)),
    "reshape": _reshape,
    "ravel": lambda x: x.flatten(),
    "transpose": _transpose,
    "swapaxes": lambda x, axis1, axis2: x.transpose(axis1, axis2),
    "moveaxis": lambda x, source, destination: x.movedim(source, destination),
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "flip": _flip,
    "roll": lambda x, shift, axis: x.roll(shift, axis),
    "tile": lambda x, repeats: x.tile(repeats),
    "repeat": lambda x, repeats, axis: x.repeat_interleave(repeats, axis),
    "pad": _pad,
    "concatenate": lambda xs, axis: torch.cat(list(xs), axis),
    "stack": lambda x, axis: torch.stack(list(x), axis),
    "split": _split,
    "take": _take,
    "get_item": _get_item,
    "cast": _cast,
    "one_hot": _one_hot,
    "einsum": lambda subscripts, operands: torch.einsum(subscripts, *operands),
    "normalize": _normalize,
    "stop_gradient": lambda variable: variable.detach(),
    "argsort": lambda x, axis: x.argsort(dim=axis, stable=True),
    "sort": lambda x, axis: x.sort(axis)[0],
    "take_along_axis": lambda x, indices, axis: x.take_along_dim(indices.long(), axis),
    "full_like": lambda x, fill_value, dtype: _cast(torch.full_like(x, fill_value), dtype),
    "ones_like": lambda x, dtype: _cast(torch.ones_like(x), dtype),
    "zeros_like": lambda x, dtype: _cast(torch.zeros_like(x), dtype),
    "broadcast_to": lambda x, shape: x.expand(shape),
    "prod": _prod,
    "round": lambda x, decimals: x.round(decimals=decimals),
    "tril": lambda x, k: x.tril(k),
    "triu": lambda x, k: x.triu(k),
}
