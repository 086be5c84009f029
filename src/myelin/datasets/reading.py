"""Arrays from data files, without running anything that a file may hold.

Some of Keras's data sets are pickles, or arrays of Python lists, which NumPy stores as pickles.
A pickle can name any function to be called. The reader here lets it name those that make
arrays, and refuses all else, so that a file of the user's needs no trust.
"""

from __future__ import annotations

import codecs
import io
import pickle
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from myelin.errors import FileFormatError

_T = TypeVar("_T")


def _encode(text: str, encoding: str) -> bytes:
    """How bytes stand in pickles that Python 2 can read."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes as {encoding!r}")
    return codecs.encode(text, "latin1")


def _allowed() -> dict[tuple[str, str], Any]:
    """What a pickle may name, taken from what NumPy itself writes."""
    reconstruct = np.zeros(1).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    from_buffer = np.zeros(1).__reduce_ex__(5)[0]
    known: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _encode,
    }
    # NumPy 2 renamed the package, and files of NumPy 1 keep the old name.
    for package in ("numpy.core", "numpy._core"):
        known[f"{package}.multiarray", "_reconstruct"] = reconstruct
        known[f"{package}.multiarray", "scalar"] = scalar
        known[f"{package}.numeric", "_frombuffer"] = from_buffer
    return known


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _allowed()[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def unpickle(file: IO[bytes], where: str, encoding: str = "ASCII") -> Any:
    """What a pickle of arrays, lists, dictionaries, numbers and text holds.

    Args:
        file: open where the pickle begins.
        where: what to call it in an error.
        encoding: of the text in pickles of Python 2; "bytes" leaves it as bytes.

    Raises:
        FileFormatError: it is damaged, or names anything else.
    """
    try:
        return _ArrayUnpickler(file, encoding=encoding).load()
    except Exception as error:  # damage can surface as almost any exception
        raise FileFormatError(f"{where}: cannot be read, or is no data: {error}") from error


def arrays(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """The arrays of these names from an .npz file.

    Raises:
        FileFormatError: no such file format, a damaged file, or an array that is missing.
    """

    def read() -> list[np.ndarray]:
        with zipfile.ZipFile(path) as archive:
            members = {name.removesuffix(".npy") for name in archive.namelist()}
            if missing := [name for name in names if name not in members]:
                raise FileFormatError(
                    f"{path}: holds no {', '.join(missing)}, but {', '.join(sorted(members))}"
                )
            return [_array(archive.read(f"{name}.npy"), f"{path}, {name}") for name in names]

    return undamaged(read, path)


def undamaged(read: Callable[[], _T], path: Path) -> _T:
    """What `read` gives; where it fails on the contents of `path`, an error that says so.

    Raises:
        FileFormatError: the file is damaged or no such file.
    """
    try:
        return read()
    except FileFormatError:
        raise
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # zlib, zipfile, tarfile, struct and NumPy each have their own
        reason = str(error) or type(error).__name__
        raise FileFormatError(
            f"{path}: is damaged or not the file that was expected: {reason}. "
            "Delete it, so that it is fetched again, or replace it."
        ) from error


def _array(data: bytes, where: str) -> np.ndarray:
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if header is None:
        raise FileFormatError(f"{where}: an array of the unknown version {version}")
    shape, _, dtype = header(file)
    if dtype.hasobject:
        array = unpickle(file, where)
        if not isinstance(array, np.ndarray):
            raise FileFormatError(f"{where}: holds no array")
        return array.reshape(shape)
    file.seek(0)
    plain: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return plain


def same_length(path: Path, *pairs: tuple[np.ndarray, np.ndarray]) -> None:
    """Checks that each pair of inputs and labels has as many of the one as of the other.

    Raises:
        FileFormatError: it has not, or there are none.
    """
    for x, y in pairs:
        if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
            raise FileFormatError(
                f"{path}: the inputs have the shape {x.shape} and the labels {y.shape}; "
                "they want one label for each input"
            )
