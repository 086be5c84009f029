"""`keras.utils`: what stands around a model, from the progress bar to files and arrays.

Every name is imported when it is first used, so that `import myelin.utils` loads nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# The module below "myelin" in which each name is defined.
_NAMES = {
    "clear_session": "backend",
    "is_keras_tensor": "backend",
    "standardize_dtype": "backend",
    "disable_interactive_logging": "console",
    "enable_interactive_logging": "console",
    "is_interactive_logging_enabled": "console",
    "get_source_inputs": "layers.source_inputs",
    "model_to_dot": "models.diagram",
    "plot_model": "models.plotting",
    "set_random_seed": "random",
    "CustomObjectScope": "utils.custom_objects",
    "custom_object_scope": "registry",
    "deserialize_keras_object": "utils.custom_objects",
    "get_custom_objects": "registry",
    "get_registered_name": "registry",
    "register_keras_serializable": "registry",
    "serialize_keras_object": "utils.custom_objects",
    "get_registered_object": "utils.custom_objects",
    "FeatureSpace": "models.feature_space",
    "audio_dataset_from_directory": "utils.audio_folder",
    "Dataset": "utils.dataset",
    "get_file": "utils.files",
    "image_dataset_from_directory": "utils.image_folder",
    "array_to_img": "utils.images",
    "img_to_array": "utils.images",
    "load_img": "utils.images",
    "save_img": "utils.images",
    "normalize": "utils.numerical_utils",
    "to_categorical": "utils.numerical_utils",
    "pack_x_y_sample_weight": "utils.packing",
    "unpack_x_y_sample_weight": "utils.packing",
    "Progbar": "utils.progress",
    "PyDataset": "utils.py_dataset",
    "Sequence": "utils.py_dataset",
    "pad_sequences": "utils.sequences",
    "Config": "utils.settings",
    "split_dataset": "utils.splitting",
    "text_dataset_from_directory": "utils.text_folder",
    "timeseries_dataset_from_array": "utils.timeseries",
}

if TYPE_CHECKING:
    from myelin.backend import clear_session as clear_session
    from myelin.backend import is_keras_tensor as is_keras_tensor
    from myelin.backend import standardize_dtype as standardize_dtype
    from myelin.console import disable_interactive_logging as disable_interactive_logging
    from myelin.console import enable_interactive_logging as enable_interactive_logging
    from myelin.console import is_interactive_logging_enabled as is_interactive_logging_enabled
    from myelin.layers.source_inputs import get_source_inputs as get_source_inputs
    from myelin.models.diagram import model_to_dot as model_to_dot
    from myelin.models.feature_space import FeatureSpace as FeatureSpace
    from myelin.models.plotting import plot_model as plot_model
    from myelin.random import set_random_seed as set_random_seed
    from myelin.registry import custom_object_scope as custom_object_scope
    from myelin.registry import get_custom_objects as get_custom_objects
    from myelin.registry import get_registered_name as get_registered_name
    from myelin.registry import register_keras_serializable as register_keras_serializable
    from myelin.utils.audio_folder import (
        audio_dataset_from_directory as audio_dataset_from_directory,
    )
    from myelin.utils.custom_objects import CustomObjectScope as CustomObjectScope
    from myelin.utils.custom_objects import deserialize_keras_object as deserialize_keras_object
    from myelin.utils.custom_objects import get_registered_object as get_registered_object
    from myelin.utils.custom_objects import serialize_keras_object as serialize_keras_object
    from myelin.utils.dataset import Dataset as Dataset
    from myelin.utils.files import get_file as get_file
    from myelin.utils.image_folder import (
        image_dataset_from_directory as image_dataset_from_directory,
    )
    from myelin.utils.images import array_to_img as array_to_img
    from myelin.utils.images import img_to_array as img_to_array
    from myelin.utils.images import load_img as load_img
    from myelin.utils.images import save_img as save_img
    from myelin.utils.numerical_utils import normalize as normalize
    from myelin.utils.numerical_utils import to_categorical as to_categorical
    from myelin.utils.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
    from myelin.utils.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
    from myelin.utils.progress import Progbar as Progbar
    from myelin.utils.py_dataset import PyDataset as PyDataset
    from myelin.utils.py_dataset import Sequence as Sequence
    from myelin.utils.sequences import pad_sequences as pad_sequences
    from myelin.utils.settings import Config as Config
    from myelin.utils.splitting import split_dataset as split_dataset
    from myelin.utils.text_folder import (
        text_dataset_from_directory as text_dataset_from_directory,
    )
    from myelin.utils.timeseries import (
        timeseries_dataset_from_array as timeseries_dataset_from_array,
    )

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name == "numerical_utils":
        return importlib.import_module("myelin.utils.numerical_utils")
    if name not in _NAMES:
        from myelin.errors import nearest

        raise AttributeError(f'myelin.utils has no "{name}". {nearest(name, __all__)}'.strip())
    value = getattr(importlib.import_module(f"myelin.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "numerical_utils"]
