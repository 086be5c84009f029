"""Sources: which layer made an array, so that an error says where an input came from."""

from __future__ import annotations

import contextlib
import weakref
from functools import partial
from typing import Any

import jax

from myelin.errors import ShapeError
from myelin.layers import symbolic
from myelin.layers.symbolic import KerasTensor

# The title of the layer that made an array, by the array's id, as long as the array lives.
_makers: dict[int, tuple[Any, str]] = {}


def note(title: str, outputs: Any) -> None:
    """Remembers which layer the arrays in `outputs` come from, the last one that gave them."""
    for array in jax.tree.leaves(outputs):
        # Plain numbers cannot be watched, and need not be.
        with contextlib.suppress(TypeError):
            _makers[id(array)] = weakref.ref(array, partial(_forget, id(array))), title


def _forget(key: int, _: Any) -> None:
    _makers.pop(key, None)


def source_of(value: Any) -> str | None:
    """The title of the layer that made an array or promised it, or None."""
    if isinstance(value, KerasTensor):
        return None if value.node is None else value.node.layer.title
    entry = _makers.get(id(value))
    return entry[1] if entry is not None and entry[0]() is value else None


def add_source(error: ShapeError, layer: Any, inputs: Any) -> None:
    """Has the complaint of a layer about its inputs end with where they come from.

    Args:
        error: what was raised; one that is not the layer's own, or says it already, stays.
        layer: which was called.
        inputs: what it was called with, arrays or promises.
    """
    text = str(error)
    if error.source is not None or not text.startswith(f"{layer.title}:"):
        return
    tensors = jax.tree.leaves(inputs)
    for tensor in symbolic.tensors_in(inputs):
        # Its sizes were made up where the layer was traced for a promise.
        for sizes in (*symbolic.SIZES, *layer.trial_sizes):
            text = text.replace(str(symbolic.filled(tensor.shape, sizes)), str(tensor.shape))
    titles = list(dict.fromkeys(filter(None, map(source_of, tensors))))
    if titles:
        error.source = " and ".join(titles)
        text = f"{text} from {error.source}"
    error.args = (text,)
