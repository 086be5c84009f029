"""When augmentation acts, from which key it draws, and what moves with an image."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import Sequential, layers, random
from myelin.errors import InputError, ShapeError
from myelin.layers.augmentation import base

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(8, 6, 5, 3)).astype("float32")

# All layers of geometry, with arguments that make each of them act.
MAKERS = {
    "RandomFlip": lambda **k: layers.RandomFlip("horizontal", **k),
    "RandomCrop": lambda **k: layers.RandomCrop(4, 3, **k),
    "RandomErasing": lambda **k: layers.RandomErasing((1, 1), fill_value=0.5, **k),
    "RandomRotation": lambda **k: layers.RandomRotation(0.3, **k),
    "RandomZoom": lambda **k: layers.RandomZoom(0.3, **k),
    "RandomTranslation": lambda **k: layers.RandomTranslation(0.3, 0.3, **k),
    "RandomShear": lambda **k: layers.RandomShear(0.3, 0.3, **k),
    "RandomPerspective": lambda **k: layers.RandomPerspective((1, 1), 0.5, **k),
    "RandomElasticTransform": lambda **k: layers.RandomElasticTransform((1, 1), **k),
}
everywhere = pytest.mark.parametrize("name", MAKERS)
# One of each way to change images; the others share RandomZoom's.
each_way = pytest.mark.parametrize("name", ["RandomFlip", "RandomCrop", "RandomErasing",
                                            "RandomZoom", "RandomElasticTransform"])  # fmt: skip
# Eight times the same image, so that what differs was drawn.
SAME = {
    "images": np.repeat(IMAGES[:1], 8, axis=0),
    "labels": np.arange(8),
    "segmentation_masks": np.repeat(RNG.integers(1, 4, size=(1, 6, 5)), 8, axis=0),
    "bounding_boxes": {
        "boxes": np.tile(np.asarray([1, 1, 4, 5], "float32"), (8, 1, 1)),
        "labels": np.full((8, 1), 2),
    },
}


def program(name, **arguments):
    """`(key, data) -> outputs` in training, compiled."""
    layer = MAKERS[name](name="same", bounding_box_format="xyxy", **arguments)

    def run(key, data):
        with random.scope(key):
            return layer(data, training=True)

    return jax.jit(run)


@functools.cache
def in_a_batch(name):
    run = program(name)
    return [run(jax.random.key(seed), SAME) for seed in (0, 0, 1)]


class Brighten(base.BaseImagePreprocessingLayer):
    """What somebody may write, with Keras's names."""

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        count, _, _ = self.sizes(data)
        return {"by": base.uniform(self.key(seed), (count, 1, 1, 1), self.factor)}

    def transform_images(self, images, transformation, training=True):
        images = self.cast(images)
        return images + transformation["by"] if training else images

    def transform_labels(self, labels, transformation, training=True):
        return labels + transformation["by"][:, 0, 0, 0]


def test_a_layer_of_ones_own_has_all_the_rest():
    layer = Brighten(factor=(1, 1))
    np.testing.assert_allclose(layer(IMAGES), IMAGES + 1)
    np.testing.assert_allclose(layer(IMAGES[0]), IMAGES[0] + 1)
    out = layer({"images": IMAGES[0], "labels": 2.0, "name": 7})
    assert out["labels"] == 3
    assert out["name"] == 7
    assert out["images"].shape == (6, 5, 3)
    assert len(set(np.asarray(Brighten(factor=1.0)(IMAGES) - IMAGES)[:, 0, 0, 0])) == 8


@everywhere
def test_it_rests_at_inference(name):
    images = (IMAGES * 9).astype("uint8")
    layer = MAKERS[name]()
    out = layer(images, training=False)
    assert out.dtype == "float32"
    assert out.shape == layer.compute_output_shape(images.shape)
    if name != "RandomCrop":
        np.testing.assert_array_equal(out, images)


def test_inside_a_model_it_acts_when_the_model_is_called_but_not_in_predict():
    model = Sequential([layers.RandomTranslation((0.5, 0.5), 0.0, "constant")])
    assert not np.allclose(model(IMAGES), IMAGES)
    np.testing.assert_array_equal(model(IMAGES, training=False), IMAGES)
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), IMAGES)


