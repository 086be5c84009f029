"""Zip archives read member by member into memory, within limits; nothing is ever unpacked."""

from __future__ import annotations

import contextlib
import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from myelin.errors import FileFormatError

# Deflate makes zeros up to 1032 times smaller; weights and texts of honest files far less.
MAX_RATIO = 200
# Below this size even the emptiest content does no harm.
FREE_BYTES = 1 << 24
# Layers with assets are the most that an honest file has one for each of.
MOST_MEMBERS = 100_000
# The time of writing is no part of what a file says: the same model gives the same bytes.
NO_TIME = (1980, 1, 1, 0, 0, 0)

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


class Archive:
    """An open archive whose members fit into memory in proportion to the file.

    Attributes:
        names: the members' names, in order.
    """

    def __init__(self, file: zipfile.ZipFile, where: str) -> None:
        self._file = file
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
def opened(path: Path) -> Iterator[Archive]:
    """Opens an archive, once its table of contents has been checked against the file's size.

    Raises:
        FileFormatError: it is damaged, holds a name twice, or would need far more memory than it
            takes on disk.
    """
    where = str(path)
    with path.open("rb") as stream, _open(stream, where) as file:
        _check(file, path.stat().st_size, where)
        yield Archive(file, where)


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
