"""What the contenders of files.py share: the weights, the rows, and how a thing is timed.

A contender prints one line, `RESULT` and a JSON object of seconds: of saving and loading the large
model by format, and of predictions by the number of rows.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

REPEATS = 5


def options() -> argparse.Namespace:
    """The command line: what to do, the large model's width, and where files go."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=("files", "predict", "checkpoints"), default="files")
    parser.add_argument("--width", type=int, default=7071)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    return parser.parse_args()


def matrices(width: int) -> list[np.ndarray]:
    """The two matrices of the large model, `(width, width)` each: 100 million numbers."""
    rng = np.random.default_rng(0)
    return [rng.random((width, width), dtype=np.float32) - 0.5 for _ in range(2)]


def rows() -> np.ndarray:
    """10,000 rows for the small model, 784-128-10."""
    return np.random.default_rng(0).random((10_000, 784), dtype=np.float32)


def synced(path: pathlib.Path) -> None:
    """Has the system write the file to the disk, which only some writers do by themselves."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def median(work: Callable[[], Any]) -> float:
    """The median of some runs, in seconds, after one that does not count."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return sorted(found)[REPEATS // 2]


def one_at_a_time(work: Callable[[], Any], times: int = 200, most_seconds: float = 5.0) -> float:
    """Seconds of one call of something short: the best of many rounds of many calls.

    No round begins after `most_seconds`: some contenders take 40 ms a call.
    """
    work()
    best, begun = float("inf"), time.perf_counter()
    for _ in range(30):
        start = time.perf_counter()
        for _ in range(times):
            work()
        end = time.perf_counter()
        best = min(best, (end - start) / times)
        if end - begun > most_seconds:
            break
    return best


def saved_and_loaded(
    name: str, path: pathlib.Path, save: Callable[[], Any], load: Callable[[], Any]
) -> dict[str, float]:
    """The seconds of saving to the disk and of loading from the system's cache."""

    def save_whole() -> None:
        save()
        synced(path)

    return {f"save, {name}": median(save_whole), f"load, {name}": median(load)}


def predicted(predict: Callable[[np.ndarray], Any]) -> dict[str, float]:
    """The seconds of asking the small model for one row and for all."""
    x = rows()
    return {
        "predict, 1": one_at_a_time(lambda: predict(x[:1])),
        "predict, 10,000": median(lambda: predict(x)),
    }


def finish(result: dict[str, float]) -> None:
    """Prints the line for the driver."""
    print("RESULT " + json.dumps(result), flush=True)
