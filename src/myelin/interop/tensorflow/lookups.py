"""The vocabularies in SavedModels of Keras 2, which are constants of the program.

A table of words is filled by a function, whose arguments are the words and their numbers; both are
read out of the description of the program, which is not run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.tensorflow.checkpoint import Checkpoint, Objects, damage, description

_TABLE, _INNER, _IDF = "lookup_table", "_lookup_layer", "idf_weights"


def assign(model: Any, kept: Checkpoint, folder: Path) -> None:
    """Puts the vocabularies of a SavedModel into the layers that have none in their configurations.

    Raises:
        FileFormatError: one is not where Keras 2 keeps it, or damaged.
        InputError: a vocabulary that its layer does not take.
    """
    wanting = [(way, layer) for way, layer in _lookups(model, ()) if layer.missing() is not None]
    if not wanting:
        return
    program = description(folder)
    objects = Objects(program.object_graph_def.nodes, kept.where)
    for way, layer in wanting:
        if objects.at([*way, _INNER]) is not None:
            way = [*way, _INNER]
        tokens = _tokens(objects, objects.at([*way, _TABLE]), program, folder)
        weights = kept.at([*way, _IDF])
        # Those of words that are not known come first, and follow from the others.
        idf = None if weights is None else kept.array(weights)[-len(tokens) :]
        layer.set_vocabulary(tokens, idf)


def _lookups(model: Any, way: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
    """The layers with a vocabulary, with the names that lead to them."""
    for place, layer in enumerate(model.layers):
        there = [*way, f"layer-{place}"]
        if hasattr(layer, "get_vocabulary"):
            yield there, layer
        elif hasattr(layer, "compile_config"):
            yield from _lookups(layer, there)


def _tokens(objects: Objects, table: int | None, program: Any, folder: Path) -> list[Any]:
    """The words in a table, in the order of their numbers."""
    fill = None if table is None else objects.children(table).get("_initialize")
    room = (folder / "saved_model.pb").stat().st_size
    arrays = []
    with damage(objects.where):
        (name,) = objects.nodes[fill].function.concrete_functions
        _, *given = program.object_graph_def.concrete_functions[name].bound_inputs
        names = [objects.nodes[number].constant.operation for number in given]
        constants = {node.name: node.attr["value"].tensor for node in program.graph_def.node}
        for name in names:
            arrays.append(_numbers(constants[name], room))
        words, numbers = arrays
        found = words[np.argsort(numbers)].tolist()
        return [word.decode() if isinstance(word, bytes) else word for word in found]


def _numbers(constant: Any, room: int) -> np.ndarray:
    """The array in a constant, which cannot hold more than its file."""
    import tensorflow

    if math.prod(size.size for size in constant.tensor_shape.dim) > room:
        raise FileFormatError("a constant is longer than its file")
    return np.asarray(tensorflow.make_ndarray(constant)).ravel()
