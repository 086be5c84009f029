"""Names of the user's own classes, under the names that `keras.utils` gives the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry

CustomObjectScope = registry.custom_object_scope
serialize_keras_object = registry.serialize
deserialize_keras_object = registry.deserialize


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
