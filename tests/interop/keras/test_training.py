"""Training goes on in the other library as if it had never left: same losses, same weights."""

import numpy as np
import pytest

from myelin import Sequential, layers, losses, optimizers
from myelin.interop.keras import from_keras, to_keras
from myelin.optimizers import schedules

keras = pytest.importorskip("keras")

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.arange(12) % 3

OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.1),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=1.0),
    "scheduled": lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 2, 0.5)),
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: optimizers.AdamW(0.01, use_ema=True, ema_overwrite_frequency=2),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "accumulating": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "adagrad": lambda: optimizers.Adagrad(0.1),
    "adadelta": lambda: optimizers.Adadelta(0.5),
    "adamax": lambda: optimizers.Adamax(0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
    "ftrl": lambda: optimizers.Ftrl(0.1),
    "lion": lambda: optimizers.Lion(0.01),
    "lamb": lambda: optimizers.Lamb(0.01),
    "adafactor": lambda: optimizers.Adafactor(0.01),
    "loss scale": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01)),
    "muon": lambda: optimizers.Muon(0.01),
    "schedule free": lambda: optimizers.ScheduleFreeAdamW(0.01, warmup_steps=2),
}


def network(optimizer):
    model = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation="tanh", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dense(3),
        ]
    )
    model.compile(optimizer, losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def three_steps(model):
    """The losses of three steps."""
    found = [model.train_on_batch(X, Y) for _ in range(3)]
    return [float(np.ravel(value)[0]) for value in found]


@pytest.mark.parametrize("name", ["momentum", "adamw", "loss scale"])
def test_training_goes_on_in_keras_and_back_here(name):
    ours = network(OPTIMIZERS[name]())
    three_steps(ours)
    theirs = to_keras(ours)
    theirs.compile(theirs.optimizer, theirs.loss, jit_compile=False)
    np.testing.assert_allclose(three_steps(theirs), three_steps(ours), rtol=2e-5, atol=1e-6)
    back = from_keras(theirs)
    assert int(back.optimizer.iterations) == 6
    np.testing.assert_allclose(three_steps(back), three_steps(ours), rtol=1e-4, atol=1e-5)
    for a, b in zip(back.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def step(model, number):
    """One step of the optimizer along gradients that are the same for each model."""
    gradients = [
        0.1 * np.cos(number + np.arange(np.prod(v.shape), dtype="f4")).reshape(v.shape)
        for v in model.trainable_variables
    ]
    apply = model.optimizer.apply
    apply([keras.ops.convert_to_tensor(g) for g in gradients], model.trainable_variables)


# Keras's loss scale cannot step outside of a compiled program.
@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "loss scale"])
def test_the_state_of_every_optimizer_goes_there_and_back(name):
    ours = Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2)])
    ours.compile(OPTIMIZERS[name](), "mse")
    step(ours, 0)
    step(ours, 1)
    models = [ours, to_keras(ours)]
    models.append(from_keras(models[1]))
    for number in (2, 3):
        for model in models:
            step(model, number)
    for other in models[1:]:
        for a, b in zip(ours.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
