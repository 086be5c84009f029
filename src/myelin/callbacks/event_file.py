"""`EventFile`: the file that TensorBoard reads, written without tensorflow.

TensorBoard's own writer loads tensorflow where it is installed, which takes seconds, so only
its messages and its record format are used.
"""

from __future__ import annotations

import io
import itertools
import os
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np

from myelin import errors

_BUCKETS = 30
_numbers = itertools.count()


class EventFile:
    """One file of events; what is written can be read at once after `flush`.

    Args:
        folder: where it is made, under the name that TensorBoard looks for.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        number = next(_numbers)
        name = f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{os.getpid()}.{number}.v2"
        writer = _part("summary.writer.record_writer")
        self._records = writer.RecordWriter((folder / name).open("ab"))
        self._event = _part("compat.proto.event_pb2").Event
        self._records.write(
            self._event(wall_time=now, file_version="brain.Event:2").SerializeToString()
        )
        self.flush()

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """Writes one number."""
        kind = _metadata("scalar")
        self._tensor(tag, np.float32(value), step, kind)

    def histogram(self, tag: str, values: Any, step: int) -> None:
        """Writes how the finite numbers of an array are spread."""
        numbers = np.asarray(values, np.float64).ravel()
        numbers = numbers[np.isfinite(numbers)]
        rows = np.zeros((_BUCKETS, 3))
        if numbers.size:
            if numbers.min() == numbers.max():
                # TensorBoard draws a single value as one bucket at the end.
                rows[:, :2] = numbers[0]
                rows[-1, 2] = numbers.size
            else:
                counts, edges = np.histogram(numbers, bins=_BUCKETS)
                rows = np.stack([edges[:-1], edges[1:], counts], axis=1)
        kind = _metadata("histogram")
        self._tensor(tag, rows, step, kind)

    def image(self, tag: str, images: np.ndarray, step: int) -> None:
        """Writes pictures `(n, height, width)`, the lowest number black, the highest white."""
        from PIL import Image

        _, height, width = images.shape
        low, high = float(images.min()), float(images.max())
        grey = (images - low) * (255.0 / (high - low) if high > low else 0.0)
        entries = [str(width).encode(), str(height).encode()]
        for picture in grey.astype(np.uint8):
            file = io.BytesIO()
            Image.fromarray(picture).save(file, format="PNG")
            entries.append(file.getvalue())
        kind = _metadata("image")
        self._tensor(tag, np.array(entries, object), step, kind)

    def keras_graph(self, tag: str, model_json: str) -> None:
        """Writes a model's architecture, from the JSON text of `to_json`."""
        metadata = _part("compat.proto.summary_pb2").SummaryMetadata
        plugin = metadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        kind = metadata(plugin_data=plugin)
        self._tensor(tag, np.array(model_json.encode(), object), 0, kind)

    def _tensor(self, tag: str, value: Any, step: int, metadata: Any) -> None:
        summary = _part("compat.proto.summary_pb2").Summary()
        tensor = _part("util.tensor_util").make_tensor_proto(value)
        summary.value.add(tag=tag, tensor=tensor, metadata=metadata)
        event = self._event(wall_time=time.time(), step=int(step), summary=summary)
        self._records.write(event.SerializeToString())

    def flush(self) -> None:
        """Hands what was written to the system."""
        self._records.flush()

    def close(self) -> None:
        """Ends the file."""
        self._records.close()


def require_tensorboard() -> None:
    """Raises MissingExtraError where TensorBoard is not installed."""
    _part("compat.proto.event_pb2")


def _part(name: str) -> Any:
    """A module of the package tensorboard."""
    return errors.require(f"tensorboard.{name}", "tensorboard", "TensorBoard")


def _metadata(plugin: str) -> Any:
    """What tells TensorBoard which of its pages shows a value."""
    module = _part(f"plugins.{plugin}.metadata")
    return module.create_summary_metadata(display_name="", description="")
