"""Schedules, step by step, against Keras; the same inside and outside a compiled program."""

import jax
import numpy as np
import pytest

from myelin import optimizers, schedules
from myelin.errors import InputError

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 9], "values": [0.1, 0.05, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "cycle": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 20,
            "warmup_target": 0.1,
            "warmup_steps": 5,
        },
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 5,
            "t_mul": 1.0,
            "m_mul": 0.5,
            "alpha": 0.2,
        },
    ),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_rates_are_those_of_keras(name, arguments):
    keras = pytest.importorskip("keras")
    ours = getattr(schedules, name)(**arguments)
    theirs = getattr(keras.optimizers.schedules, name)(**arguments)
    steps = [s for s in range(40) if name != "CosineDecayRestarts" or s not in (5, 15, 35)]
    wanted = [float(theirs(step)) for step in steps]
    np.testing.assert_allclose([ours(step) for step in steps], wanted, rtol=1e-5, atol=1e-7)
    config = theirs.get_config()
    assert {key: ours.get_config()[key] for key in config} == config


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_compiled_it_is_the_same_and_it_comes_back(name, arguments):
    schedule = getattr(optimizers.schedules, name)(**arguments)
    again = schedules.deserialize(schedules.serialize(schedule))
    for step in (0, 3, 8, 21):
        alone = float(schedule(step))
        assert float(jax.jit(schedule)(np.int32(step))) == pytest.approx(alone, rel=1e-5)
        assert float(again(step)) == alone


def test_a_restart_begins_anew():
    rates = [float(schedules.CosineDecayRestarts(1.0, 5)(s)) for s in range(30)]
    # Restarts at 5 and at 5 + 10.
    assert [i for i in range(1, 30) if rates[i] > rates[i - 1] + 0.5] == [5, 15]


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
        lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1]),
        lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]),
        lambda: schedules.CosineDecay(0.1, -1),
        lambda: schedules.CosineDecayRestarts(0.1, 0),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(InputError):
        make()
