"""MNIST: handwritten digits in 28 by 28 pixels."""

from __future__ import annotations

from myelin.datasets import cache, reading
from myelin.datasets.splits import TrainAndTest

SOURCE = cache.Source(
    "mnist.npz",
    cache.KERAS_URL + "mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)


def load_data(path: str = "mnist.npz") -> TrainAndTest:
    """Loads 60,000 and 10,000 images of the digits 0 to 9 (LeCun, Cortes and Burges, 1998).

    Args:
        path: the name of the file in the caches.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(n, 28, 28)`, digits uint8 `(n,)`.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    found = cache.locate(cache.named(path, SOURCE))
    x_train, y_train, x_test, y_test = reading.arrays(
        found, ("x_train", "y_train", "x_test", "y_test")
    )
    reading.same_length(found, (x_train, y_train), (x_test, y_test))
    return (x_train, y_train), (x_test, y_test)
