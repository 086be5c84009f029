"""Rotation, zoom, translation and shear against scipy and NumPy, and what moves with them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers, random
from myelin.layers.augmentation.warps import FILL_MODES, INTERPOLATIONS

ndimage = pytest.importorskip("scipy.ndimage")
MODES = {"constant": "grid-constant", "nearest": "nearest", "reflect": "reflect",
         "wrap": "grid-wrap"}  # fmt: skip
IMAGES = np.random.default_rng(0).normal(size=(2, 9, 12, 2)).astype("float32")
fillings = pytest.mark.parametrize("fill_mode", FILL_MODES)
interpolations = pytest.mark.parametrize("interpolation", INTERPOLATIONS)


def drawn_and_warped(layer, images):
    """What is drawn for images, and the images changed by it."""

    def run(images):
        drawn = layer.get_random_transformation(images, seed=5)
        return drawn, layer.transform_images(images, drawn)

    drawn, changed = jax.jit(run)(images)
    return drawn, np.asarray(changed)


def by_scipy(image, matrix, offset, fill_mode, interpolation):
    """`matrix` and `offset` take rows and columns of the output to those of the input."""
    order = INTERPOLATIONS.index(interpolation)
    change = lambda channel: ndimage.affine_transform(  # noqa: E731
        channel, matrix, offset, order=order, mode=MODES[fill_mode], cval=0.5
    )
    return np.stack([change(image[..., c]) for c in range(image.shape[-1])], axis=-1)


@fillings
@interpolations
def test_rotation_is_scipys_to_the_pixel(fill_mode, interpolation):
    layer = layers.RandomRotation(0.5, fill_mode, interpolation, fill_value=0.5)
    drawn, got = drawn_and_warped(layer, IMAGES)
    for image, out, angle in zip(IMAGES, got, np.radians(drawn["angle"]), strict=True):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        middle = (np.array(image.shape[:2]) - 1) / 2
        wanted = by_scipy(image, turn, middle - turn @ middle, fill_mode, interpolation)
        np.testing.assert_allclose(out, wanted, atol=5e-5)


def test_above_zero_turns_counter_clockwise():
    quarter = layers.RandomRotation((0.25, 0.25), interpolation="nearest")
    square = IMAGES[:, :9, :9]
    np.testing.assert_allclose(quarter(square), np.rot90(square, axes=(1, 2)), atol=1e-5)
    wanted = ndimage.rotate(square[0], 30, reshape=False, order=1, mode="reflect")
    thirty = layers.RandomRotation((30 / 360, 30 / 360))
    np.testing.assert_allclose(thirty(square[0]), wanted, atol=5e-5)


@fillings
@interpolations
def test_zoom_is_scipys_to_the_pixel(fill_mode, interpolation):
    layer = layers.RandomZoom(0.5, 0.3, fill_mode, interpolation, fill_value=0.5)
    drawn, got = drawn_and_warped(layer, IMAGES)
    zooms = np.concatenate([drawn["height_zoom"], drawn["width_zoom"]], axis=1)
    for image, out, zoom in zip(IMAGES, got, zooms, strict=True):
        middle = (np.array(image.shape[:2]) - 1) / 2
        wanted = by_scipy(image, np.diag(zoom), middle * (1 - zoom), fill_mode, interpolation)
        np.testing.assert_allclose(out, wanted, atol=5e-5)


def test_above_zero_zooms_out_and_one_factor_keeps_the_proportions():
    out = layers.RandomZoom((1.0, 1.0), fill_mode="constant")(np.ones((1, 8, 8, 1), "float32"))
    wanted = np.zeros((8, 8))
    wanted[2:6, 2:6] = 1
    np.testing.assert_allclose(out[0, ..., 0], wanted, atol=1e-6)
    drawn = layers.RandomZoom(0.5).get_random_transformation(IMAGES, seed=0)
    np.testing.assert_array_equal(drawn["height_zoom"], drawn["width_zoom"])
    drawn = layers.RandomZoom(0.5, 0.5).get_random_transformation(IMAGES, seed=0)
    assert not np.array_equal(drawn["height_zoom"], drawn["width_zoom"])


@pytest.mark.parametrize(
    ("fill_mode", "pad"),
    [("constant", "constant"), ("nearest", "edge"), ("reflect", "symmetric"), ("wrap", "wrap")],
)
def test_translation_is_a_shift_down_and_to_the_right(fill_mode, pad):
    layer = layers.RandomTranslation((2 / 9, 2 / 9), (-0.25, -0.25), fill_mode)
    wanted = np.pad(IMAGES, [(0, 0), (2, 0), (0, 3), (0, 0)], pad)[:, :9, 3:]
    np.testing.assert_allclose(layer(IMAGES), wanted, atol=1e-5)


def test_shear_shows_what_lies_along():
    layer = layers.RandomShear((1.0, 1.0), 0.0, fill_mode="wrap")
    drawn, got = drawn_and_warped(layer, IMAGES)
    for image, out, (slant, _) in zip(IMAGES, got, drawn["shear_factor"], strict=True):
        wanted = [np.roll(row, -int(slant) * y, axis=0) for y, row in enumerate(image)]
        np.testing.assert_allclose(out, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "key", "column", "lowest", "highest"),
    [
        (layers.RandomRotation(0.2), "angle", None, -72, 72),
        (layers.RandomRotation((0.1, 0.3)), "angle", None, 36, 108),
        (layers.RandomZoom((-0.3, 0.1), 0.2), "height_zoom", 0, 0.7, 1.1),
        (layers.RandomZoom((-0.3, 0.1), 0.2), "width_zoom", 0, 0.8, 1.2),
        (layers.RandomTranslation((0, 0.5), 0.25), "translations", 0, -5, 5),
        (layers.RandomTranslation((0, 0.5), 0.25), "translations", 1, 0, 5),
        (layers.RandomShear((0.2, 0.3), 0.0), "shear_factor", 0, -0.3, 0.3),
        (layers.RandomShear(0.4, (0, 0.1)), "shear_factor", 1, -0.1, 0.1),
    ],
)
def test_draws_fill_the_range(layer, key, column, lowest, highest):
    images = jax.ShapeDtypeStruct((2000, 10, 20, 1), jnp.float32)
    drawn = np.asarray(layer.get_random_transformation(images, seed=1)[key])
    drawn = drawn if column is None else drawn[:, column]
    span = highest - lowest
    assert lowest - 1e-5 <= drawn.min() < lowest + 0.02 * span
    assert highest + 1e-5 >= drawn.max() > highest - 0.02 * span
    assert abs(drawn.mean() - (lowest + highest) / 2) < 0.05 * span


def test_a_slant_goes_either_way():
    images = jax.ShapeDtypeStruct((2000, 10, 20, 1), jnp.float32)
    layer = layers.RandomShear((0.2, 0.3), (0.1, 0.2))
    drawn = np.asarray(layer.get_random_transformation(images, seed=1)["shear_factor"])
    assert (drawn[:, 0] * drawn[:, 1] > 0).all()
    assert 0.45 < (drawn[:, 0] > 0).mean() < 0.55
    assert np.abs(drawn[:, 0]).min() >= 0.2


RECTANGLE = np.zeros((6, 20, 24, 1), "float32")
RECTANGLE[:, 6:13, 8:18] = 1
BOX = np.tile(np.asarray([[8, 6, 18, 13]], "float32"), (6, 1, 1))


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomFlip(bounding_box_format="xyxy"),
        layers.RandomCrop(14, 17, bounding_box_format="xyxy"),
        layers.RandomRotation(0.5, "constant", bounding_box_format="xyxy"),
        layers.RandomZoom(0.4, 0.4, "constant", bounding_box_format="xyxy"),
        layers.RandomTranslation(0.4, 0.4, "constant", bounding_box_format="xyxy"),
        layers.RandomShear(0.4, 0.4, fill_mode="constant", bounding_box_format="xyxy"),
        layers.RandomPerspective((1, 1), 0.6, bounding_box_format="xyxy"),
        layers.RandomElasticTransform((1, 1), fill_mode="constant", bounding_box_format="xyxy"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_mask_and_box_move_with_the_image(layer):
    data = {
        "images": RECTANGLE,
        "segmentation_masks": RECTANGLE[..., 0].astype("int32"),
        "bounding_boxes": {"boxes": BOX, "labels": np.full((6, 1), 4)},
    }

    def run(data):
        with random.scope(jax.random.key(2)):
            return layer(data, training=True)

    out = jax.jit(run)(data)
    images, masks = np.asarray(out["images"])[..., 0], np.asarray(out["segmentation_masks"])
    assert masks.any()
    assert masks.dtype == "int32"
    # Where an image is surely on or off, so is its mask.
    assert (masks[images > 0.8] == 1).all()
    assert (masks[images < 0.2] == 0).all()
    boxes, labels = out["bounding_boxes"]["boxes"], out["bounding_boxes"]["labels"]
    for mask, (left, top, right, bottom), label in zip(masks, boxes[:, 0], labels[:, 0],
                                                       strict=True):  # fmt: skip
        if label == -1:
            assert not mask.any()
            continue
        assert label == 4
        rows, columns = np.nonzero(mask)
        if not len(rows):
            continue
        # The box holds the middles of all pixels, and where it keeps its angles ends at the last.
        assert left <= columns.min() + 0.5
        assert top <= rows.min() + 0.5
        assert columns.max() + 0.5 <= right
        assert rows.max() + 0.5 <= bottom
        if isinstance(layer, _UPRIGHT):
            got = [left, top, right, bottom]
            ends = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(got, ends, atol=1)


_UPRIGHT = (layers.RandomFlip, layers.RandomCrop, layers.RandomZoom, layers.RandomTranslation)
