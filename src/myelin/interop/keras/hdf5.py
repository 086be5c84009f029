"""HDF5 files read as plain bytes, within limits: what Keras keeps weights in.

The library that defines the format crashes, and hangs, on files that were damaged or made to do
so, and reads other files where one of them says it should. So files from others are read here:
groups, attributes and arrays as h5py writes them unless told otherwise. Links out of the place
where a name stands, data in other files and types that are neither numbers nor text are refused.

Source: the HDF5 File Format Specification, versions 1.1 to 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.keras import hdf5_data, hdf5_storage
from myelin.interop.keras.hdf5_bytes import UNDEFINED, Content, number

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# What messages of an object header hold.
_DATASPACE, _LINK_INFO, _DATATYPE, _LINK, _EXTERNAL = 0x01, 0x02, 0x03, 0x06, 0x07
_LAYOUT, _FILTERS, _ATTRIBUTE, _CONTINUED, _SYMBOLS = 0x08, 0x0B, 0x0C, 0x10, 0x11
_ATTRIBUTE_INFO = 0x15
_SHARED = 0x02
_LONGEST_NAME = 1024

Message = tuple[int, int, memoryview]


def opened(data: bytes, where: str) -> Group:
    """The root group of a file.

    Args:
        data: the whole content.
        where: what to call it in errors.

    Raises:
        FileFormatError: it is damaged, or no HDF5 file.
    """
    content = Content(data, where)
    if bytes(content.take(0, 8)) != SIGNATURE:
        raise FileFormatError(f"{where} is no HDF5 file")
    version = content.number(8, 1)
    if version in (0, 1):
        sizes, place = content.take(13, 2), 56 + 4 * version + 8
    elif version in (2, 3):
        sizes, place = content.take(9, 2), 36
    else:
        raise content.damaged(f"it is of the unknown version {version}")
    if bytes(sizes) != b"\x08\x08":
        raise content.damaged("its addresses are not 8 bytes long")
    return Group(content, content.number(place, 8), ())


def read_file(path: Path) -> Group:
    """The root group of a file on disk; see `opened`."""
    return opened(path.read_bytes(), str(path))


class Object:
    """A group or an array of a file, with attributes.

    Attributes:
        path: the names that lead to it.
    """

    def __init__(self, content: Content, address: int, path: tuple[str, ...]) -> None:
        self._content = content
        self.path = path
        self.address = address
        self._messages = list(_messages(content, address))

    @property
    def where(self) -> str:
        """The file, and the place in it, as errors call it."""
        return f'{self._content.where}, "{"/".join(self.path)}"'

    def attributes(self) -> dict[str, Any]:
        """Numbers, texts and arrays of them, by name.

        Raises:
            FileFormatError: one is damaged, or of a type that is not read here.
        """
        if any(kind == _ATTRIBUTE_INFO and _is_dense(body, 2) for kind, _, body in self._messages):
            raise FileFormatError(f"{self.where} keeps attributes in a heap, which is not read")
        bodies = [body for kind, _, body in self._messages if kind == _ATTRIBUTE]
        return dict(hdf5_data.attribute(body, self._content) for body in bodies)

    def _first(self, kind: int) -> memoryview | None:
        for found, flags, body in self._messages:
            if found == kind:
                if flags & _SHARED:
                    raise FileFormatError(f"{self.where} shares its type, which is not read")
                return body
        return None


class Group(Object):
    """A folder of an HDF5 file."""

    def __init__(self, content: Content, address: int, path: tuple[str, ...]) -> None:
        super().__init__(content, address, path)
        self._links: dict[str, int] | None = None
        self._open: dict[str, Group | Array] = {}

    def names(self) -> list[str]:
        """What stands in it."""
        return list(self._addresses())

    def __contains__(self, name: str) -> bool:
        return name in self._addresses()

    def get(self, *names: str) -> Group | Array | None:
        """What the names lead to, or None.

        Raises:
            FileFormatError: it, or what leads there, is damaged or not read here.
        """
        found: Group | Array = self
        for name in names:
            if not isinstance(found, Group) or name not in found:
                return None
            found = found._child(name)
        return found

    def group(self, *names: str) -> Group | None:
        """The group that the names lead to; None where there is none."""
        found = self.get(*names)
        return found if isinstance(found, Group) else None

    def _child(self, name: str) -> Group | Array:
        if name not in self._open:
            address = self._addresses()[name]
            if len(self.path) > hdf5_data.DEEPEST:
                raise FileFormatError(f"{self.where}: groups stand in each other too deep")
            kinds = {kind for kind, _, _ in _messages(self._content, address)}
            made = Array if _LAYOUT in kinds else Group
            self._open[name] = made(self._content, address, (*self.path, name))
        return self._open[name]

    def _addresses(self) -> dict[str, int]:
        if self._links is None:
            self._links = self._read_links()
        return self._links

    def _read_links(self) -> dict[str, int]:
        info, table = self._first(_LINK_INFO), self._first(_SYMBOLS)
        if info is not None and _is_dense(info, 8):
            raise FileFormatError(
                f"{self.where} keeps names in a heap, which is not read: write it with h5py's "
                "default libver"
            )
        pairs = list(_symbols(self._content, table)) if table is not None else []
        pairs += [_link(body, self.where) for kind, _, body in self._messages if kind == _LINK]
        found = dict(pairs)
        if len(found) != len(pairs):
            raise FileFormatError(f"{self.where} holds a name twice")
        return found


class Array(Object):
    """An array of an HDF5 file, read when it is asked for.

    Attributes:
        shape: its sizes.
        dtype: NumPy's type of it.
    """

    def __init__(self, content: Content, address: int, path: tuple[str, ...]) -> None:
        super().__init__(content, address, path)
        space, kind = self._first(_DATASPACE), self._first(_DATATYPE)
        if space is None or kind is None:
            raise FileFormatError(f"{self.where} is damaged: an array without shape or type")
        if self._first(_EXTERNAL) is not None:
            raise FileFormatError(f"{self.where} has its data in another file, which is refused")
        self.shape = hdf5_data.shape_of(space, content)
        self.dtype = hdf5_data.type_of(kind, content).asnumber(self.where)

    @property
    def most_numbers(self) -> int:
        """How many numbers it may hold, whatever its shape declares."""
        layout = self._first(_LAYOUT)
        assert layout is not None
        return hdf5_storage.most_numbers(layout, self.shape, self._content)

    def read(self) -> np.ndarray:
        """The numbers.

        Raises:
            FileFormatError: it is damaged, stores less than its shape says, or is packed in a way
                that is not read here.
        """
        layout = self._first(_LAYOUT)
        assert layout is not None
        storage = hdf5_storage.Storage(self._content, self.where, self.shape, self.dtype)
        return storage.read(layout, self._first(_FILTERS))


def room_of(group: Group) -> int:
    """How many numbers the arrays of a group may hold in all, by what the file can store."""
    most = [array.most_numbers for array in walk(group)]
    return min(sum(most), max([*most, len(group._content)]))


def walk(group: Group) -> Iterator[Array]:
    """All arrays of a group and of those inside it, each once."""
    seen: set[int] = set()
    pending: list[Group] = [group]
    while pending:
        found = pending.pop()
        for name in found.names():
            child = found._child(name)
            if child.address in seen:
                continue
            seen.add(child.address)
            if isinstance(child, Group):
                pending.append(child)
            else:
                yield child


def _is_dense(body: memoryview, counter: int) -> bool:
    """Whether an info message leads to a heap; its address follows an optional counter."""
    at = 2 + (counter if number(body, 1, 1) & 1 else 0)
    return number(body, at, 8) != UNDEFINED


def _messages(content: Content, address: int) -> Iterator[Message]:
    """The messages of an object header, in both of its forms."""
    if bytes(content.take(address, 4)) == b"OHDR":
        yield from _new_messages(content, address)
        return
    if content.number(address, 1) != 1:
        raise content.damaged(f"there is no object at {address}")
    blocks = [(address + 16, content.number(address + 8, 4))]
    while blocks:
        block = content.take(*blocks.pop(0))
        at = 0
        while at + 8 <= len(block):
            kind, size = number(block, at, 2), number(block, at + 2, 2)
            body = block[at + 8 : at + 8 + size]
            if len(body) != size:
                raise content.damaged("a message of an object is cut off")
            if kind == _CONTINUED:
                blocks.append((number(body, 0, 8), number(body, 8, 8)))
            else:
                yield kind, number(block, at + 4, 1), body
            at += 8 + size


def _new_messages(content: Content, address: int) -> Iterator[Message]:
    flags = content.number(address + 5, 1)
    start = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    head = 6 if flags & 4 else 4
    blocks = [(start + width, content.number(start, width))]
    while blocks:
        block = content.take(*blocks.pop(0))
        at = 0
        while at + head <= len(block):
            kind, size = number(block, at, 1), number(block, at + 1, 2)
            body = block[at + head : at + head + size]
            if len(body) != size:
                raise content.damaged("a message of an object is cut off")
            if kind == _CONTINUED:
                # Between a signature and a checksum.
                blocks.append((number(body, 0, 8) + 4, number(body, 8, 8) - 8))
            else:
                yield kind, number(block, at + 3, 1), body
            at += head + size


def _symbols(content: Content, table: memoryview) -> Iterator[tuple[str, int]]:
    """Names and addresses in the table of a group: a tree of nodes, and a heap of names."""
    tree, heap = number(table, 0, 8), number(table, 8, 8)
    if bytes(content.take(heap, 4)) != b"HEAP":
        raise content.damaged("a group has lost its names")
    size, names = content.number(heap + 8, 8), content.number(heap + 24, 8)
    for node in hdf5_data.leaves(content, tree, 0, 8):
        if bytes(content.take(node.child, 4)) != b"SNOD":
            raise content.damaged("a group has lost a part of its table")
        count = content.number(node.child + 6, 2)
        entries = content.take(node.child + 8, 40 * count)
        for at in range(0, len(entries), 40):
            offset, address = number(entries, at, 8), number(entries, at + 8, 8)
            text = content.take(names + offset, min(_LONGEST_NAME, max(size - offset, 0)), 0)
            name, end, _ = bytes(text).partition(b"\0")
            content.spend(len(name))
            if not end:
                raise content.damaged("a name has no end")
            if number(entries, at + 16, 4) == 2:
                raise content.damaged(f"{name!r} is a link to another place, which is refused")
            yield hdf5_data.text(name, content), address


def _link(body: memoryview, where: str) -> tuple[str, int]:
    """Name and address in a link message."""
    flags = number(body, 1, 1)
    at = 2
    kind = 0
    if flags & 8:
        kind, at = number(body, at, 1), at + 1
    at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = number(body, at, width)
    at += width
    name = bytes(body[at : at + size]).decode("utf-8", "replace")
    if kind != 0:
        raise FileFormatError(f'{where}: "{name}" is a link to another place, which is refused')
    return name, number(body, at + size, 8)
