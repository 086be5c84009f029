"""Trains the network on the parts."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from myelin.cli import augmentation, files, screen
from myelin.cli.networks import described, make_network, make_optimizer
from myelin.cli.options import TrainOptions
from myelin.cli.own import OwnNetwork
from myelin.cli.parts import Part, Parts
from myelin.cli.preparation import Preparation
from myelin.errors import InputError

if TYPE_CHECKING:
    from myelin import Model

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


def fit(
    parts: Parts,
    prepared: Preparation,
    options: TrainOptions,
    folder: Path,
    own: OwnNetwork | None = None,
) -> Trained:
    """Trains the network, and gives it back so that it predicts in the target's own units.

    Args:
        parts: the rows.
        prepared: what the network predicts, and from what.
        options: of the command.
        folder: of the run: a row an epoch goes there, and what a run that is killed goes on from.
        own: what makes the user's own network, in the place of Myelin's.

    Raises:
        InputError: a network of the user's own that does not fit.
    """
    from myelin import callbacks, random

    random.set_random_seed(options.seed)
    unit = unit_of(parts.train.y, prepared)
    network = compiled_network(parts.train.x, prepared, options, own)
    what = described(prepared, options) if own is None else own.given
    _introduce(network, what, prepared, unit, options)
    stopping = early_stopping(options) if len(parts.validation.y) else None
    start = time.perf_counter()
    epochs = network.fit(
        *_data(parts.train, unit),
        batch_size=min(options.batch_size, len(parts.train.y)),
        epochs=options.epochs,
        verbose=verbosity(options),
        callbacks=[
            callbacks.CSVLogger(folder / files.HISTORY),
            *([stopping] if stopping else []),
        ],
        resume=folder / files.CHECKPOINTS,
        validation_data=_data(parts.validation, unit) if len(parts.validation.y) else None,
    ).epoch
    seconds = time.perf_counter() - start
    interrupted = len(epochs) < options.epochs and not network.stop_training
    if unit is not None:
        network = _in_units(network, unit)
    chosen = None if stopping is None or stopping.best is None else int(stopping.best_epoch) + 1
    return Trained(network, len(epochs), chosen, seconds, interrupted)


def compiled_network(
    x: np.ndarray, prepared: Preparation, options: TrainOptions, own: OwnNetwork | None,
    scaled: bool = False,
) -> Model:  # fmt: skip
    """The network for the data, untrained.

    Args:
        x: the training inputs.
        prepared: what they are, and what is to be predicted.
        options: of the command.
        own: what makes the user's own network, in the place of Myelin's.
        scaled: see `make_network`.

    Raises:
        InputError: a network of the user's own that does not fit.
    """
    classes = prepared.target.classes
    network: Model
    if own is None:
        network = make_network(x, prepared, options, scaled)
    else:
        network = own.make(prepared.input_shape, len(classes or "1"), x[:4], classes is not None)
    if network.compiled:
        for option, given in (("optimizer", options.optimizer),
                              ("learning-rate", options.learning_rate)):  # fmt: skip
            if given is not None:
                raise InputError(
                    f"--{option}: the model of --model is compiled with an optimizer of its own"
                )
    elif classes is None:
        network.compile(make_optimizer(options), "mse", metrics=["mae"])
    else:
        loss = "sparse_categorical_crossentropy"
        network.compile(make_optimizer(options), loss, metrics=["accuracy"])
    return network


def _in_units(network: Model, unit: Unit) -> Model:
    """The network with its outputs in the target's own units."""
    from myelin import Sequential, layers

    units = layers.Rescaling(scale=unit.deviation, offset=unit.mean, name="units")
    if isinstance(network, Sequential):
        network.add(units)
        return network
    return Sequential([network, units], name="with_units")


def _introduce(
    network: Model, what: str, prepared: Preparation, unit: Unit | None, options: TrainOptions
) -> None:
    optimizer = type(network.optimizer).__name__.lower()
    screen.say(
        f"Network: {what}, {network.count_params():,} parameters; {optimizer}, "
        f"batches of {options.batch_size}, at most {screen.counted(options.epochs, 'epoch')}"
    )
    if options.augment != "off":
        screen.say(augmentation.described(options.augment, prepared))
    if unit is not None:
        deviation = f"standard deviations of the target ({unit.deviation:.4g})"
        screen.say(f"While it trains, loss and mae are in {deviation}")


def early_stopping(options: TrainOptions) -> Any:
    """What stops the training once validation gets no better, and keeps the best; None for off."""
    from myelin import callbacks

    patience = DEFAULT_PATIENCE if options.patience is None else options.patience
    if not patience or not options.validation_split:
        return None
    return callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)


def unit_of(y: np.ndarray, prepared: Preparation) -> Unit | None:
    """The unit that values are learned in, from those of the training rows; None for classes."""
    if prepared.target.classes is not None:
        return None
    deviation = float(y.std())
    return Unit(float(y.mean()), deviation if deviation > 0 else 1.0)


def _data(part: Part, unit: Unit | None) -> tuple[np.ndarray, np.ndarray]:
    return part.x, part.y if unit is None else unit.of(part.y)


def verbosity(options: TrainOptions) -> int:
    """A bar on a terminal, a line an epoch elsewhere."""
    if options.verbose is not None:
        return options.verbose
    return 1 if sys.stdout.isatty() else 2
