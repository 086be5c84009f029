"""Fashion-MNIST: clothes in 28 by 28 pixels."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from myelin.datasets import cache, reading
from myelin.datasets.splits import TrainAndTest
from myelin.errors import FileFormatError

# Keras has no hashes for these; they are those of the files that Zalando published.
_DIGESTS = {
    "train-images": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
_OWN_NAME = "fashion_mnist.npz"


def load_data() -> TrainAndTest:
    """Loads 60,000 and 10,000 images of 10 kinds of clothes (Xiao, Rasul and Vollgraf, 2017).

    The kinds are 0 T-shirt/top, 1 Trouser, 2 Pullover, 3 Dress, 4 Coat, 5 Sandal, 6 Shirt,
    7 Sneaker, 8 Bag, 9 Ankle boot. A `fashion_mnist.npz` in `MYELIN_DATASETS`, with `x_train`,
    `y_train`, `x_test` and `y_test`, takes the place of Keras's four files, which are in the
    folder `fashion-mnist` of the caches.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(n, 28, 28)`, kinds uint8 `(n,)`.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: a file is damaged.
    """
    own = cache.users_file(_OWN_NAME)
    if own is not None:
        x_train, y_train, x_test, y_test = reading.arrays(
            own, ("x_train", "y_train", "x_test", "y_test")
        )
        reading.same_length(own, (x_train, y_train), (x_test, y_test))
        return (x_train, y_train), (x_test, y_test)
    return _part("train"), _part("t10k")


def _part(which: str) -> tuple[np.ndarray, np.ndarray]:
    path = _file(f"{which}-images", "idx3")
    images = _read(path, 3)
    labels = _read(_file(f"{which}-labels", "idx1"), 1)
    reading.same_length(path, (images, labels))
    return images, labels


def _file(stem: str, kind: str) -> Path:
    name = f"{stem}-{kind}-ubyte.gz"
    return cache.locate(
        cache.Source(name, cache.KERAS_URL + name, _DIGESTS[stem], folder="fashion-mnist")
    )


def _read(path: Path, axes: int) -> np.ndarray:
    """An array in the IDX format: two zeros, the type 8, the number of axes, their lengths."""

    def read() -> np.ndarray:
        with gzip.open(path) as file:
            data = file.read()
        if data[:4] != bytes([0, 0, 8, axes]):
            raise FileFormatError(f"{path}: is no IDX file of bytes with {axes} axes")
        shape = np.frombuffer(data, ">u4", count=axes, offset=4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()

    return reading.undamaged(read, path)
