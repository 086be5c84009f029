"""`Dataset`: examples one after another, and what is done to them, by tf.data's names."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.utils.dataset.parquet import Parquet
from myelin.utils.dataset.rows import INFINITE, UNKNOWN
from myelin.utils.dataset.steps import NOTHING, Steps, passes, positive
from myelin.utils.dataset.trees import (
    Element,
    TensorSpec,
    as_element,
    columns,
    leaves,
    normalized,
    spec_of,
    tree_map,
)

INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


class Dataset(Steps):
    """Elements that are made when they are wanted, by tf.data's names and rules.

    An element is a NumPy array, or a tuple or dictionary of such. `fit`, `evaluate` and `predict`
    take a data set whose elements are batches `(x, y)`; rows that lie in memory and are only
    shuffled, repeated, taken, mapped and batched train there as arrays do.

        Dataset.from_tensor_slices((x, y)).shuffle(1000).map(scale).batch(32).prefetch(AUTOTUNE)

    Args:
        begin: gives a new iterator over the elements.
        count: how many there are; `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY`.
        spec: the `element_spec`; None asks the first element.

    Attributes:
        class_names: of a data set from folders, the classes by their number.
        file_paths: of a data set from folders, the files in the order they were listed.
    """

    def __init__(
        self,
        begin: Callable[[], Iterator[Any]],
        count: int = UNKNOWN,
        spec: Callable[[], Any] | None = None,
    ) -> None:
        self._begin_pass = begin
        self._count = count
        self._spec = spec

    # Where elements come from.

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """The rows of arrays.

        Args:
            tensors: an array, a list, or a tuple or dictionary of such, all of one length.
            name: taken for the sake of TensorFlow programs, here and in all that follows.

        Raises:
            ShapeError: lengths that differ.
        """
        from myelin.utils.dataset.tables import Rows, Table

        made = columns(tensors)
        return Rows(Table.of(made))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """One element: `tensors` as they are."""
        element = normalized(tensors)
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements of a function that gives an iterable, called anew for each pass.

        Args:
            generator: the function.
            output_types: the types of the arrays; None keeps what comes.
            output_shapes: taken for the sake of TensorFlow programs.
            args: for the function.
            output_signature: a tree of `TensorSpec`s in the place of types and shapes.
        """
        if not callable(generator):
            raise InputError("from_generator wants a function that gives an iterable")
        given = tuple(np.asarray(value) for value in args or ())
        types = output_types
        if output_signature is not None:
            types = tree_map(lambda spec: spec.dtype, output_signature)

        def begin() -> Iterator[Any]:
            for item in generator(*given):
                yield _typed(item, types)

        spec = None if output_signature is None else lambda: output_signature
        return Dataset(begin, UNKNOWN, spec)

    @staticmethod
    def from_parquet(
        paths: Any,
        batch_size: int = 32,
        target: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Dataset:
        """Batches of the rows of Parquet files, which need not fit into memory.

        Args:
            paths: a path, a pattern such as `"part-*.parquet"`, or several.
            batch_size: rows a batch.
            target: the column that is `y`; None for inputs alone.
            columns: those of `x`, in order; None takes all others.

        Returns:
            A `Dataset` of `(x, y)`: x float32 `(n, columns)`, y as it is in the file.

        Raises:
            InputError: no files, or columns that are not numbers.
            UnknownNameError: a column that is not there.
            MissingExtraError: pyarrow is not installed.
        """
        positive("batch_size", batch_size)
        files = Parquet(paths, int(batch_size), target, columns)
        return Dataset(files.batches, files.count(), files.spec)

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None,
        name: str | None = None,
    ) -> Dataset:  # fmt: skip
        """The paths that a pattern, or several, name; mixed anew in each pass unless told not to.

        Raises:
            InputError: there are none.
        """
        patterns = np.atleast_1d(np.asarray(file_pattern)).tolist()
        found = sorted(path for pattern in patterns for path in glob.glob(os.fsdecode(pattern)))
        if not found:
            raise InputError(f"list_files: nothing is called {', '.join(map(str, patterns))}")
        files = Dataset.from_tensor_slices(np.asarray(found))
        return files if shuffle is False else files.shuffle(len(found), seed)

    @staticmethod
    def range(*args: int, output_type: Any = np.int64, name: str | None = None) -> Dataset:
        """Whole numbers, by the rules of Python's `range`."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype=output_type))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Elements side by side, as long as all last.

        Args:
            *args: data sets, or one tuple or dictionary of them.
        """
        tree = datasets if datasets is not None else args if len(args) != 1 else args[0]
        members = leaves(tree)

        def begin() -> Iterator[Any]:
            places = iter(range(len(members)))
            numbered = tree_map(lambda _: next(places), tree)
            for parts in zip(*(member._begin() for member in members), strict=False):
                yield tree_map(parts.__getitem__, numbered)

        counts = [member._count for member in members]
        known = [count for count in counts if count != INFINITE]
        count = UNKNOWN if UNKNOWN in counts else min(known, default=INFINITE)
        return Dataset(begin, count, lambda: tree_map(lambda d: d.element_spec, tree))

    @staticmethod
    def sample_from_datasets(
        datasets: list[Dataset],
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Dataset:
        """Elements drawn from several data sets, each with its share of the draws."""
        shares = np.full(len(datasets), 1.0) if weights is None else np.asarray(weights, float)
        draw = passes(seed, rerandomize_each_iteration is not False)

        def begin() -> Iterator[Any]:
            rng = draw()
            left = shares.copy()
            iterators = [dataset._begin() for dataset in datasets]
            while left.sum() > 0:
                chosen = int(rng.choice(len(datasets), p=left / left.sum()))
                try:
                    element = next(iterators[chosen])
                except StopIteration:
                    left[chosen] = 0
                    if stop_on_empty_dataset:
                        return
                    continue
                yield element

        return Dataset(begin, UNKNOWN, datasets[0]._spec)

    # What is asked of it.

    def options(self) -> Options:
        """TensorFlow's options, which have no meaning here."""
        return Options()

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any]) -> Any:
        """`reduce_func(state, element)` over all elements, from `initial_state` on."""
        state = normalized(initial_state)
        for element in self._begin():
            given = tree_map(as_element, state), tree_map(as_element, element)
            state = normalized(reduce_func(*given))
        return tree_map(as_element, state)

    def __iter__(self) -> Iterator[Any]:
        return (tree_map(as_element, element) for element in self._begin())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain arrays and numbers; text as bytes."""
        return (tree_map(_plain, element) for element in self._begin())

    def get_single_element(self, name: str | None = None) -> Any:
        """The one element there is.

        Raises:
            InputError: there is none, or more than one.
        """
        found = list(itertools.islice(iter(self), 2))
        if len(found) != 1:
            raise InputError("get_single_element wants a data set of one element")
        return found[0]

    def cardinality(self, name: str | None = None) -> Any:
        """How many elements there are, or one of the two constants below 0."""
        return np.asarray(self._count, np.int64).view(Element)

    def __len__(self) -> int:
        if self._count < 0:
            raise TypeError(
                "the data set is infinite" if self._count == INFINITE
                else "the length of the data set is not known before it is read"
            )  # fmt: skip
        return self._count

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """A `TensorSpec` of each array of an element."""
        if self._spec is not None:
            return self._spec()
        first = next(self._begin(), NOTHING)
        if first is NOTHING:
            raise InputError("element_spec: the data set is empty")
        return tree_map(lambda a: a if hasattr(a, "_begin") else spec_of(a), first)

    @property
    def num_batches(self) -> int | None:
        """How many elements there are, None where that is unknown or without end."""
        return self._count if self._count >= 0 else None

    def __repr__(self) -> str:
        count = {INFINITE: "without end", UNKNOWN: "length unknown"}.get(self._count)
        return f"<{type(self).__name__}: {count or f'{self._count} elements'}>"

    def _begin(self) -> Iterator[Any]:
        """A new pass over the elements, as plain arrays."""
        return self._begin_pass()

    def _like(
        self,
        begin: Callable[[], Iterator[Any]],
        count: int,
        spec: Callable[[], Any] | None = None,
    ) -> Dataset:
        return Dataset(begin, count, spec)


class TextLineDataset(Dataset):
    """The lines of text files, one after another.

    Args:
        filenames: a path, or several.
    """

    def __init__(self, filenames: Any, **_: Any) -> None:
        paths = [os.fsdecode(path) for path in np.atleast_1d(np.asarray(filenames)).tolist()]

        def begin() -> Iterator[Any]:
            for path in paths:
                with open(path, encoding="utf-8", newline="") as file:
                    for line in file:
                        yield np.asarray(line.rstrip("\r\n"))

        super().__init__(begin, UNKNOWN, lambda: TensorSpec((), "string"))


def choose_from_datasets(datasets: list[Dataset], choice_dataset: Dataset) -> Dataset:
    """Elements of several data sets, in the order in which another numbers them."""

    def begin() -> Iterator[Any]:
        iterators = [dataset._begin() for dataset in datasets]
        for choice in choice_dataset._begin():
            element = next(iterators[int(choice)], NOTHING)
            if element is NOTHING:
                return
            yield element

    return Dataset(begin)


def cardinality(dataset: Dataset) -> Any:
    """How many elements a data set has."""
    return dataset.cardinality()


def _typed(item: Any, types: Any) -> Any:
    """What a generator gave, in the types it promised."""
    if isinstance(types, dict):
        return {key: _typed(item[key], kind) for key, kind in types.items()}
    if isinstance(types, tuple | list) and not hasattr(types, "dtype"):
        return tuple(_typed(part, kind) for part, kind in zip(item, types, strict=True))
    if types is None:
        return normalized(item)
    kind = str(getattr(types, "name", types))
    if kind in ("string", "str"):
        return np.asarray(item)
    return np.asarray(item, np.dtype(types))


def _plain(value: Any) -> Any:
    element = as_element(value)
    return element.numpy() if isinstance(element, Element) else element


class Options:
    """Takes any of tf.data's options and does nothing with them."""

    def __init__(self) -> None:
        self.threading = _Anything()
        self.autotune = _Anything()
        self.experimental_optimization = _Anything()
        self.experimental_distribute = _Anything()
        self.deterministic = True


class _Anything:
    """An object that attributes are set on."""
