"""Trains the network on the parts."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from myelin.cli import screen
from myelin.cli.networks import make_network, make_optimizer
from myelin.cli.options import TrainOptions
from myelin.cli.parts import Part, Parts
from myelin.cli.preparation import Preparation

if TYPE_CHECKING:
    from myelin import Model, Sequential

DEFAULT_PATIENCE = 5


@dataclass(frozen=True)
class Trained:
    """A model and how it came about.

    Attributes:
        epochs: how many were trained.
        chosen: the epoch whose weights the model has, if validation chose it, counted from 1.
        seconds: the training took.
        interrupted: whether Ctrl-C ended it.
    """

    model: Model
    epochs: int
    chosen: int | None
    seconds: float
    interrupted: bool


class Unit(NamedTuple):
    """What turns targets into numbers of mean 0 and variance 1, and outputs back into targets."""

    mean: float
    deviation: float

    def of(self, y: np.ndarray) -> np.ndarray:
        """The targets in this unit, float32."""
        return ((y - self.mean) / self.deviation).astype(np.float32)


def fit(parts: Parts, prepared: Preparation, options: TrainOptions, history: Path) -> Trained:
    """Trains the network, and gives it back so that it predicts in the target's own units.

    Args:
        parts: the rows.
        prepared: what the network predicts, and from what.
        options: of the command.
        history: the file for a row an epoch.
    """
    from myelin import callbacks, layers, random

    random.set_random_seed(options.seed)
    classes = prepared.target.classes
    unit = None if classes is not None else _unit(parts.train.y)
    network = _compiled(parts.train.x, prepared, options)
    _introduce(network, len(classes or "1"), unit, options)
    listed: list[Any] = [callbacks.CSVLogger(history)]
    stopping = callbacks.EarlyStopping(
        monitor="val_loss", patience=_patience(options), restore_best_weights=True
    )
    if len(parts.validation.y) and stopping.patience:
        listed.append(stopping)
    start = time.perf_counter()
    epochs = network.fit(
        *_data(parts.train, unit),
        batch_size=min(options.batch_size, len(parts.train.y)),
        epochs=options.epochs,
        verbose=_verbosity(options.verbose),
        callbacks=listed,
        validation_data=_data(parts.validation, unit) if len(parts.validation.y) else None,
    ).epoch
    seconds = time.perf_counter() - start
    interrupted = len(epochs) < options.epochs and not network.stop_training
    if unit is not None:
        network.add(layers.Rescaling(scale=unit.deviation, offset=unit.mean, name="units"))
    chosen = None if stopping.best is None else int(stopping.best_epoch) + 1
    return Trained(network, len(epochs), chosen, seconds, interrupted)


def _compiled(x: np.ndarray, prepared: Preparation, options: TrainOptions) -> Sequential:
    classes = prepared.target.classes
    scaled = bool(prepared.columns)
    network = make_network(x, len(classes or "1"), classes is not None, scaled, options)
    if classes is None:
        network.compile(make_optimizer(options), "mse", metrics=["mae"])
    else:
        loss = "sparse_categorical_crossentropy"
        network.compile(make_optimizer(options), loss, metrics=["accuracy"])
    return network


def _introduce(network: Sequential, outputs: int, unit: Unit | None, options: TrainOptions) -> None:
    dense = "-".join(str(units) for units in (*options.hidden, outputs))
    screen.say(
        f"Network: dense {dense}, {network.count_params():,} parameters; {options.optimizer}, "
        f"batches of {options.batch_size}, at most {screen.counted(options.epochs, 'epoch')}"
    )
    if unit is not None:
        deviation = f"standard deviations of the target ({unit.deviation:.4g})"
        screen.say(f"While it trains, loss and mae are in {deviation}")


def _patience(options: TrainOptions) -> int:
    return DEFAULT_PATIENCE if options.patience is None else options.patience


def _unit(y: np.ndarray) -> Unit:
    deviation = float(y.std())
    return Unit(float(y.mean()), deviation if deviation > 0 else 1.0)


def _data(part: Part, unit: Unit | None) -> tuple[np.ndarray, np.ndarray]:
    return part.x, part.y if unit is None else unit.of(part.y)


def _verbosity(wanted: int | None) -> int:
    """A bar on a terminal, a line an epoch elsewhere."""
    if wanted is not None:
        return wanted
    return 1 if sys.stdout.isatty() else 2
