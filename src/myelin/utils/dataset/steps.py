"""What is done to the elements of a data set, by tf.data's names and rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin import random
from myelin.errors import InputError
from myelin.utils.dataset import padding, rows
from myelin.utils.dataset.mapping import ElementMap, apply
from myelin.utils.dataset.rows import INFINITE, UNKNOWN
from myelin.utils.dataset.trees import TensorSpec, leaves, stacked, tree_map

if TYPE_CHECKING:
    from myelin.utils.dataset.core import Dataset

AUTOTUNE = -1
NOTHING = object()


class Steps:
    """The methods of `Dataset` that make one data set of another."""

    _count: int
    element_spec: Any

    def _begin(self) -> Iterator[Any]:
        """A new pass over the elements, as plain arrays."""
        raise NotImplementedError

    def _like(
        self,
        begin: Callable[[], Iterator[Any]],
        count: int,
        spec: Callable[[], Any] | None = None,
    ) -> Dataset:
        """A data set of other elements."""
        raise NotImplementedError

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """`map_func` of each element, the parts of a tuple being its arguments.

        Where the function is the same for each element (it is traced to see), it is compiled;
        otherwise plain Python calls it, in threads if `num_parallel_calls` is given. Whole numbers
        of 64 bits and floats are computed in 32 bits.
        """
        mapping = ElementMap(map_func, bool(num_parallel_calls))
        return self._like(lambda: mapping.over(self._begin()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which `predicate` is true."""

        def begin() -> Iterator[Any]:
            return (e for e in self._begin() if bool(np.all(apply(predicate, e))))

        count = INFINITE if self._count == INFINITE else UNKNOWN
        return self._like(begin, count, lambda: self.element_spec)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements of the data sets that `map_func` makes of the elements."""
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: int | None = None,
        block_length: int = 1,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements of the data sets that `map_func` makes, several read in turn.

        Args:
            map_func: of an element, gives a data set.
            cycle_length: how many are open at once; None or AUTOTUNE: 4.
            block_length: how many elements each gives in its turn.
        """
        width = 4 if cycle_length in (None, AUTOTUNE) else cycle_length or 1

        def begin() -> Iterator[Any]:
            waiting = self._begin()
            cycle = [apply(map_func, e)._begin() for e in itertools.islice(waiting, width)]
            turn = 0
            while cycle:
                turn %= len(cycle)
                given = 0
                for element in itertools.islice(cycle[turn], block_length):
                    given += 1
                    yield element
                if given == block_length:
                    turn += 1
                    continue
                following = next(waiting, NOTHING)
                if following is NOTHING:
                    del cycle[turn]
                else:
                    cycle[turn] = apply(map_func, following)._begin()
                    turn += 1

        return self._like(begin, UNKNOWN)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements mixed through a buffer, anew in each pass.

        Args:
            buffer_size: how many elements wait to be drawn; with at least as many as there are,
                every order is alike.
            seed: of the draws; None takes the program's own sequence.
            reshuffle_each_iteration: False repeats the order in each pass.
        """
        positive("buffer_size", buffer_size)
        draw = passes(seed, reshuffle_each_iteration is not False)
        return self._like(
            lambda: rows.mixed(self._begin(), int(buffer_size), draw()), self._count,
            lambda: self.element_spec,
        )  # fmt: skip

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """So many elements at a time as one, with a new first axis.

        Args:
            batch_size: how many.
            drop_remainder: leaves out a last batch of fewer.
        """
        positive("batch_size", batch_size)
        size = int(batch_size)

        def begin() -> Iterator[Any]:
            return map(_batched, _groups(self._begin(), size, drop_remainder))

        return self._like(
            begin, part_count(self._count, size, drop_remainder),
            lambda: batched_spec(self.element_spec, size if drop_remainder else None),
        )  # fmt: skip

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """So many elements at a time, filled up at the ends to one shape.

        Args:
            batch_size: how many.
            padded_shapes: a shape for each array, None (or -1) along an axis for the longest of
                the batch; None for all.
            padding_values: what to fill up with, one for each array or for all: 0 or "".
            drop_remainder: leaves out a last batch of fewer.
        """
        positive("batch_size", batch_size)

        def begin() -> Iterator[Any]:
            for group in _groups(self._begin(), int(batch_size), drop_remainder):
                yield padding.padded(group, padded_shapes, padding_values)

        return self._like(
            begin, part_count(self._count, int(batch_size), drop_remainder),
            lambda: padding.padded_spec(self.element_spec, padded_shapes),
        )  # fmt: skip

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of the elements, one by one."""

        def begin() -> Iterator[Any]:
            for element in self._begin():
                for index in range(len(leaves(element)[0])):
                    yield tree_map(lambda a, index=index: np.asarray(a[index]), element)

        return self._like(begin, UNKNOWN)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Data sets of `size` elements, each beginning `shift` after the one before."""
        step = shift or size

        def begin() -> Iterator[Any]:
            kept: list[Any] = []
            waiting = self._begin()
            reach = (size - 1) * stride + 1
            while True:
                kept += itertools.islice(waiting, max(0, reach - len(kept)))
                if not kept or (drop_remainder and len(kept) < reach):
                    return
                chosen = kept[:reach:stride]
                yield tree_map(lambda *parts: self._like(parts.__iter__, len(parts)), *chosen)
                beyond = step - len(kept)
                kept = kept[step:]
                for _ in range(beyond):
                    next(waiting, None)

        return self._like(begin, UNKNOWN)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The elements so many times; without end if None."""
        times = -1 if count is None else int(count)

        def begin() -> Iterator[Any]:
            for _ in itertools.count() if times < 0 else range(times):
                empty = True
                for element in self._begin():
                    empty = False
                    yield element
                if empty:
                    return

        return self._like(begin, repeated_count(self._count, times), lambda: self.element_spec)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements; all if -1."""
        most = None if count < 0 else int(count)
        return self._like(
            lambda: itertools.islice(self._begin(), most), taken_count(self._count, int(count)),
            lambda: self.element_spec,
        )  # fmt: skip

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` elements; none if -1."""
        first = None if count < 0 else int(count)

        def begin() -> Iterator[Any]:
            return iter(()) if first is None else itertools.islice(self._begin(), first, None)

        left = 0 if first is None else skipped_count(self._count, first)
        return self._like(begin, left, lambda: self.element_spec)

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Every so many elements, from number `index` on."""
        count = self._count if self._count < 0 else max(0, -(-(self._count - index) // num_shards))
        return self._like(
            lambda: itertools.islice(self._begin(), index, None, num_shards), count,
            lambda: self.element_spec,
        )  # fmt: skip

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """These elements, then those of another data set."""
        counts = (self._count, dataset._count)
        count = INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)
        return self._like(lambda: itertools.chain(self._begin(), dataset._begin()), count)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """`(number, element)`, counted from `start`."""

        def begin() -> Iterator[Any]:
            for number, element in enumerate(self._begin(), start):
                yield np.asarray(number, np.int64), element

        spec = TensorSpec((), np.dtype("int64"))
        return self._like(begin, self._count, lambda: (spec, self.element_spec))

    def cache(self, filename: Any = "", name: str | None = None) -> Dataset:
        """Keeps the elements of the first whole pass in memory for the next ones."""
        kept: list[Any] | None = None

        def begin() -> Iterator[Any]:
            nonlocal kept
            if kept is not None:
                yield from kept
                return
            made = []
            for element in self._begin():
                made.append(element)
                yield element
            kept = made

        return self._like(begin, self._count, lambda: self.element_spec)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Any:
        """The same data set: `fit` makes batches while earlier ones train in any case."""
        return self

    def with_options(self, options: Any, name: str | None = None) -> Any:
        """The same data set: TensorFlow's options have no meaning here."""
        return self

    def apply(self, transformation_func: Callable[[Any], Any]) -> Any:
        """`transformation_func` of this data set."""
        return transformation_func(self)

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Dataset:
        """Ends at the first element that cannot be made, instead of raising."""

        def begin() -> Iterator[Any]:
            try:
                yield from self._begin()
            except Exception as error:
                if log_warning:
                    import warnings

                    warnings.warn(f"the data set ends early: {error!r}", stacklevel=2)

        return self._like(begin, UNKNOWN)


