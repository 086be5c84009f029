"""Nested dictionaries, lists and tuples of arrays in one file, to the bit and never half."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.saving import sniff, tensors
from myelin.saving.atomic import replacing, target_of

_STRUCTURE = "myelin.tree"


def save_tree(
    path: str | os.PathLike[str], tree: Any, metadata: Mapping[str, str] | None = None
) -> None:
    """Writes a tree of arrays and plain values to a `.safetensors` file, atomically.

    The file holds a checksum of its whole content, which `load_tree` looks at.

    Args:
        path: the file; its folder must exist.
        tree: dictionaries with text keys, lists and tuples, nested; their leaves are NumPy or
            jax arrays and NumPy scalars (bool, integers, floats with bfloat16, complex64), or
            Python's None, bool, int, float and str.
        metadata: remarks to keep beside it.

    Raises:
        InputError: a leaf or a key of another kind, or a remark that is no text.
        FileNotFoundError: the folder is missing.
    """
    target = target_of(path)
    metadata = dict(metadata or {})
    if _STRUCTURE in metadata or not all(isinstance(v, str) for v in metadata.values()):
        raise InputError(f'metadata wants texts by name, the name not "{_STRUCTURE}"')
    arrays: dict[str, Any] = {}
    structure = _described(tree, (), arrays)
    with replacing(target) as file:
        tensors.write(file, arrays, {**metadata, _STRUCTURE: json.dumps(structure)})


def load_tree(path: str | os.PathLike[str]) -> tuple[Any, dict[str, str]]:
    """What `save_tree` wrote: the tree, with NumPy arrays that may be written to, and metadata.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is damaged, or not written by `save_tree`.
    """
    where = os.fspath(path)
    with sniff.opened(path) as (file, size):
        arrays, metadata = tensors.read(file, size, where, checked=True)
    if _STRUCTURE not in metadata:
        raise FileFormatError(f"{where} was not written by save_tree: it names no structure")
    try:
        structure = json.loads(metadata.pop(_STRUCTURE))
        tree = _made(structure, arrays)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileFormatError(f"{where}: its structure is damaged: {error!r}") from error
    return tree, metadata


def joined(parts: Sequence[str]) -> str:
    """The way through a tree to one of its arrays as a name: escaped, and joined with "/"."""
    escaped = [part.replace("%", "%25").replace("/", "%2F") for part in parts]
    # The one name that safetensors keeps for itself.
    return "/".join(escaped).replace("__metadata__", "%5F_metadata__")


def _described(tree: Any, parts: tuple[str, ...], arrays: dict[str, Any]) -> Any:
    """`tree` as JSON, with a name in the place of each array, which goes into `arrays`."""
    # np.float64 is a float and np.str_ a str too, but they are arrays without axes here.
    if not isinstance(tree, np.generic) and isinstance(tree, bool | int | float | str | None):
        return {"value": tree}
    name = joined(parts)
    if isinstance(tree, Mapping):
        if not all(isinstance(key, str) for key in tree):
            raise InputError(f'save_tree wants texts as keys, got {list(tree)} at "{name}"')
        return {"dict": {k: _described(v, (*parts, k), arrays) for k, v in tree.items()}}
    if isinstance(tree, list | tuple) and type(tree) in (list, tuple):
        items = [_described(v, (*parts, str(i)), arrays) for i, v in enumerate(tree)]
        return {type(tree).__name__: items}
    if not hasattr(tree, "__array__"):
        raise InputError(f'save_tree: "{name}" is {tree!r}, which is no array or plain value')
    arrays[name] = np.asarray(tree)
    return {"array": name}


def _made(structure: Any, arrays: tensors.Arrays) -> Any:
    kind, inner = _only_item(structure)
    if kind == "dict":
        return {key: _made(value, arrays) for key, value in inner.items()}
    if kind in ("list", "tuple"):
        items = [_made(value, arrays) for value in inner]
        return items if kind == "list" else tuple(items)
    if kind == "value":
        return inner
    if kind == "array":
        return arrays[inner]
    raise ValueError(f"there is no node of kind {kind}")


def _only_item(node: Any) -> tuple[str, Any]:
    if not isinstance(node, dict) or len(node) != 1:
        raise ValueError(f"{node!r} is no node of a tree")
    return next(iter(node.items()))
