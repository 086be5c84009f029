"""`save_model` and `load_model`: which format a file is in, by its ending and by its content.

A format is a module with `save_model(model, path, include_optimizer)` and `load_model(path,
custom_objects, compile, safe_mode)`, loaded when a file asks for it. Those of other systems stand
above this package, in `interop`, so they are known here by name only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from myelin import loading
from myelin.errors import FileFormatError, InputError, nearest
from myelin.saving import sniff
from myelin.saving.atomic import as_path, target_of

# What a file is -> the module that writes and reads it.
_MODULES = {
    sniff.MODEL: "myelin.saving.archive",
    sniff.KERAS: "myelin.interop.keras",
    sniff.HDF5: "myelin.interop.keras.legacy",
    sniff.ONNX: "myelin.interop.onnx",
    sniff.TORCH: "myelin.interop.torch",
    sniff.SAVED_MODEL: "myelin.interop.tensorflow",
}
# How its name ends -> what it is; a name without an ending is that of a folder.
ENDINGS = {
    ".myelin": sniff.MODEL,
    ".keras": sniff.KERAS,
    ".h5": sniff.HDF5,
    ".hdf5": sniff.HDF5,
    ".onnx": sniff.ONNX,
    ".pt": sniff.TORCH,
    ".pth": sniff.TORCH,
    ".pt2": sniff.TORCH,
    "": sniff.SAVED_MODEL,
}
# What older Keras programs call them in `save_format`.
_SAVE_FORMATS = {
    "myelin": sniff.MODEL,
    "keras": sniff.KERAS,
    "h5": sniff.HDF5,
    "hdf5": sniff.HDF5,
    "tf": sniff.SAVED_MODEL,
}


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Writes a whole model: layers, weights, how it was compiled, the optimizer's state.

    The ending of the name says the format: `.myelin`, Myelin's own; `.keras`, and `.h5` or
    `.hdf5`, which Keras reads; `.onnx`; `.pt`, `.pth` or `.pt2`, which PyTorch reads; none for a
    folder that TensorFlow reads.

    Args:
        model: the model.
        filepath: the name.
        overwrite: whether what exists is replaced.
        zipped: accepted for Keras's sake; a `.keras` file always is a zip archive.
        kwargs: `include_optimizer=False` leaves the optimizer's state out; `save_format` of
            older programs ("keras", "h5", "tf") goes before the ending.

    Raises:
        FileExistsError: it exists and `overwrite` is False.
        FileNotFoundError: its folder does not exist.
        InputError: an ending that no format has, a part that the format cannot express, or a
            bad argument.
        MissingExtraError: the format needs a package that is not installed.
    """
    include_optimizer, save_format = _options(zipped, kwargs)
    if not hasattr(model, "compile_config"):
        raise InputError(f"save_model wants a model, got {model!r}")
    kind = kind_to_write(filepath) if save_format is None else save_format
    target = target_of(filepath, overwrite, folder=kind == sniff.SAVED_MODEL)
    loading.load(_MODULES[kind]).save_model(model, target, include_optimizer)


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a file, ready to predict or to train on.

    The content decides what the file is, not its ending.

    Args:
        filepath: the file, or the folder.
        custom_objects: the user's own classes and functions that the model uses, by name, beside
            those that are registered.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: False also loads the lambdas in files of Keras, which is code that runs with
            all your rights: for files of your own only.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is damaged, or a file of another kind.
        UnknownNameError: it names a class or function that is neither Myelin's nor registered
            nor in `custom_objects`.
        MissingExtraError: the format needs a package that is not installed.
    """
    path = as_path(filepath)
    try:
        kind = sniff.kind_of(path)
    except FileFormatError:
        # Formats without a sign of their own in the first bytes.
        kind = ENDINGS.get(_ending_of(path), "")
        if kind not in (sniff.ONNX, sniff.TORCH) or not path.is_file():
            raise
    if kind not in _MODULES:
        raise FileFormatError(
            f"{path} holds weights without a model: make the model, then model.load_weights(…)"
        )
    return loading.load(_MODULES[kind]).load_model(path, custom_objects, compile, safe_mode)


def kind_to_write(filepath: object) -> str:
    """Which format the ending of a name asks for.

    Raises:
        InputError: none; lists the endings.
    """
    path = as_path(filepath)
    ending = _ending_of(path)
    if ending not in ENDINGS:
        known = ", ".join(filter(None, ENDINGS))
        raise InputError(
            f'{path}: no format of whole models ends in "{ending}"; the name must end in {known}, '
            "or have no ending for a folder that TensorFlow reads"
        )
    return ENDINGS[ending]


def _ending_of(path: Path) -> str:
    return os.path.splitext(path.name)[1].lower()


def _options(zipped: bool | None, kwargs: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether the optimizer is to be written, and the format that `save_format` asks for.

    Raises:
        InputError: an argument that is not known, or a value of it that is not.
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    if kwargs:
        name = next(iter(kwargs))
        hint = nearest(name, ("overwrite", "zipped", "include_optimizer"))
        raise InputError(f'save_model: no argument is called "{name}". {hint}')
    if save_format is not None and save_format not in _SAVE_FORMATS:
        known = ", ".join(_SAVE_FORMATS)
        raise InputError(f"save_model: save_format wants one of {known}, got {save_format!r}")
    if zipped is False:
        raise InputError("save_model writes one file, not a folder: leave zipped=False out")
    return bool(include_optimizer), _SAVE_FORMATS.get(save_format)
