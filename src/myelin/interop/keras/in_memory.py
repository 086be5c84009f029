"""`to_keras` and `from_keras`: models of one library as models of the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from myelin.errors import InputError, require
from myelin.interop.keras import archive


def to_keras(model: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model as one of Keras's, with weights, compilation and the optimizer's state.

    Args:
        model: a model.
        custom_objects: the user's own classes and functions, as Keras is to know them, by name.

    Raises:
        InputError: no model, or a part that Keras does not have.
        MissingExtraError: Keras is not installed.
    """
    if not hasattr(model, "compile_config"):
        raise InputError(f"to_keras wants a model, got {model!r}")
    keras: Any = require("keras", "keras", "to_keras")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        archive.save_model(model, file)
        return keras.saving.load_model(file, custom_objects=dict(custom_objects or {}))


def from_keras(model: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model of Keras's as one of Myelin's, with weights, compilation and the optimizer's state.

    Args:
        model: a model of Keras 3.
        custom_objects: the user's own classes and functions, as Myelin is to know them, by name.

    Raises:
        InputError: no model of Keras's.
        UnknownNameError: it has a class or function that is not known here.
    """
    keras: Any = require("keras", "keras", "from_keras")
    if not isinstance(model, keras.Model):
        raise InputError(f"from_keras wants a model of Keras's, got {model!r}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(file)
        # Its lambdas are in this process already.
        return archive.load_model(file, custom_objects, safe_mode=False)
