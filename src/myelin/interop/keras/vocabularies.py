"""The vocabularies of lookups in Keras's files: a text for each, with a token in each line.

Keras keeps none beside weights alone, so there they stand under a name that it does not ask for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.interop.keras import layout

_FOLDER, _FILE = "assets", "vocabulary.txt"
# Names of arrays: what layers learned, as JSON; and, as in Keras, weights of tokens.
LEARNED, IDF = "learned", "idf_weights"


def is_asset(name: str) -> bool:
    """Whether a member of an archive is a vocabulary."""
    return name.startswith(f"{_FOLDER}/") and name.endswith(f"/{_FILE}")


def arrays_of(part: Any, learned: bool) -> dict[str, np.ndarray]:
    """What a lookup keeps among the variables: weights of tokens, and all that it learned.

    Args:
        part: a layer.
        learned: whether the vocabulary is to be there too.
    """
    found = {}
    weights = _idf_of(part)
    if weights is not None:
        found[IDF] = np.asarray(weights)
    if learned and hasattr(part, "learned") and part.learned():
        found[LEARNED] = np.frombuffer(json.dumps(part.learned()).encode(), np.uint8)
    return found


def assets_of(model: Any) -> dict[str, bytes]:
    """The vocabularies that layers learned, as members of an archive.

    Raises:
        InputError: a token that takes more than a line.
    """
    found = {}
    for path, layer in _lookups(model):
        if layer.missing() is not None or _lookup_of(layer)._given_vocabulary is not None:
            continue
        tokens = [str(token) for token in layer.get_vocabulary()]
        for token in tokens:
            if token and token.splitlines() != [token]:
                raise InputError(
                    f"{layer.title}: Keras's files take no token like {token!r}, which would be "
                    "read as another line; a .myelin file does"
                )
        found[f"{_FOLDER}/{path}/{_FILE}"] = "\n".join(tokens).encode()
    return found


def assign(model: Any, store: Any, assets: Mapping[str, bytes]) -> None:
    """Puts the vocabularies of a file into the lookups of a model.

    Args:
        model: the model.
        store: the variables of the file.
        assets: its texts.

    Raises:
        FileFormatError: a text is none.
        InputError: a vocabulary that the layer does not take.
    """
    for path, layer in _lookups(model):
        stored = store.of(path)
        content = assets.get(f"{_FOLDER}/{path}/{_FILE}")
        if content is not None:
            weights = stored.get(IDF)
            tokens = _tokens_in(content, layer, store.where)
            layer.set_vocabulary(tokens, None if weights is None else weights.read())
        elif LEARNED in stored:
            layer.take_learned(_learned_in(stored[LEARNED].read(), store.where))


def _tokens_in(content: bytes, layer: Any, where: str) -> list[Any]:
    try:
        lines = content.decode("utf-8").splitlines()
        while lines and lines[-1] == "":
            lines.pop()
        return [int(line) for line in lines] if isinstance(layer, layout.IntegerLookup) else lines
    except ValueError as error:
        raise FileFormatError(f"{where}: a vocabulary is damaged: {error}") from error


def _learned_in(array: np.ndarray, where: str) -> Any:
    try:
        learned = json.loads(array.tobytes())
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where}: a vocabulary is damaged: {error}") from error
    if not isinstance(learned, dict) or not isinstance(learned.get("tokens"), list):
        raise FileFormatError(f"{where} holds no vocabulary where one should be")
    return learned


def _lookups(model: Any) -> Iterator[tuple[str, Any]]:
    """The layers with a vocabulary."""
    return ((path, part) for path, part in layout.parts(model) if hasattr(part, "get_vocabulary"))


def _lookup_of(layer: Any) -> Any:
    """The lookup in a layer that has one, or the layer itself."""
    return getattr(layer, "_lookup", layer)


def _idf_of(part: Any) -> Any:
    return getattr(_lookup_of(part), IDF, None) if hasattr(part, "get_vocabulary") else None
