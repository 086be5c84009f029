"""`PyDataset`: batches that a program makes one by one, by their number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


class PyDataset:
    """The base of a data set that gives whole batches: write `__getitem__` and `__len__`.

    `__getitem__(index)` returns batch number `index`, as `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__` says how many batches an epoch has.
    `on_epoch_end` may shuffle. Also known as `Sequence`.

    Args:
        workers: how many threads make batches at once, while the device computes; 1 makes them
            one after another.
        use_multiprocessing: makes the workers processes, to which the data set is copied at the
            beginning of each epoch.
        max_queue_size: the most batches that are made before they are wanted.
    """

    # On the class, so that a subclass which forgets super().__init__() has them too.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`, from 0 to `len(self) - 1`."""
        raise NotImplementedError(f"{type(self).__name__} has to define __getitem__(self, index)")

    @property
    def num_batches(self) -> int | None:
        """How many batches an epoch has; None where there is no end."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(f"{type(self).__name__} has to define __len__(self)")
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch; the place to shuffle."""


Sequence = PyDataset
