"""Moments, scaling and sums by channel are those of NumPy, and their derivatives those of jax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

from myelin.kernels import normalization


def plain_moments(x):
    axes = tuple(range(x.ndim - 1))
    return x.mean(axes), x.var(axes)


def drawn(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    channels=st.sampled_from([1, 3, 8, 16, 17, 40, 128, 200]),
    mean=st.sampled_from([0.0, 3.0, 1000.0]),
)
def test_moments_are_numpys(rows, channels, mean):
    x = np.asarray(drawn(*rows, channels)) + np.float32(mean)
    wide = x.astype(np.float64)
    axes = tuple(range(x.ndim - 1))
    got_mean, got_variance = normalization.moments(jnp.asarray(x))
    np.testing.assert_allclose(got_mean, wide.mean(axes), rtol=1e-6, atol=1e-6)
    # Of numbers that are far from 0, the distances have lost what float32 cannot hold.
    lost = (abs(mean) * 1e-7) ** 2 + abs(mean) * 1e-6
    np.testing.assert_allclose(got_variance, wide.var(axes), rtol=2e-6, atol=1e-7 + lost)


def test_moments_of_other_types_and_of_nothing():
    with jax.enable_x64(True):
        x = jnp.asarray(np.random.default_rng(0).normal(size=(4, 5, 3)))
        for got, wanted in zip(normalization.moments(x), plain_moments(x), strict=True):
            assert got.dtype == jnp.float64
            np.testing.assert_allclose(got, wanted)
    assert np.isnan(normalization.moments(jnp.zeros((0, 3)))[0]).all()


def mine(x, factor, offset):
    mean, var = normalization.moments(x)
    return jnp.sum(jnp.sin(normalization.scaled(x, factor, offset)) * jnp.cos(mean + var))


def plain(x, factor, offset):
    mean, var = plain_moments(x)
    return jnp.sum(jnp.sin(x * factor + offset) * jnp.cos(mean + var))


@pytest.mark.parametrize("channels", [1, 5, 16, 37, 130])
def test_gradients_are_jaxs(channels):
    operands = drawn(6, 7, channels), drawn(channels, seed=1), drawn(channels, seed=2)
    got = jax.jit(jax.grad(mine, (0, 1, 2)))(*operands)
    for own, wanted in zip(got, jax.grad(plain, (0, 1, 2))(*operands), strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-4, atol=2e-5)


def test_derivatives_forwards_backwards_and_of_second_order():
    with jax.enable_x64(True):
        operands = [o.astype(jnp.float64) for o in (drawn(3, 4, 2), drawn(2), drawn(2, seed=3))]
        check_grads(mine, operands, 2, rtol=1e-5, atol=1e-5)
        for axis in (0, 1):
            got = jax.hessian(mine, axis)(*operands)
            np.testing.assert_allclose(
                got, jax.hessian(plain, axis)(*operands), rtol=1e-8, atol=1e-9
            )


@pytest.mark.parametrize("axes", [(0, None, None), (0, 0, 0), (1, 0, None), (None, 1, 0)])
def test_vmap_maps_every_operand(axes):
    def operand(shape, axis, seed):
        shape = list(shape)
        if axis is not None:
            shape.insert(axis, 3)
        return drawn(*shape, seed=seed)

    shapes = ((5, 4, 6), (6,), (6,))
    operands = [operand(s, a, i) for i, (s, a) in enumerate(zip(shapes, axes, strict=True))]
    got = jax.vmap(jax.grad(mine, (0, 1, 2)), axes)(*operands)
    wanted = jax.vmap(jax.grad(plain, (0, 1, 2)), axes)(*operands)
    for own, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=2e-5)


def test_vmap_within_vmap():
    x, factor, offset = drawn(2, 5, 4, 6), drawn(3, 6, seed=1), drawn(6, seed=2)
    inner = jax.vmap(jax.grad(mine, (0, 1, 2)), (0, None, None))
    outer = jax.vmap(inner, (None, 0, None))(x, factor, offset)
    wanted = jax.vmap(jax.vmap(jax.grad(plain, (0, 1, 2)), (0, None, None)), (None, 0, None))(
        x, factor, offset
    )
    for own, other in zip(outer, wanted, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=2e-5)
