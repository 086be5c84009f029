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
_KINDS = ("trainable_variables", "non_trainable_variables")
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


def load_weights(model: Any, path: Any) -> None:
    """Reads the variables of a SavedModel into a model of the same layers.

    Args:
        model: a model that is built; its weights are taken in order, first those that train, as
            Keras and `export_model` list them.
        path: the folder, which Keras's `model.export` or Myelin wrote.

    Raises:
        FileNotFoundError: there is no such folder.
        FileFormatError: it is no SavedModel, is damaged, or has other variables; says which is
            the first that does not fit. The model is as it was then.
        MissingExtraError: TensorFlow is not installed.
    """
    folder = _checked(path)
    listed = _variables(folder)
    pairs: list[Any] = []
    for kind, found in listed.items():
        wanted = getattr(model, kind.replace("variables", "weights"))
        found = [(name, array) for name, array in found if not name.endswith(_NO_WEIGHT)]
        if len(found) != len(wanted):
            raise FileFormatError(
                f"{folder} lists {len(found)} {kind}, where {model.title} has {len(wanted)}: make "
                "the model of the same layers, with the same ones frozen"
            )
        pairs += zip(found, wanted, strict=True)
    for (name, array), own in pairs:
        if tuple(array.shape) != own.shape:
            raise FileFormatError(
                f'{folder}: "{name}" has the shape {tuple(array.shape)}, where "{own.path}" wants '
                f"{own.shape}: make the model of the same layers, in the same order"
            )
    for (_, array), own in pairs:
        own.assign(array)


def _checked(filepath: Any) -> Path:
    folder = as_path(filepath)
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}")
    if not (folder / "saved_model.pb").is_file():
        raise FileFormatError(f"{folder} is no SavedModel: it has no saved_model.pb")
    return folder


def _variables(folder: Path) -> dict[str, list[tuple[str, np.ndarray]]]:
    """The lists of variables, those that train and the others, with their names."""
    tensorflow = require("tensorflow", "tensorflow", "reading a SavedModel")
    try:
        reader = tensorflow.train.load_checkpoint(str(folder / "variables" / "variables"))
        nodes = _objects(folder)
        numbers = {node: number for number, node in enumerate(_listed(nodes, "variables"))}
        return {
            kind: [
                (nodes[node].variable.name, reader.get_tensor(_NUMBERED.format(numbers[node])))
                for node in _listed(nodes, kind)
            ]
            for kind in _KINDS
        }
    # TensorFlow's own errors are of many kinds, and none of them says which folder it was.
    except Exception as error:
        raise FileFormatError(
            f"{folder} is damaged, or does not list its variables as what Keras 3 and Myelin "
            f"export does: {error}"
        ) from error


def _objects(folder: Path) -> Any:
    """What the folder says of the objects that were saved; a description, which runs nothing."""
    from tensorflow.core.protobuf import saved_model_pb2

    description = saved_model_pb2.SavedModel()
    description.ParseFromString((folder / "saved_model.pb").read_bytes())
    return description.meta_graphs[0].object_graph_def.nodes


def _listed(nodes: Any, name: str) -> list[int]:
    """The places of the objects in one of the first object's lists."""
    (place,) = [child.node_id for child in nodes[0].children if child.local_name == name]
    children = sorted(nodes[place].children, key=lambda child: int(child.local_name))
    return [child.node_id for child in children]
