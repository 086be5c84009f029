"""What the messages of an HDF5 object say: shapes, types, attributes; and the trees of tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.keras.hdf5_bytes import Content, number

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
