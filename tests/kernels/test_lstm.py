"""The LSTM as one call against its steps written out in NumPy, and against the plain form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin.kernels import lstm as kernel
from myelin.kernels import native

rng = np.random.default_rng(0)
needs_native = pytest.mark.skipif(not native.available(), reason="needs the native kernels")

# Steps, examples, units: whole vectors and tiles, and what is left over of each.
SIZES = [(6, 8, 64), (5, 37, 33), (3, 1, 96), (4, 26, 23)]


def operands(steps, batch, units, dtype="float32"):
    shapes = [
        (steps, batch, 4 * units), (units, 4 * units), (4 * units,), (batch, units), (batch, units),
    ]  # fmt: skip
    drawn = [rng.normal(size=shape) for shape in shapes]
    drawn[1] *= 0.3
    return [a.astype(dtype) for a in drawn]


def written_out(projected, recurrent, bias, h, c):
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    outputs = []
    for own in projected:
        i, f, g, o = np.split(own + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs), c


@pytest.mark.parametrize("sizes", SIZES)
def test_the_steps_written_out(sizes):
    given = operands(*sizes, dtype="float64")
    wanted = written_out(*given)
    single = [a.astype("float32") for a in given]
    for form in (kernel.lstm, kernel.plain_lstm):
        for found, exact in zip(jax.jit(form)(*single), wanted, strict=True):
            np.testing.assert_allclose(found, exact, rtol=2e-5, atol=2e-6)


@needs_native
def test_far_from_zero_and_near_it_the_activations_are_right():
    units, batch = 64, 4
    z = np.concatenate([np.linspace(-120, 120, 500), [0.0, 1e-30, -1e-8, 1e-5, 0.049, 0.051]])
    z = np.resize(z, (2, batch, 4 * units)).astype("float32")
    kernel_and_bias = np.zeros((units + 1, 4 * units), "float32")
    states = np.zeros((2, batch, units), "float32")
    given = [z, kernel_and_bias[1:], kernel_and_bias[0], *states]
    assert kernel.suits(given[0], given[1])
    exact = written_out(*(a.astype("float64") for a in given))
    for found, wanted in zip(jax.jit(kernel.lstm)(*given), exact, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_are_those_that_jax_derives_from_the_plain_form(sizes):
    given = operands(*sizes)
    weights = rng.normal(size=(*sizes[:2], sizes[2])).astype("float32")

    def loss(form):
        def value(*given):
            outputs, c = form(*given)
            return (outputs * weights).sum() + (c**2).sum()

        return jax.jit(jax.grad(value, (0, 1, 2, 3, 4)))

    pairs = zip(loss(kernel.lstm)(*given), loss(kernel.plain_lstm)(*given), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_second_derivatives():
    given = operands(3, 4, 64)

    def steepness(form):
        gradient = jax.grad(lambda *a: (form(*a)[0] ** 2).sum(), (0, 1))
        return jax.jit(
            jax.grad(lambda *a: sum((g**2).sum() for g in gradient(*a)), (0, 1, 2, 3, 4))
        )

    pairs = zip(steepness(kernel.lstm)(*given), steepness(kernel.plain_lstm)(*given), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@needs_native
def test_an_example_gets_the_same_bits_in_any_company_and_members_are_each_their_own():
    given = operands(4, 29, 40)
    whole = jax.jit(kernel.lstm)(*given)
    some = [given[0][:, 3:14], *given[1:3], given[3][3:14], given[4][3:14]]
    part = jax.jit(kernel.lstm)(*some)
    np.testing.assert_array_equal(whole[0][:, 3:14], part[0])
    two = [np.stack([a, a[::-1]]) for a in given]
    outputs, _ = jax.jit(jax.vmap(kernel.lstm))(*two)
    np.testing.assert_allclose(outputs[0], whole[0], rtol=1e-6, atol=1e-7)
    other = jax.jit(kernel.lstm)(*(a[::-1] for a in given))
    np.testing.assert_allclose(outputs[1], other[0], rtol=1e-6, atol=1e-7)


@needs_native
def test_the_layer_takes_it_where_it_may_and_gives_the_same():
    x = rng.normal(size=(8, 5, 16)).astype("float32")
    mn.utils.set_random_seed(0)
    layer = mn.layers.LSTM(32, return_sequences=True, return_state=True)
    found = layer(x)
    assert "myelin_lstm" in jax.jit(lambda x: layer(x)).lower(x).as_text()
    masked = layer(x, mask=np.ones((8, 5), bool))
    assert "myelin_lstm" not in jax.jit(lambda x: layer(x, mask=x[..., 0] > -9)).lower(x).as_text()
    for one, two in zip(found, masked, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    backwards = mn.layers.LSTM(32, go_backwards=True)
    backwards(x)
    backwards.set_weights(layer.get_weights())
    np.testing.assert_allclose(backwards(x), layer(x[:, ::-1])[1], rtol=1e-5, atol=1e-6)


def test_other_types_take_the_plain_form():
    given = [jnp.asarray(a, "bfloat16") for a in operands(3, 4, 64)]
    assert not kernel.suits(given[0], given[1])
    assert kernel.lstm(*given)[0].dtype == "bfloat16"
