"""Boston housing: prices of houses in the 1970s."""

from __future__ import annotations

from myelin.datasets import cache, reading, splits

SOURCE = cache.Source(
    "boston_housing.npz",
    cache.KERAS_URL + "boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
)


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> splits.TrainAndTest:
    """Loads 506 districts with 13 measures each (Harrison and Rubinfeld, 1978).

    One of the measures, "B", supposes that people of one origin raise or lower the prices
    around them; do not build on these data. `california_housing` serves instead.

    Args:
        path: the name of the file in the caches.
        test_split: the share of test data, from 0 up to but not including 1.
        seed: of the mixing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: inputs float64 `(n, 13)`, the median price in
        1000 dollars, float64 `(n,)`.

    Raises:
        InputError: the share is out of range.
        DownloadError: it is not on this machine and could not be fetched.
        FileFormatError: the file is damaged.
    """
    splits.check_share(test_split)
    found = cache.locate(cache.named(path, SOURCE))
    x, y = reading.arrays(found, ("x", "y"))
    reading.same_length(found, (x, y))
    return splits.shuffled(x, y, test_split, seed)
