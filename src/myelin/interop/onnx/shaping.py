"""Rules for what moves numbers about: shapes, slices, padding, what is put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.interop.onnx.elementwise import joined
from myelin.interop.onnx.graph import Graph, Value, known, repeated
from myelin.interop.onnx.program import Rule, traced

# The end of an axis, whatever its size.
END = np.iinfo(np.int64).max


def _reshape(graph: Graph, equation: Any, x: Value) -> Value:
    shape = equation.outvars[0].aval.shape
    # Axes of size 1 that come or go leave what is to be repeated to be repeated.
    if [s for s in shape if s != 1] == [s for s in x.shape if s != 1]:
        left = iter([h for h, s in zip(x.held, x.shape, strict=True) if s != 1])
        held = tuple(1 if size == 1 else next(left) for size in shape)
        small = replace(x, shape=x.held)
        return repeated(graph.reshaped(small, held), shape)
    return graph.reshaped(x, shape)


def _broadcast(graph: Graph, equation: Any, x: Value) -> Value:
    shape = equation.outvars[0].aval.shape
    places = equation.params["broadcast_dimensions"]
    held: list[Any] = [1] * len(shape)
    for place, size in zip(places, x.held, strict=True):
        held[place] = size
    small = graph.reshaped(replace(x, shape=x.held), held)
    return repeated(small, shape)


def _transpose(graph: Graph, equation: Any, x: Value) -> Value:
    return graph.transposed(x, equation.params["permutation"])


def _iota(graph: Graph, equation: Any) -> Value:
    shape, axis = equation.outvars[0].aval.shape, equation.params["dimension"]
    dtype = np.dtype(equation.params["dtype"])
    ends = [known(np.int64(0)), graph.reshaped(graph.sizes([shape[axis]]), ()), known(np.int64(1))]
    held = tuple(size if i == axis else 1 for i, size in enumerate(shape))
    if isinstance(shape[axis], int):
        numbers = known(np.arange(shape[axis]).astype(dtype))
    else:
        numbers = graph.cast(graph.node("Range", ends, (shape[axis],), np.int64), dtype)
    return repeated(graph.reshaped(numbers, held), shape)


def sliced(graph: Graph, x: Value, starts: Any, ends: Any, steps: Any, shape: Any) -> Value:
    """Part of an array, along each axis from a start to before an end.

    Args:
        starts, ends, steps: numbers or symbols for each axis.
        shape: of the result.
    """
    x = graph.full(x)
    axes = [i for i, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True))
            if (start, step) != (0, 1) or end != x.shape[i]]  # fmt: skip
    if not axes:
        return x
    given = [graph.sizes([part[i] for i in axes]) for part in (starts, ends)]
    more = [known(np.array(part, np.int64)) for part in (axes, [steps[i] for i in axes])]
    return graph.node("Slice", [x, *given, *more], shape)


def _slice(graph: Graph, equation: Any, x: Value) -> Value:
    params = equation.params
    starts, ends = params["start_indices"], params["limit_indices"]
    steps = params["strides"] or (1,) * x.ndim
    return sliced(graph, x, starts, ends, steps, equation.outvars[0].aval.shape)


def _reversed(graph: Graph, equation: Any, x: Value) -> Value:
    axes = equation.params["dimensions"]
    back, first = [-1] * len(axes), [-END] * len(axes)
    parts = [known(np.array(part, np.int64)) for part in (back, first, axes, back)]
    return graph.node("Slice", [graph.full(x), *parts], x.shape)


def _concatenate(graph: Graph, equation: Any, *values: Value) -> Value:
    shape, axis = equation.outvars[0].aval.shape, equation.params["dimension"]
    return graph.node("Concat", [graph.full(v) for v in values], shape, axis=axis)


def _stack(graph: Graph, equation: Any, *values: Value) -> Value:
    shape, axis = equation.outvars[0].aval.shape, equation.params["axis"]
    single = (*shape[:axis], 1, *shape[axis + 1 :])
    parts = [graph.reshaped(value, single) for value in values]
    return graph.node("Concat", parts, shape, axis=axis)


def _unstack(graph: Graph, equation: Any, x: Value) -> list[Value]:
    axis, count = equation.params["axis"], len(equation.outvars)
    single = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    sizes = known(np.ones(count, np.int64))
    parts = graph.nodes_with(
        "Split", [graph.full(x), sizes], [(single, x.dtype)] * count, axis=axis
    )
    return [graph.reshaped(part, equation.outvars[0].aval.shape) for part in parts]


def _tile(graph: Graph, equation: Any, x: Value) -> Value:
    times = graph.sizes(equation.params["reps"])
    return graph.node("Tile", [graph.full(x), times], equation.outvars[0].aval.shape)


def _split(graph: Graph, equation: Any, x: Value) -> list[Value]:
    sizes, axis = equation.params["sizes"], equation.params["axis"]
    outputs = [(var.aval.shape, x.dtype) for var in equation.outvars]
    return graph.nodes_with("Split", [graph.full(x), graph.sizes(sizes)], outputs, axis=axis)


def padded(graph: Graph, x: Value, fill: Value, pairs: Any, shape: Any) -> Value:
    """x with points of one value before and after each axis."""
    if not any(any(pair) for pair in pairs):
        return x
    counts = known(np.array([*(p[0] for p in pairs), *(p[1] for p in pairs)], np.int64))
    # Truth values are not padded everywhere.
    given, fill = (graph.cast(v, np.int32 if x.dtype == bool else x.dtype) for v in (x, fill))
    found = graph.node("Pad", [graph.full(given), counts, fill], shape, mode="constant")
    return graph.cast(found, x.dtype)


def _pad(graph: Graph, equation: Any, x: Value, fill: Value) -> Value:
    config = equation.params["padding_config"]
    x = graph.full(x)
    for axis, (_, _, between) in enumerate(config):
        if between and x.shape[axis] != 1:
            x = _spread(graph, x, fill, axis, between)
    pairs = [(max(0, low), max(0, high)) for low, high, _ in config]
    shape = tuple(n + low + high for n, (low, high) in zip(x.shape, pairs, strict=True))
    whole = padded(graph, x, fill, pairs, shape)
    starts = [max(0, -low) for low, _, _ in config]
    ends = [n - max(0, -high) for n, (_, high, _) in zip(shape, config, strict=True)]
    return sliced(graph, whole, starts, ends, [1] * len(ends), equation.outvars[0].aval.shape)


def _spread(graph: Graph, x: Value, fill: Value, axis: int, between: int) -> Value:
    """x with so many points of one value between the points of an axis."""
    step, size = between + 1, x.shape[axis]
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    apart = graph.reshaped(x, (*before, size, 1, *after))
    pairs = [(0, between if i == axis + 1 else 0) for i in range(apart.ndim)]
    apart = padded(graph, apart, fill, pairs, (*before, size, step, *after))
    joint = graph.reshaped(apart, (*before, size * step, *after))
    last = size * step - between
    ends = [*before, last, *after]
    return sliced(graph, joint, [0] * x.ndim, ends, [1] * x.ndim, (*before, last, *after))


def _dynamic_slice(graph: Graph, equation: Any, x: Value, *starts: Value) -> Value:
    shape = equation.params["slice_sizes"]
    x = graph.full(x)
    axes = [i for i, (n, size) in enumerate(zip(x.shape, shape, strict=True)) if n != size]
    if not axes:
        return x
    first = []
    for axis in axes:
        last = graph.sizes([x.shape[axis] - shape[axis]])
        start = graph.reshaped(graph.cast(starts[axis], np.int64), (1,))
        start = joined(graph, "Max", [start, known(np.zeros(1, np.int64))])
        first.append(joined(graph, "Min", [start, last]))
    begin = graph.node("Concat", first, (len(axes),), axis=0)
    end = joined(graph, "Add", [begin, graph.sizes([shape[axis] for axis in axes])])
    where = known(np.array(axes, np.int64))
    return graph.node("Slice", [x, begin, end, where], shape)


def _dynamic_update(graph: Graph, equation: Any, x: Value, update: Value, *starts: Value) -> Value:
    axes = tuple(range(x.ndim))
    numbers = lax.ScatterDimensionNumbers(axes, (), axes)

    def put(x: Any, update: Any, *starts: Any) -> Any:
        return lax.scatter(x, jnp.stack(starts), update, numbers, mode="clip")

    found: Value = traced(graph, put, x, update, *starts)
    return found


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "squeeze": _reshape,
    "expand_dims": _reshape,
    "broadcast_in_dim": _broadcast,
    "transpose": _transpose,
    "iota": _iota,
    "slice": _slice,
    "rev": _reversed,
    "concatenate": _concatenate,
    "split": _split,
    "stack": _stack,
    "unstack": _unstack,
    "tile": _tile,
    "pad": _pad,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update,
}
