"""The weights of a model as Keras 2 lists them: layer by layer, those of each that train first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.interop.keras import weights
from myelin.saving import fitting
from myelin.variable import Variable

# What stands in the place of a layer's name for the weights that are a model's own.
TOP = "top_level_model_weights"


def of_layer(layer: Any) -> list[tuple[str, Variable]]:
    """The weights of a layer with their paths, those that train first."""
    return [(v.path, v) for v in [*layer.trainable_weights, *layer.non_trainable_weights]]


def of_the_top(model: Any) -> list[tuple[str, Variable]]:
    """The weights that are a model's own, and of no layer in it, with their paths."""
    inside = {id(v) for layer in model.layers for v in layer.variables}
    return [(v.path, v) for v in model.weights if id(v) not in inside]


def assign(
    model: Any,
    stored: Sequence[tuple[str, Sequence[Callable[[], np.ndarray]]]],
    where: str,
    skip_mismatch: bool = False,
) -> None:
    """Puts weights into a model, layer by layer in order, all of them or none.

    Args:
        model: a model that is built.
        stored: for each layer its name and what reads each of its arrays, `TOP` last.
        where: the file, for errors.
        skip_mismatch: leaves out arrays of another shape, with a warning.

    Raises:
        InputError: the file has other layers than the model.
        ShapeError: a weight has another shape.
    """
    stored = [(name, arrays) for name, arrays in stored if arrays]
    listed = [*((layer.name, of_layer(layer)) for layer in model.layers), (TOP, of_the_top(model))]
    layers = [(name, own) for name, own in listed if own]
    if len(stored) != len(layers):
        raise InputError(
            f"{where} holds the weights of {len(stored)} layers, and {len(layers)} of the model's "
            "have weights"
        )
    variables, arrays = {}, {}
    for (theirs, found), (name, own) in zip(stored, layers, strict=True):
        if len(found) != len(own):
            raise InputError(
                f'{where}: the layer "{theirs}" has {len(found)} arrays, and "{name}" has '
                f"{len(own)}"
            )
        for (path, variable), read in zip(own, found, strict=True):
            variables[path], arrays[path] = variable, read()
    fitting.assign(variables, arrays, where, skip_mismatch)
    weights.mark_adapted(model)
