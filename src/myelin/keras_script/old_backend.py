"""`tensorflow.keras.backend` as it was before Keras 3: what `ops` has with other arguments.

Each function computes with `myelin.ops`, so it takes arrays, variables and promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin import config, dtypes, ops, random
from myelin.errors import InputError
from myelin.variable import Variable

Pair = Sequence[int]


# Variables and values.


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """A variable of a value."""
    return Variable(value, dtype=dtype, name=name or "variable", constraint=constraint)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """An array of a value, in a shape if one is given."""
    made = ops.convert_to_tensor(value, dtype)
    return made if shape is None else ops.broadcast_to(made, shape)


def get_value(x: Any) -> np.ndarray:
    """The numbers of an array or variable, in NumPy."""
    return np.array(ops.convert_to_tensor(x))


def batch_get_value(tensors: Iterable[Any]) -> list[np.ndarray]:
    """The numbers of several, in NumPy."""
    return [get_value(x) for x in tensors]


def set_value(x: Variable, value: Any) -> None:
    """Replaces the numbers of a variable."""
    x.assign(value)


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Replaces the numbers of several variables."""
    for x, value in tuples:
        x.assign(value)


def update(x: Variable, new_x: Any) -> Any:
    """Replaces the numbers of a variable."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Adds to a variable."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtracts from a variable."""
    return x.assign_sub(decrement)


def moving_average_update(x: Variable, value: Any, momentum: float) -> Any:
    """Moves a variable towards a value: `momentum · x + (1 - momentum) · value`."""
    return x.assign(momentum * x.value + (1 - momentum) * ops.convert_to_tensor(value))


def cast_to_floatx(x: Any) -> Any:
    """x in the default float type."""
    return ops.cast(x, dtypes.floatx())


def count_params(x: Any) -> int:
    """How many numbers it holds."""
    return int(np.prod(ops.shape(x)))


def is_sparse(tensor: Any) -> bool:
    """Always false: arrays are dense."""
    return False


def to_dense(tensor: Any) -> Any:
    """The array as it is, which is dense."""
    return tensor


# New arrays.


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Numbers from `start` up to `stop`."""
    return ops.arange(start, stop, step, dtype)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """The identity matrix."""
    return ops.eye(size, dtype=dtype)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones of a shape."""
    return ops.ones(shape, dtype)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros of a shape."""
    return ops.zeros(shape, dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones of the shape of x."""
    return ops.ones_like(x, dtype)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros of the shape of x."""
    return ops.zeros_like(x, dtype)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with the probability p, else 0."""
    return ops.cast(random.uniform(shape, seed=seed) <= p, dtype or dtypes.floatx())


