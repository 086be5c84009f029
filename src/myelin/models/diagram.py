"""A model as boxes and arrows, and those in the language of Graphviz."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax

from myelin.dtypes import name_of
from myelin.errors import InputError, NotBuiltError
from myelin.layers.core import InputLayer
from myelin.layers.operation import Operation
from myelin.layers.symbolic import shapes_of, tensors_in
from myelin.models.functional import Functional
from myelin.models.graph import Graph, layer_of
from myelin.models.sequential import Sequential


@dataclass(frozen=True)
class Shown:
    """What a box says of a layer, beside its class."""

    shapes: bool = False
    dtype: bool = False
    names: bool = True
    activations: bool = False
    trainable: bool = False
    nested: bool = False


@dataclass
class Box:
    """A layer, or a model that is not looked into.

    Attributes:
        title: its class, and its name where that is shown.
        lines: what else is said.
        groups: the names of the models around it, inside the model that is drawn.
        is_input: whether it only states a shape.
    """

    title: str
    lines: list[str]
    groups: tuple[str, ...] = ()
    is_input: bool = False


@dataclass
class Diagram:
    """The boxes by key, in the order they compute, and the arrows between them."""

    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[tuple[str, str]] = field(default_factory=list)

    def connect(self, before: str, after: str) -> None:
        """Adds an arrow, once."""
        if (before, after) not in self.arrows:
            self.arrows.append((before, after))


def diagram_of(model: Any, shown: Shown) -> Diagram:
    """The boxes and arrows of a model; one box where its calls are not known.

    Raises:
        NotBuiltError: it is not built.
    """
    if not getattr(model, "built", False):
        raise NotBuiltError(
            f"{model.title} is not built: call it on data, or build(input_shape), before it is "
            "drawn"
        )
    found = Diagram()
    if _is_open(model):
        _add_model(found, model, shown, ())
    else:
        found.boxes["0"] = _box(model, None, shown, ())
    return found


def _is_open(layer: Any) -> bool:
    """Whether the calls inside are known."""
    return isinstance(layer, Functional | Sequential) or getattr(layer, "_graph", None) is not None


def _add_model(
    diagram: Diagram, model: Any, shown: Shown, groups: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """Adds what is inside a model; returns the keys of its inputs and of its outputs."""
    graph = getattr(model, "_graph", None) or Graph(model.input, model.output)
    doors: dict[int, tuple[list[str], list[str]]] = {}
    calls = {id(node.layer): node for node in reversed(graph.nodes)}
    for node in graph.nodes:
        layer = node.layer
        if id(layer) in doors:
            continue
        if shown.nested and _is_open(layer):
            doors[id(layer)] = _add_model(diagram, layer, shown, (*groups, layer.name))
        else:
            key = str(len(diagram.boxes))
            diagram.boxes[key] = _box(layer, calls[id(layer)], shown, groups)
            doors[id(layer)] = [key], [key]
    for node in graph.nodes:
        for place, tensor in enumerate(node.inputs):
            source = layer_of(graph.known_as(tensor))
            exits, entries = doors[id(source)][1], doors[id(node.layer)][0]
            before = exits[min(tensor.index, len(exits) - 1)]
            diagram.connect(before, entries[min(place, len(entries) - 1)])
    entries = [doors[id(layer)][0][0] for layer in graph.input_layers]
    exits = []
    for tensor in graph.output_tensors:
        last = doors[id(layer_of(graph.known_as(tensor)))][1]
        exits.append(last[min(tensor.index, len(last) - 1)])
    return entries, exits


def _box(layer: Any, node: Any, shown: Shown, groups: tuple[str, ...]) -> Box:
    kind = layer.kind if isinstance(layer, Operation) else type(layer).__name__
    title = f"{layer.name} ({kind})" if shown.names else kind
    lines = []
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        name = getattr(activation, "__name__", type(activation).__name__)
        lines.append(f"activation: {name}")
    if shown.dtype:
        given = [tensor.dtype for tensor in tensors_in(node.outputs)] if node else [layer.dtype]
        lines.append(f"dtype: {', '.join(dict.fromkeys(map(name_of, given)))}")
    if shown.shapes and node is not None:
        if node.inputs:
            lines.append(f"input: {_listed([tensor.shape for tensor in node.inputs])}")
        lines.append(f"output: {_listed(_shapes(node.outputs))}")
    if shown.trainable and layer.weights:
        lines.append("trainable" if layer.trainable else "not trainable")
    return Box(title, lines, groups, isinstance(layer, InputLayer))


def _shapes(outputs: Any) -> list[Any]:
    return [shapes_of(tensor) for tensor in jax.tree.leaves(outputs)]


def _listed(shapes: list[Any]) -> str:
    return ", ".join(map(str, shapes))


class DotText:
    """A diagram in the language of Graphviz, where pydot is not installed.

    Args:
        text: the whole.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def to_string(self) -> str:
        """The text."""
        return self._text

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the text to a file, for the command `dot`."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._text)


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model in the language of Graphviz.

    Args:
        model: a model that is built; one of one's own, whose calls are not known, is one box.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what a
            box says of its layer.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether models inside the model are drawn as a frame around their layers.
        dpi: dots per inch of a picture.
        subgraph: whether to give a cluster, to be put into another graph.
        splines: how arrows run: "ortho", "curved", "polyline", "spline" or "line".

    Returns:
        A `pydot.Dot`, or `pydot.Cluster`, where pydot is installed; else an object with its
        `to_string()` and `write(path)`.

    Raises:
        NotBuiltError: the model is not built.
        InputError: a `rankdir` that is none, or an unknown argument.
    """
    check_drawing("model_to_dot", rankdir, kwargs)
    shown = Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable,
        expand_nested,
    )  # fmt: skip
    diagram = diagram_of(model, shown)
    settings = f'rankdir="{rankdir}"; dpi="{dpi}"; splines="{splines}"; concentrate="true";'
    body = "\n".join(_dot_lines(diagram))
    text = f"digraph G {{\n{settings}\nnode [shape=record];\n{body}\n}}\n"
    with contextlib.suppress(ModuleNotFoundError):
        pydot = importlib.import_module("pydot")
        made = pydot.graph_from_dot_data(text)[0]
        if not subgraph:
            return made
        cluster = pydot.Cluster(graph_name=model.name, label=model.name, style="dashed")
        for part in (*made.get_nodes(), *made.get_edges()):
            (cluster.add_node if isinstance(part, pydot.Node) else cluster.add_edge)(part)
        return cluster
    if subgraph:
        head = f'subgraph "cluster_{model.name}" {{\nlabel="{model.name}"; style="dashed";'
        text = f"{head}\n{body}\n}}\n"
    return DotText(text)


def check_drawing(function: str, rankdir: str, kwargs: dict[str, Any]) -> None:
    """Raises InputError where a direction is none, or an argument is unknown."""
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise InputError(f'{function}: rankdir wants "TB" or "LR", got {rankdir!r}')
    if kwargs:
        raise InputError(f'{function}: no argument is called "{next(iter(kwargs))}"')


def _dot_lines(diagram: Diagram) -> Iterator[str]:
    """The boxes, those of a model inside in a cluster, and the arrows."""
    open_groups: tuple[str, ...] = ()
    for key, box in sorted(diagram.boxes.items(), key=lambda item: item[1].groups):
        pairs = zip(open_groups, box.groups, strict=False)
        same = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))
        yield from ["}"] * (len(open_groups) - same)
        for depth in range(same, len(box.groups)):
            name = "_".join(box.groups[: depth + 1])
            yield f'subgraph "cluster_{name}" {{ label="{box.groups[depth]}"; style="dashed";'
        open_groups = box.groups
        label = "|".join(_escaped(line) for line in (box.title, *box.lines))
        yield f'n{key} [label="{{{label}}}"];'
    yield from ["}"] * len(open_groups)
    for before, after in diagram.arrows:
        yield f"n{before} -> n{after};"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in '\\"{}|<>' else c for c in text)
