"""`TimeseriesGenerator`: windows over a series, in batches, for older Keras programs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.utils.py_dataset import PyDataset


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the target that follows it.

    Args:
        data: the series, steps first.
        targets: one for each step; that of a window belongs to the step behind it.
        length: how many steps a window covers.
        sampling_rate: takes every so manieth of them.
        stride: how far apart windows begin.
        start_index, end_index: the steps to take windows from, both included; the last one when
            `end_index` is None.
        shuffle: whether windows are drawn at random.
        reverse: whether the steps of a window go backwards.
        batch_size: windows a batch; the last may have fewer.
        kwargs: as for `PyDataset`.

    Raises:
        ShapeError: data and targets differ in length.
        InputError: there is no room for a window.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ShapeError(
                f"TimeseriesGenerator: {len(data)} steps of data, but {len(targets)} targets"
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise InputError(
                f"TimeseriesGenerator: windows of {length} steps from step {start_index} on leave "
                f"no target up to step {self.end_index}"
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            ends = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            step = self.batch_size * self.stride
            first = self.start_index + step * index
            ends = np.arange(first, min(first + step, self.end_index + 1), self.stride)
        windows = [self.data[end - self.length : end : self.sampling_rate] for end in ends]
        samples, targets = np.array(windows), np.array([self.targets[end] for end in ends])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments, data and targets as JSON text."""
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle",
                 "reverse", "batch_size")  # fmt: skip
        texts = {
            "data": json.dumps(np.asarray(self.data).tolist()),
            "targets": json.dumps(np.asarray(self.targets).tolist()),
        }
        return {**texts, **{name: getattr(self, name) for name in names}}

    def to_json(self, **kwargs: Any) -> str:
        """The arguments as JSON text."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )
