"""California housing: prices of houses in 1990."""

from __future__ import annotations

from myelin.datasets import cache, reading, splits
from myelin.errors import InputError

SOURCE = cache.Source(
    "california_housing.npz",
    cache.KERAS_URL + "california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> splits.TrainAndTest:
    """Loads 20,640 districts with 8 measures each (Pace and Barry, 1997).

    Args:
        version: "large", or "small" for the first 600 districts.
        path: the name of the file in the caches.
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float32 `(n, 8)`, the median price in
        dollars, float32 `(n,)`.

    Raises:
        InputError: the share is out of range, or another version.
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    splits.check_share(test_split)
    if version not in ("large", "small"):
        raise InputError(f'version wants "large" or "small", got {version!r}')
    found = cache.locate(cache.named(path, SOURCE))
    x, y = reading.arrays(found, ("x", "y"))
    reading.same_length(found, (x, y))
    count = _SMALL if version == "small" else len(x)
    return splits.shuffled(x[:count], y[:count], test_split, seed)
