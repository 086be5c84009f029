import numpy as np
import pytest

from myelin import errors, layers

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(3, 2, size=(4, 5, 6, 8)).astype("float32")


def test_each_group_has_mean_0_and_variance_1():
    y = np.asarray(layers.GroupNormalization(4, epsilon=1e-7)(IMAGES))
    groups = y.reshape(4, 30, 4, 2)
    np.testing.assert_allclose(groups.mean((1, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(groups.var((1, 3)), 1, rtol=1e-4)


def test_groups_by_another_name():
    alone = layers.GroupNormalization(-1, epsilon=1e-3)(IMAGES)
    np.testing.assert_allclose(alone, layers.GroupNormalization(8)(IMAGES), rtol=1e-5)
    whole = layers.GroupNormalization(1, center=False, scale=False)(IMAGES)
    normal = layers.LayerNormalization((1, 2, 3), center=False, scale=False)(IMAGES)
    np.testing.assert_allclose(whole, normal, rtol=1e-4, atol=1e-5)


def test_rms_is_the_formula():
    y = layers.RMSNormalization(axis=(1, 2), epsilon=0.0)(IMAGES)
    np.testing.assert_allclose(np.square(y).mean((1, 2)), 1, rtol=1e-5)


def test_zeros_have_no_direction():
    x = np.zeros((2, 3), "float32")
    x[1] = [3, 0, 4]
    np.testing.assert_allclose(layers.UnitNormalization()(x), [[0, 0, 0], [0.6, 0, 0.8]])


@pytest.mark.parametrize("groups", [0, -2, 1.5, "2"])
def test_wrong_groups(groups):
    with pytest.raises(errors.InputError, match="groups"):
        layers.GroupNormalization(groups)


def test_channels_that_do_not_fit():
    with pytest.raises(errors.ShapeError, match=r"multiple of its 3 groups.*\(4, 5, 6, 8\)"):
        layers.GroupNormalization(3)(IMAGES)
    with pytest.raises(errors.ShapeError, match="known"):
        layers.RMSNormalization().build((None, None))
    with pytest.raises(errors.InputError, match="axis 4"):
        layers.UnitNormalization(4)(IMAGES)
