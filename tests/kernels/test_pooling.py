"""Pooling is that of the plain lax form and of PyTorch, in value and gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import pooling
from myelin.kernels.geometry import Geometry, geometry

PAIRS = [
    (pooling.max_pool, pooling.reference_max),
    (pooling.average_pool, pooling.reference_average),
]


@st.composite
def windows(draw):
    """Windows that adjoin, overlap or leave gaps, over images with padding below their size."""
    rank = draw(st.integers(1, 3))
    axes = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    window = draw(axes)
    strides = draw(st.sampled_from([window, draw(axes)]))
    image = [w + draw(st.integers(0, 4)) for w in window]
    padding = [tuple(draw(st.integers(0, w - 1)) for _ in range(2)) for w in window]
    parts = map(tuple, (image, window, strides, padding))
    return Geometry(*parts, (1,) * rank)


@pytest.mark.parametrize(("function", "reference"), PAIRS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=6, deadline=None)
@given(how=windows())
def test_value_and_gradient_are_the_references(function, reference, dtype, how):
    with jax.enable_x64(dtype == "float64"):
        rng = np.random.default_rng(0)
        # Few different numbers, so that maxima are often equal.
        x = jnp.asarray(rng.integers(0, 4, size=(2, *how.image, 3)), dtype)
        weighting = jnp.asarray(rng.normal(size=(2, *how.output, 3)), dtype)

        def all_of(function):
            @jax.jit
            def results(x):
                y, back = jax.vjp(lambda x: function(x, how), x)
                return y, *back(weighting)

            return results(x)

        for got, wanted in zip(all_of(function), all_of(reference), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", [pooling.max_pool, pooling.average_pool])
@pytest.mark.parametrize("strides", [(2, 2), (1, 2)])
def test_forwards_and_of_second_order_it_is_the_numerical_derivative(function, strides):
    with jax.enable_x64(True):
        how = geometry((5, 6), (2, 2), strides, "same", (1, 1))
        rng = np.random.default_rng(0)
        x, v = (jnp.asarray(rng.normal(size=(2, 5, 6, 3))) for _ in range(2))
        cubes = lambda x: (function(x, how) ** 3).sum()  # noqa: E731
        _, forwards = jax.jvp(cubes, (x,), (v,))
        np.testing.assert_allclose(forwards, jnp.vdot(jax.grad(cubes)(x), v), rtol=1e-10)
        along = jax.grad(lambda x: jnp.vdot(jax.grad(cubes)(x), v))(x)
        h = 1e-5
        numerical = (jax.grad(cubes)(x + h * v) - jax.grad(cubes)(x - h * v)) / (2 * h)
        np.testing.assert_allclose(along, numerical, rtol=1e-6, atol=1e-6)


def test_padding_is_below_every_number_and_counts_for_nothing():
    how = geometry((3,), (2,), (2,), "same", (1,))
    x = -jnp.arange(1.0, 4.0).reshape(1, 3, 1)
    np.testing.assert_array_equal(pooling.max_pool(x, how).ravel(), [-1, -3])
    np.testing.assert_array_equal(pooling.average_pool(x, how).ravel(), [-1.5, -3])
    whole = x.astype("int32")
    np.testing.assert_array_equal(pooling.max_pool(whole, how).ravel(), [-1, -3])


@pytest.mark.parametrize("output", [(1, 1), (2, 3), (4, 5), (7, 9), (3, 2)])
def test_adaptive_pooling_is_torchs(torch, output):
    x = np.random.default_rng(0).normal(size=(2, 4, 7, 9)).astype("float32")
    last = jnp.moveaxis(jnp.asarray(x), 1, -1)
    for name in ("max", "avg"):
        tensor = torch.tensor(x, requires_grad=True)
        wanted = getattr(torch.nn.functional, f"adaptive_{name}_pool2d")(tensor, output)
        torch.sin(wanted).sum().backward()
        ours = {"max": pooling.adaptive_max_pool, "avg": pooling.adaptive_average_pool}[name]
        got, back = jax.vjp(lambda x, ours=ours: ours(x, output), last)
        np.testing.assert_allclose(jnp.moveaxis(got, -1, 1), wanted.detach(), rtol=1e-5, atol=1e-6)
        (gradient,) = back(jnp.cos(got))
        np.testing.assert_allclose(jnp.moveaxis(gradient, -1, 1), tensor.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("window", "stride", "pad"), [(3, 2, 1), (2, 2, 0), (3, 1, 1), (2, 3, 1)])
def test_average_and_maximum_are_torchs_at_padded_edges(torch, window, stride, pad):
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 7)).astype("float32")
    tensor, last = torch.tensor(x), jnp.moveaxis(jnp.asarray(x), 1, -1)
    how = Geometry((8, 7), (window,) * 2, (stride,) * 2, ((pad, pad),) * 2, (1, 1))
    average = torch.nn.functional.avg_pool2d(tensor, window, stride, pad, count_include_pad=False)
    largest = torch.nn.functional.max_pool2d(tensor, window, stride, pad)
    for function, wanted in ((pooling.average_pool, average), (pooling.max_pool, largest)):
        got = jnp.moveaxis(function(last, how), -1, 1)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
