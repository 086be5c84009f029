"""What the messages of an HDF5 object say: shapes, types, attributes, and where numbers lie."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.keras.hdf5_bytes import UNDEFINED, Content, number
from myelin.saving.zips import FREE_BYTES, MAX_RATIO

# How far groups, and the trees of their tables, may stand in each other.
DEEPEST = 64
_MOST_AXES = 32
_KINDS = {
    2: "times", 4: "bit fields", 6: "records", 7: "references", 10: "arrays",
}  # fmt: skip
# Size and bits of the exponent of the floats that exist here.
_FLOATS: dict[tuple[int, int], Any] = {
    (2, 5): "f2", (2, 8): jnp.bfloat16, (4, 8): "f4", (8, 11): "f8",
}  # fmt: skip
_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3


def text(raw: bytes, content: Content) -> str:
    """Bytes as text.

    Raises:
        FileFormatError: they are none.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise content.damaged(f"a text is none: {error}") from error


def shape_of(body: memoryview, content: Content) -> tuple[int, ...]:
    """The sizes in a dataspace message."""
    version, rank = number(body, 0, 1), number(body, 1, 1)
    start = {1: 8, 2: 4}.get(version)
    if start is None or rank > _MOST_AXES or len(body) < start + 8 * rank:
        raise content.damaged("the shape of an array is none")
    if version == 2 and number(body, 3, 1) == 2:
        return (0,)
    return tuple(number(body, start + 8 * axis, 8) for axis in range(rank))


@dataclass(frozen=True)
class Kind:
    """A type in a file: NumPy's, or text of any length.

    Attributes:
        size: bytes of an element in the file.
        dtype: NumPy's type; None for text of any length, which stands elsewhere.
    """

    size: int
    dtype: np.dtype[Any] | None

    def asnumber(self, where: str) -> np.dtype[Any]:
        """The type, if it is one of numbers or of bytes as they are.

        Raises:
            FileFormatError: it is text.
        """
        if self.dtype is None or self.dtype.kind == "S":
            raise FileFormatError(f"{where} holds text, where numbers should be")
        return self.dtype


def type_of(body: memoryview, content: Content) -> Kind:
    """The type in a datatype message.

    Raises:
        FileFormatError: it is none that is read here.
    """
    if len(body) < 8:
        raise content.damaged("a type is cut off")
    family, bits, size = body[0] & 15, body[1], number(body, 4, 4)
    order = ">" if bits & 1 else "<"
    if family == 0 and size in (1, 2, 4, 8):
        return Kind(size, np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}"))
    if family == 1 and len(body) >= 14 and (size, body[13]) in _FLOATS:
        return Kind(size, np.dtype(_FLOATS[size, body[13]]).newbyteorder(order))
    if family == 3 and 0 < size <= len(content):
        return Kind(size, np.dtype(f"S{size}"))
    if family == 5 and size in (1, 2):
        # Short floats that NumPy does not know; an attribute beside them says which.
        return Kind(size, np.dtype(f"V{size}"))
    if family == 8 and size == 1:
        return Kind(1, np.dtype(np.bool_))
    if family == 9 and bits & 15 == 1 and size == 16:
        return Kind(16, None)
    what = _KINDS.get(family, f"values of type {family} in {size} bytes")
    raise FileFormatError(f"{content.where} holds {what}, which no weights are")


def attribute(body: memoryview, content: Content) -> tuple[str, Any]:
    """Name and value in an attribute message: a number, a text, or an array of them."""
    version = number(body, 0, 1)
    if version not in (1, 2, 3) or (version > 1 and number(body, 1, 1)):
        raise content.damaged("an attribute is of an unknown form")
    at = 9 if version == 3 else 8
    parts = []
    for size in (number(body, place, 2) for place in (2, 4, 6)):
        parts.append(body[at : at + size])
        at += size if version > 1 else -(-size // 8) * 8
    name = text(bytes(parts[0]).rstrip(b"\0"), content)
    kind = type_of(parts[1], content)
    shape = shape_of(parts[2], content)
    count = math.prod(shape)
    data = body[at : at + count * kind.size]
    if count > len(content) or len(data) != count * kind.size:
        raise content.damaged(f'the attribute "{name}" is cut off')
    if kind.dtype is None:
        texts = [_far_text(data[i : i + 16], content) for i in range(0, len(data), 16)]
        return name, texts if shape else texts[0]
    content.spend(len(data))
    values = np.frombuffer(data, kind.dtype).reshape(shape)
    if kind.dtype.kind == "S":
        texts = [text(value, content) for value in values.ravel().tolist()]
        return name, texts if shape else texts[0]
    return name, values if shape else values[()]


def _far_text(place: memoryview, content: Content) -> str:
    """A text of any length, which stands in a heap of the file."""
    length, heap, wanted = number(place, 0, 4), number(place, 4, 8), number(place, 12, 4)
    if length == 0:
        return ""
    if bytes(content.take(heap, 4)) != b"GCOL":
        raise content.damaged("a text has no heap")
    end = heap + content.number(heap + 8, 8)
    at = heap + 16
    while at + 16 <= end:
        index, size = content.number(at, 2), content.number(at + 8, 8)
        if index == wanted:
            if length > size:
                break
            return text(bytes(content.take(at + 16, length)), content)
        if index == 0:
            break
        at += 16 + -(-size // 8) * 8
    raise content.damaged("a text is not where it should be")


@dataclass(frozen=True)
class Leaf:
    """An entry at the bottom of a tree: what it is for, and where that stands."""

    key: memoryview
    child: int


def leaves(content: Content, address: int, kind: int, key_size: int) -> Iterator[Leaf]:
    """The entries at the bottom of a tree of nodes, in order.

    Args:
        content: the file.
        address: of the node at the top.
        kind: 0 for the names of a group, 1 for the chunks of an array.
        key_size: bytes of a key.
    """
    pending: list[tuple[int, int | None]] = [(address, None)]
    while pending:
        place, wanted = pending.pop()
        head = content.take(place, 24)
        level, used = head[5], number(head, 6, 2)
        fits = wanted is None or level == wanted
        if bytes(head[:4]) != b"TREE" or head[4] != kind or not fits or level > DEEPEST:
            raise content.damaged("a tree of its tables is broken")
        entries = content.take(place + 24, used * (key_size + 8) + key_size)
        step = key_size + 8
        found = [
            Leaf(entries[at : at + key_size], number(entries, at + key_size, 8))
            for at in range(0, used * step, step)
        ]
        if level == 0:
            yield from found
        else:
            pending.extend((leaf.child, level - 1) for leaf in reversed(found))


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
