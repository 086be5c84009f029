"""What a file is, told from its content: people name files as they like."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from myelin.errors import FileFormatError
from myelin.saving import zips
from myelin.saving.atomic import as_path

# Kinds that are read here.
MODEL, SAFETENSORS, NPZ = "model", "safetensors", "npz"
KERAS, HDF5, ONNX, TORCH, SAVED_MODEL = "keras", "hdf5", "onnx", "torch", "saved model"

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
# What stands in the archives that PyTorch writes, in folders of any name.
_OF_TORCH = ("data.pkl", "archive_format", "serialized_exported_program.json")
# First bytes -> what has them.
_OTHERS: dict[bytes, str] = {
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"\x93NUMPY": "a single NumPy array (.npy)",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"{": "JSON text (of an architecture? then use models.model_from_json)",
}


@contextlib.contextmanager
def opened(filepath: object) -> Iterator[tuple[BinaryIO, int]]:
    """A file to read, and how many bytes it has.

    Raises:
        FileNotFoundError: there is none.
        FileFormatError: it is a folder or empty.
    """
    path = as_path(filepath)
    refuse_folder(path)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise FileFormatError(f"{path} is empty")
        yield file, size


def refuse_folder(path: Path) -> None:
    """Raises where `path` is missing or no file.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is a folder, or a device.
    """
    if path.is_dir():
        saved = _is_saved_model(path)
        what = "a TensorFlow SavedModel" if saved else "a folder"
        raise FileFormatError(f"{path} is {what}, not a file")
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "There is no such file", str(path))
    if not path.is_file():
        raise FileFormatError(f"{path} is no ordinary file")


def kind_of(path: Path) -> str:
    """One of the kinds above, by what a file or folder holds.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is anything else; says what.
    """
    if _is_saved_model(path):
        return SAVED_MODEL
    refuse_folder(path)
    with path.open("rb") as file:
        start = file.read(1024)
    size = path.stat().st_size
    if not start:
        raise FileFormatError(f"{path} is empty")
    if start.startswith(_ZIPS):
        return _kind_of_zip(path)
    if start.startswith(_HDF5):
        return HDF5
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size - 8:
        return SAFETENSORS
    for first, what in _OTHERS.items():
        if start.startswith(first):
            never = ", which could run code; Myelin never loads one" if "pickle" in what else ""
            raise FileFormatError(f"{path} is {what}{never}")
    raise FileFormatError(f"{path} is no file that is known here, or it is damaged")


def _is_saved_model(path: Path) -> bool:
    return path.is_dir() and (path / "saved_model.pb").exists()


def _kind_of_zip(path: Path) -> str:
    with zips.opened(path) as archive:
        names = set(archive.names)
    if "weights.safetensors" in names:
        return MODEL
    if "model.weights.h5" in names or {"config.json", "metadata.json"} <= names:
        return KERAS
    if names and all(name.endswith(".npy") for name in names):
        return NPZ
    if any(name.endswith(_OF_TORCH) for name in names):
        return TORCH
    raise FileFormatError(f"{path} is a zip archive, but no model is in it")
