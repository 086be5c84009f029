"""`Background`: work such as writing a file, done in a thread, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Background:
    """A thread for one piece of work at a time; the program does not end before it is done.

    Args:
        beside: False does the work at once instead.
    """

    def __init__(self, beside: bool = True) -> None:
        self.beside = beside
        self._thread: ThreadPoolExecutor | None = None
        self._work: Future[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether a piece of work is not done yet."""
        return self._work is not None and not self._work.done()

    @property
    def failed(self) -> bool:
        """Whether the last piece of work has gone wrong, and nobody has waited for it yet."""
        work = self._work
        return work is not None and work.done() and work.exception() is not None

    def start(self, work: Callable[[], Any]) -> None:
        """Begins a piece of work, once the one before is done.

        Raises:
            Exception: what went wrong with the one before.
        """
        self.wait()
        if not self.beside:
            work()
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="myelin-checkpoint")
        self._work = self._thread.submit(work)

    def wait(self) -> None:
        """Returns once the work is done.

        Raises:
            Exception: what went wrong with it.
        """
        work = self._work
        if work is not None:
            # Before it is forgotten: Ctrl-C may end the wait, and the work goes on.
            work.exception()
            self._work = None
            work.result()

    def close(self) -> None:
        """Ends the thread, once the work is done."""
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None
