"""What layers look things up in, beside the weights: vocabularies that `adapt` learned.

A vocabulary is no array of numbers, so it is written as the bytes of its JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError

_ENDING = "/learned.json"


def of(model: Any) -> dict[str, np.ndarray]:
    """The vocabularies of the layers inside, by the path of their layer."""
    return {
        f"{layer.path}{_ENDING}": np.frombuffer(json.dumps(learned).encode(), np.uint8)
        for layer in _learners(model)
        if (learned := layer.learned())
    }


def taken_out(arrays: dict[str, np.ndarray], where: str) -> list[Any]:
    """Takes the vocabularies from among the arrays of a file, and gives them in order.

    Raises:
        FileFormatError: one of them is damaged.
    """
    found = []
    for path in [path for path in arrays if path.endswith(_ENDING)]:
        try:
            learned = json.loads(arrays.pop(path).tobytes())
        except (ValueError, RecursionError) as error:
            raise FileFormatError(f"{where}: {path} is damaged: {error}") from error
        if not isinstance(learned, dict) or not isinstance(learned.get("tokens"), list):
            raise FileFormatError(f"{where}: {path} holds no vocabulary")
        found.append(learned)
    return found


def placed(
    model: Any, found: list[Any], where: str, skip_mismatch: bool = False
) -> list[tuple[Any, Any]]:
    """The layer that each vocabulary is for, in order; none where the file has none.

    Raises:
        InputError: the model has another number of layers that take one.
    """
    layers = [layer for layer in _learners(model) if layer.missing() is not None or layer.learned()]
    if found and len(layers) != len(found) and not skip_mismatch:
        raise InputError(
            f"{where} holds vocabularies for {len(found)} layers, and {len(layers)} of the model's "
            "take one"
        )
    return list(zip(layers, found, strict=True)) if len(layers) == len(found) else []


def _learners(layer: Any) -> Iterator[Any]:
    """The outermost layers that look things up."""
    if hasattr(layer, "learned"):
        yield layer
        return
    for child in layer._children():
        yield from _learners(child)
