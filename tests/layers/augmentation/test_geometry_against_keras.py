"""The same draw changes images as in Keras, and configurations go both ways."""

import numpy as np
import pytest

from myelin import layers
from myelin.layers.augmentation import boxes

pytestmark = pytest.mark.peer

IMAGES = np.random.default_rng(0).uniform(size=(3, 8, 9, 2)).astype("float32")
RANGE = {"value_range": [0, 1]}
CASES = [
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomFlip", {"seed": 3}),
    ("RandomErasing", {"factor": [0.9, 1.0], "fill_value": 0.3, **RANGE}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomRotation", {"factor": [-0.1, 0.4], "fill_mode": "constant", "fill_value": 0.5}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": [-0.4, 0.1], "fill_mode": "wrap"}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "nearest"}),
    ("RandomTranslation", {"height_factor": 0, "width_factor": 1, "interpolation": "nearest"}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": [0.1, 0.2]}),
    ("RandomPerspective", {"factor": [0.5, 0.6], "scale": 0.4, "fill_value": 0.2}),
]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=IDS)
def test_the_same_draw_gives_the_same_images(keras, name, arguments):
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    for drawn in (theirs.get_random_transformation(IMAGES), ours.get_random_transformation(IMAGES)):
        got, wanted = ours.transform_images(IMAGES, drawn), theirs.transform_images(IMAGES, drawn)
        np.testing.assert_allclose(got, wanted, atol=2e-5)


def test_a_crop_at_the_same_place_is_the_same(keras):
    ours, theirs = layers.RandomCrop(4, 5), keras.layers.RandomCrop(4, 5)
    top, left = theirs.get_random_transformation(IMAGES)
    drawn = {"h_start": np.full(3, top), "w_start": np.full(3, left)}
    wanted = theirs.transform_images(IMAGES, (top, left))
    np.testing.assert_array_equal(ours.transform_images(IMAGES, drawn), wanted)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [*CASES, ("RandomCrop", {"height": 4, "width": 5, "seed": 1}),
     ("RandomElasticTransform", {"scale": 0.5, "fill_mode": "mirror"})],
)  # fmt: skip
def test_configurations_go_both_ways(keras, name, arguments):
    own, other = getattr(layers, name), getattr(keras.layers, name)
    ours, theirs = own(**arguments), other(**arguments)
    assert set(ours.get_config()) == set(theirs.get_config())
    again = own.from_config(theirs.get_config()).get_config()
    for key, value in theirs.get_config().items():
        if key not in ("dtype", "x_factor"):
            assert again[key] == (list(value) if isinstance(value, tuple) else value)
    config = other.from_config(ours.get_config()).get_config()
    given = {**theirs.get_config(), "name": ours.name}
    assert {**config, "value_range": 0} == {**given, "value_range": 0}


@pytest.mark.parametrize("form", boxes.FORMATS)
def test_formats_of_boxes_are_keras(keras, form):
    convert = keras.utils.bounding_boxes.convert_format
    rng = np.random.default_rng(0)
    edges = np.sort(rng.uniform(0, 9, size=(2, 3, 2, 2)), axis=2).reshape(2, 3, 4).astype("float32")
    size = {"height": 20.0, "width": 30.0}
    wanted = np.asarray(convert(edges, "xyxy", form, **size))
    np.testing.assert_allclose(boxes.convert_format(edges, "xyxy", form, **size), wanted, rtol=1e-5)
    for other in boxes.FORMATS:
        got = boxes.convert_format(wanted, form, other, **size)
        through = np.asarray(convert(edges, "xyxy", other, **size))
        np.testing.assert_allclose(got, through, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["RandomFlip", "RandomTranslation"])
def test_boxes_are_keras(keras, name):
    arguments = {} if name == "RandomFlip" else {"height_factor": 0.4, "width_factor": 0.4}
    ours = getattr(layers, name)(bounding_box_format="xywh", **arguments)
    theirs = getattr(keras.layers, name)(bounding_box_format="xywh", **arguments)
    drawn = ours.get_random_transformation(IMAGES, seed=1)
    given = {"boxes": np.full((3, 1, 4), 3.0, "float32"), "labels": np.ones((3, 1), "int32")}
    got = ours.transform_bounding_boxes(dict(given), drawn)
    wanted = theirs.transform_bounding_boxes(dict(given), drawn)
    np.testing.assert_allclose(got["boxes"], wanted["boxes"], atol=1e-4)
    np.testing.assert_array_equal(got["labels"], wanted["labels"])


def test_keras_also_acts_alone_and_in_a_model_that_is_called(keras):
    shift = {"height_factor": (0.5, 0.5), "width_factor": 0.0, "fill_mode": "constant"}
    from myelin import Sequential

    for library, model in ((layers, Sequential), (keras.layers, keras.Sequential)):
        layer = library.RandomTranslation(**shift)
        assert not np.allclose(layer(IMAGES), IMAGES)
        assert not np.allclose(model([layer])(IMAGES), IMAGES)
        np.testing.assert_array_equal(model([layer]).predict(IMAGES, verbose=0), IMAGES)