def test_training_sees_other_images_each_epoch():
    model = Sequential([layers.RandomFlip("horizontal"), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    left = np.zeros((4, 1, 2, 1), "float32")
    left[:, :, 0] = 1
    # Where half of the images are mirrored, no weights give 1 for the one and 0 for the other.
    model.fit(left, np.ones((4, 1)), epochs=100, batch_size=4, verbose=0)
    right = left[:, :, ::-1]
    np.testing.assert_allclose(model.predict(left, verbose=0), 1, atol=0.1)
    np.testing.assert_allclose(model.predict(right, verbose=0), 1, atol=0.1)


@everywhere
def test_each_image_has_its_own_draw_and_one_key_repeats_it(name):
    first, again, other = (out["images"] for out in in_a_batch(name))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(np.asarray(first).reshape(8, -1), axis=0)) > 1


def test_a_seed_given_to_the_draw_decides_it():
    layer = layers.RandomRotation(0.5)
    one, same = (layer.get_random_transformation(IMAGES, seed=3)["angle"] for _ in range(2))
    np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("name", ["RandomRotation", "RandomErasing"])
def test_short_types_change_images_but_not_coordinates(name):
    boxes = np.full((8, 1, 4), 257.0, "float32")
    data = {**SAME, "bounding_boxes": {"boxes": boxes, "labels": np.ones((8, 1), "int32")}}
    out = program(name, dtype="mixed_bfloat16")(jax.random.key(0), data)
    assert out["images"].dtype == "bfloat16"
    assert out["bounding_boxes"]["boxes"].dtype == "float32"
    full, _, _ = in_a_batch(name)
    np.testing.assert_allclose(out["images"].astype("float32"), full["images"], atol=0.02)


@each_way
def test_channels_first_is_the_same_with_the_axes_moved(name):
    wanted, _, _ = in_a_batch(name)
    data = {**SAME, "images": np.moveaxis(SAME["images"], -1, 1)}
    got = program(name, data_format="channels_first")(jax.random.key(0), data)
    got["images"] = jnp.moveaxis(got["images"], 1, -1)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    layer = MAKERS[name](data_format="channels_first")
    assert layer.compute_output_shape((None, 3, 6, 5))[:2] == (None, 3)


@each_way
def test_one_image_is_a_batch_of_one(name):
    batch, _, _ = in_a_batch(name)
    alone = program(name)(jax.random.key(0), jax.tree.map(lambda a: a[0], SAME))
    assert alone["segmentation_masks"].dtype == batch["segmentation_masks"].dtype
    shapes = jax.tree.map(lambda a: a.shape[1:], batch)
    assert jax.tree.map(lambda a: a.shape, alone) == shapes


@pytest.mark.parametrize("name", ["RandomCrop", "RandomErasing", "RandomRotation",
                                  "RandomPerspective", "RandomElasticTransform"])  # fmt: skip
def test_a_single_pixel_and_no_images_at_all(name):
    run = program(name)
    assert np.isfinite(run(jax.random.key(0), np.ones((2, 1, 1, 3), "float32"))).all()
    assert run(jax.random.key(0), IMAGES[:0]).shape[0] == 0


@everywhere
@pytest.mark.parametrize("shape", [(4, 3), (2, 0, 4, 3), (1, 2, 3, 4, 5)])
def test_other_shapes_are_refused_with_the_layers_name(name, shape):
    layer = MAKERS[name]()
    with pytest.raises(ShapeError, match=rf'{layer.name}".*height, width, channels') as error:
        layer(np.zeros(shape, "float32"))
    assert str(shape) in str(error.value)


def test_boxes_need_to_be_understood():
    boxes = {"boxes": np.zeros((8, 1, 4)), "labels": np.zeros((8, 1))}
    with pytest.raises(InputError, match="bounding_box_format="):
        layers.RandomFlip()({"images": IMAGES, "bounding_boxes": boxes})
    layer = layers.RandomFlip(bounding_box_format="xyxy")
    with pytest.raises(InputError, match='"boxes" and "labels"'):
        layer({"images": IMAGES, "bounding_boxes": np.zeros((8, 1, 4))})
    with pytest.raises(ShapeError, match="4"):
        layer({"images": IMAGES, "bounding_boxes": {**boxes, "boxes": np.zeros((8, 4, 1))}})
    with pytest.raises(InputError, match="images"):
        layer({"labels": IMAGES})


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: layers.RandomFlip("sideways"), "mode wants one of horizontal"),
        (lambda: layers.RandomFlip(factor=0.1), "no argument"),
        (lambda: layers.RandomFlip(data_format="last"), "data_format"),
        (lambda: layers.RandomFlip(bounding_box_format="xyz"), "bounding_box_format wants one of"),
        (lambda: layers.RandomRotation(1.5), "from -1 to 1, got 1.5"),
        (lambda: layers.RandomRotation("0.1"), "factor wants a number"),
        (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), "pair"),
        (lambda: layers.RandomRotation(0.1, fill_mode="black"), "fill_mode wants one of reflect"),
        (lambda: layers.RandomRotation(0.1, interpolation="cubic"), "interpolation"),
        (lambda: layers.RandomZoom(2), "height_factor"),
        (lambda: layers.RandomTranslation(0.1, (0, 2)), "width_factor"),
        (lambda: layers.RandomShear(1.2), "x_factor"),
        (lambda: layers.RandomCrop(0, 3), "height"),
        (lambda: layers.RandomErasing(scale=2), "scale"),
        (lambda: layers.RandomPerspective(scale=1.5), "scale"),
        (lambda: layers.RandomElasticTransform(factor=-1), "factor"),
    ],
)
def test_bad_arguments_are_refused(make, complaint):
    with pytest.raises(InputError, match=complaint):
        make()


def test_a_number_means_a_range_and_a_pair_is_put_in_order():
    assert base.interval(0.2, (-1, 1), "X") == (-0.2, 0.2)
    assert base.interval(-0.2, (-1, 1), "X") == (-0.2, 0.2)
    assert base.interval(0.2, (0, 1), "X") == (0, 0.2)
    assert base.interval([0.3, -0.1], (-1, 1), "X") == (-0.1, 0.3)
