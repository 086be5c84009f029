"""Configurations in Keras's form, which Myelin's have already but for what stands here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from myelin import registry
from myelin.errors import FileFormatError, InputError, UnknownNameError
from myelin.interop.keras import lambdas
from myelin.saving import configuration

Config = dict[str, Any]

# Classes that Keras calls otherwise.
_NAMES = {"GroupedQueryAttention": "GroupQueryAttention"}
# Classes that it does not have, or not as a part of a file, and why.
_REFUSED = {
    "ConfusionMatrix": "Keras has no such metric",
    "OptaxOptimizer": "Keras has no such optimizer",
    "Equalization": "Keras cannot read models with its own",
}


def written(model: Any) -> Config:
    """A model, and how it was compiled, as Keras writes it.

    Raises:
        InputError: a part that Keras does not have, by name, or that has no name.
    """
    config = {**configuration.architecture(model)}
    compiled = configuration.compile_config(model)
    return {**_written(config), "compile_config": _written(compiled)}


def _written(config: Any) -> Any:
    if isinstance(config, list):
        return [_written(item) for item in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if name == "Operation" and str(config.get("module")).startswith("keras"):
        raise InputError(f'Keras has no operation "{config["config"]["function"]}" with settings '
                         f"{config['config']['arguments']}")  # fmt: skip
    if name == "JaxLayer" and config["config"].get("init_fn") is None:
        raise InputError(f'Keras writes no params of a JaxLayer: give "{config["config"]["name"]}" '
                         "init_fn in their place")  # fmt: skip
    if name in _REFUSED and not config.get("registered_name"):
        raise InputError(f"{name} cannot go to Keras: {_REFUSED[name]}. Write a .myelin file")
    # Vocabularies are files beside the configuration there.
    made = {key: _written(value) for key, value in config.items() if key != "learned"}
    return {**made, "class_name": _NAMES[name]} if name in _NAMES else made


@contextlib.contextmanager
def reading(config: Config, where: str, safe_mode: bool) -> Iterator[Config]:
    """A configuration of Keras's in Myelin's form; lambdas in it are known inside the block.

    Args:
        config: the configuration.
        where: the file, for errors.
        safe_mode: whether lambdas, which are code, are refused.

    Raises:
        FileFormatError: it has a lambda, and `safe_mode` is True.
    """
    functions: dict[str, Any] = {}
    try:
        read = _read(config, lambdas.Reader(where, safe_mode, functions))
    except RecursionError as error:
        raise FileFormatError(f"{where}: its configuration is nested too deep") from error
    with registry.custom_object_scope(functions):
        yield read


def _read(config: Any, reader: lambdas.Reader) -> Any:
    if isinstance(config, list):
        return [_read(item, reader) for item in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if name == "__lambda__":
        return reader.read(config)
    if name == "function":
        return _function(config)
    read = {key: _read(value, reader) for key, value in config.items()}
    if isinstance(read.get("inbound_nodes"), list):
        read["inbound_nodes"] = [_call(call) for call in read["inbound_nodes"]]
    return read


def _call(call: Any) -> Any:
    """A call without the `training` that Keras writes down for each, and does not heed.

    What `fit` and `predict` say goes before it there, and after it here.
    """
    if not isinstance(call, dict) or not isinstance(call.get("kwargs"), dict):
        return call
    kwargs = {key: value for key, value in call["kwargs"].items() if key != "training"}
    return {**call, "kwargs": kwargs}


def _function(config: Config) -> Any:
    """A function of Keras's own as its name; one of the user's as it is."""
    name = config.get("config")
    if config.get("module") != "builtins" or not isinstance(name, str):
        return config
    try:
        registry.find_registered(name)
    except UnknownNameError:
        return name
    return config
