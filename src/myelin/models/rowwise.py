"""How many examples `predict` takes at a time where nobody says."""

from __future__ import annotations

import math
from typing import Any

import jax

from myelin.layers.base import Layer
from myelin.layers.shapes import is_shape
from myelin.layers.symbolic import shapes_of

# As Keras takes; and so many that a product gains nothing from more.
USUAL, MOST = 32, 2048
# What all layers together give for so many examples, in bytes.
ROOM = 16 * 2**20


def examples_at_a_time(model: Any) -> int:
    """A power of two from 32 to 2048: many where they are small, as one large product costs less.

    It is 32, as in Keras, where more could give something else: with layers of somebody's own,
    which may look at all examples that come together, with ones that were called with
    `training=True`, and with states from batch to batch.

    Args:
        model: a model that is built.
    """
    steps = [model, *_all_steps(model)]
    inside = (inner for step in steps[1:] for inner in step.all_layers())
    if _trains(steps) or not all(map(_takes_each_alone, [model, *inside])):
        return USUAL
    floats = sum(map(_floats_an_example, steps[1:]))
    if floats == 0:
        return USUAL
    fitting = ROOM // (4 * floats)
    return min(MOST, max(USUAL, 1 << max(0, fitting.bit_length() - 1)))


def output_shape(layer: Layer) -> Any:
    """The tree of shapes that a layer gives for the inputs it was built for; None if unknown."""
    if layer._build_shape is not None:
        several = layer._build_shapes
        return layer.compute_output_shape(*(several.values() if several else [layer._build_shape]))
    return shapes_of(layer.output) if layer._nodes else None


def _takes_each_alone(layer: Layer) -> bool:
    own = type(layer).__module__.startswith("myelin.") and not layer.of_any_function
    return own and not getattr(layer, "stateful", False)


def steps_of(model: Any) -> list[Any]:
    """The layers of a model; a graph's operations stand among them."""
    graph = getattr(model, "_graph", None)
    return list(model.layers if graph is None else graph.steps)


def _all_steps(model: Any) -> list[Any]:
    """Those of a model and of the models in it."""
    steps = steps_of(model)
    nested = (inner for step in steps if hasattr(step, "layers") for inner in _all_steps(step))
    return [*steps, *nested]


def _trains(steps: list[Any]) -> bool:
    """Whether a layer was called as in training, whatever the model is called as."""
    graphs = (getattr(step, "_graph", None) for step in steps)
    return any(node.kwargs.get("training") for graph in graphs if graph for node in graph.nodes)


def _floats_an_example(layer: Any) -> int:
    """How many numbers it gives for an example; as many as have room where that is open."""
    shapes = jax.tree.leaves(output_shape(layer), is_leaf=is_shape)
    if not shapes or any(axis is None for shape in shapes for axis in shape[1:]):
        return ROOM
    return sum(math.prod(shape[1:]) for shape in shapes)
