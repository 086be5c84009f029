"""The rows that train, that choose the epoch, and that judge, as the network takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myelin.cli import preparation
from myelin.cli.data.rows import Rows, Source
from myelin.cli.data.splits import split
from myelin.cli.data.targets import Target
from myelin.cli.options import TrainOptions
from myelin.cli.preparation import Preparation


@dataclass(frozen=True)
class Part:
    """Inputs and targets, as the network takes them."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Parts:
    """The rows that train, that choose the epoch, and that judge; the last two may be empty."""

    train: Part
    validation: Part
    test: Part


def prepare(
    source: Source, target: Target, options: TrainOptions
) -> tuple[Preparation, Parts, list[str]]:
    """Draws the three parts, and encodes them by what the training rows alone say.

    Returns:
        The preparation, the parts, and notes.
    """
    rng = np.random.default_rng(options.seed)
    rows, test = source.rows, source.test
    if test is None:
        kept, held = _draw(rows, options.test_split, target, rng)
        rows, test = rows.take(kept), rows.take(held)
    kept, held = _draw(rows, options.validation_split, target, rng)
    train, validation = rows.take(kept), rows.take(held)
    prepared, notes = preparation.learn(train, source.kind, target, source.fingerprint)

    def encode(part: Rows) -> Part:
        assert part.y is not None
        if not len(part):
            return Part(np.zeros((0, *prepared.input_shape), np.float32), np.zeros(0))
        return Part(prepared.inputs(part, source.kind)[0], target.encode(part.y))

    return prepared, Parts(encode(train), encode(validation), encode(test)), notes


def _draw(
    rows: Rows, share: float, target: Target, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    assert rows.y is not None
    return split(len(rows), share, rng, target.encode(rows.y) if target.classes else None)
