"""Curves of values against PIL's ImageOps and their definitions in NumPy."""

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest

from myelin import layers

RNG = np.random.default_rng(0)
BYTES = RNG.integers(20, 230, (2, 16, 13, 3)).astype(np.uint8)


def by_picture(function, images):
    """`function` of each image as a PIL image."""
    return np.stack([np.asarray(function(PIL.Image.fromarray(image))) for image in images])


def as_units(images):
    return images.astype("float32") / 255


def test_invert_is_pil():
    draw = {"apply_inversion": np.array([True, False])}
    got = np.asarray(layers.RandomInvert().transform_images(BYTES, draw))
    np.testing.assert_array_equal(got[0], by_picture(PIL.ImageOps.invert, BYTES)[0])
    np.testing.assert_array_equal(got[1], BYTES[1])


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_posterization_is_pil(bits):
    wanted = by_picture(lambda image: PIL.ImageOps.posterize(image, bits), BYTES)
    got = layers.RandomPosterization((bits, bits))(BYTES)
    np.testing.assert_array_equal(got, wanted)
    unit = layers.RandomPosterization((bits, bits), value_range=(0, 1))(as_units(BYTES))
    np.testing.assert_allclose(np.asarray(unit) * 255, wanted, atol=1e-3)


@pytest.mark.parametrize("threshold", [0, 128])
def test_solarization_is_pil(threshold):
    wanted = by_picture(lambda image: PIL.ImageOps.solarize(image, threshold), BYTES)
    draw = {"additions": np.zeros((2, 1, 1, 1)), "thresholds": np.full((2, 1, 1, 1), threshold)}
    np.testing.assert_array_equal(layers.Solarization().transform_images(BYTES, draw), wanted)


def test_solarization_adds_before_it_inverts():
    draw = {"additions": np.full((2, 1, 1, 1), 40), "thresholds": np.full((2, 1, 1, 1), 128)}
    got = layers.Solarization().transform_images(BYTES, draw)
    added = np.clip(BYTES.astype(float) + 40, 0, 255)
    np.testing.assert_array_equal(got, np.where(added < 128, added, 255 - added))


@pytest.mark.parametrize("training", [True, False])
def test_auto_contrast_is_pil_also_in_inference(training):
    # PIL rounds down.
    wanted = by_picture(PIL.ImageOps.autocontrast, BYTES)
    np.testing.assert_allclose(
        layers.AutoContrast()(BYTES, training=training), wanted + 0.5, atol=0.51
    )


@pytest.mark.parametrize("layer", [layers.AutoContrast, layers.Equalization])
def test_a_channel_of_one_value_stays(layer):
    x = np.broadcast_to(np.float32([7, 90, 0]), (2, 4, 4, 3))
    np.testing.assert_array_equal(layer()(x), x)


@pytest.mark.parametrize("bins", [256, 100])
def test_equalization_is_its_definition_for_each_image_and_channel(bins):
    x = BYTES.copy()
    x[1] //= 3
    got = np.asarray(layers.Equalization(bins=bins)(x))
    places = (x.astype(int) * (bins - 1)) // 255
    for image in range(2):
        for channel in range(3):
            place = places[image, ..., channel]
            counts = np.bincount(place.ravel(), minlength=bins)
            up_to, lowest = counts.cumsum(), counts[counts > 0][0]
            curve = (up_to - lowest) * 255 / (place.size - lowest)
            # Either way at a half, which float32 does not always meet.
            np.testing.assert_allclose(got[image, ..., channel], curve[place], atol=0.5001)
    np.testing.assert_array_equal(got, np.round(got))


def test_equalization_is_nearly_pil():
    # PIL divides counts by whole steps, so that its curve may end a few values lower.
    x = np.clip(RNG.normal(120, 25, (1, 64, 64, 3)), 0, 255).astype(np.uint8)
    wanted = by_picture(PIL.ImageOps.equalize, x)
    np.testing.assert_allclose(layers.Equalization()(x), wanted, atol=12)


def test_equalization_of_other_ranges_is_the_same():
    wanted = np.asarray(layers.Equalization()(BYTES)) / 255
    got = layers.Equalization(value_range=(0, 1))(as_units(BYTES))
    np.testing.assert_allclose(got, wanted, atol=1e-6)


@pytest.mark.parametrize("arguments", [{}, {"bins": 64}, {"value_range": (0, 1)}])
def test_equalization_of_one_image_is_keras(keras, arguments):
    # Keras counts a whole batch together.
    x = as_units(BYTES[:1]) if "value_range" in arguments else BYTES[:1].astype("float32")
    wanted = keras.layers.Equalization(**arguments)(x)
    np.testing.assert_allclose(layers.Equalization(**arguments)(x), wanted, atol=1e-5)
