"""Policies: what each image drew is what its layers alone make of it."""

import functools

import jax
import numpy as np
import pytest

from myelin import layers, random
from myelin.errors import InputError

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(20, 220, (11, 12, 10, 3)).astype("float32")
MASKS = RNG.integers(0, 4, (11, 12, 10, 1)).astype("int32")
BOXES = {
    "boxes": np.tile(np.float32([[2, 3, 7, 9], [0, 0, 10, 12]]), (11, 1, 1)),
    "labels": np.tile(np.int32([4, 5]), (11, 1)),
}


def for_turn(draws, index, turn):
    """What operation `index` drew for each image in this turn."""
    return jax.tree.map(lambda a: a[:, turn] if isinstance(a, jax.Array) else a, draws[index])


@functools.cache
def rand_augment():
    """The layer and a draw in which image i takes change i, then all take automatic contrast."""
    layer = layers.RandAugment(bounding_box_format="xyxy")
    draw = layer.get_random_transformation(IMAGES, seed=1)
    return layer, {**draw, "layer_idxes": np.stack([np.arange(11), np.full(11, 9)], axis=1)}


@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("transform_images", IMAGES),
        ("transform_segmentation_masks", MASKS),
        ("transform_bounding_boxes", BOXES),
    ],
)
def test_rand_augment_applies_to_each_image_what_it_drew(method, part):
    layer, draw = rand_augment()
    got = getattr(layer, method)(part, draw)
    changed = [
        getattr(operation, method)(part, for_turn(draw["transforms"], index, 0))
        for index, operation in enumerate(layer.operations)
    ]
    own = jax.tree.map(lambda *all_: np.stack([a[i] for i, a in enumerate(all_)]), *changed)
    wanted = getattr(layer.operations[9], method)(own, None)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-2)


def test_rand_augment_draws_all_changes_evenly_and_for_each_image():
    layer, _ = rand_augment()
    images = np.zeros((3000, 1, 1, 3), np.float32)
    choose = jax.jit(lambda: layer.get_random_transformation(images, seed=3)["layer_idxes"])
    draw = choose()
    shares = np.bincount(np.asarray(draw).ravel(), minlength=11) / draw.size
    np.testing.assert_allclose(shares, 1 / 11, atol=0.015)
    assert abs(np.corrcoef(np.asarray(draw).T)[0, 1]) < 0.05


def test_rand_augment_in_a_dictionary_repeats_and_keeps_the_range():
    layer, _ = rand_augment()
    data = {
        "images": IMAGES,
        "labels": np.arange(11),
        "segmentation_masks": MASKS,
        "bounding_boxes": BOXES,
    }
    outputs = []
    for step in (0, 0, 1):
        with random.scope(jax.random.key(step)):
            outputs.append(layer(data))
    first, again, other = outputs
    np.testing.assert_array_equal(first["images"], again["images"])
    assert not np.array_equal(first["images"], other["images"])
    assert np.asarray(first["images"]).min() >= 0
    assert np.asarray(first["images"]).max() <= 255
    np.testing.assert_array_equal(first["labels"], data["labels"])
    assert first["segmentation_masks"].dtype == np.int32
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_aug_mix_mixes_the_chains_that_were_drawn():
    layer = layers.AugMix(num_chains=2, chain_depth=2, all_ops=False)
    assert len(layer.operations) == 7
    x = IMAGES[:4]
    draw = layer.get_random_transformation(x, seed=2)
    shares, weight = np.asarray(draw["chain_mixing_weights"]), np.asarray(draw["weight_sample"])
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    assert len(np.unique(weight)) == 4

    # 7 is no change: the first chain solarizes, the other stretches and then posterizes.
    draw["layer_idxes"] = np.tile([4, 7, 5, 3], (4, 1))
    operations, draws = layer.operations, draw["transforms"]
    solarized = operations[4].transform_images(x, for_turn(draws, 4, 0))
    stretched = operations[5].transform_images(x, None)
    posterized = operations[3].transform_images(stretched, for_turn(draws, 3, 3))
    shares, weight = shares[..., None, None, None], weight[:, None, None, None]
    mixture = shares[:, 0] * np.asarray(solarized) + shares[:, 1] * np.asarray(posterized)
    wanted = np.clip(weight * x + (1 - weight) * mixture, 0, 255)
    np.testing.assert_allclose(layer.transform_images(x, draw), wanted, atol=2e-2)

    draw["layer_idxes"] = np.full((4, 4), 7)
    np.testing.assert_allclose(layer.transform_images(x, draw), x, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandAugment", {"num_ops": 3, "factor": (0.1, 0.4), "interpolation": "nearest"}),
        ("AugMix", {"num_chains": 2, "chain_depth": 1, "alpha": 0.5, "all_ops": False}),
    ],
)
def test_configurations_go_both_ways(keras, name, arguments):
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    again = getattr(layers, name).from_config(theirs.get_config())
    back = getattr(keras.layers, name).from_config(ours.get_config())
    for key in (*arguments, "value_range", "factor", "seed"):
        values = [getattr(layer, key) for layer in (ours, again, back, theirs)]
        assert len({tuple(v) if isinstance(v, tuple | list) else v for v in values}) == 1
    kinds = {type(operation).__name__ for operation in ours.operations}
    names = theirs._AUGMENT_LAYERS if name == "RandAugment" else theirs._augment_layers
    assert kinds == {type(getattr(theirs, own)).__name__ for own in names}


def test_a_pipeline_is_its_layers_in_turn():
    parts = [layers.RandomFlip(seed=1), layers.RandomInvert((1.0, 1.0)), layers.Rescaling(1 / 255)]
    pipeline = layers.Pipeline(parts)
    assert pipeline.layers == parts
    assert pipeline.compute_output_shape((None, 12, 10, 3)) == (None, 12, 10, 3)
    np.testing.assert_allclose(pipeline(IMAGES, training=False), IMAGES / 255, rtol=1e-6)
    with random.scope(jax.random.key(0)):
        got = pipeline(IMAGES)
    with random.scope(jax.random.key(0)):
        wanted = parts[2](parts[1](parts[0](IMAGES)))
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_a_pipeline_takes_dictionaries_and_goes_to_keras_and_back(keras):
    ours = layers.Pipeline([layers.RandomInvert((1.0, 1.0)), layers.AutoContrast()], name="own")
    theirs = keras.layers.Pipeline.from_config(ours.get_config())
    again = layers.Pipeline.from_config(theirs.get_config())
    assert [type(layer).__name__ for layer in again.layers] == ["RandomInvert", "AutoContrast"]
    data = {"images": IMAGES, "labels": np.arange(11)}
    out = again(data)
    np.testing.assert_array_equal(out["labels"], data["labels"])
    np.testing.assert_allclose(out["images"], theirs(IMAGES), atol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda: layers.RandAugment(factor=2), "RandAugment: factor wants"),
        (lambda: layers.RandAugment(num_ops=0), "num_ops wants a whole number above 0"),
        (lambda: layers.RandAugment(interpolation="cubic"), "interpolation wants one of"),
        (lambda: layers.AugMix(alpha=0), "AugMix: alpha wants a number above 0"),
        (lambda: layers.AugMix(value_range=(0, 0)), "AugMix: value_range wants"),
    ],
)
def test_arguments_out_of_range_are_refused(wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        wrong()


def test_aug_mix_refuses_masks_that_are_numbers_of_classes():
    with pytest.raises(InputError, match="segmentation_masks with a channel a class"):
        layers.AugMix().transform_segmentation_masks(MASKS, {})
