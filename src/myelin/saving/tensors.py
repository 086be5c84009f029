"""Named arrays in a file and back, in the safetensors format, checked before anything is made.

A file written here also holds a checksum of its whole content, in a remark that other readers of
the format pass over. Arrays go from memory to the file and back without being copied on the way.
"""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import jax.numpy as jnp
import numpy as np

from myelin.errors import FileFormatError, InputError
from myelin.saving.checksum import Checksum, pieces

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
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_RESERVED = "__metadata__"
_CHECKSUM = "myelin.crc32"
# Stands in the checksum's place while it is computed.
_BLANK = "00000000"
_LARGEST_HEADER = 100_000_000
# Where numbers begin, in a file that may be mapped into memory and in memory that jax may take.
_ALIGNMENT = 64


def write(
    file: BinaryIO, arrays: Mapping[str, Any], metadata: Mapping[str, str], checked: bool = True
) -> None:
    """Writes arrays of any shape, by name, and remarks.

    Args:
        file: where to; with `checked` one that can go back.
        arrays: NumPy or jax arrays.
        metadata: the remarks.
        checked: whether the file holds its own checksum.

    Raises:
        InputError: an array of a type that the format does not have, such as text or objects;
            nothing is written.
    """
    host = {name: _storable(name, value) for name, value in arrays.items()}
    remarks = {**({_CHECKSUM: _BLANK} if checked else {}), **metadata}
    header = _header(host, remarks)
    checksum = Checksum()
    start = file.tell() if checked else 0
    parts = [memoryview(header), *(_bytes_of(array) for array in _placed(host))]
    for piece in itertools.chain.from_iterable(map(pieces, parts)):
        if checked:
            checksum.add(piece)
        file.write(piece)
    if checked:
        file.seek(start + _place_of_checksum(header))
        file.write(f"{checksum.value():08x}".encode())
        file.seek(0, io.SEEK_END)


def _storable(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value, order="C")
    dtype = array.dtype.newbyteorder("=")
    if dtype not in _NAMES:
        raise InputError(f'"{name}" holds {array.dtype}, which cannot be written to a file')
    if name == _RESERVED:
        raise InputError(f'"{name}" is a name that the safetensors format keeps for itself')
    return array.astype(dtype.newbyteorder("<"), copy=False)


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _placed(host: Arrays) -> list[np.ndarray]:
    """The arrays as they stand in the file: the widest numbers first, so that all are aligned."""
    return sorted(host.values(), key=lambda array: -array.dtype.itemsize)


def _header(host: Arrays, remarks: Mapping[str, str]) -> bytes:
    entries: dict[str, Any] = {_RESERVED: dict(remarks)} if remarks else {}
    names = sorted(host, key=lambda name: -host[name].dtype.itemsize)
    end = 0
    for name in names:
        array = host[name]
        begin, end = end, end + array.nbytes
        kind = _NAMES[array.dtype.newbyteorder("=")]
        entries[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [begin, end]}
    try:
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"A name or remark that is no Unicode text: {error}") from error
    if len(text) > _LARGEST_HEADER:
        raise InputError("The names and remarks take more room than the safetensors format has")
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _place_of_checksum(header: bytes) -> int:
    """Where in the header the checksum stands, or -1; it is the first remark of all."""
    before = f'{{"{_RESERVED}":{{"{_CHECKSUM}":"'.encode()
    return 8 + len(before) if header[8:].startswith(before) else -1


def read(
    file: BinaryIO, size: int, where: str, checked: bool = False
) -> tuple[Arrays, dict[str, str]]:
    """The arrays and the remarks in what `write` or any writer of safetensors made.

    The header's own length, and each array's shape, type and place are checked against `size`
    before memory is taken; no more is taken than the arrays need.

    Args:
        file: where from, at its beginning.
        size: how many bytes there are.
        where: what to call it in an error.
        checked: whether it must hold its checksum; else it is looked at where there is one.

    Raises:
        FileFormatError: it is damaged, or no safetensors file.
    """
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size - 8, _LARGEST_HEADER):
        raise _damaged(where, "it ends before its header does")
    header = start + file.read(length)
    metadata, entries = _parsed(header[8:], size - 8 - length, where)
    place = _place_of_checksum(header)
    written = header[place : place + 8] if place > 0 else None
    if written is not None:
        header = header[:place] + _BLANK.encode() + header[place + 8 :]
    if checked and written is None:
        raise _damaged(where, "it has no checksum")
    checksum = None if written is None else Checksum()
    if checksum is not None:
        checksum.add(header)
    arrays = {entry.name: _as_array(_filled(file, entry, checksum, where), entry)
              for entry in entries}  # fmt: skip
    if checksum is not None and written != f"{checksum.value():08x}".encode():
        raise _damaged(where, "its checksum is wrong")
    metadata.pop(_CHECKSUM, None)
    return arrays, metadata


@dataclass(frozen=True)
class _Entry:
    """An array as the header lists it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def _filled(file: BinaryIO, entry: _Entry, checksum: Checksum | None, where: str) -> np.ndarray:
    """The bytes of one array, which are added to the checksum as they come."""
    memory = _aligned(entry.end - entry.begin)
    for piece in pieces(memory.data):
        if file.readinto(piece) != len(piece):  # type: ignore[attr-defined]
            raise _damaged(where, f'it ends within "{entry.name}"')
        if checksum is not None:
            checksum.add(piece)
    return memory


def _aligned(size: int) -> np.ndarray:
    """Bytes that jax can take for its own without a copy."""
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    return memory[begin : begin + size]


def _as_array(memory: np.ndarray, entry: _Entry) -> np.ndarray:
    if entry.dtype == np.bool_:
        # Any byte may stand in a damaged file, but only 0 and 1 are truth values.
        return (memory != 0).reshape(entry.shape)
    stored = memory.view(entry.dtype.newbyteorder("<"))
    return stored.astype(entry.dtype, copy=False).reshape(entry.shape)


def _parsed(text: bytes, room: int, where: str) -> tuple[dict[str, str], list[_Entry]]:
    """The remarks and the arrays that a header lists, in their order in the file.

    Raises:
        FileFormatError: it is damaged, or the arrays do not fill `room` bytes exactly.
    """
    try:
        found = json.loads(text, object_pairs_hook=_named_once)
        metadata = found.pop(_RESERVED, {})
        if not all(isinstance(remark, str) for remark in metadata.values()):
            raise ValueError("its remarks are no texts")
        entries = [_entry(name, listed) for name, listed in found.items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(where, str(error)) from error
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    end = 0
    for entry in entries:
        if entry.begin != end:
            raise _damaged(where, f'"{entry.name}" does not begin where the one before ends')
        end = entry.end
    if end != room:
        raise _damaged(where, f"it holds {room} bytes of numbers, and lists {end}")
    return metadata, entries


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it holds a name twice")
    return found


def _entry(name: str, listed: Any) -> _Entry:
    kind, shape, (begin, end) = listed["dtype"], listed["shape"], listed["data_offsets"]
    if kind not in _TYPES:
        raise ValueError(f'"{name}" is of the unknown type {kind}')
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise ValueError(f'"{name}" has a shape or a place that is none')
    dtype = _TYPES[kind]
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise ValueError(f'"{name}" wants another number of bytes than its shape')
    return _Entry(name, dtype, tuple(shape), begin, end)


def _damaged(where: str, why: str) -> FileFormatError:
    return FileFormatError(f"{where} is damaged or no safetensors file: {why}")
