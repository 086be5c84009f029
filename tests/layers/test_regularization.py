"""Noise and dropout: their statistics, their shapes, and when they do nothing."""

import jax
import numpy as np
import pytest

from myelin import layers, random
from myelin.errors import InputError

ONES = np.ones((200, 300), "float32")
NORMAL = np.random.default_rng(0).normal(size=(400, 500)).astype("float32")


@pytest.fixture(autouse=True)
def seeded():
    random.set_random_seed(1)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_share_and_the_mean(rate):
    y = np.asarray(layers.Dropout(rate)(ONES, training=True))
    # 60,000 draws: five standard errors of a share are 0.0102 at most.
    assert abs((y == 0).mean() - rate) < 0.0103
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)


def test_dropout_at_the_ends():
    assert not np.asarray(layers.Dropout(1.0)(ONES, training=True)).any()
    np.testing.assert_array_equal(layers.Dropout(0.0)(ONES, training=True), ONES)


@pytest.mark.parametrize("name", ["Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout"])
def test_noise_is_for_training_only(name):
    np.testing.assert_array_equal(getattr(layers, name)(0.5)(NORMAL), NORMAL)


def test_noise_shape_is_shared_along_its_ones():
    x = np.ones((3, 4, 5), "float32")
    y = np.asarray(layers.Dropout(0.5, noise_shape=(None, 1, 5))(x, training=True))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))


@pytest.mark.parametrize(("name", "shape"), [
    ("SpatialDropout1D", (6, 7, 5)), ("SpatialDropout2D", (6, 3, 4, 5)),
    ("SpatialDropout3D", (6, 3, 2, 4, 5)),
])  # fmt: skip
def test_spatial_dropout_drops_whole_channels(name, shape):
    y = np.asarray(getattr(layers, name)(0.5)(np.ones(shape, "float32"), training=True))
    inner = tuple(range(1, len(shape) - 1))
    assert set(np.unique(y)) == {0.0, 2.0}
    np.testing.assert_array_equal(y.max(inner), y.min(inner))


def test_gaussian_noise_has_its_spread():
    y = np.asarray(layers.GaussianNoise(0.3)(np.zeros_like(ONES), training=True))
    assert abs(y.std() - 0.3) < 0.005
    assert abs(y.mean()) < 0.01


def test_gaussian_dropout_has_its_spread():
    y = np.asarray(layers.GaussianDropout(0.2)(ONES, training=True))
    assert abs(y.std() - 0.5) < 0.01
    assert abs(y.mean() - 1) < 0.01


def test_alpha_dropout_keeps_mean_and_variance():
    y = np.asarray(layers.AlphaDropout(0.3)(NORMAL, training=True))
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_two_layers_draw_differently_and_a_seed_repeats():
    one, two = layers.Dropout(0.5), layers.Dropout(0.5)
    first = np.asarray(one(ONES, training=True))
    assert (first != np.asarray(two(ONES, training=True))).any()
    random.set_random_seed(1)
    again = layers.Dropout(0.5, name=one.name)
    np.testing.assert_array_equal(again(ONES, training=True), first)


@pytest.mark.parametrize("name", ["Dropout", "GaussianDropout", "AlphaDropout", "SpatialDropout1D"])
@pytest.mark.parametrize("rate", [-0.1, 1.5, "0.5", float("nan")])
def test_a_rate_is_a_share(name, rate):
    with pytest.raises(InputError, match="rate wants a share from 0 to 1"):
        getattr(layers, name)(rate)


def test_dropout_with_a_generator_of_seeds_repeats():
    def dropped():
        layer = layers.Dropout(0.5, seed=random.SeedGenerator(3), name="drop")
        with random.scope(jax.random.key(2)):
            return layer(ONES, training=True)

    np.testing.assert_array_equal(dropped(), dropped())
