"""What CIFAR-10 and CIFAR-100 share: an archive of pickled batches."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from myelin.datasets import cache, reading
from myelin.datasets.splits import TrainAndTest
from myelin.errors import FileFormatError


def from_npz(path: Path, labels: str = "y") -> TrainAndTest:
    """The data from a file of the user's, with `x_train`, `y_train`, `x_test` and `y_test`.

    Args:
        path: the .npz file.
        labels: how the names of the labels begin.

    Raises:
        FileFormatError: a damaged file, or images that are not 32 by 32 in three colours.
    """
    x_train, y_train, x_test, y_test = reading.arrays(
        path, ("x_train", f"{labels}_train", "x_test", f"{labels}_test")
    )
    reading.same_length(path, (x_train, y_train), (x_test, y_test))
    for images in (x_train, x_test):
        if images.shape[1:] != (32, 32, 3):
            raise FileFormatError(f"{path}: wants images (n, 32, 32, 3), got {images.shape}")
    return (x_train, y_train.reshape(-1, 1)), (x_test, y_test.reshape(-1, 1))


def from_archive(
    source: cache.Source, folder: str, training: Sequence[str], testing: str, labels: str
) -> TrainAndTest:
    """The data from the archive as published, which is read without unpacking it.

    Args:
        source: the archive.
        folder: the one in the archive.
        training: the names of the training batches in it.
        testing: the name of the test batch in it.
        labels: under which name a batch has the labels.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: it is damaged.
    """
    path = cache.locate(source)
    wanted = [f"{folder}/{name}" for name in (*training, testing)]
    batches = reading.undamaged(lambda: _members(path, wanted), path)
    read = [_batch(batches[name], f"{path}, {name}", labels) for name in wanted]
    images = np.concatenate([x for x, _ in read[:-1]])
    numbers = np.concatenate([y for _, y in read[:-1]])
    return (images, numbers), read[-1]


def _members(path: Path, wanted: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        # In the order of the archive, so that it is decompressed only once.
        for member in archive:
            name = member.name.removeprefix("./")
            file = archive.extractfile(member) if name in wanted and member.isfile() else None
            if file is not None:
                found[name] = file.read()
    if missing := sorted(set(wanted) - set(found)):
        raise FileFormatError(f"{path}: holds no {', '.join(missing)}")
    return found


def _batch(data: bytes, where: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    """One batch: a dictionary, in a pickle of Python 2, with images as rows of 3072 bytes."""
    batch: Any = reading.unpickle(io.BytesIO(data), where, encoding="bytes")
    try:
        rows, numbers = batch[b"data"], np.asarray(batch[labels.encode()])
        images = rows.reshape(len(rows), 3, 32, 32).transpose(0, 2, 3, 1)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FileFormatError(f"{where}: is no batch of CIFAR images: {error!r}") from error
    if numbers.shape != (len(rows),):
        raise FileFormatError(f"{where}: {len(rows)} images and labels of shape {numbers.shape}")
    return np.ascontiguousarray(images), numbers[:, None]
