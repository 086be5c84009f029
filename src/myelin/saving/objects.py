"""Keras's names for writing objects as configurations and finding the user's own again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry
from myelin.errors import UnknownNameError


def serialize_keras_object(obj: Any) -> Any:
    """`obj` as plain JSON values: objects become their class name and configuration.

    Raises:
        TypeError: a function or object that no name leads back to.
    """
    return registry.serialize(obj)


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that `serialize_keras_object` wrote.

    Args:
        config: what it gave.
        custom_objects: the user's own classes and functions, by name.
        safe_mode: accepted for Keras's sake; no configuration can make Myelin run code.

    Raises:
        UnknownNameError: a class or function that is not known here.
    """
    return registry.deserialize(config, custom_objects)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The class or function registered under `name`, or None.

    Args:
        name: such as `"Custom>my_loss"`.
        custom_objects, module_objects: further places to look, by name.
    """
    try:
        return registry.find_registered(name)
    except UnknownNameError:
        return (custom_objects or {}).get(name) or (module_objects or {}).get(name)
