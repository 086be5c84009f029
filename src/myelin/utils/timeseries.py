"""`timeseries_dataset_from_array`: windows over a series, and the target of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.utils.dataset import Dataset


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Batches of windows over a series that lies in memory; no window is copied beforehand.

    Window i holds the time steps i·stride, i·stride + rate, i·stride + 2·rate and so on, and
    its target is `targets[i·stride]`.

    Args:
        data: the series `(steps, …)`.
        targets: of the window that begins at each step, `(steps, …)`; None for windows alone.
        sequence_length: time steps a window.
        sequence_stride: steps from one window's beginning to the next one's.
        sampling_rate: steps from one entry of a window to the next.
        batch_size: windows a batch; None gives them one by one.
        shuffle: mixes the windows, anew in each pass.
        seed: of that.
        start_index: the first step to use.
        end_index: the step to end before.
        format: taken for the sake of Keras programs ("tf", "grain"); both give the same here.

    Returns:
        A `Dataset` of windows `(n, sequence_length, …)`, or `(windows, targets)`.

    Raises:
        InputError: an argument out of range, or a series too short for a window.
    """
    series = np.asarray(data)
    _check(len(series), sequence_length, sequence_stride, sampling_rate, start_index, end_index)
    if format not in ("tf", "grain"):
        raise InputError(f'format wants "tf" or "grain", got {format!r}')
    used = slice(start_index or 0, len(series) if end_index is None else end_index)
    series = series[used]
    reach = (sequence_length - 1) * sampling_rate + 1
    count = len(series) - reach + 1
    goal = None if targets is None else np.asarray(targets)[used]
    if goal is not None:
        count = min(count, len(goal))
    if count < 1:
        raise InputError(
            f"a window reaches over {reach} time steps, and there are {len(series)}"
            + ("" if goal is None else f" with {len(goal)} targets")
        )
    windows = np.lib.stride_tricks.sliding_window_view(series, reach, axis=0)
    windows = np.moveaxis(windows[:count:sequence_stride, ..., ::sampling_rate], -1, 1)
    given = windows if goal is None else (windows, goal[:count:sequence_stride])
    dataset = Dataset.from_tensor_slices(given)
    if shuffle:
        dataset = dataset.shuffle(len(windows), seed)
    return dataset if batch_size is None else dataset.batch(batch_size)


def _check(
    steps: int, length: int, stride: int, rate: int, start: int | None, end: int | None
) -> None:
    for name, value, least, most in (
        ("sequence_length", length, 1, None),
        ("sequence_stride", stride, 1, steps - 1),
        ("sampling_rate", rate, 1, steps - 1),
        ("start_index", start, 0, steps - 1),
        ("end_index", end, (start or 0) + 1, steps - 1),
    ):
        if value is None:
            continue
        if value < least or (most is not None and value > most):
            upper = "" if most is None else f" and at most {most}"
            raise InputError(
                f"{name} wants a whole number of at least {least}{upper} for {steps} time steps, "
                f"got {value}"
            )
