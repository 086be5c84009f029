"""Every optimizer with every common setting steps as Keras's does, weight by weight."""

import inspect

import numpy as np
import pytest

import myelin as mn

keras = pytest.importorskip("keras")

STEPS = 8
CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_1": 0.8, "epsilon": 1e-3}),
    ("AdamW", {}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Adagrad", {}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Ftrl", {}),
    (
        "Ftrl",
        {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.1,
        },
    ),
    ("Lion", {}),
    ("Lamb", {}),
    ("Adafactor", {}),
    ("Adafactor", {"relative_step": False, "learning_rate": 0.5}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "exclude_layers": ["kernel"]}),
    ("ScheduleFreeAdamW", {"warmup_steps": 4}),
    ("Adam", {"clipnorm": 0.5}),
    ("Adam", {"clipvalue": 0.2}),
    ("SGD", {"global_clipnorm": 0.5}),
    ("SGD", {"weight_decay": 0.1}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3}),
    ("SGD", {"gradient_accumulation_steps": 3, "momentum": 0.9}),
    ("Adam", {"loss_scale_factor": 8.0}),
    ("Adam", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2}),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]


def _values(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s).astype(np.float32) for s in ((4, 6), (6,), (2, 3, 4))]


def _walk(library, optimizer):
    variables = [library.Variable(v, name=f"kernel_{i}") for i, v in enumerate(_values(0))]
    optimizer.build(variables)
    for step in range(STEPS):
        optimizer.apply(_values(step + 1))
    return [np.asarray(v) for v in variables]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_steps(name, arguments):
    ours = _walk(mn, getattr(mn.optimizers, name)(**arguments))
    theirs = _walk(keras, getattr(keras.optimizers, name)(**arguments))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_configuration(name, arguments):
    config = getattr(mn.optimizers, name)(**arguments).get_config()
    theirs = getattr(keras.optimizers, name)(**arguments).get_config()
    assert set(theirs) <= set(config)
    for key in set(theirs) - {"name", "learning_rate"}:
        assert config[key] == theirs[key], key
    assert config["learning_rate"] == pytest.approx(theirs["learning_rate"])
    again = getattr(keras.optimizers, name).from_config(config)
    assert again.get_config().keys() == theirs.keys()


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_arguments_and_defaults(name):
    ours = inspect.signature(getattr(mn.optimizers, name)).parameters
    theirs = inspect.signature(getattr(keras.optimizers, name)).parameters
    defaults = {k: p.default for k, p in theirs.items() if k != "kwargs"}
    assert {k: p.default for k, p in ours.items()} == defaults
    # The ones people pass by position come in the same order.
    assert list(ours)[:3] == list(theirs)[:3] or name in ("SGD",)


def test_all_of_kerass_names_are_known():
    theirs = {n for n in dir(keras.optimizers) if not n.startswith("_")}
    missing = theirs - set(mn.optimizers.__all__)
    # Of Keras 2.
    assert missing <= {"legacy"}
