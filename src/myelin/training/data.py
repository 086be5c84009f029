"""Examples in memory, or batches that come one after another."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError
from myelin.training.background import by_number


def rows(tree: Any) -> int:
    """How many examples a tree of arrays holds."""
    leaves = jax.tree.leaves(tree)
    return int(leaves[0].shape[0]) if leaves else 0


@dataclass
class Arrays:
    """Examples that lie in memory: inputs, targets and weights, rows matching.

    Attributes:
        x: the inputs `(n, …)`, or a tree of them.
        y: the targets `(n, …)`; a tuple with one for each of several outputs, None where an
            output has none; or None.
        weight: one weight per example, for all outputs; a tuple as for `y`; or None.
    """

    x: Any
    y: Any = None
    weight: Any = None

    def __len__(self) -> int:
        return rows(self.x)

    @property
    def batch(self) -> tuple[Any, Any, Any]:
        """The three, as a step takes them."""
        return self.x, self.y, self.weight

    def rows(self, start: int, stop: int) -> Arrays:
        """The examples from `start` up to `stop`, without copying."""
        return Arrays(*jax.tree.map(lambda a: a[start:stop], self.batch))

    def labels(self, index: Any) -> Arrays:
        """The targets of the examples that `index` lists, with their numbers in the place of x."""
        return Arrays(index, jax.tree.map(lambda a: np.asarray(a)[index], self.y))

    def take(self, index: Any) -> Arrays:
        """The examples that `index` lists, copied."""
        return Arrays(*jax.tree.map(lambda a: np.asarray(a)[index], self.batch))

    def on_device(self) -> tuple[Any, Any, Any]:
        """The three as device arrays."""
        return jax.tree.map(jax.device_put, self.batch)


@dataclass
class Stream:
    """Batches that come one after another: a generator, a `PyDataset`, a data loader.

    Attributes:
        batches: gives one batch at a time, in a form that `read` knows.
        read: makes `Arrays` of a batch.
        steps: how many make an epoch; None when the stream ends by itself.
    """

    batches: Iterable[Any]
    read: Callable[[Any], Arrays]
    steps: int | None = None
    _iterator: Iterator[Any] | None = None
    _seen: Iterator[Any] | None = None
    _started: bool = False
    _form: Any = None

    def pass_over(self, epochs: int, steps: int) -> None:
        """Leaves out the batches of epochs that were run before, in another program perhaps.

        Where each epoch is a pass of its own, its passes are begun and given up, since what a
        pass draws at random it mostly draws when it begins, and its hooks are called; otherwise
        the batches are read.

        Args:
            epochs: how many.
            steps: how many batches they took in all.
        """
        if not self._pass_an_epoch:
            for _ in self._items(steps):
                pass
            return
        for _ in range(epochs):
            self._tell("on_epoch_begin")
            if not self._counted:
                next(self._begin(), None)
            self._tell("on_epoch_end")

    @property
    def _pass_an_epoch(self) -> bool:
        """Whether each epoch begins the batches anew and takes all of them."""
        restarts = not isinstance(self.batches, Iterator)
        return restarts and self.steps in (None, stream_length(self.batches))

    def epoch(self, skip: int = 0) -> Iterator[Arrays]:
        """The batches of one epoch; goes on where the last stood if the stream has no end.

        Args:
            skip: how many at its beginning are left out.
        """
        restarts = not isinstance(self.batches, Iterator)
        if restarts and self.steps is None:
            self._iterator = None
        self._tell("on_epoch_begin")
        whole = False
        try:
            for item in self._items(self.steps, skip):
                yield self._read(item)
            whole = self.steps != stream_length(self.batches)
        finally:
            if restarts and not whole:
                # A pass is over, or given up: its workers can go.
                self._iterator = None
        self._tell("on_epoch_end")

    def _items(self, steps: int | None, skip: int = 0) -> Iterator[Any]:
        """So many batches unread, of as many passes as it takes, without the first `skip`."""
        restarts = not isinstance(self.batches, Iterator)
        count = 0
        if skip and self._counted and self._pass_an_epoch:
            count, self._started = skip, True
            self._iterator = by_number(self.batches, stream_length(self.batches), skip)
        while steps is None or count < steps:
            if self._iterator is None:
                self._iterator = self._begin()
            try:
                item = next(self._iterator)
            except StopIteration:
                self._iterator = None
                if steps is None or not restarts:
                    return
                if count == 0 and not self._started:
                    raise InputError("the iterable of batches gave no batch") from None
                self._started = False
                continue
            self._started = True
            count += 1
            if count > skip:
                yield item

    def _read(self, item: Any) -> Arrays:
        """A batch read; arrays like the last ones, which were taken as they are, unread."""
        plain = type(item) is tuple and all(type(part) is np.ndarray for part in item)
        form = [(part.shape, part.dtype) for part in item] if plain else None
        if plain and form == self._form:
            return Arrays(*item)
        arrays = self.read(item)
        same = plain and all(a is b for a, b in zip(item, arrays.batch, strict=False))
        kept = same and all(part is None for part in arrays.batch[len(item) :])
        self._form = form if kept else None
        return arrays

    def _tell(self, hook: str) -> None:
        """Calls a hook that a `PyDataset` has, and other iterables may have."""
        if hasattr(self.batches, hook):
            getattr(self.batches, hook)()

    def peek(self) -> tuple[Arrays, Iterable[Any]]:
        """The first batch, and the batches with it still among them."""
        if self._counted:
            return self.read(self.batches[0]), self.batches  # type: ignore[index]
        iterator = iter(self.batches)
        try:
            item = next(iterator)
        except StopIteration:
            raise InputError("the iterable of batches gave no batch") from None
        # The first pass goes on from here: what fills a buffer is not done twice.
        self._seen = itertools.chain([item], iterator)
        return self.read(item), self.batches

    @property
    def _counted(self) -> bool:
        """Whether batches have numbers."""
        if not hasattr(self.batches, "__getitem__"):
            return False
        return hasattr(self.batches, "num_batches") or stream_length(self.batches) is not None

    def _begin(self) -> Iterator[Any]:
        """A new pass over the batches, by number where they have numbers."""
        if self._counted:
            return by_number(self.batches, stream_length(self.batches))
        seen, self._seen = self._seen, None
        return iter(self.batches) if seen is None else seen


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches by itself rather than being an array of examples."""
    if hasattr(x, "__array__") or hasattr(x, "__dlpack__") or isinstance(x, list | tuple | dict):
        return False
    if type(x).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow", "datasets"):
        return False
    return hasattr(x, "__next__") or hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def split_validation(
    arrays: Arrays, fraction: float, stratify: bool = False, seed: int = 0
) -> tuple[Arrays, Arrays]:
    """Splits off the examples that validate; see `split_rows`."""
    train, held_out = split_rows(arrays, fraction, stratify, seed)
    if stratify:
        return arrays.take(train), arrays.take(held_out)
    return arrays.rows(0, len(train)), arrays.rows(len(train), len(arrays))


