"""The GRU as one call against its steps written out in NumPy, and against the plain form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin.kernels import gru as kernel
from myelin.kernels import native
from tests.kernels.test_lstm import SIZES

rng = np.random.default_rng(0)
needs_native = pytest.mark.skipif(not native.available(), reason="needs the native kernels")


def operands(steps, batch, units, dtype="float32"):
    shapes = [(steps, batch, 3 * units), (units, 3 * units), (3 * units,), (batch, units)]
    drawn = [rng.normal(size=shape) for shape in shapes]
    drawn[1] *= 0.3
    return [a.astype(dtype) for a in drawn]


def written_out(projected, recurrent, bias, h):
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    outputs = []
    for own in projected:
        own_z, own_r, own_g = np.split(own, 3, axis=-1)
        of_z, of_r, of_g = np.split(h @ recurrent + bias, 3, axis=-1)
        z = sigmoid(own_z + of_z)
        g = np.tanh(own_g + sigmoid(own_r + of_r) * of_g)
        h = z * h + (1 - z) * g
        outputs.append(h)
    return np.stack(outputs)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_steps_written_out(sizes):
    given = operands(*sizes, dtype="float64")
    single = [a.astype("float32") for a in given]
    for form in (kernel.gru, kernel.plain_gru):
        found = jax.jit(form)(*single)
        np.testing.assert_allclose(found, written_out(*given), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_are_those_that_jax_derives_from_the_plain_form(sizes):
    given = operands(*sizes)
    weights = rng.normal(size=(*sizes[:2], sizes[2])).astype("float32")

    def gradients(form):
        return jax.jit(jax.grad(lambda *a: (form(*a) * weights).sum(), (0, 1, 2, 3)))(*given)

    for found, wanted in zip(gradients(kernel.gru), gradients(kernel.plain_gru), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_second_derivatives():
    given = operands(3, 4, 64)

    def steepness(form):
        gradient = jax.grad(lambda *a: (form(*a) ** 2).sum(), (0, 1))
        return jax.jit(jax.grad(lambda *a: sum((g**2).sum() for g in gradient(*a)), (0, 1, 2, 3)))

    pairs = zip(steepness(kernel.gru)(*given), steepness(kernel.plain_gru)(*given), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@needs_native
def test_an_example_gets_the_same_bits_in_any_company_and_members_are_each_their_own():
    given = operands(4, 29, 40)
    whole = jax.jit(kernel.gru)(*given)
    part = jax.jit(kernel.gru)(given[0][:, 3:14], given[1], given[2], given[3][3:14])
    np.testing.assert_array_equal(whole[:, 3:14], part)
    two = [np.stack([a, a[::-1]]) for a in given]
    outputs = jax.jit(jax.vmap(kernel.gru))(*two)
    np.testing.assert_allclose(outputs[0], whole, rtol=1e-6, atol=1e-7)
    other = jax.jit(kernel.gru)(*(a[::-1] for a in given))
    np.testing.assert_allclose(outputs[1], other, rtol=1e-6, atol=1e-7)


@needs_native
def test_the_layer_takes_it_where_it_may_and_gives_the_same():
    x = rng.normal(size=(8, 5, 16)).astype("float32")
    mn.utils.set_random_seed(0)
    layer = mn.layers.GRU(32, return_sequences=True, return_state=True)
    found = layer(x)
    assert "myelin_gru" in jax.jit(lambda x: layer(x)).lower(x).as_text()
    masked = layer(x, mask=np.ones((8, 5), bool))
    assert "myelin_gru" not in jax.jit(lambda x: layer(x, mask=x[..., 0] > -9)).lower(x).as_text()
    for one, two in zip(found, masked, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    before = mn.layers.GRU(32, reset_after=False)
    assert "myelin_gru" not in jax.jit(lambda x: before(x)).lower(x).as_text()


def test_other_types_take_the_plain_form():
    given = [jnp.asarray(a, "bfloat16") for a in operands(3, 4, 64)]
    assert kernel.gru(*given).dtype == "bfloat16"
