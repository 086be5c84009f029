"""Data sets of rows in memory: nothing is touched before a batch is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from myelin import random
from myelin.utils.dataset import rows, steps
from myelin.utils.dataset.core import Dataset
from myelin.utils.dataset.mapping import (
    Program,
    apply,
    call,
    fits_32_bits,
    traced_again,
)
from myelin.utils.dataset.rows import Blocks
from myelin.utils.dataset.trees import TensorSpec, leaves, stacked, tree_map

# What mapped rows are made in at a time: few calls, and little memory.
_CHUNK_BYTES = 8 * 2**20


class Source:
    """Columns, and the functions that make a row of them; kept mapped once that was done.

    Args:
        columns: a tree of arrays of one length.
        functions: one after another, of a row.
    """

    def __init__(self, columns: Any, functions: tuple[Callable[..., Any], ...] = ()) -> None:
        self.columns = columns
        self.functions = functions
        self._program: Program | None = None

    def __len__(self) -> int:
        return len(leaves(self.columns)[0])

    @property
    def row(self) -> Any:
        """What a row of the columns looks like."""
        return tree_map(lambda a: TensorSpec(a.shape[1:], a.dtype), self.columns)

    def function(self, element: Any) -> Any:
        """All functions of a row, one after another."""
        for function in self.functions:
            element = call(function, element)
        return element

    def program(self) -> Program | None:
        """The functions, compiled for many rows; None where they are plain Python."""
        if not self.functions or not fits_32_bits(leaves(self.columns)):
            return None
        row = tree_map(lambda a: a[0], self.columns) if len(self) else self.row
        self._program = traced_again(self.function, row, self._program)
        return self._program

    def mapped_whole(self, most_bytes: float) -> Any:
        """All rows with the functions done to them; None if they draw, are Python or too large."""
        if not self.functions:
            return self.columns
        program = self.program()
        if program is None or program.draws or not len(self):
            return None
        chunk = self.chunk_rows(1)
        nbytes = sum(
            len(self) * out.aval.size * out.aval.dtype.itemsize
            for out in program.closed.jaxpr.outvars
        )
        if nbytes > most_bytes:
            return None
        made = [
            tree_map(np.array, part)
            for part in _mapped(self, program, rows.grouped(rows.in_order(len(self)), chunk), chunk)
        ]
        return tree_map(lambda *parts: np.concatenate(parts), *made)

    def chunk_rows(self, batch: int) -> int:
        """How many rows are mapped at a time, a multiple of `batch`."""
        nbytes = sum(a.nbytes for a in leaves(self.columns)) / max(1, len(self))
        return batch * int(np.clip(_CHUNK_BYTES / max(1.0, 4 * nbytes * batch), 1, 256))


def _mapped(source: Source, program: Program, blocks: Blocks, chunk: int) -> Iterator[Any]:
    """Blocks of rows through a program, of one size for all but for what is cut off."""
    seed = random.next_seed() if program.draws else 0
    for number, index in enumerate(blocks):
        filled = index
        if len(index) < chunk:
            filled = np.concatenate([index, np.repeat(index[-1:], chunk - len(index))])
        gathered = leaves(rows.gathered(source.columns, filled))
        made = program.run(gathered, [seed, number], over_rows=True)
        count = len(index)
        yield tree_map(lambda a, count=count: a[:count], made)


@dataclass(frozen=True)
class Table:
    """Rows in an order.

    Attributes:
        source: where the rows are.
        order: begins a new pass of row numbers.
        count: how many a pass has.
    """

    source: Source
    order: Callable[[], Blocks]
    count: int

    @classmethod
    def of(cls, columns: Any) -> Table:
        """All rows, in their own order."""
        source = Source(columns)
        return cls(source, lambda: rows.in_order(len(source)), len(source))

    def batches(self, size: int) -> Iterator[Any]:
        """The rows in batches, the last one of what is left."""
        source = self.source
        program = source.program()
        if program is not None:
            chunk = source.chunk_rows(size)
            for block in _mapped(source, program, rows.grouped(self.order(), chunk), chunk):
                n = len(leaves(block)[0])
                for start in range(0, n, size):
                    yield tree_map(lambda a, s=start: a[s : s + size], block)
            return
        for index in rows.grouped(self.order(), size):
            if not source.functions:
                yield rows.gathered(source.columns, index)
                continue
            yield stacked([self.element(row) for row in index])

    def elements(self) -> Iterator[Any]:
        """The rows one by one."""
        source = self.source
        if source.functions and source.program() is None:
            for block in self.order():
                yield from map(self.element, block)
            return
        for batch in self.batches(source.chunk_rows(1) if source.functions else 1024):
            for row in range(len(leaves(batch)[0])):
                yield tree_map(lambda a, row=row: np.asarray(a[row]), batch)

    def element(self, row: Any) -> Any:
        """One row, mapped in plain Python."""
        element = tree_map(lambda a: np.asarray(a[row]), self.source.columns)
        for function in self.source.functions:
            element = apply(function, element)
        return element


class Rows(Dataset):
    """A data set whose elements are rows in memory."""

    # For `fit`, which wants batches.
    gives_single_rows = True

    def __init__(self, table: Table) -> None:
        self._table = table
        super().__init__(table.elements, table.count)
        if not table.source.functions:
            self._spec = lambda: table.source.row

    def _reordered(self, order: Callable[[], Blocks], count: int) -> Rows:
        return Rows(replace(self._table, order=order, count=count))

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """`map_func` of each row; see `Dataset.map`."""
        table = self._table
        source = Source(table.source.columns, (*table.source.functions, map_func))
        if num_parallel_calls and source.program() is None:
            # Files to read, most likely: worth threads.
            return super().map(map_func, num_parallel_calls)
        return Rows(replace(table, source=source))

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The rows mixed; see `Dataset.shuffle`."""
        steps.positive("buffer_size", buffer_size)
        draw = steps.passes(seed, reshuffle_each_iteration is not False)
        order, count = self._table.order, self._count
        return self._reordered(
            lambda: rows.shuffled(order(), count, int(buffer_size), draw()), count
        )

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` rows."""
        order = self._table.order
        if count < 0:
            return self
        return self._reordered(
            lambda: rows.taken(order(), int(count)), steps.taken_count(self._count, int(count))
        )

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` rows."""
        if count < 0:
            return self.take(0)
        order = self._table.order
        return self._reordered(
            lambda: rows.skipped(order(), int(count)), steps.skipped_count(self._count, int(count))
        )

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Every so many rows."""
        order = self._table.order
        count = self._count if self._count < 0 else max(0, -(-(self._count - index) // num_shards))
        return self._reordered(lambda: rows.sharded(order(), num_shards, index), count)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The rows so many times."""
        order, times = self._table.order, -1 if count is None else int(count)
        return self._reordered(
            lambda: rows.repeated(order, times), steps.repeated_count(self._count, times)
        )

    def cache(self, filename: Any = "", name: str | None = None) -> Dataset:
        """Rows in memory are there already; those that a function makes are kept."""
        table = self._table
        if table.source.functions or self._count < 0:
            return super().cache(filename)
        kept: list[np.ndarray] = []

        def order() -> Blocks:
            # A cache behind a shuffle keeps the first order.
            if not kept:
                kept.extend(table.order())
            return iter(kept)

        return self._reordered(order, self._count)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """So many rows at a time, gathered at once; see `Dataset.batch`."""
        steps.positive("batch_size", batch_size)
        return Batches(self._table, int(batch_size), drop_remainder, lambda: self.element_spec)


class Batches(Dataset):
    """A data set whose elements are batches of rows in memory."""

    def __init__(
        self, table: Table, size: int, drop_remainder: bool, row: Callable[[], Any]
    ) -> None:
        self._table = table
        self._size = size
        self._drop = drop_remainder
        self._row = row
        super().__init__(
            self._gathered, steps.part_count(table.count, size, drop_remainder),
            lambda: steps.batched_spec(row(), size if drop_remainder else None),
        )  # fmt: skip

    def _gathered(self) -> Iterator[Any]:
        for batch in self._table.batches(self._size):
            if not self._drop or len(leaves(batch)[0]) == self._size:
                yield batch

    def _reordered(self, order: Callable[[], Blocks], count: int) -> Batches:
        table = replace(self._table, order=order, count=count)
        return Batches(table, self._size, self._drop, self._row)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` batches."""
        if count < 0:
            return self
        order, most = self._table.order, int(count) * self._size
        return self._reordered(
            lambda: rows.taken(order(), most), steps.taken_count(self._table.count, most)
        )

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` batches."""
        if count < 0:
            return self.take(0)
        order, first = self._table.order, int(count) * self._size
        return self._reordered(
            lambda: rows.skipped(order(), first), steps.skipped_count(self._table.count, first)
        )

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The batches so many times."""
        left = self._table.count % self._size if self._table.count >= 0 else 0
        if left and not self._drop:
            # Each pass ends with a smaller batch, which the order of rows cannot say.
            return super().repeat(count)
        order, times = self._table.order, -1 if count is None else int(count)
        whole = self._table.count - left if left else self._table.count

        def once() -> Blocks:
            return rows.taken(order(), whole) if left else order()

        return self._reordered(
            lambda: rows.repeated(once, times), steps.repeated_count(whole, times)
        )

    def in_memory(self, most_bytes: float) -> InMemory | None:
        """The rows and their order, for training without taking batches one by one.

        Args:
            most_bytes: how large mapped rows may be in all.

        Returns:
            None where a function draws random numbers, is plain Python, or makes too much.
        """
        columns = self._table.source.mapped_whole(most_bytes)
        if columns is None:
            return None
        return InMemory(columns, self._table.order, self._table.count, self._size, self._drop)


@dataclass
class InMemory:
    """What a plain data set comes to.

    Attributes:
        columns: the rows, a tree of arrays.
        order: begins a new pass of row numbers.
        count: how many a pass has; -1 without end.
        batch_size: rows a batch.
        drop_remainder: whether a last batch of fewer is left out.
    """

    columns: Any
    order: Callable[[], Blocks]
    count: int
    batch_size: int
    drop_remainder: bool

    def epochs(self, rows_an_epoch: int | None = None) -> Iterator[np.ndarray]:
        """The row numbers of epoch after epoch.

        Args:
            rows_an_epoch: where an epoch ends; the next one goes on there. None: with a pass.
        """
        if rows_an_epoch is None:
            while True:
                yield self._whole(self.order())
        passes = rows.repeated(self.order, -1)
        yield from rows.grouped(passes, rows_an_epoch)

    def _whole(self, blocks: Blocks) -> np.ndarray:
        order = np.concatenate([*blocks, np.zeros(0, np.int64)])
        if self.drop_remainder:
            order = order[: len(order) // self.batch_size * self.batch_size]
        return order.astype(np.int32)
