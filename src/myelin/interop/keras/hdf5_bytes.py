"""`Content`: the bytes of an HDF5 file, of which nothing outside is read, and nothing too often."""

from __future__ import annotations

from myelin.errors import FileFormatError

# An address that leads nowhere.
UNDEFINED = (1 << 64) - 1
# Whatever its size, so much of the structure of a file may be read.
_FREE = 1 << 16


def number(block: memoryview, at: int, size: int) -> int:
    """The whole number, not negative, in so many bytes of a part.

    Raises:
        FileFormatError: the part is shorter.
    """
    if at + size > len(block):
        raise FileFormatError("An HDF5 file is damaged: one of its parts is cut off")
    return int.from_bytes(block[at : at + size], "little")


class Content:
    """The content of a file.

    Each part of its structure that is read is paid for out of what the file is long, so a file
    whose parts lead to each other again and again is refused after one file's worth of work.

    Args:
        data: the whole content.
        where: what to call it in errors.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self._view = memoryview(data)
        self.where = where
        self._left = 8 * len(data) + _FREE

    def take(self, at: int, size: int, cost: int | None = None) -> memoryview:
        """So many bytes from a place.

        Args:
            at: the place.
            size: how many.
            cost: what they cost, when it is not their number.

        Raises:
            FileFormatError: they are not all inside the file, or too much was read of it.
        """
        if at < 0 or size < 0 or at + size > len(self._view):
            raise self.damaged(f"{size} bytes at {at} lie outside of it")
        self.spend(size if cost is None else cost)
        return self._view[at : at + size]

    def number(self, at: int, size: int) -> int:
        """The whole number, not negative, in so many bytes."""
        return int.from_bytes(self.take(at, size), "little")

    def spend(self, count: int) -> None:
        """Pays for work on so many bytes."""
        self._left -= count + 1
        if self._left < 0:
            raise self.damaged("its parts lead to each other without end")

    def damaged(self, what: str) -> FileFormatError:
        """The error for a damaged file; the caller raises it."""
        return FileFormatError(f"{self.where} is a damaged HDF5 file, or made to do harm: {what}")

    def __len__(self) -> int:
        return len(self._view)
