"""Ctrl-C that waits for the chunk to end, so that the model stays whole."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any


class Interrupt:
    """Whether Ctrl-C was pressed since the block began."""

    requested = False


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Inside the block, the first Ctrl-C only sets `requested`; a second one acts at once.

    Outside the main thread, where Python lets nobody handle signals, it does nothing.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield interrupt
        return

    def handle(number: int, frame: Any) -> None:
        if interrupt.requested:
            before(number, frame)
        interrupt.requested = True

    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
