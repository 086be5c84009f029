"""Named arrays as bytes and back, in the safetensors format, checked before anything is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin.errors import FileFormatError, InputError

Arrays = dict[str, np.ndarray]

# Names of the format -> types here.
_TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "BF16": np.dtype(jnp.bfloat16),
    "C64": np.dtype(np.complex64),
    "F8_E4M3": np.dtype(jnp.float8_e4m3fn),
    "F8_E5M2": np.dtype(jnp.float8_e5m2),
    **{f"F{size}": np.dtype(f"float{size}") for size in (16, 32, 64)},
    **{f"I{size}": np.dtype(f"int{size}") for size in (8, 16, 32, 64)},
    **{f"U{size}": np.dtype(f"uint{size}") for size in (8, 16, 32, 64)},
}
_RESERVED = "__metadata__"


def pack(arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Arrays of any shape, by name, and remarks, as the content of a `.safetensors` file.

    Raises:
        InputError: an array of a type that the format does not have, such as text or objects.
    """
    from safetensors.numpy import save

    host: Arrays = {}
    for name, value in arrays.items():
        array = np.asarray(value, order="C")
        if array.dtype.newbyteorder("=") not in _TYPES.values():
            raise InputError(f'"{name}" holds {array.dtype}, which cannot be written to a file')
        if name == _RESERVED:
            raise InputError(f'"{name}" is a name that the safetensors format keeps for itself')
        host[name] = array
    try:
        return save(host, metadata=dict(metadata))
    except UnicodeEncodeError as error:
        raise InputError(f"A name or remark that is no Unicode text: {error}") from error


def unpack(data: bytes, where: str) -> tuple[Arrays, dict[str, str]]:
    """The arrays and the remarks in what `pack` or any writer of safetensors made.

    The header's own length, and each array's shape, type and place are checked against the
    length of `data` before memory is taken.

    Args:
        data: the whole content.
        where: what to call it in an error.

    Raises:
        FileFormatError: it is damaged, or no safetensors file.
    """
    import safetensors

    read: Any = safetensors.deserialize
    try:
        found = read(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is damaged or no safetensors file: {error}") from error
    arrays: Arrays = {}
    for name, entry in found:
        if entry["dtype"] not in _TYPES:
            raise FileFormatError(f'{where}: "{name}" is of the unknown type {entry["dtype"]}')
        arrays[name] = _as_array(entry)
    return arrays, dict(header.get(_RESERVED, {}))


def _as_array(entry: Mapping[str, Any]) -> np.ndarray:
    dtype, shape = _TYPES[entry["dtype"]], entry["shape"]
    if dtype == np.bool_:
        # Any byte may stand in a damaged file, but only 0 and 1 are truth values.
        truths: np.ndarray = np.frombuffer(entry["data"], np.uint8) != 0
        return truths.reshape(shape)
    flat: np.ndarray = np.frombuffer(entry["data"], dtype.newbyteorder("<")).astype(dtype)
    return flat.reshape(shape)
