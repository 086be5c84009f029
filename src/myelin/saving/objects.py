"""Keras's names for writing objects as configurations and finding the user's own again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myelin import registry
from myelin.errors import UnknownNameError
from myelin.utils.custom_objects import deserialize_keras_object as deserialize_keras_object
from myelin.utils.custom_objects import serialize_keras_object as serialize_keras_object


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
