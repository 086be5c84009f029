"""Myelin's own file of a whole model, `.myelin`, which never holds code.

The file is a zip archive of `metadata.json` (what wrote it), `config.json` (the layers and how
they were compiled), `weights.safetensors` and, once training began, `optimizer.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from myelin import registry, variable
from myelin.errors import FileFormatError, InputError
from myelin.saving import configuration, fitting, optimizer_state, tensors, weights, zips
from myelin.saving.atomic import replacing

FORMAT_VERSION = 1

_METADATA, _CONFIG = "metadata.json", "config.json"
_WEIGHTS, _OPTIMIZER = "weights.safetensors", "optimizer.safetensors"


def save_model(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Writes a model: layers, weights, how it was compiled, the optimizer's state.

    Raises:
        InputError: a part that cannot be written, such as a lambda.
    """
    config = configuration.architecture(model)
    compiled = configuration.compile_config(model)
    texts = {
        _METADATA: _text(_metadata()),
        _CONFIG: _text({**config, "compile_config": compiled}),
    }
    variables = model.name_variables("", set()) if model.built else {}
    arrays = {path: np.asarray(v._value) for path, v in variables.items()}
    members = {_WEIGHTS: (arrays, weights.remarks(arrays))}
    if compiled and include_optimizer:
        state = optimizer_state.arrays_of(model.optimizer, variables)
        members.update({_OPTIMIZER: state} if state is not None else {})
    with replacing(path) as file, zips.Writer(file) as archive:
        for name, content in texts.items():
            archive.add_text(name, content)
        for name, (held, remarks) in members.items():
            with archive.member(name) as member:
                tensors.write(member, held, remarks, checked=False)


def load_model(
    path: Path,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model that `save_model` wrote, ready to predict or to train on.

    Args:
        path: the file.
        custom_objects: the user's own classes and functions that the model uses, by name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted as for other formats; this one has no code.

    Raises:
        FileFormatError: it is damaged, or a file of another kind.
        UnknownNameError: it names a class or function that is not known here.
    """
    where = str(path)
    with zips.opened(path) as archive:
        _check_metadata(configuration.parsed(archive.read(_METADATA), where), where)
        unknown = set(archive.names) - {_METADATA, _CONFIG, _WEIGHTS, _OPTIMIZER}
        if unknown:
            raise FileFormatError(
                f"{where} holds {sorted(unknown)[0]!r}, which is no part of a model"
            )
        config = configuration.parsed(archive.read(_CONFIG), where)
        with archive.member(_WEIGHTS) as (member, size):
            arrays = weights.ordered(*tensors.read(member, size, where), where)
        state = None
        if _OPTIMIZER in archive.names and compile:
            with archive.member(_OPTIMIZER) as (member, size):
                state = tensors.read(member, size, where)
    with registry.custom_object_scope(custom_objects or {}):
        compiled = config.pop("compile_config", None)
        with variable.unfilled():
            numbers = sum(array.size for array in arrays.values())
            model = configuration.made(config, where, numbers)
            variables = model.name_variables("", set()) if model.built else {}
            try:
                renamed = fitting.assign(variables, arrays, where)
            except InputError as error:
                raise FileFormatError(f"{error}. Its layers and weights disagree") from error
        arrays.clear()
        if compile and compiled:
            configuration.compile_as(model, compiled, where)
            if state is not None:
                old = {theirs: variables[mine] for theirs, mine in renamed.items()}
                optimizer_state.restore(model.optimizer, *state, old, where)
    return model


def _metadata() -> dict[str, Any]:
    import myelin

    return {
        "format": "myelin",
        "format_version": FORMAT_VERSION,
        "myelin_version": myelin.__version__,
    }


def _text(config: Any) -> bytes:
    return json.dumps(config, indent=1).encode()


def _check_metadata(metadata: dict[str, Any], where: str) -> None:
    version = metadata.get("format_version")
    if metadata.get("format") != "myelin" or not isinstance(version, int):
        raise FileFormatError(f"{where} does not say that Myelin wrote it")
    if version > FORMAT_VERSION:
        raise FileFormatError(
            f"{where} is of format {version}, written by Myelin {metadata.get('myelin_version')}; "
            f"this Myelin reads up to {FORMAT_VERSION}: install a newer one"
        )
