"""Perspective and elastic changes do what their draws say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers

ndimage = pytest.importorskip("scipy.ndimage")
IMAGES = np.random.default_rng(0).uniform(size=(3, 12, 10, 2)).astype("float32")


def test_a_perspective_shows_at_the_new_corners_what_was_at_the_old():
    layer = layers.RandomPerspective((1, 1), 0.4)
    drawn = layer.get_random_transformation(IMAGES, seed=0)
    end = drawn["start_points"] + jnp.asarray([[0, 0], [-3, 1], [2, -4], [-1, -2]])
    got = layer.transform_images(IMAGES, {**drawn, "end_points": end})
    for image, out, start, corners in zip(IMAGES, got, drawn["start_points"], end, strict=True):
        for (x, y), (to_x, to_y) in zip(np.int32(start), np.int32(corners), strict=True):
            np.testing.assert_allclose(out[to_y, to_x], image[y, x], atol=1e-4)


def test_corners_move_by_half_of_scale_and_the_first_stays():
    images = jax.ShapeDtypeStruct((2000, 5, 9, 1), jnp.float32)
    drawn = layers.RandomPerspective(0.5, 0.6).get_random_transformation(images, seed=0)
    share = np.asarray(drawn["end_points"][:, 3] / drawn["start_points"][:, 3])
    assert 0.7 <= share.min() < 0.72
    assert 1.28 < share.max() <= 1.3
    assert not np.asarray(drawn["end_points"])[:, 0].any()
    assert 0.22 < np.mean(drawn["apply_perspective"]) < 0.28


def test_images_that_are_not_chosen_stay():
    for layer in (layers.RandomPerspective(0), layers.RandomElasticTransform(0)):
        np.testing.assert_array_equal(layer(IMAGES), IMAGES)


def test_an_elastic_change_shows_the_neighbours_that_were_drawn():
    layer = layers.RandomElasticTransform((1, 1), fill_mode="mirror")
    drawn = layer.get_random_transformation(IMAGES, seed=0)
    got = layer.transform_images(IMAGES, drawn)
    down, across = np.asarray(drawn["displacement"])
    assert not np.allclose(down, across)
    rows, columns = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
    for i, image in enumerate(IMAGES):
        for channel in range(2):
            wanted = ndimage.map_coordinates(
                image[..., channel], [rows + down[i], columns + across[i]], order=1, mode="mirror"
            )
            np.testing.assert_allclose(got[i, ..., channel], wanted, atol=2e-5)


def test_a_displacement_is_blurred_noise():
    images = jax.ShapeDtypeStruct((200, 40, 60, 1), jnp.float32)
    layer = layers.RandomElasticTransform((1, 1), (1, 1))
    down, _ = np.asarray(layer.get_random_transformation(images, seed=0)["displacement"])
    # Noise of spread sigma, blurred by a normal kernel of spread sigma, has spread 1 / (2 sqrt pi)
    # away from the edges, and correlates over two pixels by exp(-(2 / 2 sigma)²).
    inner = down[:, 10:-10, 10:-10]
    alpha, sigma = 0.1 * 60, 0.05 * 40
    np.testing.assert_allclose(inner.std(), alpha / (2 * np.sqrt(np.pi)), rtol=0.05)
    near = np.mean(inner[:, 2:] * inner[:, :-2]) / inner.var()
    np.testing.assert_allclose(near, np.exp(-((2 / (2 * sigma)) ** 2)), rtol=0.05)


def test_an_elastic_change_is_cut_off_at_the_range():
    out = layers.RandomElasticTransform((1, 1), value_range=(0.25, 0.5))(IMAGES)
    assert float(out.min()) == 0.25
    assert float(out.max()) == 0.5
