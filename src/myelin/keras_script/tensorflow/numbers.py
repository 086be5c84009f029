"""`tf.math`: number by number, and along axes; most of it is at TensorFlow's root too."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

from myelin import ops
from myelin.dtypes import is_float, name_of
from myelin.errors import InputError, ShapeError
from myelin.keras_script.tensorflow.calling import of_array, renamed, tensor, unary

abs = unary(ops.abs)
acos = unary(ops.arccos)
acosh = unary(ops.arccosh)
angle = of_array(jnp.angle)
asin = unary(ops.arcsin)
asinh = unary(ops.arcsinh)
atan = unary(ops.arctan)
atanh = unary(ops.arctanh)
ceil = unary(ops.ceil)
conj = of_array(jnp.conj)
cos = unary(ops.cos)
cosh = unary(ops.cosh)
digamma = of_array(special.digamma)
erf = unary(ops.erf)
erfc = of_array(special.erfc)
exp = unary(ops.exp)
expm1 = unary(ops.expm1)
floor = unary(ops.floor)
imag = of_array(jnp.imag)
is_finite = unary(ops.isfinite)
is_inf = unary(ops.isinf)
is_nan = unary(ops.isnan)
lgamma = of_array(special.gammaln)
log = unary(ops.log)
log1p = unary(ops.log1p)
logical_not = unary(ops.logical_not)
log_sigmoid = unary(ops.log_sigmoid)
negative = unary(ops.negative)
real = of_array(jnp.real)
reciprocal = unary(ops.reciprocal)
rint = of_array(jnp.rint)
round = unary(ops.round)
rsqrt = unary(ops.rsqrt)
sigmoid = unary(ops.sigmoid)
sign = unary(ops.sign)
sin = unary(ops.sin)
sinh = unary(ops.sinh)
softplus = unary(ops.softplus)
sqrt = unary(ops.sqrt)
square = unary(ops.square)
tan = unary(ops.tan)
tanh = unary(ops.tanh)

_TWO = {"x": "x1", "y": "x2"}
add = renamed(ops.add, **_TWO)
atan2 = renamed(ops.arctan2, **{"y": "x1", "x": "x2"})
divide = renamed(ops.divide, **_TWO)
divide_no_nan = renamed(ops.divide_no_nan, **_TWO)
equal = renamed(ops.equal, **_TWO)
floordiv = renamed(ops.floor_divide, **_TWO)
floormod = renamed(ops.mod, **_TWO)
greater = renamed(ops.greater, **_TWO)
greater_equal = renamed(ops.greater_equal, **_TWO)
less = renamed(ops.less, **_TWO)
less_equal = renamed(ops.less_equal, **_TWO)
logical_and = renamed(ops.logical_and, **_TWO)
logical_or = renamed(ops.logical_or, **_TWO)
logical_xor = renamed(ops.logical_xor, **_TWO)
maximum = renamed(ops.maximum, **_TWO)
minimum = renamed(ops.minimum, **_TWO)
mod = floormod
multiply = renamed(ops.multiply, **_TWO)
not_equal = renamed(ops.not_equal, **_TWO)
pow = renamed(ops.power, **_TWO)
subtract = renamed(ops.subtract, **_TWO)
truediv = divide

_REDUCED = {"input_tensor": "x"}
reduce_all = renamed(ops.all, **_REDUCED)
reduce_any = renamed(ops.any, **_REDUCED)
reduce_logsumexp = renamed(ops.logsumexp, **_REDUCED)
reduce_max = renamed(ops.max, **_REDUCED)
reduce_min = renamed(ops.min, **_REDUCED)
reduce_prod = renamed(ops.prod, **_REDUCED)
reduce_sum = renamed(ops.sum, **_REDUCED)
reduce_std = renamed(ops.std, **_REDUCED)
reduce_variance = renamed(ops.var, **_REDUCED)


def reduce_mean(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """The mean along axes, in the type of the numbers: that of whole numbers is cut off."""
    x = input_tensor if hasattr(input_tensor, "dtype") else tensor(input_tensor)
    mean = ops.mean(x, axis=_axes(axis), keepdims=keepdims)
    if is_float(x.dtype) or name_of(x.dtype).startswith("complex"):
        return mean
    return ops.cast(jnp.trunc(mean), x.dtype)


def _axes(axis: Any) -> Any:
    if axis is None or isinstance(axis, int):
        return axis
    found = np.asarray(axis)
    return tuple(int(a) for a in found) if found.ndim else int(found)


def argmax(
    input: Any, axis: int | None = None, output_type: Any = "int32", name: str | None = None
) -> Any:
    """Where the largest entry is along an axis, the first one by default."""
    return jnp.argmax(tensor(input), axis=axis or 0).astype(_index_type(output_type))


def argmin(
    input: Any, axis: int | None = None, output_type: Any = "int32", name: str | None = None
) -> Any:
    """Where the smallest entry is along an axis, the first one by default."""
    return jnp.argmin(tensor(input), axis=axis or 0).astype(_index_type(output_type))


def _index_type(dtype: Any) -> str:
    """jax has no numbers of 64 bits here."""
    return name_of(dtype).replace("int64", "int32")


def cumsum(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Sums up to each entry; with `exclusive` without it, with `reverse` from the end."""
    return _cumulative(jnp.cumsum, 0, x, axis, exclusive, reverse)


