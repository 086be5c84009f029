"""Blur and sharpness against scipy.ndimage, PIL and Keras."""

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import pytest
import scipy.ndimage

from myelin import layers

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (3, 10, 9, 3)).astype("float32")


@pytest.mark.parametrize("size", [3, 7])
def test_blur_is_scipy_with_a_sigma_for_each_image_and_axis(size):
    sigmas = np.float32([[0.4, 1.5], [2.0, 0.7], [1.0, 1.0]])
    draw = {"should_apply_blur": np.array([True, True, False]), "blur_factor": sigmas}
    got = layers.RandomGaussianBlur(kernel_size=size).transform_images(IMAGES, draw)
    for image, (wide, high) in enumerate(sigmas[:2]):
        wanted = scipy.ndimage.gaussian_filter(
            IMAGES[image], (high, wide), mode="constant", radius=size // 2, axes=(0, 1)
        )
        np.testing.assert_allclose(got[image], wanted, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(got[2], IMAGES[2])


def test_blur_is_keras_for_one_draw(keras):
    arguments = {"kernel_size": (5, 3), "sigma": (0.5, 1.0)}
    draw = {
        "should_apply_blur": np.array([True, False, True]),
        "blur_factor": np.float32([0.6, 1.3]),
    }
    theirs = keras.layers.RandomGaussianBlur(**arguments)
    ours = layers.RandomGaussianBlur.from_config(theirs.get_config())
    wanted = theirs.transform_images(keras.ops.convert_to_tensor(IMAGES), draw)
    np.testing.assert_allclose(ours.transform_images(IMAGES, draw), wanted, atol=1e-3)
    again = keras.layers.RandomGaussianBlur.from_config(ours.get_config())
    assert tuple(again.sigma) == ours.sigma == (0.5, 1.0)
    assert tuple(again.kernel_size) == ours.kernel_size == (5, 3)


def test_no_spread_leaves_images_alone():
    blur = layers.RandomGaussianBlur((1.0, 1.0), sigma=0.0)
    np.testing.assert_array_equal(blur(IMAGES), IMAGES)


@pytest.mark.parametrize("factor", [0.0, 0.25, 1.0])
def test_sharpness_is_pil_inside_the_edge(factor):
    # PIL leaves the pixels at the edge as they are; Keras, and we, count zeros beyond it.
    x = IMAGES.astype(np.uint8)
    wanted = np.stack(
        [
            np.asarray(PIL.ImageEnhance.Sharpness(PIL.Image.fromarray(one)).enhance(2 * factor))
            for one in x
        ]
    )
    got = layers.RandomSharpness((factor, factor))(x)
    np.testing.assert_allclose(got[:, 1:-1, 1:-1], wanted[:, 1:-1, 1:-1], atol=1.6)


def test_the_middle_of_sharpness_leaves_images_alone():
    np.testing.assert_allclose(layers.RandomSharpness((0.5, 0.5))(IMAGES), IMAGES, atol=1e-3)
