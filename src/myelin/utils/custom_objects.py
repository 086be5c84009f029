"""Names of the user's own classes, under the names that `keras.utils` gives the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry

CustomObjectScope = registry.custom_object_scope


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
    """What goes by `name`, or None.

    Args:
        name: as registered, such as `"Custom>MyLayer"`.
        custom_objects: where to look when nothing is registered under the name.
        module_objects: where to look last.
    """
    for known in (registry.get_custom_objects(), custom_objects, module_objects):
        if known and name in known:
            return known[name]
    return None
