"""`keras.random`: the bits of Keras on JAX for a seed, and states that steps carry on."""

import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import random

keras = pytest.importorskip("keras")

LOGITS = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]))
X = np.arange(12, dtype="float32").reshape(4, 3)

CASES = [
    ("normal", ((2, 3),), {}),
    ("normal", ((4,), 2.0, 0.5), {"dtype": "float16"}),
    ("uniform", ((2, 3),), {"minval": -1, "maxval": 2.0}),
    ("truncated_normal", ((5,), 1.0, 2.0), {}),
    ("randint", ((6,), 0, 100), {}),
    ("randint", ((6,), -5, 5), {"dtype": "int8"}),
    ("categorical", (LOGITS, 7), {}),
    ("dropout", (X, 0.5), {}),
    ("dropout", (X, 0.25), {"noise_shape": (None, 1)}),
    ("dropout", (X, 0.0), {}),
    ("dropout", (X, 1.0), {}),
    ("shuffle", (X,), {}),
    ("shuffle", (X,), {"axis": 1}),
    ("gamma", ((4,), 2.0), {}),
    ("beta", ((4,), 2.0, 3.0), {}),
    ("binomial", ((4,), 10.0, 0.3), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
@pytest.mark.parametrize("seed", [7, 2**32 - 1])
def test_a_seed_gives_kerass_bits(name, args, kwargs, seed):
    ours = getattr(random, name)(*args, **kwargs, seed=seed)
    theirs = getattr(keras.random, name)(*args, **kwargs, seed=seed)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_array_equal(ours, getattr(random, name)(*args, **kwargs, seed=seed))


def test_a_generator_goes_on_as_kerass():
    ours, theirs = random.SeedGenerator(3), keras.random.SeedGenerator(3)
    for _ in range(3):
        one = random.normal((4,), seed=ours)
        np.testing.assert_allclose(one, keras.random.normal((4,), seed=theirs), rtol=1e-6)
    np.testing.assert_array_equal(ours.state, theirs.state)
    np.testing.assert_array_equal(ours.next(ordered=False), theirs.next(ordered=False))
    np.testing.assert_array_equal(ours.state, theirs.state)
    assert random.SeedGenerator.from_config(ours.get_config()).seed == 3


def test_all_of_kerass_names_are_there():
    theirs = {name for name in dir(keras.random) if not name.startswith("_")}
    assert theirs <= set(dir(random))


def _noisy(library):
    class Noisy(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seed_generator = library.random.SeedGenerator(5)

        def build(self, shape):
            self.scale = self.add_weight(shape=(), initializer="ones")

        def call(self, x):
            noise = library.random.uniform(jnp.shape(x), seed=self.seed_generator)
            return x + self.scale * noise

    return Noisy()


def test_a_layers_generator_counts_as_in_keras_and_goes_on_in_compiled_steps():
    x, layers = np.zeros((6, 2), "float32"), [_noisy(mn), _noisy(keras)]
    for library, layer in zip((mn, keras), layers, strict=True):
        model = library.Sequential([layer])
        model.compile("sgd", "mse")
        model.fit(x, x, batch_size=2, epochs=2, shuffle=False, verbose=0)
    ours, theirs = layers
    assert [len(ours.weights), len(ours.trainable_variables)] == [1, 1]
    assert len(ours.non_trainable_variables) == len(theirs.non_trainable_variables) == 1
    np.testing.assert_array_equal(ours.seed_generator.state, [5, 6])
    np.testing.assert_allclose(ours.scale, theirs.scale, rtol=1e-5)
