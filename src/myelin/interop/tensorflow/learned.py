"""What layers learned before training, in SavedModels of Keras 2: vocabularies, boundaries of bins.

Vocabularies are constants of the program. A table of words is filled by a function, whose arguments
are the words and their numbers; both are read out of the description of the program, which is not
run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.interop.tensorflow.checkpoint import Checkpoint, Objects, damage, description

_TABLE, _INNER, _IDF, _SUMMARY = "lookup_table", "_lookup_layer", "idf_weights", "summary"


def assign(layers: Sequence[tuple[Sequence[str], Any]], kept: Checkpoint, folder: Path) -> None:
    """Puts what layers learned into those that have it not in their configurations.

    Args:
        layers: layers, with the names that lead to them.
        kept: the objects of the folder.
        folder: the folder.

    Raises:
        FileFormatError: it is not where Keras 2 keeps it, or is none that the layer takes.
    """
    program = None
    for way, layer in layers:
        wanting = hasattr(layer, "missing") and layer.missing() is not None
        summary = kept.at([*way, _SUMMARY])
        try:
            if wanting and hasattr(layer, "bin_boundaries") and summary is not None:
                layer.summary = kept.array(summary)
                layer.finalize_state()
            elif wanting and hasattr(layer, "get_vocabulary"):
                program = program or description(folder)
                _assign_vocabulary(layer, list(way), kept, program, folder)
        except (InputError, ValueError, IndexError) as error:
            raise FileFormatError(f"{kept.where} is damaged: {layer.title}: {error}") from error


def _assign_vocabulary(
    layer: Any, way: list[str], kept: Checkpoint, program: Any, folder: Path
) -> None:
    objects = Objects(program.object_graph_def.nodes, kept.where)
    if objects.at([*way, _INNER]) is not None:
        way = [*way, _INNER]
    tokens = _tokens(objects, objects.at([*way, _TABLE]), program, folder)
    weights = kept.at([*way, _IDF])
    # Those of words that are not known come first, and follow from the others.
    layer.set_vocabulary(tokens, None if weights is None else kept.array(weights)[-len(tokens) :])


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
        raise ValueError("a constant is longer than its file")
    return np.asarray(tensorflow.make_ndarray(constant)).ravel()
