"""From rows as they were read to the arrays of the network, the same way for every later use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.cli.data import columns
from myelin.cli.data.columns import Column
from myelin.cli.data.rows import Kind, Rows, Table
from myelin.cli.data.targets import Target
from myelin.errors import FileFormatError, InputError

FORMAT = 1
# Fewer pixels a side are no picture.
_LEAST_SIDE = 8


@dataclass(frozen=True)
class Preparation:
    """What `predict` and `evaluate` must know besides the model.

    Attributes:
        kind: of the inputs.
        target: classes or values.
        input_shape: of one example, as the network takes it.
        columns: how each column of a table is encoded.
        training_data: the fingerprint of the file that the model learned from.
    """

    kind: Kind
    target: Target
    input_shape: tuple[int, ...]
    columns: tuple[Column, ...] = ()
    training_data: str | None = None

    @property
    def shows_images(self) -> bool:
        """Whether the inputs are `(height, width, channels)`, also those that come as arrays."""
        shape = self.input_shape
        return len(shape) == 3 and shape[2] in (1, 3) and min(shape[:2]) >= _LEAST_SIDE

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of the images."""
        return (self.input_shape[0], self.input_shape[1]) if self.kind == "images" else None

    @property
    def channels(self) -> int | None:
        """1 for gray images, 3 for coloured ones."""
        return self.input_shape[2] if self.kind == "images" else None

    def inputs(self, rows: Rows, kind: Kind) -> tuple[np.ndarray, list[str]]:
        """The network's inputs `(n, …)`, and notes.

        Raises:
            InputError: data of another kind or shape than the model was trained on.
        """
        if kind != self.kind:
            raise InputError(f"The model was trained on {_WORDS[self.kind]}, not {_WORDS[kind]}")
        if isinstance(rows.x, Table):
            return columns.encode_table(rows.x, list(self.columns))
        given = rows.x.shape[1:]
        if (*given, 1) == self.input_shape:
            return rows.x[..., None], []
        if given != self.input_shape:
            what = "features" if len(given) == len(self.input_shape) == 1 else "of shape"
            one = what == "features"
            wanted, got = (self.input_shape[0], given[0]) if one else (self.input_shape, given)
            count = f"{wanted} features an example, got {got}"
            shape = f"examples of shape {wanted}, got {got}"
            raise InputError(f"The model wants {count if one else shape}")
        return rows.x, []

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        written: dict[str, Any] = {
            "format": FORMAT,
            "kind": self.kind,
            "task": self.target.task,
            "target": self.target.name,
            "classes": None if self.target.classes is None else list(self.target.classes),
            "input_shape": list(self.input_shape),
            "training_data": self.training_data,
        }
        if self.kind == "table":
            written["columns"] = columns.to_json(list(self.columns))
        return written

    @classmethod
    def from_json(cls, written: Any) -> Preparation:
        """What `to_json` wrote.

        Raises:
            FileFormatError: something else.
        """
        if not isinstance(written, dict) or written.get("format") != FORMAT:
            raise FileFormatError("preprocessing.json: is not of the kind that myelin train writes")
        try:
            classes = written["classes"]
            kind = written["kind"]
            if kind not in _WORDS:
                raise FileFormatError(f'preprocessing.json: unknown kind "{kind}"')
            return cls(
                kind=kind,
                target=Target(None if classes is None else tuple(classes), written["target"]),
                input_shape=tuple(int(side) for side in written["input_shape"]),
                columns=tuple(columns.from_json(written.get("columns", []))),
                training_data=written["training_data"],
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise FileFormatError(f"preprocessing.json: cannot be read ({error!r})") from None


_WORDS: dict[str, str] = {"arrays": "arrays (.npz)", "table": "a table", "images": "images"}


def learn(
    train: Rows, kind: Kind, target: Target, fingerprint: str | None
) -> tuple[Preparation, list[str]]:
    """What the training rows say about how to prepare any rows, and notes.

    Raises:
        InputError: a table without a column to learn from.
    """
    if isinstance(train.x, Table):
        learned, notes = columns.learn_columns(train.x)
        width = sum(column.width for column in learned)
        return Preparation(kind, target, (width,), tuple(learned), fingerprint), notes
    shape = train.x.shape[1:]
    # Whole numbers from 0 in two axes are the pixels of gray images.
    is_gray = len(shape) == 2 and train.x.dtype.kind in "iu" and train.x.min() >= 0
    if is_gray and min(shape) >= _LEAST_SIDE:
        shape = (*shape, 1)
    return Preparation(kind, target, shape, (), fingerprint), []
