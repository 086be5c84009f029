"""What a SavedModel holds beside its program: Myelin's own model, or variables.

A SavedModel's functions are a program that could do anything TensorFlow can, so none is run here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from myelin import saving
from myelin.errors import FileFormatError, require
from myelin.interop.tensorflow.saving import OWN_MODEL
from myelin.saving.atomic import as_path

_NUMBERED = "variables/{}/.ATTRIBUTES/VARIABLE_VALUE"
# What Keras counts among the variables, and Myelin keeps elsewhere.
_NO_WEIGHT = "seed_generator_state"


def load_model(
    path: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a SavedModel that `save_model` wrote.

    Args:
        path: the folder.
        custom_objects, compile, safe_mode: as for `myelin.saving.load_model`.

    Raises:
        FileNotFoundError: there is no such folder.
        FileFormatError: it is no SavedModel, or one without layers, as Keras 3 exports them.
    """
    folder = _checked(path)
    if not (folder / OWN_MODEL).is_file():
        raise FileFormatError(
            f"{folder} is a SavedModel that holds a program and variables, but no layers: make a "
            "model of the same layers, then myelin.interop.tensorflow.load_weights(model, folder)"
        )
    return saving.load_model(folder / OWN_MODEL, custom_objects, compile, safe_mode)


def load_weights(model: Any, filepath: Any) -> None:
    """Reads the variables of a SavedModel into a model of the same layers.

    Args:
        model: a model that is built; its weights are taken in order, as Keras and `export_model`
            write them.
        filepath: the folder, which Keras's `model.export` or Myelin wrote.

    Raises:
        FileNotFoundError: there is no such folder.
        FileFormatError: it is no SavedModel, is damaged, or has other variables; says which is
            the first that does not fit. The model is as it was then.
        MissingExtraError: TensorFlow is not installed.
    """
    folder = _checked(filepath)
    named = _variables(folder)
    weights = model.weights
    named = [(name, array) for name, array in named if not name.endswith(_NO_WEIGHT)]
    if len(named) != len(weights):
        raise FileFormatError(
            f"{folder} holds {len(named)} weights, {model.title} has {len(weights)}: make the "
            "model of the same layers"
        )
    for (name, array), own in zip(named, weights, strict=True):
        if tuple(array.shape) != own.shape:
            raise FileFormatError(
                f'{folder}: "{name}" has the shape {tuple(array.shape)}, where "{own.path}" wants '
                f"{own.shape}: make the model of the same layers, in the same order"
            )
    model.set_weights([array for _, array in named])


def _checked(filepath: Any) -> Path:
    folder = as_path(filepath)
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}")
    if not (folder / "saved_model.pb").is_file():
        raise FileFormatError(f"{folder} is no SavedModel: it has no saved_model.pb")
    return folder


def _variables(folder: Path) -> list[tuple[str, np.ndarray]]:
    """The numbered variables with their names, in order."""
    tensorflow = require("tensorflow", "tensorflow", "reading a SavedModel")
    try:
        reader = tensorflow.train.load_checkpoint(str(folder / "variables" / "variables"))
        names = _names(folder)
        found = []
        while reader.has_tensor(_NUMBERED.format(len(found))):
            array = reader.get_tensor(_NUMBERED.format(len(found)))
            found.append((names.get(len(found), f"variable {len(found)}"), array))
    # TensorFlow's own errors are of many kinds, and none of them says which folder it was.
    except Exception as error:
        raise FileFormatError(f"{folder} is damaged: {error}") from error
    if not found:
        raise FileFormatError(
            f"{folder} does not list its variables, as what Keras 3 and Myelin export does"
        )
    return found


def _names(folder: Path) -> dict[int, str]:
    """The names of the numbered variables, out of the description of the objects saved."""
    from tensorflow.core.protobuf import saved_model_pb2

    description = saved_model_pb2.SavedModel()
    description.ParseFromString((folder / "saved_model.pb").read_bytes())
    nodes = description.meta_graphs[0].object_graph_def.nodes
    (listed,) = [c.node_id for c in nodes[0].children if c.local_name == "variables"]
    return {int(c.local_name): nodes[c.node_id].variable.name for c in nodes[listed].children}