def split_rows(
    arrays: Arrays, fraction: float, stratify: bool = False, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the rows that train, and of those that validate.

    Args:
        arrays: all examples.
        fraction: the share that validates, above 0 and below 1.
        stratify: False takes the last rows, unshuffled, exactly as Keras does; True draws
            the same share of each class, to the nearest row above or below.
        seed: of that draw.

    Raises:
        InputError: the fraction is out of range, or leaves a side without examples.
    """
    if not 0 < fraction < 1:
        raise InputError(f"validation_split wants a share from 0 up to 1, got {fraction}")
    n = len(arrays)
    cut = int(n * (1 - fraction))
    if cut in (0, n):
        raise InputError(f"validation_split={fraction} of {n} examples leaves one side empty")
    if stratify:
        if isinstance(arrays.y, tuple):
            raise InputError("stratify wants the labels of one output, and this model has several")
        labels = np.asarray(arrays.y)
        labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.ravel()
        # Shuffled, then class by class: rows at even distances are of each class its share. Not
        # scikit-learn's, whose import would take longer than many a fit.
        order = np.random.default_rng(seed).permutation(n)
        order = order[np.argsort(labels[order], kind="stable")]
        passed = np.arange(n + 1) * (n - cut) // n
        drawn = np.diff(passed) > 0
        return np.sort(order[~drawn]), np.sort(order[drawn])
    if any(_labels_sorted(labels) for labels in jax.tree.leaves(arrays.y)):
        warnings.warn(
            "validation_split takes the last rows, and the labels are sorted: the validation "
            "data lack the classes that come first. Shuffle the rows, or pass stratify=True.",
            stacklevel=6,
        )
    rows = np.arange(n)
    return rows[:cut], rows[cut:]


def _labels_sorted(y: Any) -> bool:
    labels = np.asarray(y)
    labels = labels.argmax(-1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()
    if labels.dtype.kind not in "iub" or len(labels) < 3 or labels[0] == labels[-1]:
        return False
    return bool(np.all(labels[:-1] <= labels[1:]))


def weigh_classes(arrays: Arrays, class_weight: Any) -> Arrays:
    """Multiplies each example's weight by that of its class.

    Args:
        arrays: with integer labels `(n,)` or `(n, 1)`, or one-hot labels `(n, classes)`; for
            labels of more axes the weight has the axes of the labels.
        class_weight: `{class: weight}` (1 for classes it lacks), or `"balanced"`: n divided by
            the number of classes and by the examples of the class, as in scikit-learn.

    Raises:
        InputError: no labels, those of several outputs, labels that are not whole numbers, or an
            unknown word.
    """
    if arrays.y is None:
        raise InputError("class_weight wants labels y")
    if isinstance(arrays.y, tuple):
        raise InputError(
            "class_weight is for models with one output: with several, give sample_weight, one "
            "array for each output"
        )
    labels = np.asarray(arrays.y)
    if labels.ndim > 1 and labels.shape[-1] > 1:
        labels = labels.argmax(-1)
    elif labels.ndim > 1:
        labels = labels[..., 0]
    if not np.all(labels == np.round(labels)):
        raise InputError("class_weight wants labels that are whole numbers")
    labels = labels.astype(np.int64)
    if class_weight == "balanced":
        classes, counts = np.unique(labels, return_counts=True)
        class_weight = dict(zip(classes, labels.size / (len(classes) * counts), strict=True))
    if not isinstance(class_weight, dict):
        raise InputError(f'class_weight wants a dictionary or "balanced", got {class_weight!r}')
    table = np.ones(max(labels.max(), *map(int, class_weight)) + 1, np.float32)
    for label, value in class_weight.items():
        table[int(label)] = value
    weight = table[labels]
    if arrays.weight is not None:
        weight = weight * np.asarray(arrays.weight)
    return Arrays(arrays.x, arrays.y, weight)


def stream_length(stream: Any) -> int | None:
    """How many batches it says it has, or None."""
    if hasattr(stream, "num_batches"):
        count = stream.num_batches
        return None if count is None else int(count)
    try:
        count = len(stream)
    except TypeError:
        return None
    # Grain says so of what has no end.
    return count if count < sys.maxsize else None
