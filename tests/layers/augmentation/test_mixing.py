"""Mixtures against their definition and Keras, and what cannot be mixed."""

import jax
import numpy as np
import pytest
from scipy import stats

from myelin import layers, random
from myelin.errors import InputError

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (6, 8, 10, 3)).astype("float32")
LABELS = np.eye(6, dtype="float32")


def drawn_and_mixed(layer, data, seed=1):
    """What the layer draws, and what it makes of the parts of `data` with that."""
    draw = layer.get_random_transformation(data, seed=seed)
    parts = {name: getattr(layer, f"transform_{name}")(value, draw) for name, value in data.items()}
    return jax.tree.map(np.asarray, draw), jax.tree.map(np.asarray, parts)


def test_mix_up_is_its_formula_and_labels_say_how_much_of_whom():
    data = {"images": IMAGES, "labels": LABELS, "segmentation_masks": IMAGES[..., :2] / 255}
    draw, out = drawn_and_mixed(layers.MixUp(0.9), data)
    w, order = draw["mix_weight"], draw["permutation_order"]
    assert sorted(order) == list(range(6))
    wide = w[:, None, None, None]
    wanted = wide * IMAGES + (1 - wide) * IMAGES[order]
    np.testing.assert_allclose(out["images"], wanted, rtol=1e-5)
    np.testing.assert_allclose(
        out["labels"], w[:, None] * LABELS + (1 - w[:, None]) * LABELS[order]
    )
    np.testing.assert_allclose(out["segmentation_masks"], wanted[..., :2] / 255, rtol=1e-5)
    # The labels alone tell how each image was mixed.
    np.testing.assert_allclose(
        np.einsum("bn,nhwc->bhwc", out["labels"], IMAGES), out["images"], rtol=1e-4
    )


def test_mix_up_keeps_the_boxes_of_both_images():
    boxes = {"boxes": RNG.uniform(size=(6, 2, 4)), "labels": np.arange(12).reshape(6, 2)}
    draw, out = drawn_and_mixed(layers.MixUp(), {"images": IMAGES, "bounding_boxes": boxes})
    order = draw["permutation_order"]
    np.testing.assert_allclose(out["bounding_boxes"]["boxes"][:, 2:], boxes["boxes"][order])
    np.testing.assert_array_equal(
        out["bounding_boxes"]["labels"], np.hstack([boxes["labels"], boxes["labels"][order]])
    )


def test_mix_up_weights_are_beta_of_their_own_for_each_image():
    images = np.zeros((2000, 1, 1, 1), np.float32)
    draw = layers.MixUp(0.4).get_random_transformation(images, seed=0)
    assert stats.kstest(np.asarray(draw["mix_weight"]), stats.beta(0.4, 0.4).cdf).pvalue > 0.01


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_cut_mix_pastes_a_rectangle_and_labels_count_its_pixels(data_format):
    first = data_format == "channels_first"
    images = IMAGES.transpose(0, 3, 1, 2) if first else IMAGES
    masks = np.arange(6)[:, None, None] * np.ones((1, 8, 10), int)
    data = {"images": images, "labels": LABELS, "segmentation_masks": masks}
    draw, out = drawn_and_mixed(layers.CutMix(data_format=data_format), data, seed=4)
    order = draw["permutation_order"]
    assert out["segmentation_masks"].dtype.kind == "i"
    got = out["images"].transpose(0, 2, 3, 1) if first else out["images"]
    shares = 0 * LABELS
    for image in range(6):
        theirs = out["segmentation_masks"][image] == order[image]
        assert set(np.unique(out["segmentation_masks"][image])) <= {image, order[image]}
        if order[image] != image:
            rows, columns = theirs.any(1), theirs.any(0)
            np.testing.assert_array_equal(theirs, rows[:, None] & columns[None])
            assert (np.diff(rows.astype(int)) == 1).sum() <= 1
        wanted = np.where(theirs[..., None], IMAGES[order[image]], IMAGES[image])
        np.testing.assert_array_equal(got[image], wanted)
        shares[image] = np.bincount(out["segmentation_masks"][image].ravel(), minlength=6) / 80
    np.testing.assert_allclose(out["labels"], shares, atol=1e-6)


def test_cut_mix_rectangles_have_the_area_that_was_drawn():
    images = np.zeros((600, 40, 40, 1), np.float32)
    draw = layers.CutMix((1.0, 1.0)).get_random_transformation(images, seed=0)
    # Beta(1, 1) is even; pixels round the area a little.
    assert stats.kstest(np.asarray(draw["mix_weight"]), stats.uniform.cdf).pvalue > 0.001


def test_a_given_draw_gives_what_keras_gives(keras):
    ours, theirs = layers.MixUp(0.3), keras.layers.MixUp(0.3)
    draw, out = drawn_and_mixed(ours, {"images": IMAGES, "labels": LABELS})
    tensor = keras.ops.convert_to_tensor
    np.testing.assert_allclose(out["images"], theirs.transform_images(tensor(IMAGES), draw), 1e-4)
    np.testing.assert_allclose(out["labels"], theirs.transform_labels(tensor(LABELS), draw), 1e-4)
    ours, theirs = layers.CutMix(0.8), keras.layers.CutMix(0.8)
    draw, out = drawn_and_mixed(ours, {"images": IMAGES, "labels": LABELS})
    np.testing.assert_array_equal(out["images"], theirs.transform_images(tensor(IMAGES), draw))
    np.testing.assert_allclose(out["labels"], theirs.transform_labels(tensor(LABELS), draw), 1e-4)
    for ours in (layers.MixUp(0.3), layers.CutMix(0.8)):
        kind = type(ours).__name__
        config = getattr(keras.layers, kind).from_config(ours.get_config()).get_config()
        again = getattr(layers, kind).from_config(config).get_config()
        assert {**again, "data_format": 0} == {**ours.get_config(), "data_format": 0}


@pytest.mark.parametrize("make", [layers.MixUp, layers.CutMix])
def test_one_image_and_inference_change_nothing(make):
    with random.scope(jax.random.key(0)):
        np.testing.assert_allclose(make()(IMAGES[0]), IMAGES[0], rtol=1e-6)
    data = {"images": IMAGES, "labels": np.arange(6)}
    out = make()(data, training=False)
    np.testing.assert_array_equal(out["images"], IMAGES)
    np.testing.assert_array_equal(out["labels"], np.arange(6))


@pytest.mark.parametrize("make", [layers.MixUp, layers.CutMix])
@pytest.mark.parametrize("labels", [np.arange(6), np.arange(6)[:, None], np.float32([1] * 6)])
def test_labels_that_are_numbers_of_classes_are_refused_with_the_way_to_mend_it(make, labels):
    with pytest.raises(InputError, match=r"labels .batch, classes.*to_categorical"):
        make()({"images": IMAGES, "labels": labels})


def test_masks_boxes_and_arguments_that_cannot_be_mixed_are_refused():
    masks = np.ones((6, 8, 10), np.int32)
    with pytest.raises(InputError, match="segmentation_masks with a channel a class"):
        layers.MixUp()({"images": IMAGES, "segmentation_masks": masks})
    boxes = {"boxes": np.ones((6, 1, 4)), "labels": np.ones((6, 1))}
    with pytest.raises(InputError, match=r"CutMix .* use MixUp"):
        layers.CutMix(bounding_box_format="xyxy")({"images": IMAGES, "bounding_boxes": boxes})
    with pytest.raises(InputError, match="alpha wants a number above 0"):
        layers.MixUp(0)
    with pytest.raises(InputError, match="CutMix: factor wants"):
        layers.CutMix(2)
