"""The state of an optimizer as named arrays, so that training goes on where it was."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import jax

from myelin.errors import FileFormatError
from myelin.placing import owned
from myelin.saving.checkpoint import joined
from myelin.saving.tensors import Arrays
from myelin.variable import Variable

_PATHS = "myelin.paths"


def arrays_of(
    optimizer: Any, variables: Mapping[str, Variable]
) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The state as arrays by name with remarks, as `tensors.write` takes them.

    None before the first step.

    Args:
        optimizer: the optimizer.
        variables: the model's variables by path.

    Warns where it serves variables that the model has no more, and gives None.
    """
    served = getattr(optimizer, "_trainable", None)
    if served is None or optimizer.state is None:
        return None
    paths = {id(v): path for path, v in variables.items()}
    if any(id(v) not in paths for v in served.values()):
        warnings.warn(
            "saved without the optimizer's state, which is for layers that the model has no more",
            stacklevel=4,
        )
        return None
    named, _ = _named_leaves(optimizer.state, {key: paths[id(v)] for key, v in served.items()})
    metadata = {_PATHS: json.dumps([paths[id(v)] for v in served.values()])}
    return named, metadata


def restore(
    optimizer: Any, arrays: Arrays, metadata: Mapping[str, str],
    variables: Mapping[str, Variable], where: str,
) -> None:  # fmt: skip
    """Puts a state that `arrays_of` gave into a new optimizer, which it builds.

    Args:
        optimizer: a new one with the same settings.
        arrays, metadata: what `arrays_of` gave.
        variables: the variables by the paths that they had when it was written.
        where: the file, for errors.

    Raises:
        FileFormatError: the state is damaged, or is not that of this optimizer.
    """
    try:
        paths = json.loads(metadata[_PATHS])
        optimizer.build([variables[path] for path in paths])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unfit(where, f"the variables it was for are not there ({error!r})") from error
    renamed = dict(zip(optimizer._trainable, paths, strict=True))
    named, structure = _named_leaves(optimizer.state, renamed)
    if set(named) != set(arrays):
        differing = sorted(set(named) ^ set(arrays))[0]
        raise _unfit(where, f'"{differing}" is only on one side')
    for name, leaf in named.items():
        if arrays[name].shape != leaf.shape:
            raise _unfit(where, f'"{name}" has shape {arrays[name].shape}, not {leaf.shape}')
    # Copies: a compiled step gives the memory of the state away.
    leaves = [owned(arrays[name], leaf.dtype) for name, leaf in named.items()]
    optimizer.state = jax.tree.unflatten(structure, leaves)


def _unfit(where: str, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{where}: the optimizer's state does not fit the optimizer: {reason}. With compile=False "
        "the model loads without it"
    )


def _named_leaves(state: Any, renamed: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    """The arrays of a state by name, with other words for the parts in `renamed`."""
    pairs, structure = jax.tree_util.tree_flatten_with_path(state)
    named = {}
    for keys, leaf in pairs:
        parts = [_part(key) for key in keys]
        named[joined([renamed.get(part, part) for part in parts])] = leaf
    return named, structure


def _part(key: Any) -> str:
    """One step of a way through a tree: a key, an index or the name of a field."""
    for attribute in ("key", "idx", "name"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)
