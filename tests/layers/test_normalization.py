"""Normalization in closed form, and what `adapt` takes."""

import numpy as np
import pytest

from myelin import layers
from myelin.errors import InputError

X = np.random.default_rng(0).normal(3, 2, size=(64, 5)).astype("float32")


def test_batch_normalization_in_training_has_mean_0_and_variance_1():
    y = np.asarray(layers.BatchNormalization(epsilon=1e-6)(X, training=True))
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(0), 1, atol=1e-3)


def test_the_moving_mean_follows_and_inference_uses_it():
    layer = layers.BatchNormalization(momentum=0.5, epsilon=1e-6)
    layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), X.mean(0) / 2, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.5 + X.var(0) / 2, rtol=1e-5)
    wanted = (X - X.mean(0) / 2) / np.sqrt(0.5 + X.var(0) / 2 + 1e-6)
    np.testing.assert_allclose(layer(X), wanted, rtol=1e-4, atol=1e-5)


def test_a_frozen_batch_normalization_infers():
    layer = layers.BatchNormalization()
    layer(X)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(X, training=True), layer(X, training=False))
    for own, other in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, other)


def test_a_mask_leaves_rows_out_of_the_mean():
    mask = np.arange(64) < 40
    y = np.asarray(layers.BatchNormalization(epsilon=1e-6)(X, training=True, mask=mask))
    np.testing.assert_allclose(y[:40].mean(0), 0, atol=1e-5)


def test_layer_normalization_normalizes_each_example():
    y = np.asarray(layers.LayerNormalization(epsilon=1e-6)(X))
    np.testing.assert_allclose(y.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(1), 1, atol=1e-3)


def test_adapt_in_batches_of_any_size_is_adapt_at_once():
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(X)
    parts.adapt(iter([X[:1], X[1:30], X[30:]]))
    np.testing.assert_allclose(parts(X), whole(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(whole(X), (X - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)


def test_adapt_survives_numbers_far_from_zero():
    x = np.array([[1e6], [1e6 + 1], [1e6 + 2]], "float64")
    layer = layers.Normalization()
    layer.adapt(x)
    np.testing.assert_allclose(layer.get_weights()[1], [2 / 3], rtol=1e-6)


def test_a_constant_feature_stays_finite():
    layer = layers.Normalization()
    layer.adapt(np.full((10, 1), 4.0))
    np.testing.assert_allclose(layer(np.full((2, 1), 4.0, "float32")), 0.0)


def test_normalization_says_what_is_missing():
    with pytest.raises(InputError, match="adapt"):
        layers.Normalization()(X)
    with pytest.raises(InputError, match="both mean and variance"):
        layers.Normalization(mean=1.0)
    with pytest.raises(InputError, match="makes no sense"):
        layers.Normalization(mean=1.0, variance=1.0).adapt(X)
    with pytest.raises(InputError, match="no data"):
        layers.Normalization().adapt(iter([]))


def test_rescaling():
    y = layers.Rescaling(1 / 255)(np.array([[0, 255]], "uint8"))
    np.testing.assert_allclose(y, [[0, 1]])


@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_the_statistics_can_be_read_as_in_keras(axis, keras):
    data = np.random.default_rng(0).normal(3, 2, size=(8, 4, 5)).astype(np.float32)
    mine, theirs = layers.Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    assert mine.mean is None
    for layer in (mine, theirs):
        layer.adapt(data)
    for name in ("mean", "variance"):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-4)
    assert mine.get_config()["mean"] is None
