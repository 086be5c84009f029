"""The network for the data: dense layers on scaled inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from myelin.cli.options import TrainOptions

if TYPE_CHECKING:
    from myelin import Sequential
    from myelin.optimizers import Optimizer


def make_network(
    x: np.ndarray, outputs: int, classification: bool, scaled: bool, options: TrainOptions
) -> Sequential:
    """A network of dense layers, built but not compiled.

    It takes the inputs as they are: the scaling learned from the training rows is its first layer.

    Args:
        x: the training inputs `(n, …)`.
        outputs: the number of classes, or 1 for a value.
        classification: whether it ends in a softmax.
        scaled: whether the inputs have mean 0 and variance 1 already, as a table's have.
        options: the hidden layers and their regularization.
    """
    from myelin import Sequential, layers, regularizers

    def regularizer() -> Any:
        penalty = options.l1 or options.l2
        return regularizers.L1L2(l1=options.l1, l2=options.l2) if penalty else None

    # Names of our own: what a layer draws at random depends on its name, and a name that counted
    # the networks made so far would make the same seed give another model.
    network = Sequential([layers.Input(x.shape[1:], name="inputs")], name="network")
    if not scaled:
        network.add(scaling(x))
    if x.ndim > 2:
        network.add(layers.Flatten(name="flatten"))
    for i, units in enumerate(options.hidden, 1):
        network.add(
            layers.Dense(
                units, activation="relu", kernel_regularizer=regularizer(), name=f"hidden_{i}"
            )
        )
        if options.dropout:
            network.add(layers.Dropout(options.dropout, name=f"dropout_{i}"))
    activation = "softmax" if classification else None
    network.add(
        layers.Dense(
            outputs, activation=activation, kernel_regularizer=regularizer(), name="outputs"
        )
    )
    return network


def scaling(x: np.ndarray) -> Any:
    """The layer that brings raw inputs to a scale that a network learns on.

    Whole numbers with two axes or more an example, such as pixels, are divided by the largest;
    each feature of a flat example gets mean 0 and variance 1, and other arrays do as a whole.
    """
    from myelin import layers

    if x.ndim > 2 and x.dtype.kind in "iu" and x.min() >= 0:
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

    optimizer = optimizers.get(options.optimizer)
    if options.learning_rate is None:
        return optimizer
    return type(optimizer)(learning_rate=options.learning_rate)
