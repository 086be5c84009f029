"""Where the parts of a model stand in Keras's files: by attribute, and by kind inside lists.

Keras walks through the attributes of a model in the order of their names, private ones last, and
keeps the variables of what it meets first. Nearly all layers have their parts under the same names
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from myelin import naming
from myelin.layers.attention import GroupedQueryAttention
from myelin.layers.base import Layer
from myelin.layers.preprocessing.lookup import IntegerLookup as IntegerLookup
from myelin.layers.preprocessing.text_vectorization import TextVectorization
from myelin.models import Functional, Model, Sequential
from myelin.optimizers import Adafactor, Optimizer
from myelin.variable import Variable


def parts(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers of a model, itself first, and its optimizer, each once, with their places."""
    inside = {id(layer) for layer in model.all_layers()}
    for path, part in _visit(model, "", set()):
        # Not the patterns that layers such as Bidirectional copy, which are no part of the model.
        if id(part) in inside or isinstance(part, Optimizer):
            yield path, part


def own_variables(layer: Any) -> list[Variable]:
    """The variables that a layer keeps under its own place, in Keras's order."""
    held = [v for v in vars(layer).values() if isinstance(v, Variable)]
    own = {id(v): v for v in [*layer._weights, *held]}
    return sorted(own.values(), key=lambda v: not v.trainable)


def slots(optimizer: Any) -> list[Variable | np.ndarray]:
    """The state of an optimizer in Keras's order; an array where Keras keeps what is no state."""
    if not isinstance(optimizer, Adafactor) or not optimizer.built:
        return list(optimizer.variables)
    known = {v._keys: v for v in optimizer.variables}
    found: list[Variable | np.ndarray] = [v for keys, v in known.items() if keys[0] != "slots"]
    for path, served in (optimizer._trainable or {}).items():
        own = {keys[2]: v for keys, v in known.items() if keys[:2] == ("slots", path)}
        # Keras keeps the product of row and column too, and numbers in the place of what is not.
        if "row" in own:
            found += [own["row"], own["column"], np.zeros(served.shape, served.dtype)]
        else:
            found += [np.zeros((), np.int32), np.zeros((), np.int32), own["velocity"]]
    return found


def _visit(part: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(part) in seen:
        return
    seen.add(id(part))
    yield path, part
    for name, value in _attributes(part):
        yield from _visit_value(value, f"{path}/{name}".strip("/"), seen)


def _visit_value(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Layer | Optimizer):
        yield from _visit(value, path, seen)
    elif isinstance(value, list | tuple | dict) and id(value) not in seen:
        seen.add(id(value))
        taken: set[str] = set()
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, list | tuple | dict):
                name = naming.unique("container", taken)
            elif isinstance(item, Layer | Optimizer):
                name = naming.unique(naming.snake_case(type(item).__name__), taken)
            else:
                continue
            yield from _visit_value(item, f"{path}/{name}", seen)


def _attributes(part: Any) -> list[tuple[str, Any]]:
    """Names and values, those that every layer or model has left out, in Keras's order."""
    hidden = _HIDDEN[isinstance(part, Model)]
    names = _NAMES.get(type(part), {})
    found = {names.get(k, k): value for k, value in vars(part).items() if k not in hidden}
    first = []
    if isinstance(part, Functional | Sequential):
        first.append(("layers", part.layers))
    elif isinstance(part, Model):
        found["layers"] = part.layers
    if isinstance(part, Model):
        found["optimizer"] = part.optimizer
    return first + sorted(found.items(), key=lambda item: (item[0].startswith("_"), item[0]))


# Attributes that Keras calls otherwise.
_NAMES: dict[type, dict[str, str]] = {
    GroupedQueryAttention: {
        name: f"_{name}" for name in ("query_dense", "key_dense", "value_dense", "output_dense")
    },
    TextVectorization: {"_lookup": "_lookup_layer"},
}
# What Layer has beside the attributes of its kinds, and what models have.
_HIDDEN = {
    False: {*dir(Layer), *vars(Layer())},
    True: {*dir(Model), *vars(Model()), *vars(Sequential())},
}
