"""Files that are never half written: a temporary name, synced, then renamed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from myelin.errors import InputError

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")


def target_of(filepath: object, overwrite: bool = True, folder: bool = False) -> Path:
    """The path to write to, with links followed, once it is clear that it can be written.

    Args:
        filepath: the path.
        overwrite: whether what exists may be replaced.
        folder: whether a folder is to be written, not a file.

    Raises:
        InputError: `filepath` is no path, or names a folder in the place of a file or the
            reverse, or a device.
        FileExistsError: it exists and `overwrite` is False.
        FileNotFoundError: its folder is missing.
    """
    path = as_path(filepath)
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} exists already: pass overwrite=True to replace it, or another name"
        )
    if folder and path.is_file():
        raise InputError(f"{path} is a file, and a folder of that name is to be written")
    if not folder and path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file in it")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is no ordinary file, so nothing is written there")
    real = Path(os.path.realpath(path))
    if not real.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {real.parent}: make it first")
    return real


def folder_of(filepath: object, sign: str, overwrite: bool = True) -> Path:
    """The folder to write to, with links followed, once it is clear that it can be written.

    Args:
        filepath: its name.
        sign: the file that a folder of this kind has; another folder is never replaced, unless it
            is empty.
        overwrite: whether one that is there is replaced.

    Raises:
        InputError: `filepath` is no path, or names a file or a folder of another kind.
        FileExistsError: there is one and `overwrite` is False.
        FileNotFoundError: the folder that it is to be in is missing.
    """
    path = as_path(filepath)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file: give the name of a folder")
    if path.exists() and any(path.iterdir()):
        if not (path / sign).exists():
            raise InputError(f"{path} holds other files: give the name of a new folder")
        if not overwrite:
            raise FileExistsError(
                f"{path} exists already: pass overwrite=True to replace it, or another name"
            )
    real = Path(os.path.realpath(path))
    if not real.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {real.parent}: make it first")
    return real


def as_path(filepath: object) -> Path:
    """`filepath` as a path.

    Raises:
        InputError: it is none, or an empty one.
    """
    if not isinstance(filepath, str | os.PathLike) or not os.fspath(filepath):
        raise InputError(f"filepath wants the name of a file, got {filepath!r}")
    return Path(filepath).expanduser()


def clear_temporaries(folder: Path) -> None:
    """Removes what writers that were killed have left in a folder that nobody else writes to."""
    for path in folder.glob(".*.tmp"):
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yields a new file that takes the place of `path` when the block ends without an error.

    A reader, or the next program after a power cut, finds the old file or the whole new one.
    After an error the old file is as it was, and no other file is left in its folder.
    """
    # A short name, since that of the file may be as long as the system allows already.
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    # Not tempfile: the new file should have the rights that the user's umask gives.
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yields a new folder that takes the place of `path` when the block ends without an error.

    After an error the old folder is as it was. Folders cannot be exchanged at once everywhere: for
    a moment between two renames there is none of that name.
    """
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _sync_file(file)
        old = path.parent / f".{secrets.token_hex(8)}.old"
        if path.exists():
            os.replace(path, old)
        try:
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.replace(old, path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself last; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
