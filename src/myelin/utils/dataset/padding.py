"""Elements of different lengths as one batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import ShapeError
from myelin.utils.dataset.trees import TensorSpec, leaves, tree_map


def padded(group: list[Any], shapes: Any, values: Any) -> Any:
    """Elements under each other, each filled up at its ends to the shape of all.

    Args:
        group: the elements.
        shapes: a tree of shapes, None along an axis for the longest; None for all.
        values: a tree of values to fill up with; one for all, or None for 0 and "".

    Raises:
        ShapeError: an element longer than its shape, or with another number of axes.
    """
    first = group[0]
    wanted = iter(_per_leaf(shapes, first))
    filling = iter(_values(values, first))
    return tree_map(lambda *parts: _pad(parts, next(wanted), next(filling)), *group)


def _pad(parts: tuple[Any, ...], wanted: Any, value: Any) -> np.ndarray:
    arrays = [np.asarray(part) for part in parts]
    if len({array.ndim for array in arrays}) > 1:
        raise ShapeError("padded_batch: the elements differ in their number of axes")
    shape = np.max([array.shape for array in arrays], axis=0).astype(int).tolist()
    if wanted is not None:
        if len(wanted) != len(shape):
            raise ShapeError(f"padded_batch: padded_shapes has {wanted} for arrays of {shape}")
        for axis, length in enumerate(wanted):
            if length is None or length == -1:
                continue
            if length < shape[axis]:
                raise ShapeError(
                    f"padded_batch: an element has the length {shape[axis]}, more than {length}"
                )
            shape[axis] = length
    if all(list(array.shape) == shape for array in arrays):
        return np.stack(arrays)
    dtype = np.result_type(*arrays)
    if value is None:
        value = "" if dtype.kind in "OU" else b"" if dtype.kind == "S" else 0
    made = np.full((len(arrays), *shape), value, dtype)
    for row, array in zip(made, arrays, strict=True):
        row[tuple(map(slice, array.shape))] = array
    return made


def padded_spec(spec: Any, shapes: Any) -> Any:
    """The specs of padded batches."""
    wanted = iter(_flat_shapes(shapes, len(leaves(spec))))

    def of(one: TensorSpec) -> TensorSpec:
        own = next(wanted)
        inner = tuple(own) if own is not None else (None,) * len(one.shape)
        return TensorSpec((None, *(None if n == -1 else n for n in inner)), one.dtype)

    return tree_map(of, spec)


def _per_leaf(shapes: Any, element: Any) -> list[Any]:
    return _flat_shapes(shapes, len(leaves(element)))


def _flat_shapes(shapes: Any, count: int) -> list[Any]:
    if shapes is None:
        return [None] * count
    return _split(shapes) if count > 1 or _nested(shapes) else [shapes]


def _nested(shapes: Any) -> bool:
    return isinstance(shapes, dict) or any(isinstance(s, tuple | list | dict) for s in shapes)


def _split(shapes: Any) -> list[Any]:
    """The shapes out of a tree whose leaves are shapes."""
    if isinstance(shapes, dict):
        return [own for part in shapes.values() for own in _split(part)]
    if _nested(shapes) or not all(n is None or isinstance(n, int) for n in shapes):
        return [own for part in shapes for own in _split(part)]
    return [shapes]


def _values(values: Any, element: Any) -> list[Any]:
    if isinstance(values, tuple | list | dict):
        return leaves(tuple(values) if isinstance(values, list) else values)
    return [values] * len(leaves(element))
