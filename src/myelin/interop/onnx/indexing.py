"""Rules for reading and writing at places that are computed, and for sorting.

XLA's gather and scatter move windows of any shape. Here each becomes an array of places, one for
each number along the axes that are indexed, which ONNX's GatherND and ScatterND take; that array is
computed in jax's terms, so that places known beforehand become a constant.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.interop.onnx.elementwise import working
from myelin.interop.onnx.graph import Graph, Value, inverse, known
from myelin.interop.onnx.program import Rule, traced

_Mode = lax.GatherScatterMode


class _Windows(NamedTuple):
    """How windows of an operand and indices belong together.

    Attributes:
        indexed: the operand's axes that places are computed for.
        others: the rest, which windows take whole.
        sizes: the windows' sizes along all axes of the operand.
        started: the operand's axes that the last axis of the indices speaks of, in its order.
        along: pairs of axes of operand and indices that go together.
        dropped: the operand's axes that windows do not keep.
        placed: the axes of the windows among those of the result (or of the updates).
    """

    indexed: tuple[int, ...]
    others: tuple[int, ...]
    sizes: tuple[Any, ...]
    started: tuple[int, ...]
    along: tuple[tuple[int, int], ...]
    dropped: tuple[int, ...]
    placed: tuple[int, ...]

    @property
    def inner(self) -> tuple[int, ...]:
        """The indexed axes that windows keep."""
        return tuple(axis for axis in self.indexed if axis not in self.dropped)


def _windows(operand: Any, sizes: Any, started: Any, along: Any, dropped: Any, placed: Any) -> Any:
    paired = [axis for axis, _ in along]
    partial = [i for i, size in enumerate(sizes) if size != operand.shape[i]]
    indexed = sorted({*started, *paired, *partial, *dropped})
    others = tuple(i for i in range(operand.ndim) if i not in indexed)
    return _Windows(tuple(indexed), others, tuple(sizes), tuple(started), along,
                    tuple(dropped), tuple(placed))  # fmt: skip


def _places(windows: _Windows, shape: Any, mode: Any, indices: Any) -> tuple[Any, Any]:
    """Where each number lies along the indexed axes, and whether its whole window is inside.

    Returns:
        Places `(*outer, *inner, indexed axes)` and truth values `(*outer, *inner)`, where `outer`
        are the axes of the indices without their last.
    """
    outer, inner = indices.shape[:-1], [windows.sizes[axis] for axis in windows.inner]
    rank, beside = len(outer) + len(inner), [1] * len(inner)
    found, inside = [], jnp.ones((1,) * rank, bool)
    for axis in windows.indexed:
        start = jnp.zeros((1,) * rank, jnp.int32)
        if axis in windows.started:
            at = windows.started.index(axis)
            own = lax.slice_in_dim(indices, at, at + 1, axis=-1).astype(jnp.int32)
            own = own.reshape(*outer, *beside)
            last = shape[axis] - windows.sizes[axis]
            inside = inside & (own >= 0) & (own <= last)
            start = own if mode == _Mode.PROMISE_IN_BOUNDS else jnp.clip(own, 0, last)
        for paired, at in windows.along:
            if paired == axis:
                start = start + lax.broadcasted_iota(jnp.int32, (*outer, *beside), at)
        if axis in windows.inner:
            at = len(outer) + windows.inner.index(axis)
            here = tuple(windows.sizes[axis] if i == at else 1 for i in range(rank))
            start = start + lax.broadcasted_iota(jnp.int32, here, at)
        found.append(jnp.broadcast_to(start, (*outer, *inner)))
    places = jnp.stack(found, axis=-1) if len(found) > 1 else found[0][..., None]
    return places, jnp.broadcast_to(inside, (*outer, *inner))


def _order(windows: _Windows, outer: int) -> list[int]:
    """For axes (outer, inner, others), where each stands in the result."""
    rank = outer + len(windows.placed)
    outside = [i for i in range(rank) if i not in windows.placed]
    kept = [i for i in range(len(windows.sizes)) if i not in windows.dropped]
    place = dict(zip(kept, windows.placed, strict=True))
    return [*outside, *(place[axis] for axis in (*windows.inner, *windows.others))]


def _gather(graph: Graph, equation: Any, x: Value, indices: Value) -> Value:
    params, aval = equation.params, equation.outvars[0].aval
    numbers, mode = params["dimension_numbers"], params["mode"]
    along = tuple(
        zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
    )
    dropped = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    windows = _windows(x, params["slice_sizes"], numbers.start_index_map, along, dropped,
                       numbers.offset_dims)  # fmt: skip
    x = graph.full(x)
    places, inside = traced(graph, lambda i: list(_places(windows, x.shape, mode, i)), indices)
    order = _order(windows, indices.ndim - 1)
    shape = tuple(aval.shape[axis] for axis in order)
    if len(windows.indexed) == 1:
        # One axis alone: the common case, which every runtime knows well.
        found = _taken(graph, x, places, windows, shape)
    else:
        turned = graph.transposed(x, [*windows.indexed, *windows.others])
        given = graph.full(graph.cast(places, np.int64))
        found = graph.node("GatherND", [turned, given], shape)
    if mode == _Mode.FILL_OR_DROP:
        found = _filled(graph, params, found, inside, shape)
    return graph.transposed(found, inverse(order))


def _taken(graph: Graph, x: Value, places: Value, windows: _Windows, shape: Any) -> Value:
    (axis,) = windows.indexed
    flat = graph.full(graph.cast(graph.reshaped(places, places.shape[:-1]), np.int64))
    front = graph.transposed(x, [axis, *windows.others])
    return graph.node("Gather", [front, flat], shape, axis=0)


def _filled(graph: Graph, params: Any, found: Value, inside: Value, shape: Any) -> Value:
    """What was found, with a filling where the window was not inside."""
    if inside.known and inside.array is not None and inside.array.all():
        return found
    fill = params["fill_value"]
    fill = _missing(found.dtype) if fill is None else fill
    spread = graph.reshaped(inside, (*inside.shape, *[1] * (len(shape) - inside.ndim)))
    filling = known(np.asarray(fill, found.dtype))
    return graph.node("Where", [spread, found, filling], shape, found.dtype)


def _missing(dtype: np.dtype[Any]) -> Any:
    """What jax gives for what is not there."""
    if np.issubdtype(dtype, np.inexact):
        return np.nan
    if np.issubdtype(dtype, np.integer):
        signed = np.issubdtype(dtype, np.signedinteger)
        return np.iinfo(dtype).min if signed else np.iinfo(dtype).max
    return True


def _scatter(reduction: str) -> Rule:
    def rule(graph: Graph, equation: Any, x: Value, indices: Value, updates: Value) -> Value:
        params = equation.params
        numbers, mode = params["dimension_numbers"], params["mode"]
        paired = tuple(
            zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True)
        )
        dropped = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
        kept = [i for i in range(x.ndim) if i not in dropped]
        sizes: list[Any] = [1] * x.ndim
        for axis, at in zip(kept, numbers.update_window_dims, strict=True):
            sizes[axis] = updates.shape[at]
        windows = _windows(x, sizes, numbers.scatter_dims_to_operand_dims, paired, dropped,
                           numbers.update_window_dims)  # fmt: skip
        return _written(graph, reduction, x, indices, updates, windows, mode)

    return rule


def _subtracted(graph: Graph, equation: Any, x: Value, indices: Value, updates: Value) -> Any:
    return _scatter("add")(graph, equation, x, indices, traced(graph, lax.neg, updates))


def _written(
    graph: Graph, reduction: str, x: Value, indices: Value, updates: Value, windows: _Windows,
    mode: Any,
) -> Value:  # fmt: skip
    front = [*windows.indexed, *windows.others]
    target = graph.transposed(graph.full(x), front)
    moved = graph.transposed(graph.full(updates), _order(windows, indices.ndim - 1))
    count, dtype = target.shape[0], x.dtype

    def places(indices: Any) -> Any:
        found, inside = _places(windows, x.shape, mode, indices)
        if mode != _Mode.FILL_OR_DROP:
            return found
        # What lies outside is written to a row of its own, which is cut off afterwards.
        first = jnp.where(inside, found[..., 0], count)
        return found.at[..., 0].set(first)

    where = traced(graph, places, indices)
    spare = mode == _Mode.FILL_OR_DROP and not (
        where.known and isinstance(count, int) and (where.array[..., 0] < count).all()
    )
    target, moved = (working(graph, value) for value in (target, moved))
    if spare:
        row = known(np.zeros((1,) * target.ndim, target.dtype), None, (1, *target.shape[1:]))
        longer = (count + 1, *target.shape[1:])
        target = graph.node("Concat", [target, graph.full(row)], longer, axis=0)
    given = graph.full(graph.cast(where, np.int64))
    how: dict[str, Any] = {"reduction": reduction} if reduction else {}
    found = graph.node("ScatterND", [target, given, moved], target.shape, **how)
    if spare:
        ends = [known(np.zeros(1, np.int64)), graph.sizes([count]), known(np.zeros(1, np.int64))]
        found = graph.node("Slice", [found, *ends], (count, *target.shape[1:]))
    return graph.transposed(graph.cast(found, dtype), inverse(front))


def _sort(graph: Graph, equation: Any, *values: Value) -> list[Value]:
    axis, keys = equation.params["dimension"], equation.params["num_keys"]
    found = [graph.full(value) for value in values]
    # By the last key first: each further sort keeps the order of what is equal to it.
    for key in reversed(range(keys)):
        of = working(graph, found[key])
        size = graph.sizes([of.shape[axis]])
        _, order = graph.nodes_with(
            "TopK", [of, size], [(of.shape, of.dtype), (of.shape, np.int64)],
            axis=axis, largest=0, sorted=1,
        )  # fmt: skip
        found = [
            graph.node("GatherElements", [value, order], value.shape, axis=axis) for value in found
        ]
    return found


def _top_k(graph: Graph, equation: Any, x: Value) -> list[Value]:
    values, places = (var.aval for var in equation.outvars)
    given = working(graph, graph.full(x))
    count = known(np.array([equation.params["k"]], np.int64))
    largest, order = graph.nodes_with(
        "TopK", [given, count], [(values.shape, given.dtype), (values.shape, np.int64)],
        axis=equation.params.get("axis", x.ndim - 1),
    )  # fmt: skip
    return [graph.cast(largest, values.dtype), graph.cast(order, places.dtype)]


RULES: dict[str, Rule] = {
    "gather": _gather,
    "scatter": _scatter(""),
    "scatter-add": _scatter("add"),
    "scatter-sub": _subtracted,
    "scatter-mul": _scatter("mul"),
    "scatter-min": _scatter("min"),
    "scatter-max": _scatter("max"),
    "sort": _sort,
    "top_k": _top_k,
}
