"""CIFAR-10: small colour photographs of 10 kinds of things."""

from __future__ import annotations

import numpy as np

from myelin.datasets import cache, cifar
from myelin.datasets.splits import TrainAndTest

SOURCE = cache.Source(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    in_keras=("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),
)


def load_data() -> TrainAndTest:
    """Loads 50,000 and 10,000 photographs of 10 kinds of things (Krizhevsky, 2009).

    The kinds are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse,
    8 ship, 9 truck. A `cifar10.npz` in `MYELIN_DATASETS`, with `x_train`, `y_train`, `x_test`
    and `y_test`, takes the place of the archive.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(n, 32, 32, 3)`, kinds uint8
        `(n, 1)`.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    own = cache.users_file("cifar10.npz")
    if own is not None:
        return cifar.from_npz(own)
    batches = [f"data_batch_{number}" for number in range(1, 6)]
    (x_train, y_train), (x_test, y_test) = cifar.from_archive(
        SOURCE, "cifar-10-batches-py", batches, "test_batch", "labels"
    )
    return (x_train, y_train.astype(np.uint8)), (x_test, y_test.astype(np.uint8))
