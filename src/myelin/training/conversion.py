"""From what people hold one array in to an array in a type that the device computes with."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from myelin import dtypes
from myelin.errors import InputError


def as_array(value: Any, name: str) -> Any:
    """One array, in a type that the device computes with.

    Args:
        value: a NumPy or JAX array, a pandas or polars frame or series, a list of numbers, or
            anything with `__array__` or DLPack.
        name: what to call it in an error.

    Returns:
        A NumPy or JAX array of at least one axis: floats in the default float type, whole
        numbers in at most 32 bits, small types (bytes, booleans) as they are.

    Raises:
        InputError: text, objects, ragged lists, or whole numbers that 32 bits cannot hold.
    """
    if isinstance(value, jax.Array):
        array: Any = value
    elif type(value).__module__.partition(".")[0] in ("pandas", "polars"):
        array = _from_frame(value, name)
    elif isinstance(value, np.memmap):
        if value.ndim and _stays_on_disk(value):
            return value
        array = value
    elif type(value).__module__.partition(".")[0] == "datasets" and hasattr(value, "__getitem__"):
        array = _from_hugging_face(value, name)
    elif hasattr(value, "__array__") or isinstance(value, list | tuple | int | float):
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise InputError(f"{name}: the rows differ in length: {error}") from None
    elif hasattr(value, "__dlpack__"):
        array = np.from_dlpack(value)
    else:
        raise InputError(
            f"{name}: wants an array, a frame, a list or a generator of batches, "
            f"got {type(value).__name__}"
        )
    if array.ndim == 0:
        raise InputError(f"{name}: wants one entry per example, got the single value {array}")
    return _in_device_type(array, name)


def _stays_on_disk(value: Any) -> bool:
    """Whether an array on disk is too large for the device: it is then read by blocks."""
    from myelin.training.feed import LARGEST_MAPPED, device_bytes

    return value.dtype.kind in "fiub" and value.nbytes >= LARGEST_MAPPED * device_bytes()


def _from_hugging_face(value: Any, name: str) -> Any:
    """A column of a data set; the set itself holds several."""
    if hasattr(value, "column_names"):
        columns = ", ".join(map(repr, value.column_names))
        raise InputError(
            f"{name}: a data set of the columns {columns} does not say which of them are inputs: "
            'pass columns, as in fit(data["image"], data["label"])'
        )
    return np.asarray(value[:])


def _from_frame(value: Any, name: str) -> Any:
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        kinds = zip(value.columns, list(value.dtypes), strict=True)
        words = ("object", "str", "categ", "date")
        text = [str(c) for c, t in kinds if any(word in str(t).lower() for word in words)]
        if text:
            raise InputError(
                f"{name}: these columns are not numbers: {', '.join(text[:5])}. "
                "Encode or drop them first."
            )
    return value.to_numpy()


def _in_device_type(array: Any, name: str) -> Any:
    kind = array.dtype.kind
    if kind in "OUSMm":
        what = {"O": "objects", "U": "text", "S": "text"}.get(kind, "dates")
        hint = ""
        if name.startswith("x") and kind in "OUS":
            hint = (
                " Text goes into models that begin with TextVectorization, StringLookup or Hashing "
                "(first in a Sequential, or behind Input); elsewhere run such a layer in the "
                "dataset: ds.map(lambda x, y: (layer(x), y))."
            )
        raise InputError(
            f"{name}: holds {what} ({array.dtype}), not numbers. "
            f"Convert it to numbers first, for instance with astype('float32').{hint}"
        )
    if kind == "f" and array.dtype != dtypes.floatx():
        return _converted(array, dtypes.floatx())
    if kind in "iu" and array.dtype.itemsize == 8:
        if array.size and max(abs(int(array.max())), abs(int(array.min()))) >= 2**31:
            return _converted(array, dtypes.floatx())
        return _converted(array, np.int32)
    if kind == "c" and array.dtype.itemsize == 16:
        return _converted(array, np.complex64)
    return array


def _converted(array: Any, dtype: Any) -> Any:
    """The array in another type, where a device that shares the memory can use it uncopied."""
    if isinstance(array, jax.Array):
        return array.astype(dtype)
    dtype = np.dtype(dtype)
    # jax takes host memory as it is from an address that is a multiple of 64.
    buffer = np.empty(array.size * dtype.itemsize + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    made = buffer[start : start + array.size * dtype.itemsize].view(dtype).reshape(array.shape)
    np.copyto(made, array, casting="unsafe")
    return made
