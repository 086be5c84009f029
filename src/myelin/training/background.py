"""Making the next block while the present one trains: a thread, or workers, in the background."""

from __future__ import annotations

import contextlib
import functools
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

# While a step is traced, its variables hold no numbers: nothing of a program's own may run beside.
_tracing = threading.RLock()

_END = object()


@dataclass
class _Failure:
    error: BaseException


def undisturbed(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, during which no batch is made in the background."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with _tracing:
            return function(*args, **kwargs)

    return run


def ahead(items: Iterator[Any], depth: int = 1) -> Iterator[Any]:
    """The same items, made in a thread before they are asked for.

    Args:
        items: what makes them.
        depth: how many may wait.

    Raises:
        What `items` raised, with its own traceback, in the place of the next item.
    """
    waiting: queue.Queue[Any] = queue.Queue(maxsize=depth)
    over = threading.Event()

    def hand_on(item: Any) -> None:
        while not over.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.1)
                return

    def produce() -> None:
        try:
            while not over.is_set():
                with _tracing:
                    item = next(items, _END)
                hand_on(item)
                if item is _END:
                    return
        except BaseException as error:
            hand_on(_Failure(error))
        finally:
            if hasattr(items, "close"):
                items.close()

    thread = threading.Thread(target=produce, name="myelin-batches", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        over.set()
        thread.join()


def by_number(batches: Any, count: int | None, first: int = 0) -> Iterator[Any]:
    """The batches of what gives them by their number, made by as many workers as it asks for.

    Args:
        batches: with `__getitem__`, and as Keras's `PyDataset` with `workers`,
            `use_multiprocessing` and `max_queue_size`.
        count: how many an epoch has; None without end.
        first: the number to begin with.

    Raises:
        What a worker raised, with its own traceback, in the place of the batch.
    """
    numbers = itertools.count(first) if count is None else iter(range(first, count))
    workers = int(getattr(batches, "workers", 1) or 1)
    processes = bool(getattr(batches, "use_multiprocessing", False))
    if workers <= 1 and not processes:
        for number in numbers:
            yield batches[number]
        return
    most = max(workers, int(getattr(batches, "max_queue_size", 10) or 1))
    pool, make = _pool(batches, workers, processes)
    under_way: deque[Future[Any]] = deque()
    try:
        for number in itertools.islice(numbers, most):
            under_way.append(pool.submit(make, number))
        while under_way:
            made = under_way.popleft().result()
            for number in itertools.islice(numbers, 1):
                under_way.append(pool.submit(make, number))
            yield made
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(batches: Any, workers: int, processes: bool) -> tuple[Executor, Callable[[int], Any]]:
    from concurrent.futures import ThreadPoolExecutor

    if not processes:
        return ThreadPoolExecutor(workers, "myelin-worker"), batches.__getitem__
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context()
    made = ProcessPoolExecutor(workers, context, initializer=_hold, initargs=(batches,))
    return made, _batch


_held: Any = None


def _hold(batches: Any) -> None:
    """Keeps the data set in a worker process, so that only numbers and batches travel."""
    global _held
    _held = batches


def _batch(number: int) -> Any:
    return _held[number]
