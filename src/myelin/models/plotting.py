"""`plot_model`: a picture of the layers of a model and what they hand to each other."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from myelin.errors import InputError
from myelin.models.diagram import Box, Diagram, Shown, check_drawing, diagram_of, model_to_dot
from myelin.models.layout import Layout, Point, laid_out

_SIZE, _LINE, _PAD = 9.0, 0.2, 0.1
_GAP, _BETWEEN, _EDGE = 0.3, 0.38, 0.25
_HEAD, _INPUT_HEAD, _INK, _FRAME = "#2b3a55", "#6b7a90", "#1c2430", "#9aa5b5"


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draws a model: a box for each layer, an arrow for what it hands on.

    Where pydot and Graphviz are installed they draw it, as in Keras; else Myelin does.

    Args:
        model: a model that is built; one of one's own, whose calls are not known, is one box.
        to_file: the picture's name, whose ending says what it is: png, svg, pdf, jpg.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what a
            box says of its layer, beside its class.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether models inside the model are drawn as a frame around their layers.
        dpi: dots per inch.
        splines: how Graphviz draws arrows: "ortho", "curved", "polyline", "spline" or "line".

    Returns:
        In a notebook the picture, to be shown; else None.

    Raises:
        NotBuiltError: the model is not built.
        InputError: an ending or a `rankdir` that is none, or an unknown argument.
    """
    check_drawing("plot_model", rankdir, kwargs)
    path = Path(os.fspath(to_file))
    kind = path.suffix.lstrip(".").lower()
    if importlib.util.find_spec("pydot") is not None and shutil.which("dot"):
        dot = model_to_dot(
            model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi,
            show_layer_activations=show_layer_activations, show_trainable=show_trainable,
            splines=splines,
        )  # fmt: skip
        dot.write(str(path), format=kind or "png")
    else:
        shown = Shown(
            show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable,
            expand_nested,
        )  # fmt: skip
        figure = drawn(diagram_of(model, shown), rankdir)
        if kind not in figure.canvas.get_supported_filetypes():
            known = ", ".join(sorted(figure.canvas.get_supported_filetypes()))
            raise InputError(f"plot_model: to_file wants an ending of {known}, got {path.name!r}")
        figure.savefig(path, dpi=dpi)
    return _for_a_notebook(path) if kind in ("png", "jpg", "jpeg") else None


def _for_a_notebook(path: Path) -> Any:
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        return None
    return importlib.import_module("IPython.display").Image(filename=str(path))


def drawn(diagram: Diagram, rankdir: str = "TB") -> Any:
    """A matplotlib figure of a diagram, as large as its boxes need."""
    from matplotlib.figure import Figure

    sideways = rankdir in ("LR", "RL")
    boxes = {key: _measured(box) for key, box in diagram.boxes.items()}
    sizes = {key: (h, w) if sideways else (w, h) for key, (w, h) in boxes.items()}
    # A frame around the layers of a model inside takes room of its own.
    framed = max((len(box.groups) for box in diagram.boxes.values()), default=0)
    layout = laid_out(diagram, sizes, _GAP + 0.2 * framed, _BETWEEN + 0.3 * framed)
    edge = _EDGE + 0.25 * framed
    width, height = layout.size[::-1] if sideways else layout.size
    figure = Figure(figsize=(width + 2 * edge, height + 2 * edge))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    # Inches, downwards; or the other way round.
    axes.set_xlim(-edge, width + edge)
    axes.set_ylim(height + edge, -edge)
    if rankdir == "BT":
        axes.invert_yaxis()
    if rankdir == "RL":
        axes.invert_xaxis()

    def turned(point: Point) -> Point:
        return (point[1], point[0]) if sideways else point

    _frames(axes, diagram, {k: turned(c) for k, c in layout.centers.items()}, boxes)
    _arrows(axes, layout, turned, sideways)
    for key, box in diagram.boxes.items():
        _draw_box(axes, box, turned(layout.centers[key]), boxes[key], rankdir)
    return figure


