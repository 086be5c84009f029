"""Layers as plain JSON values, and layers from those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry
from myelin.errors import InputError
from myelin.layers.base import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """The class of a layer, its configuration, and what it was built for, as plain JSON values.

    Raises:
        InputError: it is no layer.
        TypeError: a function or object inside it that no name leads back to.
    """
    if not isinstance(layer, Layer):
        raise InputError(f"layers.serialize wants a layer, got {layer!r}")
    written: dict[str, Any] = registry.serialize(layer)
    build_config = layer.get_build_config()
    return written if build_config is None else {**written, "build_config": build_config}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A new layer from what `serialize` gave, here or in Keras.

    Args:
        config: what it gave.
        custom_objects: the user's own classes and functions, by name.

    Raises:
        UnknownNameError: a class or function that is not known here.
        InputError: the configuration of something else.
    """
    made = registry.deserialize(config, custom_objects)
    if not isinstance(made, Layer):
        raise InputError(f"layers.deserialize wants the configuration of a layer, got {config!r}")
    return made
