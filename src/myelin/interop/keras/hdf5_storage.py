"""Where the numbers of an HDF5 array lie, and how they are packed."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.keras.hdf5_bytes import UNDEFINED, Content, number
from myelin.interop.keras.hdf5_data import leaves
from myelin.saving.zips import FREE_BYTES, MAX_RATIO

_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
_CHUNKED = 2


def most_numbers(layout: memoryview, shape: tuple[int, ...], content: Content) -> int:
    """How many numbers an array may hold, whatever its shape declares."""
    ratio = MAX_RATIO if number(layout, 1, 1) == _CHUNKED else 1
    return min(math.prod(shape), ratio * len(content))


class Storage:
    """The numbers of one array in a file.

    Args:
        content: the file.
        where: the array, for errors.
        shape: its sizes.
        dtype: its type.
    """

    def __init__(
        self, content: Content, where: str, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._content = content
        self._where = where
        self._shape = shape
        self._dtype = dtype
        self._bytes = math.prod(shape) * dtype.itemsize

    def read(self, layout: memoryview, filters: memoryview | None) -> np.ndarray:
        """The array, once what it stores agrees with what it declares.

        Raises:
            FileFormatError: it does not, or it is packed in a way that is not read here.
        """
        version, form = number(layout, 0, 1), number(layout, 1, 1)
        if form == 3 and version >= 4:
            raise FileFormatError(
                f"{self._where} is put together of other arrays, which is refused"
            )
        if version not in (3, 4) or (version == 4 and form == 2) or form > 2:
            raise FileFormatError(f"{self._where} is stored in a form that is not read")
        if form == 2:
            return self._chunked(layout, filters)
        if filters is not None:
            raise self._content.damaged("an array is packed without chunks")
        if form == 0:
            return self._as_array(layout[4 : 4 + number(layout, 2, 2)])
        address, size = number(layout, 2, 8), number(layout, 10, 8)
        if self._bytes == 0:
            return np.zeros(self._shape, self._dtype)
        if address == UNDEFINED or size != self._bytes:
            raise self._stores(0 if address == UNDEFINED else size)
        return self._as_array(self._content.take(address, size, 0))

    def _as_array(self, data: Any) -> np.ndarray:
        if len(data) != self._bytes:
            raise self._stores(len(data))
        if self._dtype == np.bool_:
            truths: np.ndarray = np.frombuffer(data, np.uint8) != 0
            return truths.reshape(self._shape)
        flat = np.frombuffer(data, self._dtype)
        return flat.reshape(self._shape).astype(self._dtype.newbyteorder("="), copy=False)

    def _chunked(self, layout: memoryview, filters: memoryview | None) -> np.ndarray:
        rank = len(self._shape)
        sizes = tuple(number(layout, 11 + 4 * axis, 4) for axis in range(rank))
        address = number(layout, 3, 8)
        if (
            number(layout, 2, 1) != rank + 1
            or len(layout) < 15 + 4 * rank
            or not all(sizes)
            or rank == 0
        ):
            raise self._content.damaged(f"the chunks of {self._where} have no shape")
        if self._bytes == 0:
            return np.zeros(self._shape, self._dtype)
        steps = _filters(filters, self._where, self._content)
        chunks: dict[tuple[int, ...], tuple[int, int]] = {}
        if address != UNDEFINED:
            for leaf in leaves(self._content, address, 1, 8 + 8 * (rank + 1)):
                place = tuple(number(leaf.key, 8 + 8 * axis, 8) for axis in range(rank))
                if number(leaf.key, 4, 4):
                    raise FileFormatError(f"{self._where}: a chunk skips a filter")
                chunks[place] = leaf.child, number(leaf.key, 0, 4)
        stored = sum(size for _, size in chunks.values())
        expected = math.prod(-(-n // c) for n, c in zip(self._shape, sizes, strict=True))
        chunk = math.prod(sizes) * self._dtype.itemsize
        whole = max(self._bytes, expected * chunk)
        # Chunks of one place would stand for many places.
        if len(chunks) != expected or whole > max(FREE_BYTES, MAX_RATIO * stored):
            raise self._stores(stored)
        result = np.zeros(self._shape, self._dtype.newbyteorder("="))
        for place, (at, size) in chunks.items():
            data = _unpacked(self._content.take(at, size), steps, chunk, self._dtype.itemsize)
            if len(data) != chunk:
                raise self._content.damaged(f"a chunk of {self._where} has another size")
            if any(p % c or p >= n for p, c, n in zip(place, sizes, self._shape, strict=True)):
                raise self._content.damaged(f"a chunk of {self._where} lies outside of it")
            part = np.frombuffer(data, self._dtype).reshape(sizes)
            target = tuple(slice(p, p + c) for p, c in zip(place, sizes, strict=True))
            room = result[target].shape
            result[target] = part[tuple(slice(0, n) for n in room)]
        return result

    def _stores(self, size: int) -> FileFormatError:
        return FileFormatError(
            f"{self._where} declares {self._shape} of {self._dtype}, {self._bytes} bytes, and "
            f"stores {size}: it is damaged or made to do harm"
        )


def _filters(body: memoryview | None, where: str, content: Content) -> list[int]:
    """The filters that data went through on their way into the file, in order.

    Raises:
        FileFormatError: one that is not read here, or more than any writer needs.
    """
    if body is None:
        return []
    version, count = number(body, 0, 1), number(body, 1, 1)
    if version not in (1, 2) or count > 4:
        raise content.damaged(f"the filters of {where} are none")
    at = 8 if version == 1 else 2
    found = []
    for _ in range(count):
        kind = number(body, at, 2)
        if kind not in (_DEFLATE, _SHUFFLE, _CHECKSUM):
            raise FileFormatError(f"{where} is packed with filter {kind}, which is not read")
        found.append(kind)
        named = 2 if version == 1 else 0
        name = number(body, at + 2, 2) if named else 0
        values = number(body, at + 4 + named, 2)
        at += 6 + named + -(-name // 8) * 8 + 4 * values
        at += 4 if version == 1 and values % 2 else 0
    return found


def _unpacked(data: memoryview, steps: list[int], size: int, item: int) -> bytes:
    """The bytes of a chunk, through its filters backwards; never many more than `size`."""
    content = bytes(data)
    for step in reversed(steps):
        if step == _CHECKSUM:
            content = content[:-4]
        elif step == _DEFLATE:
            try:
                content = zlib.decompressobj().decompress(content, size + 4)
            except zlib.error as error:
                raise FileFormatError(f"A packed chunk is damaged: {error}") from error
        elif step == _SHUFFLE and item > 1:
            whole = len(content) // item * item
            turned = np.frombuffer(content[:whole], np.uint8).reshape(item, -1).T
            content = turned.tobytes() + content[whole:]
    return content
