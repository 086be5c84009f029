"""The table that `model.summary()` prints."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from myelin import dtypes
from myelin.layers.base import Layer


def print_summary(
    model: Any,
    line_length: int | None = None,
    print_fn: Any = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Prints layers, output shapes and parameter counts as Keras does; see `Model.summary`."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True)
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output Shape", overflow="fold")
    table.add_column("Param #", justify="right")
    if show_trainable:
        table.add_column("Trainable", justify="center")
    for layer, shape, depth in _rows(model, expand_nested, layer_range):
        name = Text("  " * depth + layer.name)
        name.append(" (")
        name.append(type(layer).__name__, style="bright_blue")
        name.append(")")
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        cells: list[Any] = [name, _shape_text(shape), Text(count, style="green")]
        if show_trainable:
            cells.append("Y" if layer.trainable_variables or not layer.weights else "N")
        table.add_row(*cells)
    file = io.StringIO() if print_fn else None
    console = Console(file=file, width=line_length, highlight=False)
    console.print(Text.assemble(("Model: ", "bold"), (f'"{model.name}"', "bold")))
    console.print(table)
    for title, variables in _totals(model):
        count = sum(v.size for v in variables)
        size = sum(v.size * _bytes(v.dtype) for v in variables)
        line = Text(f" {title}: ", style="bold")
        line.append(f"{count:,}", style="green not bold")
        line.append(f" ({_readable(size)})", style="not bold")
        console.print(line)
    if file is not None:
        print_fn(file.getvalue())


def _rows(
    model: Any, expand_nested: bool, layer_range: Any, depth: int = 0
) -> Iterator[tuple[Layer, Any, int]]:
    shape = model.input_shape if getattr(model, "built", False) else None
    inside = layer_range is None
    for layer in model.layers:
        shape = None if shape is None else layer.compute_output_shape(shape)
        inside = inside or layer.name == layer_range[0]
        if inside:
            yield layer, shape, depth
            if expand_nested and hasattr(layer, "layers"):
                yield from _rows(layer, True, None, depth + 1)
        if layer_range is not None and layer.name == layer_range[1]:
            return


def _shape_text(shape: Any) -> str:
    if shape is None:
        return "?"
    return f"({', '.join('None' if axis is None else str(axis) for axis in shape)})"


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


def _bytes(dtype: str) -> int:
    import numpy as np

    return 2 if dtypes.name_of(dtype) == "bfloat16" else np.dtype(dtype).itemsize


def _readable(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.2f} {unit}"
        size /= 1024
    return ""
