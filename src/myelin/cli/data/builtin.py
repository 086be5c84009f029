"""The built-in data sets, by name."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from myelin.cli.data.arrays import checked_rows
from myelin.cli.data.rows import Rows, Source

# Name to whether its targets are class labels. The first ones are inside scikit-learn's wheel.
BUILTIN = {
    "digits": True,
    "iris": True,
    "wine": True,
    "breast_cancer": True,
    "diabetes": False,
    "mnist": True,
    "fashion_mnist": True,
    "cifar10": True,
    "cifar100": True,
}

CLASS_NAMES = {
    name: words.split(",")
    for name, words in {
        "iris": "setosa,versicolor,virginica",
        "breast_cancer": "malignant,benign",
        "fashion_mnist": "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,"
        "Ankle boot",
        "cifar10": "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
    }.items()
}


def read_builtin(name: str) -> Source:
    """The data set called `name`, with its own test part.

    Raises:
        DownloadError: it is not on this machine and could not be fetched.
    """
    from myelin import datasets

    module: ModuleType = getattr(datasets, name)
    train, test = module.load_data()
    return Source(name, "arrays", _rows(name, *train), _rows(name, *test), labels=BUILTIN[name])


def _rows(name: str, x: np.ndarray, y: np.ndarray) -> Rows:
    x, y = np.asarray(x), np.asarray(y)
    if name in CLASS_NAMES:
        y = np.array(CLASS_NAMES[name])[y.reshape(-1)]
    return checked_rows(name, x, name, y)
