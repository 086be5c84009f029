"""What the contenders at cross-validation share: the data, the folds, and the line at the end.

Each trains the same network on each of 5 folds, with early stopping on a tenth of the fold's
training rows and the best weights put back, and scores it on the fold's test rows. One line,
`RESULT` and a JSON object, ends the program: `seconds` of the whole cross-validation, without
imports and data; `epochs` of each fold; `accuracy`, the mean over the folds.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

FOLDS = 5
BATCH_SIZE = 32


@dataclass(frozen=True)
class Work:
    """One cross-validation: the hidden layers, the classes, and when training ends."""

    hidden: tuple[int, ...]
    classes: int
    epochs: int
    patience: int


WORKS = {"mnist": Work((128,), 10, 6, 1), "tabular": Work((32, 16), 2, 100, 5)}


def options() -> argparse.Namespace:
    """The command line that all take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", choices=WORKS, default="tabular")
    parser.add_argument("--steps-per-execution", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="not used: early stopping ends a fold")
    parser.add_argument("--members", type=int, default=0)
    return parser.parse_args()


def load(work: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of float32 features, and labels."""
    if work == "mnist":
        with np.load(os.environ["BENCHMARK_DATA"]) as file:
            x = file["x_train"].reshape(-1, 784).astype("float32") / 255
            return x, file["y_train"].astype("int32")
    from sklearn.datasets import make_classification

    x, y = make_classification(2000, 20, n_informative=10, flip_y=0.1, random_state=0)
    return x.astype("float32"), y.astype("int32")


def folds(y: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The rows of each fold that train, validate and test."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for seed, (rows, test) in enumerate(splitter.split(y, y)):
        train, held_out = train_test_split(rows, test_size=0.1, stratify=y[rows], random_state=seed)
        yield train, held_out, test


class Clock:
    """Times the cross-validation."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def finish(self, epochs: list[int], accuracy: float) -> None:
        """Prints the line for the driver."""
        found = {"seconds": time.monotonic() - self.began, "epochs": epochs,
                 "accuracy": float(accuracy)}  # fmt: skip
        print("RESULT " + json.dumps(found), flush=True)