def cumprod(
    x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Products up to each entry; with `exclusive` without it, with `reverse` from the end."""
    return _cumulative(jnp.cumprod, 1, x, axis, exclusive, reverse)


def _cumulative(
    function: Any, first: int, x: Any, axis: int, exclusive: bool, reverse: bool
) -> Any:
    x = tensor(x)
    x = jnp.flip(x, axis) if reverse else x
    if exclusive:
        before = jnp.full_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis), first)
        count = x.shape[axis]
        x = jnp.concatenate([before, jax.lax.slice_in_dim(x, 0, count - 1, axis=axis)], axis)
    made = function(x, axis=axis, dtype=x.dtype)
    return jnp.flip(made, axis) if reverse else made


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of a list of arrays."""
    first, *others = map(tensor, inputs)
    for other in others:
        first = first + other
    return first


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """An array times a number."""
    return tensor(x) * scalar


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """(x - y)²."""
    return jnp.square(tensor(x) - tensor(y))


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """x · y, and 0 where y is 0 even if x is not finite."""
    x, y = tensor(x), tensor(y)
    return jnp.where(y == 0, 0, x * y)


def xlogy(x: Any, y: Any, name: str | None = None) -> Any:
    """x · log y, and 0 where x is 0."""
    return special.xlogy(tensor(x), tensor(y))


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Any:
    """The polynomial at x, the highest power first."""
    result = jnp.zeros_like(tensor(x))
    for coefficient in coeffs:
        result = result * tensor(x) + tensor(coefficient)
    return result


def count_nonzero(
    input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = "int32",
    name: str | None = None,
) -> Any:  # fmt: skip
    """How many entries are not 0."""
    given = tensor(input)
    found = jnp.count_nonzero(given, axis=_axes(axis), keepdims=bool(keepdims))
    return found.astype(_index_type(dtype))


def zero_fraction(value: Any, name: str | None = None) -> Any:
    """The share of entries that are 0."""
    return jnp.mean(tensor(value) == 0, dtype=jnp.float32)


def top_k(
    input: Any, k: int = 1, sorted: bool = True, index_type: Any = "int32", name: str | None = None
) -> Any:
    """The k largest entries of the last axis, falling, and where they are."""
    return jax.lax.top_k(tensor(input), int(k))


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Any:
    """Whether the score of each target is among the k best of its row."""
    return ops.in_top_k(targets, predictions, k)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """x divided by its Euclidean norm, of which the square is at least `epsilon`."""
    x = tensor(x)
    return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(x * x, _axes(axis), keepdims=True), epsilon))


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """The sums of the rows of each segment; the numbers of the segments rise."""
    ids = tensor(segment_ids)
    return jax.ops.segment_sum(tensor(data), ids, int(ids[-1]) + 1)


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """The means of the rows of each segment; the numbers of the segments rise."""
    ids = tensor(segment_ids)
    return unsorted_segment_mean(data, ids, int(ids[-1]) + 1)


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: int, name: str | None = None
) -> Any:
    """The sums of the rows of each segment."""
    return jax.ops.segment_sum(tensor(data), tensor(segment_ids), int(num_segments))


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: int, name: str | None = None
) -> Any:
    """The means of the rows of each segment, 0 for one without rows."""
    x, ids = tensor(data), tensor(segment_ids)
    counts = jax.ops.segment_sum(jnp.ones(ids.shape, x.dtype), ids, int(num_segments))
    shape = counts.shape + (1,) * (x.ndim - ids.ndim)
    sums = jax.ops.segment_sum(x, ids, int(num_segments))
    return sums / jnp.maximum(counts, 1).reshape(shape)


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: int, name: str | None = None
) -> Any:
    """The largest rows, entry by entry, of each segment."""
    return jax.ops.segment_max(tensor(data), tensor(segment_ids), int(num_segments))


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None,
    dtype: Any = "int32", name: str | None = None,
) -> Any:  # fmt: skip
    """How often each whole number from 0 on occurs, or the sums of the weights."""
    numbers = tensor(arr).ravel()
    length = max(int(jnp.max(numbers, initial=-1)) + 1, int(minlength or 0))
    length = length if maxlength is None else min(length, int(maxlength))
    given = None if weights is None else tensor(weights).ravel()
    kept = numbers if maxlength is None else numbers[numbers < length]
    if maxlength is not None and given is not None:
        given = given[numbers < length]
    found = jnp.bincount(kept, given, length=length)
    return found if weights is not None else found.astype(_index_type(dtype))


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None,
    dtype: Any = "int32", name: str | None = None,
) -> Any:  # fmt: skip
    """How often each class (row) was predicted as each class (column)."""
    true, predicted = tensor(labels).ravel(), tensor(predictions).ravel()
    if true.shape != predicted.shape:
        raise ShapeError(
            f"confusion_matrix: {true.shape[0]} labels against {predicted.shape[0]} predictions"
        )
    count = num_classes or int(jnp.maximum(true.max(), predicted.max())) + 1
    given = jnp.ones(true.shape, name_of(dtype)) if weights is None else tensor(weights).ravel()
    made = jnp.zeros((count, count), name_of(dtype))
    return made.at[true, predicted].add(given.astype(made.dtype))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """The numbers, but none below or above the two bounds."""
    return jnp.clip(tensor(t), tensor(clip_value_min), tensor(clip_value_max))


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """The array, made shorter where its Euclidean norm is above a bound."""
    t = tensor(t)
    norm = jnp.sqrt(jnp.sum(t * t, axis=_axes(axes), keepdims=True))
    return t * clip_norm / jnp.maximum(norm, clip_norm)


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The Euclidean norm of all arrays of a list together."""
    return jnp.sqrt(add_n([jnp.sum(jnp.square(tensor(t))) for t in t_list if t is not None]))


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> Any:
    """The arrays, all made shorter alike where their common norm is above a bound; and that norm.

    Raises:
        InputError: no arrays.
    """
    if not t_list:
        raise InputError("clip_by_global_norm wants a list of arrays, got none")
    norm = global_norm(t_list) if use_norm is None else use_norm
    factor = clip_norm / jnp.maximum(norm, clip_norm)
    return [None if t is None else tensor(t) * factor for t in t_list], norm
