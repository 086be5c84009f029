"""`KerasTensor`: the promise of an array, and the record of the calls that led to it.

Calling a layer on a promise computes nothing. It makes a `Node`, which remembers the layer, what
it was called with and what it promised; a model is read off those nodes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import naming, random, variable
from myelin.errors import InputError
from myelin.layers.shapes import Shape, is_shape
from myelin.promise import Promise


class KerasTensor(Promise):
    """The promise of an array: a shape, a type and a name, but no numbers yet.

    The operators of arrays, such as `a + b` and `a[:, 0]`, give promises again.

    Args:
        shape: sizes, None where any size will do.
        dtype: the type of its numbers.
        name: what it is called.
        record_history: accepted for Keras's sake; a promise knows the call that made it.

    Attributes:
        node: the call that promised it, or None.
        index: which of that call's outputs it is.
    """

    node: Node | None = None
    index = 0

    # NumPy arrays on the left of an operator leave the work to the one here.
    __array_ufunc__ = None

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: str = "float32",
        name: str = "",
        *,
        record_history: bool = True,
    ) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = str(dtype)
        self.name = name or naming.auto_name("keras_tensor")

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def operate(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """What `function(*args, **kwargs)` promises, with this among its arguments."""
        from myelin.layers.operation import promised

        return promised(name, function, args, kwargs)

    def reshape(self, newshape: Any) -> Any:
        """The promise of the same numbers in another shape, of which one size may be -1."""
        from myelin import ops

        return ops.reshape(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """The promise of the same numbers without axes of size 1."""
        from myelin import ops

        return ops.squeeze(self, axis)

    def __len__(self) -> int:
        raise InputError(f"{self!r} has no length: its numbers come when the model runs")

    def __iter__(self) -> Any:
        raise InputError(f"{self!r} cannot be iterated over: its numbers come when the model runs")

    def __bool__(self) -> bool:
        raise InputError(
            f"{self!r} is neither true nor false: its numbers come when the model runs"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise InputError(_NO_NUMBERS.format(self))

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


_NO_NUMBERS = (
    "{} has no numbers until the model runs, so NumPy and jax cannot compute with it. Use its "
    "operators (a + b), myelin.ops, a layer, or Lambda(function)(tensor)"
)


def _forward_operators() -> None:
    """Gives `KerasTensor` the operators of arrays: each becomes a call of an `Operation`."""

    def operator(function: str, swapped: bool) -> Any:
        def method(self: KerasTensor, *others: Any) -> Any:
            from myelin import ops

            operands = (*others, self) if swapped else (self, *others)
            return getattr(ops, function)(*operands)

        return method

    binary = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
              "floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul",
              "and": "logical_and", "or": "logical_or", "xor": "logical_xor"}  # fmt: skip
    for name, function in binary.items():
        setattr(KerasTensor, f"__{name}__", operator(function, swapped=False))
        setattr(KerasTensor, f"__r{name}__", operator(function, swapped=True))
    # `==` stays identity: promises stand in dictionaries and lists, as in Keras.
    others = {"neg": "negative", "abs": "absolute", "invert": "logical_not", "lt": "less",
              "le": "less_equal", "gt": "greater", "ge": "greater_equal", "round": "round",
              "getitem": "get_item"}  # fmt: skip
    for name, function in others.items():
        setattr(KerasTensor, f"__{name}__", operator(function, swapped=False))


_forward_operators()


class Node:
    """One call of a layer on promises.

    Attributes:
        layer: what was called.
        args, kwargs: what it was called with, promises among them.
        outputs: the promise it gave, or a tree of them.
    """

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any):
        self.layer = layer
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        for index, tensor in enumerate(tensors_in(outputs)):
            tensor.node, tensor.index = self, index

    @property
    def inputs(self) -> list[KerasTensor]:
        """The promises it was called with."""
        return tensors_in((self.args, self.kwargs))


def tensors_in(tree: Any) -> list[KerasTensor]:
    """The promises in a tree, in order."""
    return [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, KerasTensor)]


def call(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `layer(*args, **kwargs)` promises, where there are promises among the arguments."""
    if not layer.built:
        layer._build_on(args, kwargs)
    outputs = layer.compute_output_spec(*args, **kwargs)
    layer._nodes.append(Node(layer, args, kwargs, outputs))
    return outputs


