"""Regularizers and constraints, against Keras in value, slope and configuration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import constraints, regularizers
from myelin.errors import InputError, ShapeError, UnknownNameError

W = np.random.default_rng(0).normal(scale=2, size=(5, 4)).astype(np.float32)

PENALTIES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]


@pytest.mark.parametrize(("name", "arguments"), PENALTIES)
def test_penalties_are_those_of_keras(name, arguments):
    keras = pytest.importorskip("keras")
    ours = getattr(regularizers, name)(**arguments)
    theirs = getattr(keras.regularizers, name)(**arguments)
    # Keras's columns mode fails on NumPy arrays, so it gets a jax one.
    np.testing.assert_allclose(ours(W), theirs(jnp.asarray(W)), rtol=1e-5)
    if arguments or name != "L1L2":
        slopes = [jax.grad(lambda w, f=f: f(w))(jnp.asarray(W)) for f in (ours, theirs)]
        np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-7)
    wanted = {k: pytest.approx(v) if k != "mode" else v for k, v in theirs.get_config().items()}
    assert ours.get_config() == wanted


CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.5, "rate": 0.7}),
    ("MinMaxNorm", {"axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
]


@pytest.mark.parametrize(("name", "arguments"), CONSTRAINTS)
def test_constraints_are_those_of_keras(name, arguments):
    keras = pytest.importorskip("keras")
    ours = getattr(constraints, name)(**arguments)
    theirs = getattr(keras.constraints, name)(**arguments)
    np.testing.assert_allclose(ours(W), theirs(W), rtol=1e-5)
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize("part", [regularizers, constraints])
def test_every_name_comes_back_from_its_configuration(part):
    for name in part.NAMES:
        made = part.get(name)
        again = part.deserialize(part.serialize(made))
        assert type(again) is type(made)
        assert again.get_config() == made.get_config()
        np.testing.assert_array_equal(again(W), made(W))
    assert part.get(None) is None


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: regularizers.L1(-0.1), InputError),
        (lambda: regularizers.L2("much"), InputError),
        (lambda: regularizers.L2(float("nan")), InputError),
        (lambda: regularizers.OrthogonalRegularizer(mode="both"), InputError),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), ShapeError),
        (lambda: regularizers.get("l3"), UnknownNameError),
        (lambda: constraints.MaxNorm(-1), InputError),
        (lambda: constraints.MinMaxNorm(2.0, 1.0), InputError),
        (lambda: constraints.MinMaxNorm(rate=0), InputError),
        (lambda: constraints.get("max_nrom"), UnknownNameError),
    ],
)
def test_bad_arguments_are_refused(make, error):
    with pytest.raises(error):
        make()
