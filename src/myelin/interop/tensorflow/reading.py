"""What a SavedModel holds beside its program: Myelin's own model, Keras 2's, or variables.

A SavedModel's functions are a program that could do anything TensorFlow can, so none is run here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from myelin import saving
from myelin.errors import FileFormatError
from myelin.interop.tensorflow import keras2
from myelin.interop.tensorflow.checkpoint import ROOT, Checkpoint
from myelin.interop.tensorflow.saving import OWN_MODEL
from myelin.saving.atomic import as_path

_KINDS = ("trainable_variables", "non_trainable_variables")
# What Keras counts among the variables, and Myelin keeps elsewhere.
_NO_WEIGHT = "seed_generator_state"


def load_model(
    path: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a SavedModel that `save_model` wrote, or Keras 2.

    Args:
        path: the folder.
        custom_objects, compile, safe_mode: as for `myelin.saving.load_model`.

    Raises:
        FileNotFoundError: there is no such folder.
        FileFormatError: it is no SavedModel; is damaged; holds a lambda of Keras 2's that is
            refused; or is one without layers, as Keras 3 exports them.
        MissingExtraError: TensorFlow is not installed, and Myelin did not write the model.
    """
    folder = _checked(path)
    if (folder / OWN_MODEL).is_file():
        return saving.load_model(folder / OWN_MODEL, custom_objects, compile, safe_mode)
    metadata = keras2.metadata_of(folder)
    if metadata is not None:
        return keras2.load_model(folder, metadata, custom_objects, compile, safe_mode)
    raise FileFormatError(
        f"{folder} is a SavedModel that holds a program and variables, but no layers: make a "
        "model of the same layers, then myelin.interop.tensorflow.load_weights(model, folder)"
    )


def load_weights(model: Any, path: Any) -> None:
    """Reads the variables of a SavedModel into a model of the same layers.

    Args:
        model: a model that is built; its weights are taken in order, first those that train, as
            Keras and `export_model` list them.
        path: the folder, which Keras's `model.export`, Keras 2's `model.save` or Myelin wrote.

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
    kept = Checkpoint(folder)
    train, others = (kept.listed(ROOT, kind) for kind in _KINDS)
    if train is None:
        raise FileFormatError(
            f"{folder} does not list its variables as what Keras and Myelin write does"
        )
    if others is None:
        # Keras 2 lists all of them and those that train.
        others = [n for n in kept.listed(ROOT, "variables") or [] if n not in set(train)]
    return {
        kind: [(kept.name(number), kept.array(number)) for number in numbers]
        for kind, numbers in zip(_KINDS, (train, others), strict=True)
    }
