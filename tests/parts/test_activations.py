"""Activations, in value and slope against Keras, and in the places where Keras is silent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import activations
from myelin.errors import UnknownNameError

# Off the kinks, where a slope has two answers; both tails; several axes.
X = np.random.default_rng(0).normal(scale=3, size=(4, 6)).astype(np.float32)
X[0, :4] = [-30.0, 30.0, 0.01, -0.01]

CASES = [
    # Keras 3.15's sparsemax sums up too much, so its values do not add up to 1: see below.
    *[(name, {}) for name in sorted(activations.NAMES) if name not in ("threshold", "sparsemax")],
    ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("glu", {"axis": 0}),
    ("squareplus", {"b": 2}),
    ("hard_shrink", {"threshold": 1.0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("threshold", {"threshold": 0.5, "default_value": -1.0}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_slopes_are_those_of_keras(name, arguments):
    keras = pytest.importorskip("keras")
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    np.testing.assert_allclose(ours(X, **arguments), theirs(X, **arguments), rtol=2e-6, atol=1e-6)
    weight = np.random.default_rng(1).normal(size=ours(X, **arguments).shape)
    slopes = [
        jax.grad(lambda x, f=f: (f(x, **arguments) * weight).sum())(jnp.asarray(X))
        for f in (ours, theirs)
    ]
    np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(activations.NAMES) - {"threshold"}))
def test_a_name_leads_to_the_function_and_back(name):
    function = activations.get(name)
    assert activations.get(activations.serialize(function)) is function
    assert np.all(np.isfinite(function(X)))


def test_all_of_kerass_names_are_known():
    keras = pytest.importorskip("keras")
    theirs = {n for n in dir(keras.activations) if not n.startswith("_")}
    assert theirs <= set(dir(activations))


def test_sparsemax_is_the_projection_onto_the_simplex():
    # The optimality conditions of min |p - x|² over the simplex: where p > 0, x - p is one number,
    # elsewhere x is not above it.
    p = np.asarray(activations.sparsemax(X))
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-5)
    for row, values in zip(p, X, strict=True):
        tau = (values - row)[row > 0]
        assert np.ptp(tau) < 1e-5
        assert np.all(values[row == 0] <= tau.min() + 1e-5)


def test_none_is_linear_and_a_lambda_is_itself():
    assert activations.get(None) is activations.linear
    double = lambda x: 2 * x  # noqa: E731
    assert activations.get(double) is double


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match='"relu"'):
        activations.get("rellu")


def test_logits_are_remembered_by_the_object_that_came_out():
    with activations.remember_logits():
        y = activations.softmax(X)
        np.testing.assert_array_equal(activations.logits_behind(y, "softmax"), X)
        assert activations.logits_behind(y, "sigmoid") is None
        assert activations.logits_behind(y * 1, "softmax") is None
        assert activations.logits_behind(activations.softmax(X, axis=0), "softmax") is None
    assert activations.logits_behind(y, "softmax") is None