def traced(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The promises for what a layer computes, found by tracing it.

    Two sizes stand in the place of each None; an axis that differs between the two is None.
    Operations have sizes of their own, `trial_sizes`.
    """
    trials = getattr(layer, "trial_sizes", SIZES)
    specs = [_evaluated(layer, args, kwargs, sizes) for sizes in trials]
    return jax.tree.map(
        lambda one, two: KerasTensor(either(one.shape, two.shape), str(one.dtype)), *specs
    )


def checked(layer: Any, shapes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Promises of the shapes that a layer says; their types, and its complaints, by tracing it.

    Only the batch axis can have any size for that: sizes that were made up may not fit.
    """
    if any(None in tensor.shape[1:] for tensor in tensors_in(args)):
        return jax.tree.map(layer._promised, shapes, is_leaf=is_shape)
    specs = _evaluated(layer, args, kwargs, SIZES[0])
    make = lambda shape, spec: KerasTensor(shape, str(spec.dtype))  # noqa: E731
    return jax.tree.map(make, shapes, specs, is_leaf=is_shape)


def _evaluated(
    layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], sizes: tuple[int, int]
) -> Any:
    flat, structure = jax.tree.flatten((args, kwargs))
    places = [place for place, leaf in enumerate(flat) if isinstance(leaf, KerasTensor)]
    if any(flat[place].dtype == "string" for place in places):
        raise InputError(
            f"{layer.title}: takes numbers, and what it is called on is text: put "
            "TextVectorization, StringLookup or Hashing before it"
        )

    def outputs(arrays: list[Any]) -> Any:
        filled = list(flat)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        args, kwargs = jax.tree.unflatten(structure, filled)
        return layer(*args, **kwargs)

    return _shapes_from(layer, outputs, [_placeholder(flat[place], sizes) for place in places])


def _shapes_from(layer: Any, function: Callable[..., Any], specs: Any) -> Any:
    """The shapes and types that `function(specs)` gives, which may call the layer."""
    variables = {str(i): v for i, v in enumerate(layer.variables)}
    values = {name: v._value for name, v in variables.items()}

    def outputs(values: Any, specs: Any, key: Any) -> Any:
        # Nothing is to be kept of this, also not in metrics that a layer holds.
        with variable.bind(variables, values), variable.rehearsal(), random.scope(key):
            return function(specs)

    try:
        # The key is traced too, or all that is drawn from it would be computed.
        return jax.eval_shape(outputs, values, specs, _any_key())
    except NEEDS_NUMBERS:
        # A layer for run_eagerly, which looks at its values: it gets zeros to look at.
        return function(jax.tree.map(lambda spec: jnp.zeros(spec.shape, spec.dtype), specs))


@functools.cache
def _any_key() -> Any:
    """What a key looks like; to make one would compile a program."""
    return jax.eval_shape(jax.random.key, 0)


# What jax raises where Python asks a traced array for its numbers.
NEEDS_NUMBERS = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


# What stands for None: on the batch axis, and on the others, which windows must fit into.
SIZES = ((2, 64), (3, 96))


def filled(shape: Shape, sizes: tuple[int, int]) -> tuple[int, ...]:
    """A shape with sizes in the place of each None."""
    return tuple(sizes[min(place, 1)] if size is None else size for place, size in enumerate(shape))


def either(one: Sequence[int], two: Sequence[int]) -> Shape:
    """The sizes that two shapes share, None where they differ."""
    return tuple(a if a == b else None for a, b in zip(one, two, strict=True))


def _placeholder(tensor: KerasTensor, sizes: tuple[int, int]) -> Any:
    return jax.ShapeDtypeStruct(filled(tensor.shape, sizes), jnp.dtype(tensor.dtype))


def replaced(tree: Any, value_of: Callable[[KerasTensor], Any]) -> Any:
    """A tree with something else in the place of each promise."""
    return jax.tree.map(lambda x: value_of(x) if isinstance(x, KerasTensor) else x, tree)


def shapes_of(tree: Any) -> Any:
    """The shapes of a tree of promises and arrays."""
    return jax.tree.map(lambda x: x.shape if isinstance(x, KerasTensor) else jnp.shape(x), tree)
