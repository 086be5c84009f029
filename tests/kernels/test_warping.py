"""Sampling agrees with scipy.ndimage to the pixel, for every way to go on beyond the edge."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myelin.kernels import warping

ndimage = pytest.importorskip("scipy.ndimage")

# Our names, and scipy's for the same.
MODES = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "reflect": "reflect",
    "mirror": "mirror",
    "wrap": "grid-wrap",
}
ORDERS = {"nearest": 0, "bilinear": 1}


def by_scipy(images, rows, columns, interpolation, mode, value=0.0):
    return np.stack(
        [
            np.stack(
                [
                    ndimage.map_coordinates(
                        image[..., channel], [row, column],
                        order=ORDERS[interpolation], mode=MODES[mode], cval=value,
                    )
                    for channel in range(image.shape[-1])
                ],
                axis=-1,
            )
            for image, row, column in zip(images, rows, columns, strict=True)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("interpolation", ORDERS)
@pytest.mark.parametrize("mode", MODES)
def test_sampling_is_scipys(mode, interpolation):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(3, 7, 5, 2)).astype("float32")
    rows, columns = rng.uniform(-16, 20, size=(2, 3, 8, 9)).astype("float32")
    got = warping.sample(images, rows, columns, interpolation, mode, 0.7)
    wanted = by_scipy(images, rows, columns, interpolation, mode, 0.7)
    np.testing.assert_allclose(got, wanted, atol=2e-5)


@settings(max_examples=10, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 2), *[st.integers(1, 4)] * 3),
    mode=st.sampled_from(sorted(MODES)),
    seed=st.integers(0, 99),
)
def test_any_shape_is_sampled(shape, mode, seed):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=shape).astype("float32")
    rows, columns = rng.uniform(-6, 9, size=(2, shape[0], 2, 3)).astype("float32")
    got = warping.sample(images, rows, columns, "bilinear", mode)
    assert got.shape == (shape[0], 2, 3, shape[3])
    if shape[0]:
        wanted = by_scipy(images, rows, columns, "bilinear", mode)
        np.testing.assert_allclose(got, wanted, atol=2e-5)


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_is_the_transpose(mode):
    rng = np.random.default_rng(1)
    images, direction = rng.normal(size=(2, 2, 5, 4, 3)).astype("float32")
    rows, columns = rng.uniform(-4, 9, size=(2, 2, 6, 6)).astype("float32")
    sample = lambda a: warping.sample(a, rows, columns, "bilinear", mode)  # noqa: E731
    weighting = rng.normal(size=(2, 6, 6, 3)).astype("float32")
    gradient = jax.grad(lambda a: (sample(a) * weighting).sum())(jnp.asarray(images))
    along = (np.asarray(sample(jnp.asarray(direction))) * weighting).sum()
    np.testing.assert_allclose(np.vdot(gradient, direction), along, rtol=1e-4)


def test_whole_numbers_stay_whole():
    images = jnp.asarray([[[[0], [255]]]], jnp.uint8)
    rows, columns = jnp.zeros((1, 1, 3)), jnp.asarray([[[0.25, 0.75, 4.0]]])
    got = warping.sample(images, rows, columns, "bilinear", "constant", 7)
    assert got.dtype == jnp.uint8
    assert got.ravel().tolist() == [64, 191, 7]
    assert warping.sample(images, rows, columns, "nearest").ravel().tolist() == [0, 255, 0]


def test_values_far_away_are_numbers():
    images = jnp.ones((1, 2, 2, 1))
    places = jnp.asarray([[[1e30, -1e30, 3e9]]])
    for mode in MODES:
        assert np.isfinite(warping.sample(images, places, places, "bilinear", mode)).all()
    flat = jnp.asarray([[1, 0, 0, 0, 1, 0, -0.5, 0]], jnp.float32)  # the horizon at x = 2
    assert np.isfinite(warping.project(jnp.ones((1, 3, 5, 1)), flat)).all()


def test_an_affine_map_is_scipys():
    rng = np.random.default_rng(2)
    image = rng.normal(size=(9, 6)).astype("float32")
    a = [0.8, 0.3, -1.1, -0.2, 1.1, 0.6]
    got = warping.project(image[None, ..., None], jnp.asarray([[*a, 0, 0]]), "bilinear", "reflect")
    # scipy takes rows before columns.
    wanted = ndimage.affine_transform(
        image, [[a[4], a[3]], [a[1], a[0]]], [a[5], a[2]], order=1, mode="reflect"
    )
    np.testing.assert_allclose(got[0, ..., 0], wanted, atol=2e-5)


def test_a_homography_takes_corners_to_corners():
    rng = np.random.default_rng(3)
    start = np.tile([[0, 0], [7, 0], [0, 5], [7, 5]], (4, 1, 1)).astype("float32")
    end = (start + rng.uniform(-1, 1, size=start.shape)).astype("float32")
    maps = warping.as_3x3(warping.homography(start, end))[:, None]
    x, y = warping.apply_projection(maps, end[..., 0], end[..., 1])
    np.testing.assert_allclose(np.stack([x, y], -1), start, atol=1e-4)
    back = warping.apply_projection(warping.inverse(maps), start[..., 0], start[..., 1])
    np.testing.assert_allclose(np.stack(back, -1), end, atol=1e-4)


def test_points_without_an_area_leave_an_image_alone():
    points = jnp.zeros((1, 4, 2))
    assert warping.homography(points, points).tolist() == [[1, 0, 0, 0, 1, 0, 0, 0]]
