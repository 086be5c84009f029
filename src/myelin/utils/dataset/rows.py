"""Rows of arrays in memory in an order of their own: what a data set is until it must be more.

Shuffling, taking, skipping and repeating only change the order, which comes as blocks of row
numbers; so none of them touches a row, and a batch is one gather.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from myelin.utils.dataset.trees import tree_map

INFINITE = -1
UNKNOWN = -2
# Rows a block: enough to hide the call, few enough to stop early.
BLOCK_ROWS = 65536

Blocks = Iterator[np.ndarray]


def in_order(count: int) -> Blocks:
    """The numbers from 0 up to `count`."""
    for start in range(0, count, BLOCK_ROWS):
        yield np.arange(start, min(start + BLOCK_ROWS, count))


def taken(blocks: Blocks, count: int) -> Blocks:
    """The first `count` numbers."""
    for block in blocks:
        if count <= 0:
            return
        yield block[:count]
        count -= len(block)


def skipped(blocks: Blocks, count: int) -> Blocks:
    """All but the first `count` numbers."""
    for block in blocks:
        if count < len(block):
            yield block[count:]
        count = max(0, count - len(block))


def sharded(blocks: Blocks, shards: int, index: int) -> Blocks:
    """Every so many numbers, from number `index` on."""
    start = index
    for block in blocks:
        yield block[start::shards]
        start = (start - len(block)) % shards


def repeated(begin: Callable[[], Blocks], times: int) -> Blocks:
    """The numbers of so many passes; without end if `times` is -1."""
    for _ in itertools.count() if times < 0 else range(times):
        empty = True
        for block in begin():
            empty = empty and not len(block)
            yield block
        if empty:
            return


def grouped(blocks: Blocks, size: int) -> Blocks:
    """Blocks of exactly `size` numbers, but for the last."""
    kept = np.zeros(0, np.int64)
    for block in blocks:
        kept = np.concatenate([kept, block]) if len(kept) else block
        whole = len(kept) // size * size
        for start in range(0, whole, size):
            yield kept[start : start + size]
        kept = kept[whole:]
    if len(kept):
        yield kept


def shuffled(blocks: Blocks, count: int, buffer_size: int, rng: np.random.Generator) -> Blocks:
    """The numbers mixed, as through a buffer of so many from which one is drawn at a time.

    A buffer that holds all of them gives every order alike, at once.
    """
    if 0 <= count <= buffer_size:
        yield rng.permutation(np.concatenate([*blocks, np.zeros(0, np.int64)]))
        return
    buffer: list[int] = []
    for block in blocks:
        numbers = block.tolist()
        room = max(0, buffer_size - len(buffer))
        buffer += numbers[:room]
        given = []
        for number, place in zip(
            numbers[room:], rng.integers(buffer_size, size=len(numbers)).tolist(), strict=False
        ):
            given.append(buffer[place])
            buffer[place] = number
        yield np.asarray(given, np.int64)
    yield rng.permutation(np.asarray(buffer, np.int64))


def mixed(elements: Iterator[Any], buffer_size: int, rng: np.random.Generator) -> Iterator[Any]:
    """The same with elements of any kind."""
    buffer = list(itertools.islice(elements, buffer_size))
    for element in elements:
        place = int(rng.integers(len(buffer)))
        yield buffer[place]
        buffer[place] = element
    rng.shuffle(buffer)
    yield from buffer


def is_run(index: np.ndarray) -> bool:
    """Whether the numbers follow each other, so that a slice will do."""
    return len(index) > 0 and bool(
        index[-1] - index[0] == len(index) - 1 and (np.diff(index) == 1).all()
    )


def gathered(columns: Any, index: np.ndarray) -> Any:
    """The rows of each column that `index` lists; a view where they follow each other."""
    if is_run(index):
        rows = slice(int(index[0]), int(index[-1]) + 1)
        return tree_map(lambda a: a[rows], columns)
    return tree_map(lambda a: a[index], columns)
