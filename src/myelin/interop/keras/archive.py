"""`.keras`: a whole model as Keras 3 keeps it, written and read.

A zip archive of `config.json` (layers and how they were compiled), `model.weights.h5` (variables,
the optimizer's too), `metadata.json`, and `assets/` with a vocabulary for each lookup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import myelin
from myelin import registry
from myelin.errors import FileFormatError, InputError, MyelinError
from myelin.interop.keras import configs, hdf5, vocabularies, weights
from myelin.saving import configuration, zips
from myelin.saving.atomic import replacing

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# The version of Keras whose forms are written.
KERAS_VERSION = "3.15.0"


def save_model(model: Any, path: Path, include_optimizer: bool = True) -> None:
    """Writes a model as Keras 3 does, atomically; nothing is written where an error is raised.

    Raises:
        InputError: a part that Keras does not have.
    """
    config = configs.written(model)
    metadata = {"keras_version": KERAS_VERSION, "myelin_version": myelin.__version__}
    members = {_METADATA: json.dumps(metadata).encode(), _CONFIG: json.dumps(config).encode()}
    members[_WEIGHTS] = weights.packed(model, include_optimizer, learned=False)
    with replacing(path) as file, zips.Writer(file) as archive:
        for name, content in {**members, **vocabularies.assets_of(model)}.items():
            if name.endswith(".json"):
                archive.add_text(name, content)
                continue
            with archive.member(name) as member:
                member.write(content)


def load_model(
    path: Path,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a `.keras` file.

    Args:
        path: the file.
        custom_objects: the user's own classes and functions that the model uses, by name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: whether lambdas, which are code, are refused.

    Raises:
        FileFormatError: it is damaged, or holds a lambda that is refused.
        UnknownNameError: it names a class or function that is not known here.
    """
    where = str(path)
    with zips.opened(path) as opened:
        _check_names(opened.names, where)
        config = configuration.parsed(opened.read(_CONFIG), where)
        store = weights.Store(hdf5.opened(opened.read(_WEIGHTS), where), where)
        assets = {name: opened.read(name) for name in opened.names if vocabularies.is_asset(name)}
    with (
        registry.custom_object_scope(custom_objects or {}),
        configs.reading(config, where, safe_mode) as read,
    ):
        compiled = read.pop("compile_config", None)
        model = configuration.made(read, where, store.total())
        fill(model, store, assets)
        if compile and compiled:
            configuration.compile_as(model, compiled, where)
            weights.assign_optimizer(model, store)
    return model


def fill(model: Any, store: weights.Store, assets: Mapping[str, bytes]) -> None:
    """Puts variables and vocabularies into a model that was made for them.

    Raises:
        FileFormatError: they are not those of this model.
    """
    try:
        vocabularies.assign(model, store, assets)
        if model.built:
            weights.assign(model, store)
    except FileFormatError:
        raise
    except (InputError, MyelinError) as error:
        raise FileFormatError(f"{error}. Its layers and weights disagree") from error


def load_weights(model: Any, path: Path, skip_mismatch: bool = False) -> None:
    """Reads the variables in a `.keras` file into a built model; see `saving.load_weights`."""
    with zips.opened(path) as opened:
        store = weights.Store(hdf5.opened(opened.read(_WEIGHTS), str(path)), str(path))
    weights.assign(model, store, skip_mismatch)


def _check_names(names: list[str], where: str) -> None:
    """Nothing is unpacked, but a name that leads elsewhere says what the file is for."""
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            raise FileFormatError(f"{where} is made to do harm: {name!r} leads out of it")
