"""What all layers that change colors promise, and what they refuse."""

import jax
import numpy as np
import pytest

from myelin import layers, random
from myelin.errors import InputError, ShapeError

# How each is made so that two images that are alike become different ones.
RANDOM = {
    "RandomBrightness": {"factor": 0.4},
    "RandomContrast": {"factor": 0.9},
    "RandomSaturation": {"factor": (0.0, 0.9)},
    "RandomHue": {"factor": 0.9},
    "RandomColorDegeneration": {"factor": 1.0},
    "RandomGrayscale": {"factor": 0.5},
    "RandomColorJitter": {
        "brightness_factor": 0.3,
        "contrast_factor": 0.3,
        "saturation_factor": 0.6,
        "hue_factor": 0.3,
    },
    "RandomInvert": {"factor": (0.5, 0.5)},
    "RandomPosterization": {"factor": (1, 8)},
    "Solarization": {"addition_factor": 0.5, "threshold_factor": 1.0},
    "RandomSharpness": {"factor": 0.4},
    "RandomGaussianBlur": {"factor": (0.8, 0.8), "sigma": (0.5, 3.0)},
}
FIXED = {"AutoContrast": {}, "Equalization": {}}
ALL = {**RANDOM, **FIXED}


def make(name, **more):
    return getattr(layers, name)(**ALL[name], name="own", **more)


def pictures(count=8, seed=0, shape=(6, 5, 3)):
    return np.random.default_rng(seed).integers(30, 220, (count, *shape)).astype(np.uint8)


def changed(layer, data, step=0, **given):
    with random.scope(jax.random.key(step)):
        return layer(data, **given)


@pytest.mark.parametrize("name", RANDOM)
def test_each_image_draws_its_own_and_a_step_repeats(name):
    same = np.repeat(pictures(1), 8, axis=0)
    layer = make(name, seed=3)
    first, again = changed(layer, same), changed(layer, same)
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(np.asarray(first).reshape(8, -1), axis=0)) > 1
    assert not np.array_equal(first, changed(layer, same, step=1))
    assert not np.array_equal(first, changed(make(name, seed=4), same))


@pytest.mark.parametrize("name", ALL)
def test_bytes_become_floats_in_their_range_and_inference_changes_nothing(name):
    x = pictures()
    layer = make(name)
    y = changed(layer, x)
    assert y.dtype == np.float32
    assert y.shape == x.shape
    assert np.asarray(y).min() >= 0
    assert np.asarray(y).max() <= 255
    assert not np.array_equal(y, x)
    if name != "AutoContrast":
        still = layer(x, training=False)
        assert still.dtype == np.float32
        np.testing.assert_array_equal(still, x)


