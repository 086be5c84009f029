"""Models and weights on disk, and the registry of the user's own classes that files name."""

from myelin.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    register_keras_serializable,
)
from myelin.saving.checkpoint import load_tree, save_tree
from myelin.saving.configuration import model_from_json
from myelin.saving.formats import load_model, save_model
from myelin.saving.objects import (
    deserialize_keras_object,
    get_registered_object,
    serialize_keras_object,
)
from myelin.saving.weights import load_weights, save_weights

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_tree",
    "load_weights",
    "model_from_json",
    "register_keras_serializable",
    "save_model",
    "save_tree",
    "save_weights",
    "serialize_keras_object",
]
