"""The vocabularies of lookups in Keras's files: a text for each, with a token in each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from myelin.errors import FileFormatError, InputError
from myelin.interop.keras import layout
from myelin.interop.keras.weights import Store, read

_FOLDER, _FILE = "assets", "vocabulary.txt"


def is_asset(name: str) -> bool:
    """Whether a member of an archive is a vocabulary."""
    return name.startswith(f"{_FOLDER}/") and name.endswith(f"/{_FILE}")


def assets_of(model: Any) -> dict[str, bytes]:
    """The vocabularies that layers learned, as members of an archive.

    Raises:
        InputError: a token that takes more than a line.
    """
    found = {}
    for path, layer in _lookups(model):
        tokens = [str(token) for token in layer.get_vocabulary()]
        for token in tokens:
            if len(token.splitlines()) > 1 or token.endswith(("\n", "\r")):
                raise InputError(f"{layer.title}: Keras's files take no token like {token!r}")
        found[f"{_FOLDER}/{path}/{_FILE}"] = "\n".join(tokens).encode()
    return found


def assign(model: Any, store: Store, assets: Mapping[str, bytes]) -> None:
    """Puts the vocabularies of a file into the lookups of a model.

    Raises:
        FileFormatError: a text is none.
        InputError: a vocabulary that the layer does not take.
    """
    for path, layer in _lookups(model, learned=False):
        content = assets.get(f"{_FOLDER}/{path}/{_FILE}")
        if content is None:
            continue
        try:
            lines = content.decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise FileFormatError(f"{store.where}: a vocabulary is no text: {error}") from error
        while lines and lines[-1] == "":
            lines.pop()
        weights = store.of(path).get("idf_weights")
        if lines[layer.vocabulary_size() :] or layer.missing() is not None:
            layer.set_vocabulary(
                _as_tokens(layer, lines), None if weights is None else read(weights)
            )


def _as_tokens(layer: Any, lines: list[str]) -> list[Any]:
    whole = getattr(layer, "takes_numbers", False)
    return [int(line) for line in lines] if whole else list(lines)


def _lookups(model: Any, learned: bool = True) -> Iterator[tuple[str, Any]]:
    """The layers with a vocabulary that is not in their configuration."""
    for path, part in layout.parts(model):
        if hasattr(part, "get_vocabulary") and getattr(part, "_given_vocabulary", None) is None:
            if not learned or part.missing() is None:
                yield path, part
