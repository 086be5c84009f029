"""CIFAR-100: small colour photographs of 100 kinds of things."""

from __future__ import annotations

from myelin.datasets import cache, cifar
from myelin.datasets.splits import TrainAndTest
from myelin.errors import InputError

SOURCE = cache.Source(
    "cifar-100-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    in_keras=("cifar-100-python-target_archive", "cifar-100-python.tar.gz"),
)


def load_data(label_mode: str = "fine") -> TrainAndTest:
    """Loads 50,000 and 10,000 photographs of 100 kinds of things (Krizhevsky, 2009).

    A `cifar100.npz` in `MYELIN_DATASETS`, with `x_train`, `y_train`, `x_test` and `y_test`
    (for the coarse kinds `y_coarse_train` and `y_coarse_test`), takes the place of the archive.

    Args:
        label_mode: "fine" for the 100 kinds, "coarse" for the 20 groups they form.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(n, 32, 32, 3)`, kinds int64
        `(n, 1)`.

    Raises:
        InputError: another `label_mode`.
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    if label_mode not in ("fine", "coarse"):
        raise InputError(f'label_mode wants "fine" or "coarse", got {label_mode!r}')
    own = cache.users_file("cifar100.npz")
    if own is not None:
        return cifar.from_npz(own, "y" if label_mode == "fine" else "y_coarse")
    return cifar.from_archive(SOURCE, "cifar-100-python", ["train"], "test", f"{label_mode}_labels")
