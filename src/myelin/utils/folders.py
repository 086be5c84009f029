"""`Folder`: a data set of files, in a folder for each class."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.utils.dataset import Dataset, TensorSpec
from myelin.utils.folder_index import index_files, split_files


class Folder(Dataset):
    """Batches `(files read, labels)`, or the files alone, read when they are wanted.

    Args:
        file_paths: the files.
        labels: one for each, or None.
        class_names: the classes by their number; None without labels.
        read: makes an array of a path.
        join: makes a batch of such arrays.
        batch_size: files a batch; None gives them one by one.
        shuffle: mixes the files anew in each pass.
        seed: of that.
        spec: of what `read` gives.

    Attributes:
        file_paths: the files, in the order of the first listing.
        class_names: the classes, by their number; None without labels.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        read: Callable[[str], Any],
        join: Callable[[list[Any]], Any],
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
        spec: TensorSpec,
    ) -> None:
        self.file_paths = file_paths
        self.class_names = class_names
        self._labels = labels
        self._read = read
        self._join = join
        self._batch_size = batch_size
        self._random = np.random.default_rng(seed) if shuffle else None
        count = -(-len(file_paths) // (batch_size or 1))
        super().__init__(self._pass, count, lambda: self._specs(spec))

    def _pass(self) -> Iterator[Any]:
        count = len(self.file_paths)
        order = np.arange(count) if self._random is None else self._random.permutation(count)
        # Decoding lets go of the interpreter.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "myelin-files") as threads:
            size = self._batch_size or 32
            groups = [order[start : start + size] for start in range(0, count, size)]
            waiting: list[Any] = []
            for rows, following in itertools.zip_longest(groups, groups[1:]):
                made = waiting or [threads.submit(self._read, self.file_paths[i]) for i in rows]
                # The next files are read while these are used.
                following = () if following is None else following
                waiting = [threads.submit(self._read, self.file_paths[i]) for i in following]
                try:
                    read = [each.result() for each in made]
                except BaseException:
                    threads.shutdown(wait=False, cancel_futures=True)
                    raise
                if self._batch_size is not None:
                    yield self._with_labels(self._join(read), rows)
                    continue
                for row, each in zip(rows, read, strict=True):
                    yield self._with_labels(np.asarray(each), row)

    def _with_labels(self, read: Any, rows: Any) -> Any:
        return read if self._labels is None else (read, np.asarray(self._labels[rows]))

    def _specs(self, spec: TensorSpec) -> Any:
        batched = () if self._batch_size is None else (None,)
        own = TensorSpec((*batched, *spec.shape), spec.dtype)
        if self._labels is None:
            return own
        return own, TensorSpec((*batched, *self._labels.shape[1:]), self._labels.dtype)


@dataclass(frozen=True)
class Listing:
    """What all `…_dataset_from_directory` take, as they are documented there.

    Attributes:
        endings: of the files.
        what: what to call them in an error.
    """

    endings: tuple[str, ...]
    what: str
    directory: str | os.PathLike[str]
    labels: Any
    label_mode: str | None
    class_names: list[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    def folders(
        self, read: Callable[[str], Any], join: Callable[[list[Any]], Any], spec: TensorSpec
    ) -> Any:
        """The data set, or for `subset="both"` the two.

        Raises:
            InputError: no files, or an argument out of range.
        """
        labels, mode = self.labels, self.label_mode
        if labels is None or mode is None:
            labels = mode = None
        self._check(labels, mode)
        seed = int(np.random.randint(10**6)) if self.seed is None else self.seed
        files, numbers, names = index_files(
            self.directory, labels, self.class_names, self.shuffle, seed, self.follow_links,
            self.verbose, self.endings, self.what,
        )  # fmt: skip
        encoded = _encode(numbers, mode, names)

        def part(which: str | None) -> Folder:
            chosen = split_files(len(files), self.validation_split, which, self.verbose, self.what)
            # As in Keras, the validation files of a pair keep their order.
            mixed = self.shuffle and (self.subset != "both" or which == "training")
            return Folder(
                files[chosen], None if encoded is None else encoded[chosen], names, read, join,
                self.batch_size, mixed, seed, spec,
            )  # fmt: skip

        if self.subset == "both":
            return [part("training"), part("validation")]
        return part(self.subset)

    def _check(self, labels: Any, mode: str | None) -> None:
        if labels not in ("inferred", None) and not isinstance(labels, list | tuple):
            raise InputError(
                'labels wants "inferred", None, or a list of one class number per file, '
                f"got {type(labels).__name__}"
            )
        one_of("label_mode", mode, ("int", "categorical", "binary", None))
        _check_split(self.validation_split, self.subset, self.shuffle, self.seed, self.what)


def one_of(name: str, value: Any, known: tuple[Any, ...]) -> None:
    """Raises InputError unless `value` is one of the known ones."""
    if value not in known:
        raise InputError(f"{name} wants one of {', '.join(map(str, known))}, got {value!r}")


def _encode(
    numbers: np.ndarray | None, label_mode: str | None, names: list[str] | None
) -> np.ndarray | None:
    if numbers is None or names is None:
        return None
    if label_mode == "binary":
        if len(names) != 2:
            raise InputError(f'label_mode="binary" wants 2 classes, got {len(names)}: {names}')
        return numbers.astype(np.float32)[:, None]
    if label_mode == "categorical":
        return np.asarray(np.eye(len(names), dtype=np.float32)[numbers])
    return numbers


def _check_split(
    validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None, what: str
) -> None:
    if validation_split and not 0 < validation_split < 1:
        raise InputError(
            f"validation_split wants a share above 0 and below 1, got {validation_split}"
        )
    if bool(validation_split) != bool(subset):
        raise InputError("validation_split and subset go together: pass both or neither")
    if subset not in ("training", "validation", "both", None):
        raise InputError(f'subset wants "training", "validation" or "both", got {subset!r}')
    if validation_split and shuffle and seed is None:
        raise InputError(
            "validation_split with shuffle wants a seed, so that the training and the "
            f"validation {what} do not overlap"
        )
