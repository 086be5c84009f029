"""Flip, crop and erasing against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers
from myelin.errors import InputError, ShapeError
from myelin.layers.augmentation import boxes

IMAGES = np.random.default_rng(0).uniform(1, 2, size=(40, 6, 8, 3)).astype("float32")


def drawn_and_changed(layer, images=IMAGES):

    def run(images):
        drawn = layer.get_random_transformation(images, seed=3)
        return drawn, layer.transform_images(images, drawn)

    drawn, changed = jax.jit(run)(images)
    return drawn, np.asarray(changed)


@pytest.mark.parametrize(
    ("mode", "axes"),
    [("horizontal", (1,)), ("vertical", (0,)), ("horizontal_and_vertical", (0, 1))],
)
def test_half_of_the_images_are_mirrored(mode, axes):
    drawn, got = drawn_and_changed(layers.RandomFlip(mode))
    flips = np.ravel(drawn["flips"])
    assert 8 < flips.sum() < 32
    for image, out, flipped in zip(IMAGES, got, flips, strict=True):
        np.testing.assert_array_equal(out, np.flip(image, axes) if flipped else image)


@pytest.mark.parametrize(
    ("mode", "box"),
    [("horizontal", [5, 1, 7, 5]), ("vertical", [1, 1, 3, 5]),
     ("horizontal_and_vertical", [5, 1, 7, 5])],
)  # fmt: skip
def test_a_mirrored_box_changes_its_sides(mode, box):
    layer = layers.RandomFlip(mode, bounding_box_format="xyxy")
    drawn = {"flips": jnp.asarray([[[[True]]]]), "input_shape": (1, 6, 8, 3)}
    given = {"boxes": jnp.asarray([[[1.0, 1, 3, 5]]]), "labels": jnp.asarray([[7]])}
    out = layer.transform_bounding_boxes(given, drawn)
    assert out["boxes"].tolist() == [[box]]
    assert out["labels"].tolist() == [[7]]


def test_a_crop_is_a_window_of_the_image():
    drawn, got = drawn_and_changed(layers.RandomCrop(4, 5))
    places = list(zip(np.asarray(drawn["h_start"]), np.asarray(drawn["w_start"]), strict=True))
    assert {top for top, _ in places} == {0, 1, 2}
    assert {left for _, left in places} == {0, 1, 2, 3}
    for image, out, (top, left) in zip(IMAGES, got, places, strict=True):
        np.testing.assert_array_equal(out, image[top : top + 4, left : left + 5])


def test_a_crop_as_high_as_the_image_moves_across():
    drawn, _ = drawn_and_changed(layers.RandomCrop(6, 5))
    assert set(np.asarray(drawn["h_start"])) == {0}
    assert len(set(np.asarray(drawn["w_start"]))) == 4


def test_at_inference_the_middle_is_resized():
    out = layers.RandomCrop(3, 3)(IMAGES, training=False)
    middle = IMAGES[:, :, 1:7]
    # Halving puts each new pixel between two old ones, both ways.
    wanted = middle.reshape(40, 3, 2, 3, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(out, wanted, rtol=1e-5)
    assert layers.RandomCrop(9, 9)(IMAGES).shape == (40, 9, 9, 3)


def test_boxes_outside_a_crop_are_cut_off_and_labelled():
    layer = layers.RandomCrop(4, 5, bounding_box_format="rel_xyxy")
    drawn = {"h_start": jnp.asarray([1]), "w_start": jnp.asarray([2]), "input_shape": (1, 6, 8, 3)}
    edges = jnp.asarray([[[2.0, 1, 7, 5], [0, 0, 4, 3], [7, 0, 8, 6]]])
    given = {"boxes": edges / jnp.asarray([8.0, 6, 8, 6]), "labels": jnp.asarray([[1, 2, 3]])}
    out = layer.transform_bounding_boxes(given, drawn)
    wanted = [[[0, 0, 1, 1], [0, 0, 0.4, 0.5], [1, 0, 1, 1]]]
    np.testing.assert_allclose(out["boxes"], wanted, atol=1e-6)
    assert out["labels"].tolist() == [[1, 2, -1]]


def test_an_erased_rectangle_has_the_size_that_scale_says():
    layer = layers.RandomErasing((1, 1), (0.25, 0.25), fill_value=0.5, value_range=(0, 1))
    images = np.ones((20, 12, 16, 3), "float32")
    _, got = drawn_and_changed(layer, images)
    gone = (got == 0.5).all(-1)
    assert ((got == 0.5).any(-1) == gone).all()
    for image in gone:
        rows, columns = np.nonzero(image)
        assert image.sum() == len(set(rows)) * len(set(columns))
        assert len(set(rows)) == 6
        assert len(set(columns)) == 8


def test_erasing_puts_noise_or_a_color_in_the_range():
    _, noise = drawn_and_changed(layers.RandomErasing((1, 1), value_range=(0, 0.9)))
    erased = noise[noise != IMAGES]
    assert erased.min() == 0
    assert erased.max() == np.float32(0.9)
    assert len(np.unique(erased)) > 50
    _, color = drawn_and_changed(layers.RandomErasing((1, 1), fill_value=(0.1, 0.2, 0.3)))
    assert np.unique(color[color < 1]).tolist() == pytest.approx([0.1, 0.2, 0.3])


def test_a_share_of_the_images_is_erased():
    images = jax.ShapeDtypeStruct((4000, 2, 2, 1), jnp.float32)
    for factor, share in ((1.0, 0.5), ((0.2, 0.4), 0.3), (0, 0)):
        layer = layers.RandomErasing(factor, fill_value=0)
        drawn = layer.get_random_transformation(images, seed=0)["apply_erasing"]
        assert float(jnp.mean(drawn)) == pytest.approx(share, abs=0.03)


def test_fill_values_must_fit_the_channels():
    layer = layers.RandomErasing(fill_value=(1, 2, 3), name="erasing")
    with pytest.raises(ShapeError, match=r'"erasing": wants 3 channels.*\(2, 4, 4, 1\)'):
        layer(np.ones((2, 4, 4, 1)))


def test_boxes_cover_an_image_from_edge_to_edge():
    whole = {"xyxy": [0, 0, 8, 6], "yxyx": [0, 0, 6, 8], "xywh": [0, 0, 8, 6],
             "center_xywh": [4, 3, 8, 6], "center_yxhw": [3, 4, 6, 8], "rel_xyxy": [0, 0, 1, 1],
             "rel_yxyx": [0, 0, 1, 1], "rel_xywh": [0, 0, 1, 1],
             "rel_center_xywh": [0.5, 0.5, 1, 1]}  # fmt: skip
    assert set(whole) == set(boxes.FORMATS)
    for form, box in whole.items():
        for other, same in whole.items():
            assert boxes.convert_format(box, form, other.upper(), 6, 8).tolist() == same
    with pytest.raises(InputError, match="xyzw"):
        boxes.convert_format([0, 0, 1, 1], "xyzw", "xyxy")


def test_one_hot_labels_of_boxes_are_kept_or_gone():
    edges = jnp.asarray([[0.0, 0, 2, 2], [9, 9, 12, 12]])
    _, labels = boxes.clip_to_image_size(edges, jnp.eye(2), 6, 8)
    assert labels.tolist() == [[1, 0], [-1, -1]]
