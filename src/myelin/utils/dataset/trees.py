"""Elements of a data set: arrays, alone or in tuples and dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError


class Element(np.ndarray):
    """A NumPy array with TensorFlow's `numpy()`; its entries are such arrays too.

    Programs for `tf.data` write `images[0].numpy()` and `label.numpy()`; a plain NumPy number
    would not know it.
    """

    def numpy(self) -> Any:
        """The same as a plain array, or number; text as bytes, as in TensorFlow."""
        plain = np.asarray(self)
        if plain.dtype.kind == "U" or _is_text(plain):
            plain = _encoded(plain)
        return plain.copy() if plain.ndim else plain[()]

    def __getitem__(self, key: Any) -> Any:
        return as_element(super().__getitem__(key))

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


class TensorSpec:
    """The shape and the type of one array, None standing for a length that varies."""

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Any = None if shape is None else tuple(shape)
        self.dtype: Any = "string" if str(dtype) == "string" else np.dtype(dtype)
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype}, name={self.name!r})"


def _is_text(array: np.ndarray) -> bool:
    first = array.flat[0] if array.dtype.kind == "O" and array.size else None
    return isinstance(first, str)


def _encoded(array: np.ndarray) -> np.ndarray:
    made = np.empty(array.size, object)
    made[:] = [str(text).encode() for text in array.flat]
    return made.reshape(array.shape)


def as_element(value: Any) -> Any:
    """One array as an `Element`; what is no array (None, a data set) as it is."""
    if isinstance(value, Element) or value is None or hasattr(value, "as_numpy_iterator"):
        return value
    return np.asarray(value).view(Element)


def is_tree(value: Any) -> bool:
    """Whether `value` is a tuple or a dictionary of parts, as opposed to one array."""
    return isinstance(value, tuple | dict)


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`function` of each array of a tree, and of those at the same place of the others."""
    if isinstance(tree, dict):
        return {key: tree_map(function, tree[key], *(o[key] for o in others)) for key in tree}
    if isinstance(tree, tuple):
        parts = [tree_map(function, *each) for each in zip(tree, *others, strict=True)]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return function(tree, *others)


def leaves(tree: Any) -> list[Any]:
    """All arrays of a tree, in order."""
    found: list[Any] = []
    tree_map(found.append, tree)
    return found


def column(value: Any) -> Any:
    """Rows from what holds them: an array, a list, a series, a jax array.

    Raises:
        InputError: a single value, or rows that differ in length.
    """
    if not isinstance(value, np.ndarray):
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise InputError(
                f"from_tensor_slices: the rows differ in length ({error}): pad them, or use "
                "from_generator and padded_batch"
            ) from None
    if value.ndim == 0:
        raise InputError(f"from_tensor_slices wants arrays of rows, got the single value {value}")
    return value


def columns(value: Any) -> Any:
    """A tree of columns, all of one length.

    Raises:
        ShapeError: lengths that differ.
    """
    if hasattr(value, "items") and not isinstance(value, dict) and not hasattr(value, "dtypes"):
        value = dict(value)
    made = tree_map(column, value)
    lengths = {len(part) for part in leaves(made)}
    if len(lengths) != 1:
        raise ShapeError(
            f"from_tensor_slices wants arrays of one length, got {sorted(lengths) or 'none'}"
        )
    return made


def normalized(value: Any) -> Any:
    """What a program's function or generator gave, as a tree of arrays; lists become arrays."""
    if is_tree(value):
        return tree_map(normalized, value)
    if value is None or hasattr(value, "as_numpy_iterator"):
        return value
    if isinstance(value, list):
        value = [np.asarray(item) for item in value]
    return np.asarray(value)


def stacked(elements: list[Any], what: str = "batch") -> Any:
    """Elements under each other, with a new first axis.

    Raises:
        ShapeError: elements whose shapes differ.
    """
    try:
        return tree_map(lambda *parts: np.stack(parts), *elements)
    except ValueError:
        shapes = [tree_map(np.shape, element) for element in elements]
        other = next((shape for shape in shapes if shape != shapes[0]), shapes[0])
        raise ShapeError(
            f"{what}: the elements differ in shape: {shapes[0]} and {other}. "
            "Bring them to one shape first, or use padded_batch."
        ) from None


def spec_of(tree: Any) -> Any:
    """The `TensorSpec` of each array of an element."""
    return tree_map(lambda a: TensorSpec(np.shape(a), np.asarray(a).dtype), tree)
