"""Random arrays and generators in models and steps; their bits are Keras's by another file."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import random

X = np.arange(12, dtype="float32").reshape(4, 3)


class Noisy(mn.layers.Layer):
    def __init__(self):
        super().__init__()
        self.generators = {"noise": [random.SeedGenerator(5)]}

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        noise = random.uniform(jnp.shape(x), seed=self.generators["noise"][0])
        return x + self.scale * noise


def test_a_generators_state_is_a_variable_that_steps_carry_on():
    layer = Noisy()
    model = mn.Sequential([layer])
    model.compile("sgd", "mse")
    model.fit(X, X, batch_size=2, epochs=3, verbose=0)
    (state,) = layer.non_trainable_variables
    np.testing.assert_array_equal(state, [5, 6])
    assert model.count_params() == len(model.weights) == 1
    model.predict(X, verbose=0)
    one, other = layer(X), layer(X)
    assert not np.allclose(one, other)


@pytest.mark.parametrize(
    ("draw", "mean", "spread"),
    [
        (lambda **k: random.normal((4000,), 1.0, 2.0, **k), 1.0, 2.0),
        (lambda **k: random.uniform((4000,), -1.0, 2.0, **k), 0.5, 3 / 12**0.5),
        (lambda **k: random.truncated_normal((4000,), **k), 0.0, 0.8796),
        (lambda **k: random.randint((4000,), 0, 10, **k), 4.5, (99 / 12) ** 0.5),
        (lambda **k: random.gamma((4000,), 4.0, **k), 4.0, 2.0),
        (lambda **k: random.beta((4000,), 2.0, 2.0, **k), 0.5, 0.05**0.5),
        (lambda **k: random.binomial((4000,), 10.0, 0.5, **k), 5.0, 2.5**0.5),
        (lambda **k: random.categorical(np.log([[0.25, 0.75]]), 4000, **k), 0.75, 0.1875**0.5),
        (lambda **k: random.dropout(np.ones(4000), 0.2, **k), 1.0, 0.5),
        (lambda **k: random.shuffle(np.arange(4000.0), **k), 1999.5, 4000 / 12**0.5),
    ],
)
def test_means_and_spreads_are_those_of_the_distributions(draw, mean, spread):
    drawn = np.asarray(draw(seed=3), "float64")
    assert drawn.mean() == pytest.approx(mean, abs=4 * spread / 4000**0.5)
    assert drawn.std() == pytest.approx(spread, rel=0.06)


def test_a_generator_is_not_moved_by_asking_for_shapes():
    layer = Noisy()
    assert layer(mn.Input((3,))).shape == (None, 3)
    np.testing.assert_array_equal(layer.generators["noise"][0].state, [5, 0])


def test_without_a_seed_numbers_follow_the_programs_and_the_steps_key():
    mn.random.set_random_seed(1)
    first = random.normal((3,)), random.normal((3,))
    mn.random.set_random_seed(1)
    np.testing.assert_array_equal(first[0], random.normal((3,)))
    assert not np.allclose(*first)

    @jax.jit
    def step(key):
        with random.scope(key):
            return random.normal((3,)), random.normal((3,))

    one, other = step(jax.random.key(0)), step(jax.random.key(1))
    assert not np.allclose(one[0], one[1])
    assert not np.allclose(one[0], other[0])


def test_draws_on_promises_are_drawn_when_the_model_runs():
    x = mn.Input((1000,))
    model = mn.Model(x, random.dropout(x, 0.3))
    y = model.predict(np.ones((2, 1000), "float32"), verbose=0)
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: random.normal((2,), seed=1.5), "seed wants a whole number"),
        (lambda: random.uniform((2,), dtype="int32"), "see randint"),
        (lambda: random.randint((2,), 0, 5, dtype="float32"), "see uniform"),
        (lambda: random.dropout(X, 1.5), "rate wants 0 to 1"),
        (lambda: random.categorical(X[0], 2), "wants logits"),
        (lambda: random.SeedGenerator("a"), "wants a whole number or None"),
    ],
)
def test_errors(call, text):
    with pytest.raises(mn.errors.InputError, match=text):
        call()


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match='Did you mean "normal"'):
        random.norml  # noqa: B018
