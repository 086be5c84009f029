"""A model's inference as a pure function of arrays, for systems that run it without Myelin.

Batches are of any size: the function is traced with symbols in the place of unknown sizes, and with
the kernels in their plain form, so that what it becomes holds operations of `jax.lax` alone.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from myelin import dtypes, naming, variable
from myelin.errors import InputError, MyelinError, NotBuiltError
from myelin.kernels.plain import plain_forms
from myelin.layers.base import Layer
from myelin.layers.context import Watch, call_context
from myelin.layers.shapes import is_shape

BATCH = "batch"
# What unknown sizes, other than the batch's, are taken to be at least.
_LEAST = (1, 8, 64)


class Port(NamedTuple):
    """An input: its name, its shape with None where unknown, and the type it comes in."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Inference:
    """What a model computes in inference.

    Args:
        model: a model that is built.
        signature: what its inputs are, for a subclass of `Model` that has no `Input`: for each an
            `InputSpec`, or anything with `shape` and `dtype`.

    Attributes:
        model: the model.
        inputs: its inputs, in order.
        output_names: the names of its outputs, in order.
        output_tree: the form in which it gives them.
        variables: the model's variables by path.
        specs: for each input its shape, with symbols for unknown sizes, and type.
        jaxpr: the computation, of the variables' values by path and the inputs.

    Raises:
        InputError: it computes on the host, changes what it remembers, or is not built; or a layer
            cannot be traced with a batch of any size. Names the layer.
    """

    def __init__(self, model: Any, signature: Sequence[Any] | None = None) -> None:
        self.model = model
        refuse_host_layers(model)
        self.inputs, self._tree = _ports(model, signature)
        self.variables = model.name_variables("", set())
        self.output_tree: Any = None
        self.specs, self.jaxpr = self._traced()
        self.output_names = _output_names(model, self.output_tree, [p.name for p in self.inputs])

    @property
    def values(self) -> dict[str, Any]:
        """The variables' arrays by path."""
        return {path: own.value for path, own in self.variables.items()}

    def __call__(self, values: dict[str, Any], *inputs: Any) -> list[Any]:
        """The outputs, in order."""
        watch = _Scopes()
        with (
            variable.bind(self.variables, values) as after,
            plain_forms(),
            call_context(False, watch),
            contextlib.ExitStack() as watch.stack,
        ):
            try:
                outputs = self.model(self.called_on(inputs), training=False)
            except Exception as error:
                error.add_note(f"{_AT}{watch.innermost}")
                raise
        changed = [path for path, value in values.items() if after[path] is not value]
        if changed:
            raise InputError(
                f'{self.model.title} changes "{changed[0]}" while it predicts, which what is '
                "exported cannot: make the layer without stateful=True"
            )
        leaves, self.output_tree = jax.tree.flatten(outputs)
        return leaves

    def predicted(self, arrays: Sequence[Any]) -> list[np.ndarray]:
        """The model's own outputs for arrays, one for each input."""
        # As one program: compiling its operations one by one would take several times as long.
        outputs = jax.jit(lambda given: self.model(given, training=False))(self.called_on(arrays))
        return [np.asarray(leaf) for leaf in jax.tree.leaves(outputs)]

    def called_on(self, arrays: Sequence[Any]) -> Any:
        """Arrays, one for each input, in the form that the model takes."""
        return jax.tree.unflatten(self._tree, arrays)

    def sample(self, batch: int = 3, seed: int = 0, size: int = 6) -> list[np.ndarray]:
        """Arrays for each input, drawn: normal floats, whole numbers 0 and 1, truth values.

        Args:
            batch: how many examples.
            seed: the same gives the same.
            size: what unknown sizes are.
        """
        rng = np.random.default_rng(seed)
        shapes = [[n or size for n in (port.shape[0] or batch, *port.shape[1:])]
                  for port in self.inputs]  # fmt: skip
        return [_drawn(rng, shape, port.dtype)
                for shape, port in zip(shapes, self.inputs, strict=True)]  # fmt: skip

    def _traced(self) -> Any:
        values = {p: jax.ShapeDtypeStruct(v.shape, v.dtype) for p, v in self.variables.items()}
        unknown = sum(size is None for port in self.inputs for size in port.shape[1:])
        # Sizes of several inputs may have to agree, and windows to fit into images.
        attempts = itertools.product(
            _LEAST if unknown else _LEAST[:1], (False, True)[: 1 + unknown]
        )
        for least, by_axis in attempts:
            specs = _specs(self.inputs, by_axis, least)
            try:
                return specs, jax.make_jaxpr(self)(values, *specs)
            except Exception as error:
                failed = error
        raise self._refusal(failed) from failed

    def _refusal(self, error: Exception) -> Exception:
        if isinstance(error, InputError):
            return error
        notes = getattr(error, "__notes__", [])
        where = [note.removeprefix(_AT) for note in notes if note.startswith(_AT)]
        why = str(error).strip().split("\n")[0].rstrip(".")
        return InputError(
            f"{(where or [self.model.title])[0]}: its program cannot be traced for inputs of any "
            f"size ({why}), so it is not exported"
        )


