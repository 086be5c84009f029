"""The weights of a model as Keras 2 lists them: layer by layer, those of each that train first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.interop.keras.weights import mark_adapted
from myelin.saving import fitting
from myelin.variable import Variable

# What stands in the place of a layer's name for the weights that are a model's own.
TOP = "top_level_model_weights"
# For each layer its name and its weights with their paths, or what reads them from a file.
Listed = Sequence[tuple[str, Sequence[tuple[str, Variable]]]]
Stored = Sequence[tuple[str, Sequence[Callable[[], np.ndarray]]]]


def of_layer(layer: Any) -> list[tuple[str, Variable]]:
    """The weights of a layer with their paths, those that train first."""
    return [(v.path, v) for v in [*layer.trainable_weights, *layer.non_trainable_weights]]


def of_model(model: Any) -> Listed:
    """The weights of each layer of a model, and those that are its own."""
    layers = [(layer.name, of_layer(layer)) for layer in model.layers]
    return [*layers, (TOP, of_the_top(model))]


def of_the_top(model: Any) -> list[tuple[str, Variable]]:
    """The weights that are a model's own, and of no layer in it, with their paths."""
    inside = {id(v) for layer in model.layers for v in layer.variables}
    return [(v.path, v) for v in model.weights if id(v) not in inside]


def assign(
    model: Any, own: Listed, stored: Stored, where: str, skip_mismatch: bool = False
) -> None:
    """Puts weights into a model, layer by layer in order, all of them or none.

    Args:
        model: a model that is built.
        own: its weights, as `of_model` gives them, or by other parts of it.
        stored: what reads each array, of the same parts.
        where: the file, for errors.
        skip_mismatch: leaves out arrays of another shape, with a warning.

    Raises:
        InputError: the file has other layers than the model.
        ShapeError: a weight has another shape.
    """
    stored = [(name, arrays) for name, arrays in stored if arrays]
    layers = [(name, weights) for name, weights in own if weights]
    if len(stored) != len(layers):
        raise InputError(
            f"{where} holds the weights of {len(stored)} layers, and {len(layers)} of the model's "
            "have weights"
        )
    variables, arrays = {}, {}
    for (theirs, found), (name, listed) in zip(stored, layers, strict=True):
        if len(found) != len(listed):
            raise InputError(
                f'{where}: the layer "{theirs}" has {len(found)} arrays, and "{name}" has '
                f"{len(listed)}"
            )
        for (path, variable), read in zip(listed, found, strict=True):
            variables[path], arrays[path] = variable, read()
    fitting.assign(variables, arrays, where, skip_mismatch)
    mark_adapted(model)
