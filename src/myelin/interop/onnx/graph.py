"""`Graph`: ONNX nodes as they are written, and `Value`: what goes between them.

Two things keep what is written small. What is known already, as weights and what is computed from
them alone, is an array and becomes part of the file only where a node reads it. And an array that
is repeated along axes is kept as it was, with size 1 there, for as long as its readers repeat it
anyway, as sums and products do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from myelin import naming
from myelin.errors import InputError

Shape = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """An array of the program.

    Attributes:
        shape: its sizes, whole numbers or symbols.
        dtype: its type.
        held: the sizes of what is held: 1 along axes where that is still to be repeated.
        name: that of what a node gives, or None.
        array: its numbers, where they are known; as held.
        origin: the path of the variable whose numbers these are, if of one.
        before: what it was before it was given another shape.
        turned: what it was before its axes were put in another order, and that order.
    """

    shape: Shape
    dtype: np.dtype[Any]
    held: Shape
    name: str | None = None
    array: np.ndarray | None = None
    origin: str | None = None
    before: Value | None = None
    turned: tuple[Value, list[int]] | None = None

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def known(self) -> bool:
        """Whether its numbers are."""
        return self.array is not None


@dataclass(frozen=True, eq=False)
class Complex:
    """Complex numbers, which ONNX's arithmetic has not: their real and imaginary parts."""

    real: Value
    imag: Value


def known(array: Any, origin: str | None = None, shape: Shape | None = None) -> Value:
    """A value whose numbers are known.

    Args:
        array: the numbers.
        origin: the variable's path.
        shape: what it is repeated to; as it is when None.
    """
    array = np.asarray(array)
    return Value(shape or array.shape, array.dtype, array.shape, None, array, origin)


def inverse(order: Sequence[int]) -> list[int]:
    """The order of axes that undoes one."""
    return [int(axis) for axis in np.argsort(order)]


def repeated(value: Value, shape: Shape) -> Value:
    """A value that is to be repeated along its axes of size 1 until it has a shape."""
    if value.shape == shape:
        return value
    return replace(value, shape=tuple(shape), held=value.shape, before=None, turned=None)


@dataclass
class _Root:
    """What a graph and those inside it share."""

    taken: set[str]
    initializers: dict[str, np.ndarray] = field(default_factory=dict)
    # By what they are: an array is written once, however often it is read.
    written: dict[Any, str] = field(default_factory=dict)
    # Kept, so that no other array takes the identity of one that is written.
    kept: list[Any] = field(default_factory=list)
    # For each symbol an input, and the axis of it that has that size.
    symbols: dict[str, tuple[str, int]] = field(default_factory=dict)
    sizes: dict[str, Value] = field(default_factory=dict)