def _measured(box: Box) -> Point:
    """How wide and how high a box is, in inches."""
    lines = [(box.title, "bold"), *((line, "normal") for line in box.lines)]
    width = max(_width(text, weight) for text, weight in lines)
    body = _LINE * len(box.lines) + (_PAD if box.lines else 0)
    return width + 2.4 * _PAD, _LINE + _PAD + body


def _width(text: str, weight: str) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(family="DejaVu Sans", weight=weight)
    return TextPath((0, 0), text or " ", size=_SIZE, prop=font).get_extents().width / 72


def _draw_box(axes: Any, box: Box, center: Point, size: Point, rankdir: str) -> None:
    from matplotlib.patches import Rectangle

    left, top = center[0] - size[0] / 2, center[1] - size[1] / 2
    head = _LINE + _PAD
    # Text runs from top to bottom also where the drawing runs from bottom to top.
    upwards = rankdir == "BT"
    head_top = top + size[1] - head if upwards else top
    color = _INPUT_HEAD if box.is_input else _HEAD
    axes.add_patch(Rectangle((left, top), *size, facecolor="white", edgecolor=_INK, linewidth=0.8))
    axes.add_patch(Rectangle((left, head_top), size[0], head, facecolor=color, edgecolor=_INK,
                             linewidth=0.8))  # fmt: skip
    style = {"ha": "center", "va": "center", "fontsize": _SIZE, "family": "DejaVu Sans"}
    axes.text(center[0], head_top + head / 2, box.title, color="white", weight="bold", **style)
    for number, line in enumerate(box.lines):
        down = head + _PAD / 2 + _LINE * (number + 0.5)
        y = top + size[1] - down if upwards else top + down
        axes.text(center[0], y, line, color=_INK, **style)


def _arrows(axes: Any, layout: Layout, turned: Any, sideways: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    for route in layout.routes:
        points = [turned(point) for point in route]
        corners, codes = [points[0]], [Curve.MOVETO]
        for one, other in itertools.pairwise(points):
            corners += [*_bend(one, other, sideways), other]
            codes += [Curve.CURVE4] * 3
        axes.add_patch(
            FancyArrowPatch(path=Curve(corners, codes), arrowstyle="-|>", mutation_scale=8,
                            color=_INK, linewidth=0.9, shrinkA=0, shrinkB=0)
        )  # fmt: skip


def _bend(one: Point, other: Point, sideways: bool) -> Sequence[Point]:
    """The two points that a curve between rows heads for: straight out, straight in."""
    if sideways:
        middle = (one[0] + other[0]) / 2
        return (middle, one[1]), (middle, other[1])
    middle = (one[1] + other[1]) / 2
    return (one[0], middle), (other[0], middle)


def _frames(
    axes: Any, diagram: Diagram, centers: dict[str, Point], sizes: dict[str, Point]
) -> None:
    """A dashed frame around the layers of each model inside, with its name."""
    from matplotlib.patches import Rectangle

    groups = {box.groups[: n + 1] for box in diagram.boxes.values() for n in range(len(box.groups))}
    deepest = max((len(group) for group in groups), default=0)
    for group in sorted(groups):
        inside = [k for k, box in diagram.boxes.items() if box.groups[: len(group)] == group]
        room = 0.1 + 0.13 * (deepest - len(group))
        left, right = (
            [centers[k][0] + sign * (sizes[k][0] / 2 + room) for k in inside] for sign in (-1, 1)
        )
        top, bottom = (
            [centers[k][1] + sign * (sizes[k][1] / 2 + room) for k in inside] for sign in (-1, 1)
        )
        corner = min(left), min(top) - 0.12
        axes.add_patch(
            Rectangle(corner, max(right) - corner[0], max(bottom) - corner[1], fill=False,
                      edgecolor=_FRAME, linestyle=(0, (4, 3)), linewidth=1)
        )  # fmt: skip
        axes.text(corner[0] + 0.05, corner[1] + 0.1, group[-1], color=_HEAD, fontsize=_SIZE - 1.5,
                  style="italic", ha="left", va="center", family="DejaVu Sans")  # fmt: skip
