"""The table that `model.summary()` prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import is_shape
from myelin.models.rowwise import output_shape, steps_of

# Where each column ends, as a share of the width, and the widest that a table is by itself.
_ENDS, _WIDEST, _TRAINABLE = (0.45, 0.80, 1.0), 88, 12
# The same where a column says what each layer is connected to.
_GRAPH_ENDS, _GRAPH_WIDEST = (0.3, 0.56, 0.74, 1.0), 108
_NARROWEST_COLUMN = 4


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Prints layers, output shapes and parameter counts as Keras does; see `Model.summary`.

    Raises:
        InputError: `layer_range` names no layers, or there is no room for the columns.
    """
    from rich.console import Console
    from rich.text import Text

    layers = _within(steps_of(model), layer_range)
    connected = _connections(model)
    table = _table(line_length, positions, connected is not None, show_trainable)
    for layer, depth in _with_nested(layers, 0, expand_nested):
        links = None if connected is None else connected.get(id(layer), "-")
        table.add_row(*_cells(layer, depth, links, show_trainable))
    # A line that is longer than the terminal was asked for: nothing is cut off.
    width = max(line_length or 0, shutil.get_terminal_size().columns)
    plain: dict[str, Any] = {"force_terminal": False, "color_system": None} if print_fn else {}
    console = Console(highlight=False, width=width, **plain)
    if print_fn:
        console.begin_capture()
    console.print(Text(f'Model: "{model.name}"', style="bold"))
    console.print(table)
    for title, variables in _totals(model):
        count = sum(variable.size for variable in variables)
        size = sum(variable.size * jnp.dtype(variable.dtype).itemsize for variable in variables)
        parts = (f" {title}: ", "bold"), (f"{count:,}", "color(34)"), f" ({_readable(size)})"
        console.print(Text.assemble(*parts))
    if print_fn:
        print_fn(console.end_capture())


def _connections(model: Any) -> dict[int, str] | None:
    """What each layer of a graph takes, by `id`; None for layers in a row."""
    graph = getattr(model, "_graph", None)
    if graph is None or graph.is_a_row():
        return None
    places, found = graph.places(), dict[int, list[str]]()
    for node in graph.nodes:
        links = [places[id(tensor)] for tensor in node.inputs]
        found.setdefault(id(node.layer), []).extend(
            f"{name}[{call}][{index}]" for name, call, index in links
        )
    return {step: ", ".join(links) or "-" for step, links in found.items()}


def _within(layers: list[Layer], layer_range: Sequence[str] | None) -> list[Layer]:
    """The layers from the first that matches one pattern to the last that matches the other."""
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(end, str) for end in layer_range):
        raise InputError(f"layer_range wants two names of layers, got {layer_range!r}")
    found = [
        [place for place, layer in enumerate(layers) if re.match(end, layer.name)]
        for end in layer_range
    ]
    if not all(found):
        known = ", ".join(layer.name for layer in layers)
        raise InputError(f"layer_range={layer_range!r} matches no layers. Layers: {known}")
    first, last = min(found[0]), max(found[1])
    if first > last:
        first, last = min(found[1]), max(found[0])
    return layers[first : last + 1]


def _table(
    line_length: int | None, positions: Sequence[float] | None, connected: bool, trainable: bool
) -> Any:
    from rich.table import Table

    headers: list[tuple[str, Any]] = [
        ("Layer (type)", "left"),
        ("Output Shape", "left"),
        ("Param #", "right"),
    ]
    ends, widest = [*(positions or (_GRAPH_ENDS if connected else _ENDS))], _WIDEST
    if connected:
        headers.append(("Connected to", "left"))
        widest = _GRAPH_WIDEST
    if trainable:
        headers.append(("Trainable", "center"))
        ends, widest = [*(0.9 * end for end in ends), 1.0], widest + _TRAINABLE
    width = line_length or min(widest, shutil.get_terminal_size().columns - 4)
    table = Table(width=width, show_lines=True)
    begin = 0
    for (title, justify), end in zip(headers, ends, strict=False):
        column = int(end * width) - begin
        if column < _NARROWEST_COLUMN:
            raise InputError(f"summary: line_length={width} leaves no room for the column {title}")
        begin += column
        table.add_column(title, justify=justify, width=column)
    return table


def _with_nested(
    layers: list[Layer], depth: int, expand_nested: bool
) -> Iterator[tuple[Layer, int]]:
    for layer in layers:
        yield layer, depth
        if expand_nested:
            inner = steps_of(layer) if hasattr(layer, "layers") else []
            yield from _with_nested(inner, depth + 1, True)


def _cells(layer: Layer, depth: int, links: str | None, show_trainable: bool) -> list[Any]:
    from rich.text import Text

    name = "   " * depth + "└ " * bool(depth) + layer.name
    kind = getattr(layer, "kind", type(layer).__name__)
    cells = [Text.assemble(f"{name} (", (kind, "color(33)"), ")")]
    cells.append(_shape(layer))
    count = f"{layer.count_params():,}" if layer.built else "0"
    cells.append(Text.assemble((count, "color(34)"), "" if layer.built else " (unbuilt)"))
    if links is not None:
        cells.append(Text(links))
    if show_trainable and not layer.weights:
        cells.append(Text("-", style="bold"))
    elif show_trainable:
        answer, color = ("Y", 34) if layer.trainable else ("N", 9)
        cells.append(Text(answer, style=f"bold color({color})"))
    return cells


def _shape(layer: Layer) -> Any:
    """The shape of the outputs for the inputs that the layer was built for."""
    from rich.text import Text

    shape = output_shape(layer)
    if shape is None:
        return Text("?")
    shapes = jax.tree.leaves(shape, is_leaf=is_shape)
    if len(shapes) != 1:
        return Text(str(shape))
    axes = [(str(axis), "color(45)" if axis is None else "color(34)") for axis in shapes[0]]
    between = [piece for axis in axes for piece in (", ", axis)][1:]
    return Text.assemble("(", *between, ")")


def _totals(model: Any) -> list[tuple[str, list[Any]]]:
    optimizer = getattr(model, "optimizer", None)
    slots = [] if optimizer is None or optimizer.state is None else list(optimizer.variables)
    totals = [
        ("Total params", [*model.weights, *slots]),
        ("Trainable params", model.trainable_weights),
        ("Non-trainable params", model.non_trainable_weights),
    ]
    if slots:
        totals.append(("Optimizer params", slots))
    return totals


def _readable(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"
