"""`Checksum`: a CRC-32 that is computed in a thread, beside the reading or writing of a file."""

from __future__ import annotations

import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

# Pieces of a file that are handed on one by one; smaller ones are not worth a thread.
PIECE = 1 << 22
_SMALL = 1 << 16


class Checksum:
    """The checksum of pieces in their order; those added must not change before `value`."""

    def __init__(self) -> None:
        self._sum = 0
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def add(self, piece: Any) -> None:
        """Adds bytes."""
        if self._last is None and len(piece) <= _SMALL:
            self._take(piece)
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="myelin-checksum")
        self._last = self._thread.submit(self._take, piece)

    def _take(self, piece: Any) -> None:
        self._sum = zlib.crc32(piece, self._sum)

    def value(self) -> int:
        """The checksum of all that was added; nothing is added afterwards."""
        if self._thread is not None:
            self._thread.shutdown()
        return self._sum


def pieces(data: memoryview) -> list[memoryview]:
    """Bytes, cut up."""
    return [data[begin : begin + PIECE] for begin in range(0, len(data), PIECE)]
