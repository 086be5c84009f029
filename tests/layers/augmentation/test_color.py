"""Colors against Python's colorsys, PIL's enhancers and Keras, for given draws."""

import colorsys

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import pytest

from myelin import layers

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (3, 8, 7, 3)).astype(np.uint8)
# The hues and grays at which the formulas branch.
BYTES[0, 0] = [[0] * 3, [255] * 3, [90] * 3, [255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 0]]


def by_pixel(function, images):
    """`function` of each pixel's red, green and blue from 0 to 1."""
    return np.apply_along_axis(lambda rgb: function(*rgb), -1, images / 255.0) * 255


def by_picture(function, images):
    """`function` of each image as a PIL image."""
    return np.stack([np.asarray(function(PIL.Image.fromarray(image))) for image in images])


@pytest.mark.parametrize("turn", [-0.5, -0.2, 0.0, 0.1, 0.45])
def test_hue_is_colorsys(turn):
    def turned(*rgb):
        hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
        return colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)

    got = layers.RandomHue(0.5).transform_images(BYTES, {"factor": np.full(3, turn)})
    np.testing.assert_allclose(got, by_pixel(turned, BYTES), atol=2e-3)


@pytest.mark.parametrize("factor", [-0.3, 0.0, 0.6, 1.0, 1.7, 1e7])
def test_saturation_is_colorsys(factor):
    def saturated(*rgb):
        hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
        return colorsys.hsv_to_rgb(hue, np.clip(saturation * factor, 0, 1), value)

    got = layers.RandomSaturation(0.5).transform_images(BYTES, {"factor": np.full(3, factor)})
    np.testing.assert_allclose(got, by_pixel(saturated, BYTES), atol=2e-3)


def test_the_middle_of_saturation_leaves_images_alone():
    layer = layers.RandomSaturation((0.5, 0.5))
    drawn = layer.get_random_transformation(BYTES, seed=0)
    np.testing.assert_allclose(layer.transform_images(BYTES, drawn), BYTES, atol=1e-3)


def test_brightness_adds_a_part_of_the_range():
    layer = layers.RandomBrightness((0.2, 0.2))
    got = layer(BYTES)
    np.testing.assert_allclose(got, np.clip(BYTES + 51.0, 0, 255), atol=1e-3)


def test_full_degeneration_and_grayscale_are_pil_gray():
    wanted = by_picture(lambda image: image.convert("L"), BYTES)[..., None]
    # PIL's weights are 0.299, 0.587 and 0.114, and it rounds.
    np.testing.assert_allclose(
        layers.RandomColorDegeneration((1.0, 1.0))(BYTES), wanted + 0 * BYTES, atol=0.6
    )
    np.testing.assert_allclose(layers.RandomGrayscale(1.0)(BYTES), wanted + 0 * BYTES, atol=0.6)


def test_degeneration_is_pil_color():
    wanted = by_picture(lambda image: PIL.ImageEnhance.Color(image).enhance(0.4), BYTES)
    got = layers.RandomColorDegeneration((0.6, 0.6))(BYTES)
    np.testing.assert_allclose(got, wanted, atol=1.1)


def test_contrast_keeps_the_mean_and_scales_the_spread():
    x = RNG.uniform(100, 150, (2, 9, 9, 3)).astype("float32")
    layer = layers.RandomContrast((0.0, 0.9))
    drawn = layer.get_random_transformation(x, seed=2)
    got = np.asarray(layer.transform_images(x, drawn))
    np.testing.assert_allclose(got.mean((1, 2)), x.mean((1, 2)), rtol=1e-5)
    factor = np.asarray(drawn["contrast_factor"])[:, 0, 0]
    np.testing.assert_allclose(got.std((1, 2)), x.std((1, 2)) * factor, rtol=1e-4)


def test_jitter_is_its_four_changes_in_turn():
    factors = {
        "brightness_factor": 0.2,
        "contrast_factor": 0.2,
        "saturation_factor": 0.7,
        "hue_factor": 0.2,
    }
    jitter = layers.RandomColorJitter(**factors)
    drawn = jitter.get_random_transformation(BYTES, seed=5)
    kinds = ("RandomBrightness", "RandomContrast", "RandomSaturation", "RandomHue")
    wanted = BYTES
    for kind, factor, own in zip(kinds, factors.values(), drawn, strict=True):
        wanted = getattr(layers, kind)(factor).transform_images(wanted, own)
    np.testing.assert_allclose(jitter.transform_images(BYTES, drawn), wanted, atol=1e-3)
    assert len(layers.RandomColorJitter(hue_factor=0.1).get_random_transformation(BYTES)) == 1


def as_they_are(drawn):
    return drawn


# The class, its arguments, how our draw is written in Keras, and the range of values.
GIVEN = [
    ("RandomBrightness", {"factor": 0.5}, as_they_are),
    ("RandomContrast", {"factor": (0.7, 0.9)}, as_they_are),
    ("RandomSaturation", {"factor": (0.1, 0.9), "value_range": (0, 1)}, as_they_are),
    ("RandomHue", {"factor": (0.1, 0.9)}, as_they_are),
    ("RandomHue", {"factor": (0.1, 0.9), "value_range": (-1, 1)}, as_they_are),
    (
        "RandomColorDegeneration",
        {"factor": (0.1, 0.9)},
        lambda drawn: {"factor": drawn["factor"].reshape(-1, 1, 1, 1)},
    ),
    ("RandomGrayscale", {"factor": 0.5}, as_they_are),
    ("RandomInvert", {"factor": 1.0}, as_they_are),
    (
        "RandomPosterization",
        {"factor": 7},
        lambda drawn: {"shift_factor": drawn["shift_factor"].astype("uint8")},
    ),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.6}, as_they_are),
    ("AutoContrast", {}, as_they_are),
    ("AutoContrast", {"value_range": (-1, 1)}, as_they_are),
    ("RandomSharpness", {"factor": (0.1, 0.9)}, as_they_are),
    (
        "RandomSharpness",
        {"factor": (0.1, 0.9), "value_range": (-1, 1), "data_format": "channels_first"},
        as_they_are,
    ),
]


@pytest.mark.parametrize(("name", "arguments", "written"), GIVEN)
def test_a_given_draw_gives_what_keras_gives(keras, name, arguments, written):
    low, high = arguments.get("value_range", (0, 255))
    x = (RNG.uniform(0.1, 0.8, (6, 8, 7, 3)) * (high - low) + low).astype("float32")
    if "data_format" in arguments:
        x = x.transpose(0, 3, 1, 2)
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    drawn = ours.get_random_transformation(x, seed=1)
    got = ours.transform_images(x, drawn)
    wanted = theirs.transform_images(keras.ops.convert_to_tensor(x), written(drawn))
    np.testing.assert_allclose(got, wanted, atol=1e-5 * (high - low))


@pytest.mark.parametrize(("name", "arguments", "written"), GIVEN)
def test_configurations_go_both_ways(keras, name, arguments, written):
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    again = getattr(layers, name).from_config(theirs.get_config())
    back = getattr(keras.layers, name).from_config(ours.get_config())
    for key, value in theirs.get_config().items():
        if key not in ("name", "dtype", "trainable"):
            own = getattr(again, key)
            assert own == (tuple(value) if isinstance(own, tuple) else value)
            there = getattr(back, key)
            assert there == (type(there)(value) if isinstance(there, tuple | list) else value)
