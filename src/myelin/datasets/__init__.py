"""`keras.datasets`: data sets by name, each a module with `load_data`.

Those of Keras are fetched once (see `myelin.datasets.cache` for where they are looked for);
`digits`, `iris`, `wine`, `breast_cancer` and `diabetes` are inside scikit-learn and need no
network.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myelin.datasets import boston_housing as boston_housing
    from myelin.datasets import breast_cancer as breast_cancer
    from myelin.datasets import california_housing as california_housing
    from myelin.datasets import cifar10 as cifar10
    from myelin.datasets import cifar100 as cifar100
    from myelin.datasets import diabetes as diabetes
    from myelin.datasets import digits as digits
    from myelin.datasets import fashion_mnist as fashion_mnist
    from myelin.datasets import imdb as imdb
    from myelin.datasets import iris as iris
    from myelin.datasets import mnist as mnist
    from myelin.datasets import reuters as reuters
    from myelin.datasets import wine as wine

__all__ = [
    "boston_housing",
    "breast_cancer",
    "california_housing",
    "cifar10",
    "cifar100",
    "diabetes",
    "digits",
    "fashion_mnist",
    "imdb",
    "iris",
    "mnist",
    "reuters",
    "wine",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"myelin.datasets.{name}")
    from myelin.errors import nearest

    raise AttributeError(f'myelin.datasets has no "{name}". {nearest(name, __all__)}'.strip())


def __dir__() -> list[str]:
    return list(__all__)
