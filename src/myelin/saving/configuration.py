"""Models as configurations, plain JSON values, and models from those, whatever they say."""

from __future__ import annotations

import collections
import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from myelin import registry, variable
from myelin.errors import FileFormatError, InputError, UnknownNameError

# Numbers that layers may hold beyond the weights in the file, and those that metrics may hold.
_SPARE, _FOR_METRICS = 1 << 20, 1 << 26


def architecture(model: Any) -> dict[str, Any]:
    """The layers of a model and how they are built, as plain JSON values.

    Raises:
        InputError: a part that no name leads back to, such as a lambda.
    """
    try:
        with registry.sharing():
            # Twice: what a user's own get_config gives may hold NumPy numbers and objects.
            config: dict[str, Any] = registry.serialize(registry.serialize(model))
    except TypeError as error:
        raise InputError(
            f'"{model.name}" cannot be saved: {error}. A file never holds code: a lambda must '
            "become a function with a name, which is registered before saving and before loading"
        ) from error
    config["build_config"] = registry.serialize(model.get_build_config())
    numbers = collections.Counter(_numbers(config))
    _without_numbers(config, {number for number, count in numbers.items() if count == 1})
    return config


def _numbers(config: Any) -> Iterator[int]:
    """The numbers of layers in a configuration, each as often as it is there."""
    if isinstance(config, dict):
        if registry.SHARED in config:
            yield config[registry.SHARED]
        config = list(config.values())
    for item in config if isinstance(config, list) else []:
        yield from _numbers(item)


def _without_numbers(config: Any, numbers: set[int]) -> None:
    """Takes the numbers of layers out that stand in one place only."""
    if isinstance(config, dict):
        if config.get(registry.SHARED) in numbers:
            del config[registry.SHARED]
        config = list(config.values())
    for item in config if isinstance(config, list) else []:
        _without_numbers(item, numbers)


def compile_config(model: Any) -> dict[str, Any] | None:
    """How a model was compiled, as plain JSON values; None where it was not.

    Warns, and gives None, where a loss, metric or optimizer cannot be written.
    """
    try:
        config = model.compile_config()
        return None if config is None else dict(registry.serialize(config))
    except TypeError as error:
        warnings.warn(
            f'"{model.name}" is saved without how it was compiled: {error}. Compile it again '
            "after loading",
            stacklevel=5,
        )
        return None


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
    config = parsed(json_string.encode(), where)
    config.pop("compile_config", None)
    with registry.custom_object_scope(custom_objects or {}):
        return made(config, where)


def parsed(
    content: bytes, where: str, read: Callable[[dict[str, Any]], Any] | None = None
) -> dict[str, Any]:
    """The JSON object in a text.

    Args:
        content: the text.
        where: the file, for errors.
        read: gives the value for each object in it, where it is not that itself.

    Raises:
        FileFormatError: it holds none.
    """
    try:
        config = json.loads(content, object_hook=read)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is damaged: {error}") from error
    if not isinstance(config, dict):
        raise FileFormatError(f"{where} is damaged: it holds no configuration")
    return config


def made(config: dict[str, Any], where: str, stored: int | None = None) -> Any:
    """The model of a configuration, built where it was built.

    A file brings the weights for it, `stored` numbers in all: a configuration that wants many
    more was forged, and is refused before memory is taken.

    Raises:
        FileFormatError: it is no model's, or damaged.
        UnknownNameError: it names a class or function that is not known here.
    """
    room = contextlib.nullcontext() if stored is None else variable.room(stored + _SPARE)
    try:
        with room, registry.sharing():
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


def compile_as(model: Any, config: Any, where: str) -> None:
    """Compiles a model as its file says.

    Raises:
        FileFormatError: what it says is damaged.
        UnknownNameError: it names a class or function that is not known here.
    """
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