@pytest.mark.parametrize("name", ALL)
def test_channels_first_one_image_and_other_ranges_are_the_same(name):
    x = pictures(1)
    y = np.asarray(changed(make(name), x))
    first = changed(make(name, data_format="channels_first"), x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(np.asarray(first).transpose(0, 2, 3, 1), y, atol=1e-3)
    np.testing.assert_allclose(changed(make(name), x[0]), y[0], atol=1e-3)
    if name != "RandomGrayscale":
        unit = changed(make(name, value_range=(-1, 1)), x / np.float32(127.5) - 1)
        # Gray's weights sum to 0.9999, and blurs count zeros beyond the edge: black, or gray here.
        inner = slice(1, -1) if "Sharp" in name or "Blur" in name else slice(None)
        got = (np.asarray(unit) + 1) * 127.5
        np.testing.assert_allclose(got[:, inner, inner], y[:, inner, inner], atol=0.02)


@pytest.mark.parametrize("name", ALL)
def test_what_comes_with_the_images_stays(name):
    data = {
        "images": pictures(),
        "labels": np.arange(8),
        "bounding_boxes": {"boxes": np.ones((8, 3, 4), "float32"), "labels": np.ones((8, 3))},
        "segmentation_masks": np.ones((8, 6, 5), np.int32),
    }
    out = changed(make(name, bounding_box_format="xyxy"), data)
    assert not np.array_equal(out["images"], data["images"])
    for got, given in zip(
        jax.tree.leaves({**out, "images": 0}),
        jax.tree.leaves({**data, "images": 0}),
        strict=True,
    ):
        np.testing.assert_array_equal(got, given)


@pytest.mark.parametrize("name", ALL)
def test_no_images_give_none(name):
    assert changed(make(name), np.zeros((0, 6, 5, 3), np.float32)).shape == (0, 6, 5, 3)


@pytest.mark.parametrize(
    ("name", "end", "low", "high"),
    [
        ("RandomBrightness", "rgb_delta", -0.4 * 255, 0.4 * 255),
        ("RandomContrast", "contrast_factor", 0.1, 1.9),
        ("RandomSaturation", "factor", 0, 9),
        ("RandomHue", "factor", -0.45, 0.45),
        ("RandomColorDegeneration", "factor", 0, 1),
        ("RandomSharpness", "factor", 0, 0.4),
        ("RandomGaussianBlur", "blur_factor", 0.5, 3),
        ("Solarization", "additions", 0, 0.5 * 255),
        ("Solarization", "thresholds", 0, 255),
    ],
)
def test_draws_fill_the_range_that_the_factor_gives(name, end, low, high):
    images = np.zeros((4000, 1, 1, 3), np.float32)
    drawn = np.asarray(make(name).get_random_transformation(images, seed=1)[end])
    assert low <= drawn.min() <= low + 0.01 * (high - low)
    # Saturation's factor is f / (1 - f), which thins out upwards.
    assert high - (0.1 if name == "RandomSaturation" else 0.01) * (high - low) <= drawn.max()
    assert drawn.max() <= high + 1e-3


def test_as_many_images_as_the_factor_says_are_chosen():
    images = np.zeros((4000, 1, 1, 3), np.float32)
    gray = layers.RandomGrayscale(0.3).get_random_transformation(images, seed=1)
    assert abs(np.mean(gray) - 0.3) < 0.03
    invert = layers.RandomInvert((0.2, 0.6)).get_random_transformation(images, seed=1)
    assert abs(np.mean(invert["apply_inversion"]) - 0.4) < 0.03
    blur = layers.RandomGaussianBlur(1.0).get_random_transformation(images, seed=1)
    assert abs(np.mean(blur["should_apply_blur"]) - 0.5) < 0.03
    bits = layers.RandomPosterization((2, 5)).get_random_transformation(images, seed=1)
    assert set(np.unique(8 - np.asarray(bits["shift_factor"]))) == {2, 3, 4}
    bits = layers.RandomPosterization((4, 4)).get_random_transformation(images, seed=1)
    assert set(np.unique(bits["shift_factor"])) == {4}


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda: layers.RandomBrightness(1.5), "RandomBrightness: factor wants .* from -1 to 1"),
        (lambda: layers.RandomContrast((0.1, 2)), "RandomContrast: factor wants"),
        (lambda: layers.RandomHue(-0.1), "RandomHue: factor wants"),
        (lambda: layers.RandomHue(0.1, value_range=(1, 1)), "value_range wants the lowest"),
        (lambda: layers.RandomHue(0.1, value_range=255), "value_range wants the lowest"),
        (lambda: layers.RandomGrayscale(2), "RandomGrayscale: factor wants"),
        (lambda: layers.RandomPosterization(9), "RandomPosterization: factor wants"),
        (lambda: layers.RandomPosterization((1.5, 4)), "wants whole numbers"),
        (lambda: layers.Solarization(threshold_factor=2), "threshold_factor wants"),
        (lambda: layers.RandomGaussianBlur(kernel_size=4), "kernel_size wants an odd number"),
        (lambda: layers.RandomGaussianBlur(sigma=(-1, 2)), "sigma wants"),
        (lambda: layers.Equalization(bins=0), "bins wants a whole number above 0"),
        (lambda: layers.RandomColorJitter(hue_factor=3), "RandomHue: factor wants"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        wrong()


@pytest.mark.parametrize("name", ["RandomSaturation", "RandomHue", "RandomColorJitter"])
def test_colors_want_three_channels(name):
    with pytest.raises(ShapeError, match=r"3 channels.*got inputs of shape"):
        make(name)(np.zeros((2, 4, 4, 1), np.float32))


@pytest.mark.parametrize("name", ["RandomGrayscale", "RandomColorDegeneration"])
def test_gray_wants_one_channel_or_three(name):
    one = pictures(2, shape=(4, 4, 1))
    np.testing.assert_array_equal(make(name)(one), one)
    with pytest.raises(ShapeError, match="1 or 3 channels"):
        make(name)(np.zeros((2, 4, 4, 4), np.float32))
