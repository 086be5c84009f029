"""The network for the data: convolutions for images, dense layers for the rest, scaling first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.cli.augmentation import augmentation
from myelin.cli.options import DEFAULT_HIDDEN, DEFAULT_OPTIMIZER, TrainOptions
from myelin.cli.preparation import Preparation

if TYPE_CHECKING:
    from myelin import Sequential
    from myelin.optimizers import Optimizer

_FIRST_WIDTH, _LARGEST_WIDTH = 32, 256
# Convolutions halve the image until it has fewer pixels a side, and so often at least.
_FEW_PIXELS, _FEWEST = 8, 2


def make_network(
    x: np.ndarray, prepared: Preparation, options: TrainOptions, scaled: bool = False
) -> Sequential:
    """The network for the data, built but not compiled: convolutions for images, else dense layers.

    It takes the inputs as they are: the scaling learned from the training rows is its first layer,
    and augmentation the next.

    Args:
        x: the training inputs `(n, …)`.
        prepared: what they are, and what is to be predicted.
        options: layers, regularization and augmentation.
        scaled: whether `x` went through `scaling` before.
    """
    from myelin import Sequential, layers

    # Names of our own: what a layer draws at random depends on its name, and a name that counted
    # the networks made so far would make the same seed give another model.
    network = Sequential([layers.Input(x.shape[1:], name="inputs")], name="network")
    ends = np.array([x.min(), x.max()], np.float32) if prepared.shows_images else None
    if not prepared.columns and not scaled:
        first = scaling(x)
        network.add(first)
        ends = None if ends is None else np.asarray(first(ends))
    if ends is not None:
        for layer in augmentation(options.augment, prepared, (float(ends[0]), float(ends[1]))):
            network.add(layer)
    parts = _convolutional if convolves(prepared, options) else _dense
    for layer in parts(prepared, options):
        network.add(layer)
    classes = prepared.target.classes
    network.add(
        layers.Dense(
            len(classes or "1"), activation="softmax" if classes else None, name="outputs",
            kernel_regularizer=_regularizer(options),
        )
    )  # fmt: skip
    return network


def convolves(prepared: Preparation, options: TrainOptions) -> bool:
    """Whether the network has convolutions: for images, unless hidden layers are asked for."""
    return prepared.shows_images and options.hidden is None


def described(prepared: Preparation, options: TrainOptions) -> str:
    """The network in a few words, such as "dense 128-10"."""
    outputs = len(prepared.target.classes or "1")
    if convolves(prepared, options):
        return f"convolutions {'-'.join(map(str, widths(prepared)))}, dense {outputs}"
    return f"dense {'-'.join(map(str, (*_hidden(options), outputs)))}"


def _hidden(options: TrainOptions) -> tuple[int, ...]:
    return DEFAULT_HIDDEN if options.hidden is None else options.hidden


def _dense(prepared: Preparation, options: TrainOptions) -> Iterator[Any]:
    from myelin import layers

    dropout = 0.2 if options.dropout is None else options.dropout
    if len(prepared.input_shape) > 1:
        yield layers.Flatten(name="flatten")
    for i, units in enumerate(_hidden(options), 1):
        yield layers.Dense(
            units, activation="relu", kernel_regularizer=_regularizer(options), name=f"hidden_{i}"
        )
        if dropout:
            yield layers.Dropout(dropout, name=f"dropout_{i}")


def widths(prepared: Preparation) -> list[int]:
    """How many maps each convolution makes: twice as many each time the side is halved."""
    side = min(prepared.input_shape[:2])
    halvings = 0
    while side >= _FEW_PIXELS or halvings < _FEWEST:
        side, halvings = side // 2, halvings + 1
    return [min(_FIRST_WIDTH * 2**i, _LARGEST_WIDTH) for i in range(halvings)]


def _convolutional(prepared: Preparation, options: TrainOptions) -> Iterator[Any]:
    """Convolution, normalization and pooling, until few pixels are left."""
    from myelin import layers

    dropout = 0.5 if options.dropout is None else options.dropout
    for i, width in enumerate(widths(prepared), 1):
        yield layers.Conv2D(
            width, 3, padding="same", use_bias=False, kernel_regularizer=_regularizer(options),
            name=f"convolution_{i}",
        )  # fmt: skip
        yield layers.BatchNormalization(momentum=0.9, name=f"normalization_{i}")
        yield layers.ReLU(name=f"relu_{i}")
        yield layers.MaxPooling2D(2, name=f"pool_{i}")
    yield layers.Flatten(name="flatten")
    if dropout:
        yield layers.Dropout(dropout, name="dropout")


def _regularizer(options: TrainOptions) -> Any:
    from myelin import regularizers

    penalty = options.l1 or options.l2
    return regularizers.L1L2(l1=options.l1, l2=options.l2) if penalty else None


def shows_pixels(x: np.ndarray) -> bool:
    """Whether inputs are whole numbers from 0 with two axes or more an example, such as pixels."""
    return x.ndim > 2 and x.dtype.kind in "iu" and bool(x.min() >= 0)


def scaling(x: np.ndarray) -> Any:
    """The layer that brings raw inputs to a scale that a network learns on.

    Pixels are divided by the largest; each feature of a flat example gets mean 0 and variance 1,
    and other arrays do as a whole.
    """
    from myelin import layers

    if shows_pixels(x):
        return layers.Rescaling(1.0 / max(float(x.max()), 1.0), name="scaling")
    axes = 0 if x.ndim == 2 else None
    mean, variance = x.mean(axes, dtype=np.float64), x.var(axes, dtype=np.float64)
    # A feature that never changes in training must not blow up when it does later.
    variance = np.where(variance < 1e-12 * np.maximum(mean**2, 1), 1.0, variance)
    if x.ndim == 2:
        mean, variance = mean.tolist(), variance.tolist()
        return layers.Normalization(mean=mean, variance=variance, name="scaling")
    return layers.Normalization(
        axis=None, mean=float(mean), variance=float(variance), name="scaling"
    )


def make_optimizer(options: TrainOptions) -> Optimizer:
    """The optimizer by its name, with the learning rate if one was given.

    Raises:
        UnknownNameError: there is no such optimizer.
    """
    from myelin import optimizers

    optimizer = optimizers.get(options.optimizer or DEFAULT_OPTIMIZER)
    if options.learning_rate is None:
        return optimizer
    return type(optimizer)(learning_rate=options.learning_rate)