def random_normal_variable(
    shape: Any,
    mean: float,
    scale: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Any:
    """A variable of normal numbers."""
    return variable(random.normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(
    shape: Any,
    low: float,
    high: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Any:
    """A variable of numbers from `[low, high)`."""
    return variable(random.uniform(shape, low, high, dtype, seed), dtype, name)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """x with a share of `level` set to 0 at random."""
    return random.dropout(x, level, noise_shape, seed)


# Arithmetic whose defaults were others.


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the largest along an axis."""
    return ops.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the smallest along an axis."""
    return ops.argmin(x, axis)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """x brought into a range."""
    low = -np.inf if min_value is None else min_value
    return ops.clip(x, low, np.inf if max_value is None else max_value)


def cumsum(x: Any, axis: int = 0) -> Any:
    """The sums so far along an axis."""
    return ops.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """The products so far along an axis."""
    return ops.cumprod(x, axis)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """x divided by its norm."""
    square = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, 1e-12))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The sums of products of the rows of a batch, along an axis of each.

    Args:
        x, y: batches of the same length.
        axes: the axis of x and that of y, or one for both; the last of x and the second last of y
            when None.
    """
    ranks = ops.ndim(x), ops.ndim(y)
    if axes is None:
        axes = (ranks[0] - 1, max(ranks[1] - 2, 1))
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    if min(ranks) < 2:
        raise InputError(f"batch_dot: wants two batches, got {ops.shape(x)} and {ops.shape(y)}")
    inner = tuple(axis % rank - 1 for axis, rank in zip(pair, ranks, strict=True))
    if min(inner) < 0:
        raise InputError("batch_dot: axis 0 is the batch's; add one with expand_dims(x, 0)")
    product = ops.vectorized_map(lambda both: jnp.tensordot(both[0], both[1], inner), (x, y))
    return ops.expand_dims(product, 1) if ranks == (2, 2) else product


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """x plus a bias for each channel, or one of the shape of an example."""
    first = (data_format or config.image_data_format()) == "channels_first"
    if ops.ndim(bias) == 1 and first:
        return x + ops.reshape(bias, (-1, *[1] * (ops.ndim(x) - 2)))
    return x + (ops.moveaxis(bias, -1, 0) if first and ops.ndim(bias) > 1 else bias)


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """`gamma · (x - mean) / sqrt(var + epsilon) + beta`, with shapes that broadcast to x."""
    factor = ops.rsqrt(var + epsilon)
    factor = factor if gamma is None else factor * gamma
    scaled = (x - mean) * factor
    return scaled if beta is None else scaled + beta


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether the class is among the k with the largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """The CTC loss of probabilities whose last class is the blank, `(batch, 1)`.

    Args:
        y_true: labels `(batch, labels)`.
        y_pred: probabilities `(batch, steps, classes)`.
        input_length, label_length: how many steps and labels count, `(batch, 1)`.
    """
    logits = ops.log(y_pred + config.epsilon())
    labels, steps = (ops.squeeze(length, -1) for length in (label_length, input_length))
    blank = ops.shape(y_pred)[-1] - 1
    return ops.expand_dims(ops.ctc_loss(y_true, logits, labels, steps, mask_index=blank), 1)


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Any]:
    """The labels that probabilities say, whose last class is the blank, and their scores."""
    logits = ops.log(y_pred + config.epsilon())
    strategy = "greedy" if greedy else "beam_search"
    paths, scores = ops.ctc_decode(
        logits, input_length, strategy, beam_width, top_paths, mask_index=None
    )
    return ops.unstack(paths, axis=0), scores


# The same numbers, arranged otherwise.


def expand_dims(x: Any, axis: int = -1) -> Any:
    """x with a new axis of size 1."""
    return ops.expand_dims(x, axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Arrays one after another along an axis."""
    return ops.concatenate(tensors, axis)


def flatten(x: Any) -> Any:
    """x in a row."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """Each example in a row."""
    return ops.reshape(x, (-1, int(np.prod(ops.shape(x)[1:]))))


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """x with its axes in another order."""
    return ops.transpose(x, tuple(pattern))


def repeat(x: Any, n: int) -> Any:
    """A matrix n times one after another along a new second axis."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """x with each number repeated along an axis."""
    return ops.repeat(x, rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """x in the reverse order along axes."""
    return ops.flip(x, axes)


def gather(reference: Any, indices: Any) -> Any:
    """The rows at places."""
    return ops.take(reference, indices, axis=0)


def temporal_padding(x: Any, padding: Pair = (1, 1)) -> Any:
    """x with zeros before and after its steps."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def spatial_2d_padding(
    x: Any, padding: Sequence[Pair] = ((1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Images with a border of zeros."""
    sides = [tuple(side) for side in padding]
    if (data_format or config.image_data_format()) == "channels_first":
        return ops.pad(x, ((0, 0), (0, 0), *sides))
    return ops.pad(x, ((0, 0), *sides, (0, 0)))


def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: str,
    interpolation: str = "nearest",
) -> Any:
    """Images larger by whole factors."""
    rows = 1 if data_format == "channels_last" else 2
    height, width = ops.shape(x)[rows : rows + 2]
    size = (height * height_factor, width * width_factor)
    return ops.image.resize(x, size, interpolation, data_format=data_format)


# Functions and branches.


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two values, or of what two functions give: of all at once, or elementwise."""
    if ops.ndim(condition) == 0:
        given = [f if callable(f) else _constantly(f) for f in (then_expression, else_expression)]
        return ops.cond(ops.cast(condition, "bool"), *given)
    then, other = (f() if callable(f) else f for f in (then_expression, else_expression))
    further = max(ops.ndim(then) - ops.ndim(condition), 0)
    chosen = ops.reshape(condition, (*ops.shape(condition), *[1] * further))
    return ops.where(ops.cast(chosen, "bool"), then, other)


def _constantly(value: Any) -> Callable[[], Any]:
    return lambda: ops.convert_to_tensor(value)


def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """A function of one row, applied to each."""
    return ops.map(fn, elems)


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None,
          name: str | None = None) -> Any:  # fmt: skip
    """`value = fn(value, row)` over the rows; the first of them where there is no start."""
    start = elems[0] if initializer is None else initializer
    rows = elems[1:] if initializer is None else elems
    return ops.scan(lambda value, row: (fn(value, row), None), start, rows)[0]


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None,
          name: str | None = None) -> Any:  # fmt: skip
    """`value = fn(value, row)` over the rows from the last one on."""
    return foldl(fn, ops.flip(elems, 0), initializer)


def pool2d(
    x: Any,
    pool_size: Pair,
    strides: Pair = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The maxima, or means with "avg", of windows."""
    pools = {"max": ops.max_pool, "avg": ops.average_pool}
    if pool_mode not in pools:
        raise InputError(f'pool2d: pool_mode wants "max" or "avg", got {pool_mode!r}')
    return pools[pool_mode](x, tuple(pool_size), tuple(strides), padding, data_format)