class Graph:
    """Nodes in the order in which they compute.

    Args:
        parent: the graph around it, for the body of a loop or a branch, which may read from it.

    Attributes:
        scope: the names of the layers whose operations are being written.
    """

    def __init__(self, parent: Graph | None = None) -> None:
        self.top: Graph = self if parent is None else parent.top
        self.root: _Root = _Root(set()) if parent is None else parent.root
        self.scope: str = "" if parent is None else parent.scope
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []

    def input(self, name: str, shape: Shape, dtype: Any) -> Value:
        """An input of the graph."""
        self.inputs.append(described(name, shape, np.dtype(dtype)))
        return Value(shape, np.dtype(dtype), shape, name)

    def node(
        self, op: str, inputs: Sequence[Value | None], shape: Shape, dtype: Any = None,
        held: Shape | None = None, **attributes: Any,
    ) -> Value:  # fmt: skip
        """What a node computes; its first input's type when `dtype` is None."""
        first = inputs[0] if dtype is None else None
        of = np.dtype(dtype) if first is None else first.dtype
        (made,) = self.nodes_with(op, inputs, [(shape, of)], **attributes)
        return made if held is None else replace(made, held=held)

    def nodes_with(
        self, op: str, inputs: Sequence[Value | None], outputs: Sequence[tuple[Shape, Any]],
        **attributes: Any,
    ) -> list[Value]:  # fmt: skip
        """What a node with several outputs computes."""
        from onnx import helper

        name = self.fresh(op)
        names = [name, *(self.fresh(f"{op}_output") for _ in outputs[1:])]
        given = ["" if value is None else self.reference(value) for value in inputs]
        self.nodes.append(helper.make_node(op, given, names, name=name, **attributes))
        return [
            Value(tuple(shape), np.dtype(dtype), tuple(shape), name)
            for name, (shape, dtype) in zip(names, outputs, strict=True)
        ]

    def fresh(self, name: str) -> str:
        """A name that nothing has yet, under the present scope."""
        return naming.unique("/".join(filter(None, (self.scope, name))), self.root.taken)

    def reference(self, value: Value) -> str:
        """The name by which nodes read a value, as held; known numbers join the file."""
        if value.name is not None:
            return value.name
        array = np.ascontiguousarray(value.array).reshape(value.held)
        small = array.size <= 64
        content = (str(array.dtype), array.shape, array.tobytes()) if small else id(value.array)
        key = (value.origin, content)
        if key not in self.root.written:
            name = value.origin or "constant"
            name = self.root.written[key] = naming.unique(name, self.root.taken)
            self.root.initializers[name] = array
            self.root.kept.append(value.array)
        return self.root.written[key]

    def full(self, value: Value) -> Value:
        """The value with nothing left to be repeated."""
        if value.held == value.shape:
            return value
        if value.known and all(isinstance(size, int) for size in value.shape):
            whole = np.broadcast_to(value.array, value.shape)  # type: ignore[arg-type]
            return replace(value, array=whole, held=value.shape)
        sizes = [1 if held == size else size
                 for held, size in zip(value.held, value.shape, strict=True)]  # fmt: skip
        return self.node("Expand", [value, self.sizes(sizes)], value.shape)

    def sizes(self, shape: Sequence[Any]) -> Value:
        """Sizes as an array of int64."""
        from myelin.interop.onnx.sizes import measured

        if all(isinstance(size, int) for size in shape):
            return known(np.array(shape, np.int64))
        parts = [measured(self.top, size) for size in shape]
        return self.top.node("Concat", parts, (len(parts),), np.int64, axis=0)

    # What is done to arrays all over, at once where their numbers are known.

    def cast(self, value: Value, dtype: Any) -> Value:
        """The value in another type."""
        dtype = np.dtype(dtype)
        if value.dtype == dtype:
            return value
        if value.known:
            return replace(value, array=value.array.astype(dtype), dtype=dtype)  # type: ignore[union-attr]
        return self.node("Cast", [value], value.shape, dtype, value.held, to=type_number(dtype))

    def transposed(self, value: Value, order: Sequence[int]) -> Value:
        """The value with its axes in another order."""
        order = [int(axis) for axis in order]
        if value.turned is not None:
            value, first = value.turned
            order = [first[axis] for axis in order]
        if order == sorted(order):
            return value
        shape, held = (tuple(of[axis] for axis in order) for of in (value.shape, value.held))
        if value.known:
            turned = value.array.transpose(order)  # type: ignore[union-attr]
            return replace(value, array=turned, shape=shape, held=held)
        made = self.node("Transpose", [value], shape, held=held, perm=order)
        return replace(made, turned=(value, order))

    def reshaped(self, value: Value, shape: Sequence[Any]) -> Value:
        """The value's numbers in another shape."""
        shape = tuple(shape)
        if shape == value.shape:
            return value
        value = self.full(value.before or value)
        if shape == value.shape:
            return value
        unknown = [axis for axis, size in enumerate(shape) if not isinstance(size, int)]
        if value.known and not unknown:
            return replace(value, array=value.array.reshape(shape), shape=shape, held=shape)  # type: ignore[union-attr]
        if len(unknown) == 1 and 0 not in shape:
            sizes = known(np.array([size if isinstance(size, int) else -1 for size in shape]))
        else:
            sizes = self.sizes(shape)
        return replace(self.node("Reshape", [value, sizes], shape), before=value)

    def pruned(self, wanted: Sequence[str]) -> None:
        """Leaves out the nodes, and the known arrays, that nothing wanted comes from."""
        needed, kept = set(wanted), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed |= _read_by(node)
                kept.append(node)
        self.nodes = kept[::-1]
        arrays = self.root.initializers
        self.root.initializers = {name: arrays[name] for name in arrays if name in needed}

    def refusal(self, what: str) -> InputError:
        """The error for what ONNX cannot express, which names the layer."""
        return InputError(f"{_whose(self.scope)} cannot be written as ONNX: {what}")


def _read_by(node: Any) -> set[str]:
    """The names that a node reads, also inside its branches and loops."""
    bodies = (part.g for part in node.attribute if part.HasField("g"))
    inside = (_read_by(inner) for body in bodies for inner in body.node)
    return set(node.input).union(*inside)


def _whose(scope: str) -> str:
    # Transformations of jax's stand among the layers, with brackets.
    layers = "/".join(part for part in scope.split("/") if "(" not in part)
    return f'Layer "{layers}"' if layers else "The model"


def described(name: str, shape: Shape, dtype: np.dtype[Any]) -> Any:
    """What is said in a file about an input or an output."""
    from onnx import helper

    sizes = [size if isinstance(size, int) else str(size) for size in shape]
    return helper.make_tensor_value_info(name, type_number(dtype), sizes)


def type_number(dtype: np.dtype[Any]) -> int:
    """ONNX's number for a type."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(dtype))