def batched_spec(spec: Any, size: int | None) -> Any:
    """The specs of elements under each other."""
    return tree_map(lambda s: TensorSpec((size, *s.shape), s.dtype), spec)


def repeated_count(count: int, times: int) -> int:
    """How many elements `repeat` gives."""
    if times < 0:
        return 0 if count == 0 else INFINITE
    if times == 0:
        return 0
    return count if count < 0 else count * times


def taken_count(count: int, most: int) -> int:
    """How many elements `take` gives."""
    if most < 0 or count == UNKNOWN:
        return count
    return most if count == INFINITE else min(count, most)


def skipped_count(count: int, first: int) -> int:
    """How many elements `skip` leaves."""
    return count if count < 0 else max(0, count - first)


def part_count(count: int, size: int, drop_remainder: bool) -> int:
    """How many batches there are."""
    if count < 0:
        return count
    return count // size if drop_remainder else -(-count // size)


def _groups(elements: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    while group := list(itertools.islice(elements, size)):
        if len(group) == size or not drop_remainder:
            yield group


def _batched(group: list[Any]) -> Any:
    return stacked(group)


def passes(seed: int | None, anew: bool) -> Callable[[], np.random.Generator]:
    """Gives a generator of random numbers for each pass, the same one each time unless `anew`."""
    first = random.next_seed() if seed is None and not anew else seed
    passes = itertools.count()

    def draw() -> np.random.Generator:
        if first is None:
            return np.random.default_rng(random.next_seed())
        return np.random.default_rng([int(first), next(passes) if anew else 0])

    return draw


def positive(name: str, value: Any) -> None:
    """Raises InputError unless `value` is a whole number above 0."""
    if not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name} wants a whole number above 0, got {value!r}")
