"""Zip archives, written and read member by member; within limits, and nothing is ever unpacked.

Arrays stand in them unpacked, and go from memory to the file and back without a copy between;
Python's own `zipfile`, which copies and computes each checksum in between, reads what these
archives list and what others have packed.
"""

from __future__ import annotations

import contextlib
import errno
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from myelin.errors import FileFormatError
from myelin.saving.checksum import Checksum, pieces

# Deflate makes zeros up to 1032 times smaller; weights and texts of honest files far less.
MAX_RATIO = 200
# Below this size even the emptiest content does no harm.
FREE_BYTES = 1 << 24
# Layers with assets are the most that an honest file has one for each of.
MOST_MEMBERS = 100_000
# 1 January 1980: the time of writing is no part of what a file says, so that the same model gives
# the same bytes.
_NO_DATE = 0x21
_WIDE = 0xFFFFFFFF
_LOCAL = struct.Struct("<4s5H3L2H")

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,  # Encrypted, and NotImplementedError: a method that Python does not have.
    ValueError,
    KeyError,
    EOFError,
    OverflowError,
)


class Writer:
    """Writes an archive to a new file; the block ends with its table of contents.

    Args:
        file: empty, and one that can go back.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # Name, method, checksum, packed size, size, place.
        self._table: list[tuple[bytes, int, int, int, int, int]] = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._write_table()

    def add_text(self, name: str, content: bytes) -> None:
        """Adds a member that is packed."""
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(content) + packer.flush()
        entry = (
            name.encode(), zipfile.ZIP_DEFLATED, zlib.crc32(content), len(packed), len(content),
            self._file.tell(),
        )  # fmt: skip
        self._write_head(entry)
        self._file.write(packed)
        self._table.append(entry)

    @contextlib.contextmanager
    def member(self, name: str) -> Iterator[BinaryIO]:
        """A file to write a member to that is not packed."""
        place = self._file.tell()
        self._write_head((name.encode(), zipfile.ZIP_STORED, 0, 0, 0, place))
        begin = self._file.tell()
        member: Any = _Written(self._file)
        yield member
        end = self._file.tell()
        size = end - begin
        entry = name.encode(), zipfile.ZIP_STORED, member.checksum.value(), size, size, place
        self._file.seek(place)
        self._write_head(entry)
        self._file.seek(end)
        self._table.append(entry)

    def _write_head(self, entry: tuple[bytes, int, int, int, int, int]) -> None:
        """What stands before a member; its sizes as numbers of 64 bits, since they come last."""
        name, method, checksum, packed, size, _ = entry
        wide = struct.pack("<2H2Q", 1, 16, size, packed)
        self._file.write(
            _LOCAL.pack(b"PK\3\4", 45, 0x800, method, 0, _NO_DATE, checksum, _WIDE, _WIDE,
                        len(name), len(wide))
        )  # fmt: skip
        self._file.write(name + wide)

    def _write_table(self) -> None:
        begin = self._file.tell()
        for name, method, checksum, packed, size, place in self._table:
            numbers = [size, packed, place]
            wide = b"".join(struct.pack("<Q", number) for number in numbers if number >= _WIDE)
            extra = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
            size, packed, place = (min(number, _WIDE) for number in numbers)
            self._file.write(
                struct.pack("<4s6H3L5H2L", b"PK\1\2", 45 | 3 << 8, 45, 0x800, method, 0, _NO_DATE,
                            checksum, packed, size, len(name), len(extra), 0, 0, 0, 0o644 << 16,
                            place)
            )  # fmt: skip
            self._file.write(name + extra)
        end, count = self._file.tell(), len(self._table)
        if end >= _WIDE:
            self._file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45 | 3 << 8, 45, 0, 0, count,
                                         count, end - begin, begin))  # fmt: skip
            self._file.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        self._file.write(
            struct.pack(
                "<4s4H2LH", b"PK\5\6", 0, 0, count, count, end - begin, min(begin, _WIDE), 0
            )
        )


class _Written:
    """Passes on what is written, and computes its checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.checksum = Checksum()

    def write(self, data: Any) -> int:
        for piece in pieces(memoryview(data).cast("B")):
            self.checksum.add(piece)
            self._file.write(piece)
        return len(data)