_AT = "while exporting "


class _Scopes(Watch):
    """Marks what each layer computes with its name."""

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()
        self.innermost = ""
        self._open: list[contextlib.ExitStack] = []

    def enter(self, layer: Layer, inputs: Any) -> None:
        self.innermost = layer.title
        self._open.append(self.stack.enter_context(contextlib.ExitStack()))
        if len(self._open) > 1:
            self._open[-1].enter_context(jax.named_scope(layer.name))

    def leave(self, layer: Layer, outputs: Any) -> Any:
        self._open.pop().close()
        return outputs


def refuse_host_layers(model: Any) -> None:
    """Says of a model that begins on the host how the part behind that is exported.

    Raises:
        InputError: a layer computes on the host.
    """
    for layer in model.all_layers():
        if layer.on_host:
            raise InputError(
                f"{layer.title} computes on the host, with text or tables, which no exported "
                f"program can: export {_behind_host(model)}"
            )


def _behind_host(model: Any) -> str:
    """The model that begins where what computes on the host ends, as a program makes it."""
    try:
        names = model.host_part().names
        for name in names:
            _ = model.get_layer(name).output
    # No graph, or layers that are in other models or called twice.
    except (MyelinError, AttributeError, ValueError):
        return "a model that begins behind it"
    if len(names) == 1:
        begin = f'model.get_layer("{names[0]}").output'
    else:
        begin = f"[model.get_layer(name).output for name in {tuple(names)}]"
    return f"what comes behind it, Model({begin}, model.output)"


def _ports(model: Any, signature: Sequence[Any] | None) -> tuple[list[Port], Any]:
    """A model's inputs, and the tree they are called in."""
    if signature is None:
        with contextlib.suppress(NotBuiltError):
            tensors = model.inputs
            names = _distinct(model.input_names, set())
            ports = [Port(n, tuple(t.shape), _known_type(t.dtype))
                     for n, t in zip(names, tensors, strict=True)]  # fmt: skip
            return ports, jax.tree.structure(list(range(len(ports))) if len(ports) > 1 else 0)
    shapes = model._build_shape if signature is None else list(signature)
    if isinstance(shapes, list) and len(shapes) == 1:
        (shapes,) = shapes
    if not model.built or shapes is None:
        raise InputError(
            f"{model.title} is not built, so the shapes of its inputs are not known: call it on "
            "data first, or pass input_signature"
        )
    leaves, tree = jax.tree.flatten(shapes, is_leaf=is_shape)
    names = [getattr(leaf, "name", None) or "input" for leaf in leaves]
    if isinstance(shapes, dict):
        names = sorted(shapes)
    names = _distinct(names, set())
    # A batch of one size was seen; any will do.
    ports = [
        Port(
            name,
            (None, *leaf[1:]) if is_shape(leaf) else tuple(leaf.shape),
            _known_type(getattr(leaf, "dtype", None)),
        )
        for name, leaf in zip(names, leaves, strict=True)
    ]
    return ports, tree


def _known_type(dtype: Any) -> str:
    """The type in which jax holds inputs of a type, which is at most 32 bits long."""
    return str(jax.dtypes.canonicalize_dtype(dtypes.name_of(dtype)))


def _specs(ports: list[Port], by_axis: bool, least: int) -> list[jax.ShapeDtypeStruct]:
    """Shapes with symbols: `batch`, and for other unknown sizes one each, or one an axis.

    Args:
        ports: the inputs.
        by_axis: whether sizes of the same axis of several inputs are one size.
        least: the smallest that such a size may be.
    """
    from jax import export

    names = [
        [
            str(size) if size is not None
            else BATCH if axis == 0
            else f"size_{axis}" if by_axis or len(ports) == 1
            else f"size_{index}_{axis}"
            for axis, size in enumerate(port.shape)
        ]
        for index, port in enumerate(ports)
    ]  # fmt: skip
    symbols = sorted({n for sizes in names for n in sizes if n.startswith("size_")})
    scope = export.SymbolicScope([f"{symbol} >= {least}" for symbol in symbols])
    return [
        jax.ShapeDtypeStruct(export.symbolic_shape(",".join(sizes), scope=scope), port.dtype)
        for sizes, port in zip(names, ports, strict=True)
    ]


def _output_names(model: Any, structure: Any, inputs: list[str]) -> list[str]:
    try:
        names = model.output_names
    except NotBuiltError:
        # The keys of a dictionary, or a number each.
        numbered = jax.tree.unflatten(structure, range(structure.num_leaves))
        names = [f"output_{i}" for i in range(structure.num_leaves)]
        if isinstance(numbered, dict) and len(numbered) == len(names):
            names = sorted(numbered)
        elif len(names) == 1:
            names = [model.name]
    return _distinct(names, set(inputs))


def _distinct(names: Sequence[str], taken: set[str]) -> list[str]:
    return [naming.unique(name, taken) for name in names]


def _drawn(rng: np.random.Generator, shape: Sequence[int], dtype: str) -> np.ndarray:
    if dtypes.is_float(dtype):
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)
