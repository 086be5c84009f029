"""`agree` and `directional_derivative`: what the contracts are made of."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import dtypes, layers
from myelin.testing import agree, directional_derivative
from myelin.testing.comparing import check_gradient, float64

PROMISE = "It is as promised."


class TestAgree:
    @pytest.mark.parametrize(
        ("got", "wanted"),
        [
            (1.0, 1.0 + 1e-7),
            ([1.0, {"a": jnp.ones(2)}], [1.0, {"a": np.ones(2)}]),
            (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
            (jnp.ones(2, jnp.bfloat16), np.ones(2)),
            (np.array([True, False]), np.array([True, False])),
            ((), ()),
        ],
    )
    def test_passes(self, got, wanted):
        agree(got, wanted, PROMISE)

    @pytest.mark.parametrize(
        ("got", "wanted"),
        [
            (1.0, 1.1),
            (0.0, 1e-3),
            (np.nan, 1.0),
            (np.inf, -np.inf),
            ([1.0], [1.0, 2.0]),
            ({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 3.0}),
            (np.ones(2), np.ones((2, 1))),
            (np.ones(1), 1.0),
            (np.array([1, 2]), np.array([1, 3])),
            (np.array([True]), np.array([False])),
        ],
    )
    def test_finds(self, got, wanted):
        with pytest.raises(AssertionError, match=PROMISE):
            agree(got, wanted, PROMISE)

    def test_tolerances(self):
        agree(1.0, 1.05, PROMISE, rtol=0.1)
        agree(0.0, 0.05, PROMISE, atol=0.1)
        with pytest.raises(AssertionError):
            agree(1.0, 1.0 + 1e-7, PROMISE, rtol=0, atol=0)

    def test_bytes_do_not_wrap_around(self):
        with pytest.raises(AssertionError):
            agree(np.uint8([0]), np.uint8([255]), PROMISE, atol=2)


class TestDirectionalDerivative:
    def test_of_a_polynomial_is_exact(self):
        at, along = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.0, -2.0])
        got = directional_derivative(lambda x: (x**3).sum(), at, along, step=1e-4)
        assert got == pytest.approx(float((3 * at**2 * along).sum()), rel=1e-6)

    def test_of_a_tree(self):
        at, along = {"a": np.ones(2), "b": [np.float64(3)]}, {"a": np.ones(2), "b": [1.0]}
        got = directional_derivative(lambda t: t["a"].sum() * t["b"][0], at, along)
        assert got == pytest.approx(2 * 3 + 2 * 1, rel=1e-6)

    def test_agrees_with_jax(self):
        with float64():
            at = jnp.linspace(0.1, 1.0, 5)
            along = jnp.arange(5.0)
            function = lambda x: jnp.sum(jnp.sin(x) * jnp.exp(x))  # noqa: E731
            wanted = float(jax.grad(function)(at) @ along)
            assert directional_derivative(function, at, along) == pytest.approx(wanted, rel=1e-7)


class TestCheckGradient:
    def test_a_right_one(self):
        with float64():
            rng = np.random.default_rng(0)
            check_gradient(lambda x: jnp.sin(x).sum(), np.ones(3), PROMISE, rng)

    def test_a_wrong_one(self):
        @jax.custom_vjp
        def square(x):
            return x**2

        square.defvjp(lambda x: (x**2, x), lambda x, g: (g * x,))
        with float64(), pytest.raises(AssertionError, match=PROMISE):
            check_gradient(lambda x: square(x).sum(), np.ones(3), PROMISE, np.random.default_rng(0))


def test_float64_is_in_force_inside_only():
    with float64():
        assert dtypes.floatx() == layers.Dense(1).compute_dtype == "float64"
        assert jnp.ones(1).dtype == jnp.float64
    assert dtypes.floatx() == layers.Dense(1).compute_dtype == "float32"
    assert jnp.ones(1).dtype == jnp.float32
