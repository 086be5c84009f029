"""`save_model` and `load_model`: a whole model in one file, which never holds code.

The file is a zip archive of `metadata.json` (what wrote it), `config.json` (the layers and how
they were compiled), `weights.safetensors` and, once training began, `optimizer.safetensors`.
"""

from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

from myelin import registry, variable
from myelin.errors import FileFormatError, InputError, UnknownNameError, nearest
from myelin.saving import fitting, optimizer_state, sniff, weights, zips
from myelin.saving.atomic import as_path, replacing, target_of

FORMAT_VERSION = 1
# Numbers that layers may hold beyond the weights in the file, and those that metrics may hold.
_SPARE, _FOR_METRICS = 1 << 20, 1 << 26

_METADATA, _CONFIG = "metadata.json", "config.json"
_WEIGHTS, _OPTIMIZER = "weights.safetensors", "optimizer.safetensors"


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Writes a model to one file: layers, weights, how it was compiled, the optimizer's state.

    It is the same format under any name, also `.keras` or `.h5`, and written atomically.

    Args:
        model: the model.
        filepath: the name of the file.
        overwrite: whether an existing file is replaced.
        zipped: accepted for Keras's sake; the file always is a zip archive.
        kwargs: `include_optimizer=False` leaves the optimizer's state out; `save_format` of
            older programs is accepted.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        FileNotFoundError: its folder does not exist.
        InputError: a part that cannot be written, such as a lambda, or a bad argument.

    Warns where a loss, metric or optimizer cannot be written: the file then says nothing about
    how the model was compiled.
    """
    include_optimizer = _options(zipped, kwargs)
    if not hasattr(model, "compile_config"):
        raise InputError(f"save_model wants a model, got {model!r}")
    target = target_of(filepath, overwrite)
    config = _architecture(model)
    compiled = _compile_config(model)
    members = {
        _METADATA: _text(_metadata()),
        _CONFIG: _text({**config, "compile_config": compiled}),
    }
    variables = model.name_variables("", set()) if model.built else {}
    members[_WEIGHTS] = weights.packed({path: v.numpy() for path, v in variables.items()})
    if compiled and include_optimizer:
        state = optimizer_state.packed(model.optimizer, variables)
        members.update({_OPTIMIZER: state} if state is not None else {})
    with replacing(target) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, zips.NO_TIME)
            info.external_attr = 0o644 << 16
            method = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            archive.writestr(info, content, method)


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model that `save_model` wrote, ready to predict or to train on.

    The content decides what the file is, not its ending.

    Args:
        filepath: the file.
        custom_objects: the user's own classes and functions that the model uses, by name, beside
            those that are registered.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted for Keras's sake; no file can make Myelin run code.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is damaged, or a file of another kind.
        UnknownNameError: it names a class or function that is neither Myelin's nor registered
            nor in `custom_objects`.
    """
    path = as_path(filepath)
    if sniff.kind_of(path) != sniff.MODEL:
        raise FileFormatError(
            f"{path} holds weights without a model: make the model, then model.load_weights(…)"
        )
    where = str(path)
    with zips.opened(path) as archive:
        _check_metadata(_parsed(archive.read(_METADATA), where), where)
        unknown = set(archive.names) - {_METADATA, _CONFIG, _WEIGHTS, _OPTIMIZER}
        if unknown:
            raise FileFormatError(
                f"{where} holds {sorted(unknown)[0]!r}, which is no part of a model"
            )
        config = _parsed(archive.read(_CONFIG), where)
        arrays = weights.unpacked(archive.read(_WEIGHTS), where)
        state = archive.read(_OPTIMIZER) if _OPTIMIZER in archive.names else None
    with registry.custom_object_scope(custom_objects or {}):
        compiled = config.pop("compile_config", None)
        model = _made(config, where, sum(array.size for array in arrays.values()))
        variables = model.name_variables("", set()) if model.built else {}
        try:
            renamed = fitting.assign(variables, arrays, where)
        except InputError as error:
            raise FileFormatError(f"{error}. Its layers and weights disagree") from error
        if compile and compiled:
            _compile(model, compiled, where)
            if state is not None:
                old = {theirs: variables[mine] for theirs, mine in renamed.items()}
                optimizer_state.restore(model.optimizer, state, old, where)
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A new model, with fresh weights and not compiled, from what `model.to_json()` gave.

    Args:
        json_string: the text.
        custom_objects: the user's own classes and functions that it names.

    Raises:
        FileFormatError: the text is no model's configuration.
        UnknownNameError: it names a class or function that is not known here.
    """
    where = "The JSON text"
    config = _parsed(json_string.encode(), where)
    config.pop("compile_config", None)
    with registry.custom_object_scope(custom_objects or {}):
        return _made(config, where)


def _options(zipped: bool | None, kwargs: dict[str, Any]) -> bool:
    """Checks what only Keras has; returns whether the optimizer is to be written."""
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    if kwargs:
        name = next(iter(kwargs))
        hint = nearest(name, ("overwrite", "zipped", "include_optimizer"))
        raise InputError(f'save_model: no argument is called "{name}". {hint}')
    if save_format not in (None, "keras", "h5", "hdf5", "myelin"):
        raise InputError(f"save_model writes Myelin's own format, not save_format={save_format!r}")
    if zipped is False:
        raise InputError("save_model writes one file, not a folder: leave zipped=False out")
    return bool(include_optimizer)


def _metadata() -> dict[str, Any]:
    import myelin

    return {
        "format": "myelin",
        "format_version": FORMAT_VERSION,
        "myelin_version": myelin.__version__,
    }


def _architecture(model: Any) -> dict[str, Any]:
    try:
        # Twice: what a user's own get_config gives may hold NumPy numbers and objects.
        config: dict[str, Any] = registry.serialize(registry.serialize(model))
    except TypeError as error:
        raise InputError(
            f'"{model.name}" cannot be saved: {error}. A file never holds code: a lambda must '
            "become a function with a name, which is registered before saving and before loading"
        ) from error
    config["build_config"] = registry.serialize(model.get_build_config())
    return config


def _compile_config(model: Any) -> dict[str, Any] | None:
    try:
        config = model.compile_config()
        return None if config is None else dict(registry.serialize(config))
    except TypeError as error:
        warnings.warn(
            f'"{model.name}" is saved without how it was compiled: {error}. Compile it again '
            "after loading",
            stacklevel=4,
        )
        return None


def _text(config: Any) -> bytes:
    return json.dumps(config, indent=1).encode()


def _parsed(content: bytes, where: str) -> dict[str, Any]:
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is damaged: {error}") from error
    if not isinstance(config, dict):
        raise FileFormatError(f"{where} is damaged: it holds no configuration")
    return config


def _check_metadata(metadata: dict[str, Any], where: str) -> None:
    version = metadata.get("format_version")
    if metadata.get("format") != "myelin" or not isinstance(version, int):
        raise FileFormatError(f"{where} does not say that Myelin wrote it")
    if version > FORMAT_VERSION:
        raise FileFormatError(
            f"{where} is of format {version}, written by Myelin {metadata.get('myelin_version')}; "
            f"this Myelin reads up to {FORMAT_VERSION}: install a newer one"
        )


def _made(config: dict[str, Any], where: str, stored: int | None = None) -> Any:
    """The model of a configuration, built where it was built.

    A file brings the weights for it, `stored` numbers in all: a configuration that wants many
    more was forged, and is refused before memory is taken.
    """
    room = contextlib.nullcontext() if stored is None else variable.room(stored + _SPARE)
    try:
        with room:
            model = registry.deserialize(config)
    except UnknownNameError as error:
        raise _unknown(error, where) from error
    # A damaged configuration can fail anywhere in any layer.
    except Exception as error:
        raise FileFormatError(
            f"{where}: its model cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not hasattr(model, "compile_from_config"):
        raise FileFormatError(f"{where} holds no model: {type(model).__name__}")
    return model


def _compile(model: Any, config: Any, where: str) -> None:
    try:
        with variable.room(_FOR_METRICS):
            model.compile_from_config(config)
    except UnknownNameError as error:
        raise _unknown(error, where, " With compile=False the model loads without it.") from error
    except Exception as error:
        raise FileFormatError(
            f"{where}: its model cannot be compiled as it was: {type(error).__name__}: {error}. "
            "With compile=False it loads as it is"
        ) from error


def _unknown(error: UnknownNameError, where: str, way_out: str = "") -> UnknownNameError:
    return UnknownNameError(
        f"{where}: {error} If it is your own, pass it in custom_objects={{name: object}}, or "
        f"register it with @register_keras_serializable() before loading.{way_out}"
    )