class Archive:
    """An open archive whose members fit into memory in proportion to the file.

    Attributes:
        names: the members' names, in order.
    """

    def __init__(self, file: zipfile.ZipFile, stream: BinaryIO, where: str) -> None:
        self._file = file
        self._stream = stream
        self._where = where
        self.names = [member.filename for member in file.infolist()]

    def read(self, name: str) -> bytes:
        """The content of one member, whose checksum is right.

        Raises:
            FileFormatError: there is none of that name, or it is damaged.
        """
        if name not in self.names:
            raise FileFormatError(f"{self._where} is damaged: it lacks {name}")
        with _damage_named(self._where):
            return self._file.read(name)

    @contextlib.contextmanager
    def member(self, name: str) -> Iterator[tuple[BinaryIO, int]]:
        """One member as a file to read to its end, and its size; its checksum is looked at then.

        Raises:
            FileFormatError: there is none of that name, or it is damaged.
        """
        if name not in self.names:
            raise FileFormatError(f"{self._where} is damaged: it lacks {name}")
        info = self._file.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED:
            content = self.read(name)
            yield io.BytesIO(content), len(content)
            return
        member: Any = _Stored(self._stream, self._begin_of(info), info.file_size)
        yield member, info.file_size
        if member.left or member.checksum.value() != info.CRC:
            raise FileFormatError(f"{self._where} is damaged: the checksum of {name} is wrong")

    def _begin_of(self, info: zipfile.ZipInfo) -> int:
        """Where the content of a member that is not packed begins."""
        with _damage_named(self._where):
            self._stream.seek(info.header_offset)
            head = self._stream.read(_LOCAL.size)
            mark, _, flags, method, _, _, _, _, _, named, extra = _LOCAL.unpack(head)
            name = self._stream.read(named).decode("utf-8" if flags & 0x800 else "cp437")
            same = name == info.orig_filename and method == info.compress_type
            if mark != b"PK\3\4" or not same or info.compress_size != info.file_size:
                raise ValueError(f"{info.filename} is not where its table says")
            return info.header_offset + _LOCAL.size + named + extra


class _Stored:
    """A part of a file, read once from its beginning to its end."""

    def __init__(self, file: BinaryIO, begin: int, size: int) -> None:
        self._file = file
        self._size = self.left = size
        self.checksum = Checksum()
        file.seek(begin)

    def tell(self) -> int:
        return self._size - self.left

    def read(self, count: int = -1) -> bytes:
        content = self._file.read(self.left if count < 0 else min(count, self.left))
        self._passed(memoryview(content))
        return content

    def readinto(self, memory: memoryview) -> int:
        # Taken piece by piece, so that the checksum is not far behind.
        done = 0
        for piece in pieces(memory[: self.left]):
            count: int = self._file.readinto(piece)  # type: ignore[attr-defined]
            self._passed(piece[:count])
            done += count
        return done

    def _passed(self, content: memoryview) -> None:
        self.left -= len(content)
        self.checksum.add(content)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Opens an archive, once its table of contents has been checked against the file's size.

    Raises:
        FileFormatError: it is damaged, holds a name twice, or would need far more memory than it
            takes on disk.
    """
    where = str(path)
    with path.open("rb") as stream, _open(stream, where) as file:
        _check(file, path.stat().st_size, where)
        yield Archive(file, stream, where)


def _open(stream: BinaryIO, where: str) -> zipfile.ZipFile:
    with _damage_named(where):
        return zipfile.ZipFile(stream)


def _check(file: zipfile.ZipFile, size: int, where: str) -> None:
    members = file.infolist()
    if len(members) > MOST_MEMBERS:
        raise FileFormatError(f"{where} has {len(members)} members, more than any model")
    if len({member.filename for member in members}) != len(members):
        raise FileFormatError(f"{where} holds a name twice")
    methods = {member.compress_type for member in members}
    if not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise FileFormatError(f"{where} is packed in a way that Myelin does not use")
    packed = sum(member.compress_size for member in members)
    whole = sum(member.file_size for member in members)
    if packed > size or whole > max(FREE_BYTES, size * MAX_RATIO):
        raise FileFormatError(
            f"{where} has {size} bytes but claims to hold {whole}: it is damaged or made to do harm"
        )


@contextlib.contextmanager
def _damage_named(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Places outside the file, which a damaged table names, end in EINVAL; others are real.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise FileFormatError(f"{where} is damaged: {error}") from error
    except _DAMAGE as error:
        raise FileFormatError(f"{where} is damaged: {error}") from error
