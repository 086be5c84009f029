"""Every operation on images gives what Keras's gives, in value, shape and type."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import errors, ops

RNG = np.random.default_rng(0)
BATCH = RNG.uniform(size=(2, 7, 9, 3)).astype("float32")
IMAGE = BATCH[0]
FIRST = np.moveaxis(BATCH, -1, 1)
BYTES = RNG.integers(256, size=(2, 7, 9, 3)).astype("uint8")
VOLUME = RNG.uniform(size=(2, 5, 6, 7, 2)).astype("float32")
GREYS = BATCH.copy()
GREYS[0, :3] = 0
GREYS[0, 3:5, ..., 1] = GREYS[0, 3:5, ..., 0]
GREYS[1, :3] = GREYS[1, :3, :, :1]
IN_FIRST = {"data_format": "channels_first"}
MAP = np.float32([1.1, 0.2, -0.3, -0.15, 0.9, 0.7, 0, 0])
MAPS = np.stack([MAP, np.float32([0.53, 0, 2.21, 0.103, 1.31, -4.13, 0, 0])])
START = np.float32([[0, 0], [8, 0], [0, 6], [8, 6]])
END = np.float32([[1, 0.5], [7, 0], [0, 6], [9, 4.5]])
PLACES = RNG.uniform(-3, 10, size=(2, 4, 5)).astype("float32")
INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
SIZES = [(3, 4), (10, 20)]

CASES = [
    *[("resize", (BATCH, size, how, antialias), {})
      for size in SIZES for how in INTERPOLATIONS for antialias in (False, True)],
    *[("resize", (BYTES, (4, 11), how), {}) for how in ("nearest", "bicubic")],
    *[("resize", (images, (4, 4)), {way: True, "fill_value": 0.3} | more)
      for way in ("crop_to_aspect_ratio", "pad_to_aspect_ratio")
      for images, more in ((IMAGE, {}), (FIRST, IN_FIRST))],
    *[("resize", (BATCH, size), {way: True})
      for way in ("crop_to_aspect_ratio", "pad_to_aspect_ratio") for size in ((20, 5), (4, 30))],
    ("resize", (BYTES, (8, 8)), {"pad_to_aspect_ratio": True, "fill_value": 100}),
    ("pad_images", (BATCH, 1, 2, 3, 4), {}),
    ("pad_images", (IMAGE, 1, 2), {"target_height": 12, "target_width": 11}),
    ("pad_images", (FIRST,), {"bottom_padding": 1, "right_padding": 0, "target_height": 12,
                              "target_width": 11} | IN_FIRST),
    ("crop_images", (BATCH, 1, 2, 3, 4), {}),
    ("crop_images", (IMAGE, 1, 2), {"target_height": 4, "target_width": 5}),
    ("crop_images", (FIRST,), {"bottom_cropping": 1, "right_cropping": 0, "target_height": 4,
                               "target_width": 5} | IN_FIRST),
    *[("rgb_to_grayscale", (images,), {}) for images in (BATCH, IMAGE, BYTES, BATCH[..., :1])],
    *[(name, (images,), {}) for name in ("rgb_to_hsv", "hsv_to_rgb")
      for images in (BATCH, IMAGE, GREYS)],
    *[(name, (FIRST,), IN_FIRST) for name in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb")],
    ("gaussian_blur", (BATCH, (3, 5), (1.0, 2.0)), {"data_format": "channels_last"}),
    ("gaussian_blur", (FIRST, (4, 2), (0.5, 3.0)), IN_FIRST),
    ("gaussian_blur", (IMAGE,), {"data_format": "channels_last"}),
    ("sobel_edges", (BATCH,), {}),
    ("sobel_edges", (FIRST,), IN_FIRST),
    *[("extract_patches", (BATCH, 3), given)
      for given in ({}, {"strides": 2}, {"padding": "same"}, {"dilation_rate": 2, "strides": 1},
                    {"strides": 2, "padding": "same"})],
    ("extract_patches", (IMAGE, (2, 3)), {"strides": (1, 2)}),
    ("extract_patches", (FIRST, (2, 3)), IN_FIRST),
    ("extract_patches", (VOLUME, (2, 3, 2)), {}),
    ("extract_patches_3d", (VOLUME, 2), {"strides": 1, "padding": "same"}),
    ("scale_and_translate", (BATCH, (2, 10, 12, 3), np.float32([1.3, 0.8]), np.float32([1, -2]),
                             (1, 2), "linear"), {}),
    *[("affine_transform", (BATCH, MAPS, how, mode), {}) for how, mode in (
        ("nearest", "constant"), ("nearest", "wrap"), ("bilinear", "constant"),
        ("bilinear", "nearest"), ("bilinear", "wrap"), ("bilinear", "mirror"),
        ("bilinear", "reflect"))],
    ("affine_transform", (IMAGE, MAP), {"fill_value": 0.5}),
    ("affine_transform", (FIRST, MAPS), IN_FIRST),
    *[("perspective_transform", (BATCH, np.stack([START] * 2), np.stack([END, START + 0.25]), how),
       {"fill_value": 0.5}) for how in ("nearest", "bilinear")],
    ("perspective_transform", (IMAGE, START, END), {}),
    ("ssim", (BATCH, BATCH[::-1]), {"filter_size": 5}),
    ("ssim", (IMAGE, IMAGE**2), {"filter_size": 3, "max_val": 2.0, "k2": 0.1}),
    ("ssim", (FIRST, FIRST * 0.9), {"filter_size": 7, "filter_sigma": 1.0} | IN_FIRST),
    *[("map_coordinates", (IMAGE[..., 0], PLACES, order, mode), {}) for order, mode in (
        (0, "wrap"), (1, "constant"), (1, "reflect"))],
]  # fmt: skip
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]


@pytest.mark.peer
@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=IDS)
def test_values_are_kerass(keras, name, args, kwargs):
    ours = getattr(ops.image, name)(*args, **kwargs)
    theirs = getattr(keras.ops.image, name)(*args, **kwargs)
    assert ours.shape == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    whole = ours.dtype == jnp.uint8
    ours, theirs = np.asarray(ours, "float32"), np.asarray(theirs, "float32")
    # What lies between two whole numbers may be rounded to either side.
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1 if whole else 2e-5)
    if whole:
        assert np.mean(ours != theirs) < 0.02


@pytest.mark.peer
@pytest.mark.parametrize("name", ops.image.__all__)
def test_arguments_are_kerass(keras, name):
    # What elastic_transform draws is tested below: Keras's are the same across and down.
    assert any(case == name for case, _, _ in CASES) or name == "elastic_transform"
    ours, theirs = (inspect.signature(getattr(where, name)).parameters
                    for where in (ops.image, keras.ops.image))  # fmt: skip
    assert list(ours) == list(theirs)
    assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]


@pytest.mark.parametrize("size", [(3, 4), (14, 18), (7, 5), (1, 1)])
def test_area_is_tensorflows(size):
    tf = pytest.importorskip("tensorflow")
    ours = ops.image.resize(BATCH, size, "area")
    np.testing.assert_allclose(ours, tf.image.resize(BATCH, size, "area"), rtol=1e-5, atol=1e-6)


def test_area_is_the_mean_of_what_a_pixel_covers():
    x = RNG.uniform(size=(6, 8, 2)).astype("float32")
    wanted = x.reshape(3, 2, 2, 4, 2).mean((1, 3))
    np.testing.assert_allclose(ops.image.resize(x, (3, 2), "area"), wanted, rtol=1e-5)


def test_colors_go_there_and_back():
    back = ops.image.hsv_to_rgb(ops.image.rgb_to_hsv(BATCH))
    np.testing.assert_allclose(back, BATCH, rtol=1e-4, atol=1e-6)


def test_channels_are_last_where_nothing_is_said():
    # Keras on jax takes the first axis after the batch for them here.
    even = np.ones((9, 9, 2), "float32")
    np.testing.assert_allclose(ops.image.gaussian_blur(even)[1:-1, 1:-1], 1, rtol=1e-6)


@pytest.mark.parametrize(("images", "given"), [(IMAGE, {}), (FIRST, IN_FIRST)])
def test_elastic_images_show_neighbours(images, given):
    bend = jax.jit(ops.image.elastic_transform, static_argnames=("sigma", "seed", "data_format"))
    still = bend(images, alpha=0.0, seed=1, **given)
    np.testing.assert_allclose(still, images, atol=1e-6)
    ours = bend(images, alpha=3.0, sigma=2.0, seed=1, **given)
    assert ours.shape == images.shape
    assert 0.01 < np.abs(ours - images).mean() < 0.5
    np.testing.assert_array_equal(ours, bend(images, alpha=3.0, sigma=2.0, seed=1, **given))
    assert not np.allclose(ours, bend(images, alpha=3.0, sigma=2.0, seed=2, **given))


def test_elastic_displacements_have_their_spread():
    """Each is normal noise of spread sigma, blurred in two directions: sigma · Σ w²."""
    y, x = np.meshgrid(*[np.arange(64, dtype="float32")] * 2, indexing="ij")
    bent = ops.image.elastic_transform(np.stack([y, x], -1), alpha=1.0, sigma=2.0, seed=3)
    moved = np.asarray(bent - np.stack([y, x], -1))[12:-12, 12:-12]
    w = np.exp(-0.5 * (np.arange(13) - 6.0) ** 2 / 4)
    spread = 2.0 * np.sum((w / w.sum()) ** 2)
    np.testing.assert_allclose(moved.std((0, 1)), spread, rtol=0.25)
    assert abs(np.corrcoef(moved[..., 0].ravel(), moved[..., 1].ravel())[0, 1]) < 0.4


def test_compiled_and_differentiated():
    resize = jax.jit(lambda x: ops.image.resize(x, (5, 4), "bicubic", pad_to_aspect_ratio=True))
    np.testing.assert_allclose(
        resize(BATCH), ops.image.resize(BATCH, (5, 4), "bicubic", pad_to_aspect_ratio=True),
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip
    gradient = jax.grad(lambda x: ops.image.rgb_to_hsv(x).sum())(GREYS)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ops.image.resize(BATCH, (3, 4, 5)), "size"),
        (lambda: ops.image.resize(BATCH, (0, 4)), "size"),
        (lambda: ops.image.resize(BATCH, (3, 4), "cubic"), "interpolation wants one of"),
        (lambda: ops.image.resize(BATCH, (3, 4), fill_mode="wrap"), "fill_mode"),
        (lambda: ops.image.resize(BATCH, (3, 4), "area", False, True, True), "both"),
        (lambda: ops.image.resize(BATCH, (3, 4), data_format="NHWC"), "data_format"),
        (lambda: ops.image.resize(BATCH[0, 0], (3, 4)), r"\(9, 3\)"),
        (lambda: ops.image.pad_images(BATCH, 1, 1), "two of top_padding"),
        (lambda: ops.image.pad_images(BATCH, 1, 1, target_height=7, target_width=12), "-1"),
        (lambda: ops.image.crop_images(BATCH, 1, 1, 1, 9), r"left_cropping=1 .*\(2, 7, 9, 3\)"),
        (lambda: ops.image.rgb_to_hsv(BYTES), "255"),
        (lambda: ops.image.rgb_to_grayscale(BATCH[..., :2]), "3 channels"),
        (lambda: ops.image.extract_patches(BATCH, (1, 2, 3, 4)), "2 or 3"),
        (lambda: ops.image.extract_patches(BATCH, 2, padding="full"), "padding"),
        (lambda: ops.image.extract_patches(BATCH[0, 0], 2), r"\(9, 3\)"),
        (lambda: ops.image.affine_transform(BATCH, MAP[:6]), "8 numbers"),
        (lambda: ops.image.affine_transform(BATCH, MAP, "bicubic"), "interpolation"),
        (lambda: ops.image.affine_transform(BATCH, MAP, fill_mode="edge"), "fill_mode"),
        (lambda: ops.image.perspective_transform(BATCH, START, END[:3]), r"\(4, 2\)"),
        (lambda: ops.image.map_coordinates(IMAGE, PLACES, 1), "coordinates"),
        (lambda: ops.image.map_coordinates(IMAGE[..., 0], PLACES, 3), "order"),
    ],
)
def test_wrong_arguments(call, says):
    with pytest.raises((errors.InputError, errors.ShapeError), match=says):
        call()
