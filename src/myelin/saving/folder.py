"""`CheckpointFolder`: the last few checkpoints of one run, each whole, and nobody else's."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from myelin.errors import FileFormatError, InputError
from myelin.saving.atomic import clear_temporaries
from myelin.saving.checkpoint import save_tree

BEST = "best.safetensors"
_LOCK = "lock"
_FILE = re.compile(r"checkpoint-(\d{6,})\.safetensors")

# Folders that runs of this program write to: the system's locks are between programs only.
_claimed: set[str] = set()


class CheckpointFolder:
    """Checkpoints by number, `checkpoint-000001.safetensors` and on, and `best.safetensors`.

    Args:
        path: the folder; it is made when it is first written to.
        keep: how many of the newest stay.
        read: reads a file and checks what it holds; raises FileFormatError.
    """

    def __init__(self, path: Path, keep: int, read: Callable[[Path], dict[str, Any]]) -> None:
        self.path = path
        self.keep = keep
        self._read = read
        self._lock: int | None = None
        self._damaged: list[int] = []

    # Whose it is.

    def claim(self, whose: str) -> None:
        """Takes the folder for this run, and removes what a killed run left half written.

        The system gives the folder free when the program ends, however it ends.

        Args:
            whose: the callback, for the error.

        Raises:
            InputError: another run has it, here or in another program on a system with locks.
        """
        if self._lock is not None:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        name = os.path.realpath(self.path)
        if name in _claimed or (handle := _locked(self.path / _LOCK)) is None:
            raise InputError(
                f"{whose}: another run is writing to {self.path}: wait for its end, or give this "
                "run another folder"
            )
        self._lock = handle
        _claimed.add(name)
        clear_temporaries(self.path)

    def release(self) -> None:
        """Gives the folder free."""
        handle, self._lock = self._lock, None
        if handle is None:
            return
        _claimed.discard(os.path.realpath(self.path))
        # Before the lock goes: whoever waits for it sees that the file is another.
        (self.path / _LOCK).unlink(missing_ok=True)
        os.close(handle)

    # What is in it.

    def numbers(self) -> list[int]:
        """The numbers of the checkpoints that are there, the newest last."""
        if not self.path.is_dir():
            return []
        found = (_FILE.fullmatch(name) for name in os.listdir(self.path))
        return sorted(int(match[1]) for match in found if match is not None)

    def file(self, number: int) -> Path:
        """The path of a checkpoint."""
        return self.path / f"checkpoint-{number:06d}.safetensors"

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest checkpoint that is whole, or None where there is none at all.

        Warns of each one that is not.

        Raises:
            FileFormatError: there are some, and all are damaged.
        """
        self._damaged = []
        numbers = self.numbers()
        paths = [self.file(number) for number in reversed(numbers)]
        best = self.path / BEST
        reasons = []
        for path in [*paths, *([best] if best.exists() else [])]:
            try:
                found = self._read(path)
            except FileFormatError as error:
                reasons.append(str(error))
                if path != best:
                    self._damaged.append(numbers[len(numbers) - len(reasons)])
                continue
            for reason in reasons:
                warnings.warn(f"{reason}. Taking {path.name} in its place", stacklevel=2)
            return path, found
        if not reasons:
            return None
        raise FileFormatError(f"{reasons[0]} (delete {self.path} to begin anew)")

    def write(self, tree: Mapping[str, Any], metadata: Mapping[str, str], best: bool) -> Path:
        """Writes the next checkpoint, and removes what is not kept any more.

        Args:
            tree: what to keep; see `save_tree`.
            metadata: remarks.
            best: whether it also becomes `best.safetensors`.

        Raises:
            OSError: it cannot be written; those that were there are still there.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        numbers = self.numbers()
        path = self.file(max(numbers, default=0) + 1)
        save_tree(path, tree, metadata)
        if best:
            _linked(path, self.path / BEST)
        whole = [number for number in numbers if number not in self._damaged]
        for number in [*self._damaged, *whole[: max(0, len(whole) - self.keep + 1)]]:
            self.file(number).unlink(missing_ok=True)
        self._damaged = []
        return path

    def clear(self) -> None:
        """Removes the checkpoints, and the folder where nothing else is in it."""
        for number in self.numbers():
            self.file(number).unlink(missing_ok=True)
        (self.path / BEST).unlink(missing_ok=True)
        self.release()
        with contextlib.suppress(OSError):
            self.path.rmdir()


def _linked(path: Path, name: Path) -> None:
    """A second name for a file, in the place of what had that name; a copy where links cannot be.

    A copy is no more than a convenience for reading: it need not be synced.
    """
    temporary = name.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        os.link(path, temporary)
    except OSError:
        shutil.copyfile(path, temporary)
    os.replace(temporary, name)


def _locked(path: Path) -> int | None:
    """An open file that this process alone has locked; None where another has.

    A lock of the process, not of the file: workers that it forks, and which may outlive it, do
    not inherit it.
    """
    try:
        import fcntl
    except ImportError:
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    while True:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            os.close(handle)
            return None
        except OSError:  # A file system without locks.
            return handle
        # The one before may have removed the file between the two calls.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)
