"""The weights of a model alone: `.safetensors`, `.npz`, or Keras's `.weights.h5`."""

from __future__ import annotations

import json
import math
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from myelin import loading
from myelin.errors import FileFormatError, InputError
from myelin.saving import fitting, sniff, tensors, vocabularies, zips
from myelin.saving.atomic import as_path, replacing, target_of
from myelin.saving.tensors import Arrays

_ORDER = "myelin.order"
_OF_KERAS = ".weights.h5"
ENDINGS = (".safetensors", ".npz", _OF_KERAS)
_KERAS = "myelin.interop.keras"
# What NumPy raises for an array's header that is none.
_NO_HEADER = (
    ValueError, KeyError, TypeError, RecursionError, MemoryError, SyntaxError, tokenize.TokenError,
)  # fmt: skip


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Writes the weights of a model to one file, atomically.

    Args:
        model: a built model or layer.
        filepath: the name; it ends in `.safetensors`, in `.npz` for NumPy's format, or in
            `.weights.h5` for Keras's, which has the state of the optimizer too.
        overwrite: whether an existing file is replaced.
        max_shard_size: accepted for Keras's sake; all weights stand in one file, however large.

    Raises:
        FileExistsError: the file exists and `overwrite` is False.
        FileNotFoundError: its folder does not exist.
        InputError: the model is not built, another ending, or `filepath` cannot be written.
    """
    target = target_of(filepath, overwrite)
    ending = next((e for e in ENDINGS if str(filepath).lower().endswith(e)), None)
    if ending is None:
        raise InputError(f"{target}: weights are written to files that end in {', '.join(ENDINGS)}")
    if ending == _OF_KERAS:
        _require_built(model, "save_weights")
        loading.load(_KERAS).save_weights(model, target)
        return
    arrays = _weights_of(model, "save_weights")
    with replacing(target) as file:
        if ending == ".npz":
            _write_npz(file, arrays)
        else:
            tensors.write(file, arrays, remarks(arrays))


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Reads weights into a model of the same layers; all of them, or none after an error.

    The content decides what the file is, not its ending: what `save_weights` wrote, here or in
    Keras, a whole model in Myelin's or Keras's formats, or a safetensors or NumPy file with the
    same paths.

    Args:
        model: a built model or layer.
        filepath: the file.
        skip_mismatch: leaves out, with a warning, variables that do not fit.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is damaged, or a file of another kind.
        ShapeError: a variable has another shape in the file.
        InputError: the model is not built, or the file has other variables than it.
    """
    path = as_path(filepath)
    kind = sniff.kind_of(path)
    if kind in (sniff.KERAS, sniff.HDF5):
        _require_built(model, "load_weights")
        loading.load(_KERAS).load_weights(model, path, skip_mismatch)
        return
    arrays = _read(path, kind)
    _require_built(model, "load_weights")
    learned = vocabularies.taken_out(arrays, str(path))
    pairs = vocabularies.placed(model, learned, str(path), skip_mismatch)
    fitting.assign(model.name_variables("", set()), arrays, str(path), skip_mismatch)
    for layer, own in pairs:
        layer.take_learned(own)


def _read(path: Path, kind: str) -> Arrays:
    """The arrays in a file of weights, by path, in the model's order.

    Args:
        path: the file.
        kind: what `sniff` says that it is.

    Raises:
        FileFormatError: it is damaged, or a file of another kind.
    """
    if kind == sniff.NPZ:
        return _read_npz(path)
    if kind == sniff.SAFETENSORS:
        with sniff.opened(path) as (file, size):
            return ordered(*tensors.read(file, size, str(path)), str(path))
    if kind != sniff.MODEL:
        raise FileFormatError(
            f"{path} is a {kind} file: load_model reads such, and load_weights does not"
        )
    with zips.opened(path) as archive, archive.member("weights.safetensors") as (file, size):
        return ordered(*tensors.read(file, size, str(path)), str(path))


def remarks(arrays: Arrays) -> dict[str, str]:
    """What is kept beside weights: their order."""
    return {_ORDER: json.dumps(list(arrays))}


def ordered(arrays: Arrays, metadata: Mapping[str, str], where: str) -> Arrays:
    """Weights in the order that `remarks` kept.

    Raises:
        FileFormatError: the order is not that of these arrays.
    """
    try:
        order = json.loads(metadata.get(_ORDER, "null"))
        order = list(arrays) if order is None else order
        return {path: arrays.pop(path) for path in order}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(f"{where}: the order of its weights is damaged") from error


def _weights_of(model: Any, method: str) -> Arrays:
    _require_built(model, method)
    variables = model.name_variables("", set())
    return {path: np.asarray(v._value) for path, v in variables.items()} | vocabularies.of(model)


def _require_built(model: Any, method: str) -> None:
    if not hasattr(model, "name_variables"):
        raise InputError(f"{method} wants a model, got {model!r}")
    if not model.built:
        raise InputError(
            f'{method}: "{model.name}" has no weights yet, since the shape of its inputs is not '
            "known: begin it with Input(shape=(…)), or call build or call it on data first"
        )


def _write_npz(file: BinaryIO, arrays: Arrays) -> None:
    with zips.Writer(file) as archive:
        for path, array in arrays.items():
            with archive.member(f"{path}.npy") as member:
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(member, header)
                member.write(array.ravel(order="K").view(np.uint8).data)


def _read_npz(path: Any) -> Arrays:
    arrays: Arrays = {}
    with zips.opened(path) as archive:
        for name in archive.names:
            with archive.member(name) as (file, size):
                arrays[name.removesuffix(".npy")] = _read_npy(file, size, f"{path}, {name}")
    return arrays


def _read_npy(file: BinaryIO, size: int, where: str) -> np.ndarray:
    """The array of an `.npy` file, once its header agrees with the number of bytes."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        shape, by_column, dtype = readers[np.lib.format.read_magic(file)](file)
        size -= file.tell()
        if dtype.kind not in "biufcV" or dtype.fields or math.prod(shape) * dtype.itemsize != size:
            raise ValueError(f"it claims to hold {shape} of {dtype} in {size} bytes")
        memory = np.empty(size, np.uint8)
        if file.readinto(memory.data) != size:  # type: ignore[attr-defined]
            raise ValueError("it ends early")
        return memory.view(dtype).reshape(shape, order="F" if by_column else "C")
    except _NO_HEADER as error:
        raise FileFormatError(f"{where} is damaged or no array of numbers: {error}") from error
