"""Adam's native step against the formula in float64, and through vmap, gradients and fallbacks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import optimizers
from myelin.kernels import adam, native

needs_native = pytest.mark.skipif(not native.available(), reason="built without native kernels")
NUMBERS = (0.01, 0.1, 0.001, 1e-7)


def drawn(*shape):
    rng = np.random.default_rng(0)
    g, w, m = (rng.standard_normal(shape).astype("float32") for _ in range(3))
    return g, w, m, rng.random(shape).astype("float32")


def wanted(g, w, m, v):
    g, w, m, v = (a.astype("float64") for a in (g, w, m, v))
    m, v = m + 0.1 * (g - m), v + 0.001 * (g * g - v)
    return w - 0.01 * m / (np.sqrt(v) + 1e-7), m, v


def step(*arrays):
    return adam.step(NUMBERS, *arrays)


@needs_native
@pytest.mark.parametrize("shape", [(1,), (7, 3), (5, 333), (300, 301), (0, 4), ()])
def test_any_shape_agrees_with_float64(shape):
    arrays = drawn(*shape)
    assert jax.jit(step).lower(*arrays).as_text().count("@myelin_adam") == 1
    for have, want in zip(jax.jit(step)(*arrays), wanted(*arrays), strict=True):
        np.testing.assert_allclose(have, want, rtol=2e-6, atol=1e-7)


@needs_native
def test_gradients_take_the_plain_form():
    arrays = drawn(3, 20)
    slope = jax.jit(jax.grad(lambda g: step(g, *arrays[1:])[1].sum()))(arrays[0])
    np.testing.assert_allclose(slope, np.full((3, 20), 0.1), rtol=1e-6)


@needs_native
@pytest.mark.parametrize("shape", [(3, 20), (2, 7, 5), (5, 333, 100), (1, 8)])
def test_members_share_the_numbers_or_have_their_own(shape):
    arrays = drawn(*shape)
    alphas = np.linspace(0.01, 0.5, shape[0]).astype("float32")

    def own(alpha, *arrays):
        return adam.step((alpha, *NUMBERS[1:]), *arrays)

    for over, given in ((jax.vmap(step), arrays), (jax.vmap(own), (alphas, *arrays))):
        assert jax.jit(over).lower(*given).as_text().count("@myelin_adam") == 1
    for have, want in zip(jax.jit(jax.vmap(step))(*arrays), wanted(*arrays), strict=True):
        np.testing.assert_allclose(have, want, rtol=2e-6, atol=1e-7)
    w, m, _ = jax.jit(jax.vmap(own))(alphas, *arrays)
    _, m_wanted, v_wanted = wanted(*arrays)
    np.testing.assert_allclose(m, m_wanted, rtol=2e-6, atol=1e-7)
    moved = m_wanted / (np.sqrt(v_wanted) + 1e-7)
    by_member = alphas.reshape(-1, *[1] * (len(shape) - 1))
    np.testing.assert_allclose(w, arrays[1] - by_member * moved, rtol=2e-6, atol=2e-7)


@needs_native
def test_members_of_members_take_the_plain_form():
    arrays = drawn(2, 3, 20)
    nested = jax.jit(jax.vmap(jax.vmap(step)))
    for have, want in zip(nested(*arrays), wanted(*arrays), strict=True):
        np.testing.assert_allclose(have, want, rtol=2e-6, atol=1e-7)


@needs_native
@pytest.mark.parametrize("made", [optimizers.Adam, optimizers.AdamW])
def test_optimizers_step_as_they_do_without(made, monkeypatch):
    g, w, _, _ = drawn(128, 129)

    def two_steps():
        optimizer = made(0.01)
        params, state = {"w": jnp.asarray(w)}, optimizer.init({"w": w})
        run = jax.jit(optimizer.step)
        for _ in range(2):
            params, state = run(params, {"w": g}, state)
        assert ("@myelin_adam" in run.lower(params, {"w": g}, state).as_text()) == adam.suits(w)
        return params["w"]

    native_w = two_steps()
    monkeypatch.setattr(native, "available", lambda: False)
    np.testing.assert_allclose(native_w, two_steps(), rtol=1e-5, atol=1e-7)
