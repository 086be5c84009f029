"""The networks of ImageNet are Keras's: weights by name and in order, and outputs."""

import importlib

import numpy as np
import pytest

from myelin import applications
from myelin.layers.core import Input

pytestmark = pytest.mark.peer

SMALL = {"weights": None, "input_shape": (32, 32, 3)}
# With and without the classifier, and each kind of pooling, once.
CASES = [
    ("ResNet50", {"classes": 4}),
    ("VGG19", {"include_top": False, "pooling": "max"}),
    ("MobileNetV2", {"alpha": 0.35, "classes": 4, "classifier_activation": None}),
    ("MobileNetV2", {"alpha": 0.5, "include_top": False, "pooling": "avg"}),
    ("MobileNetV2", {"alpha": 1.4, "include_top": False, "input_shape": (35, 48, 1)}),
]
# What only takes long to compute: the weights alone are compared.
LARGE = [
    ("VGG16", {"classes": 3, "classifier_activation": "sigmoid"}),
    ("ResNet101", {"include_top": False, "pooling": "max"}),
]


def pair(keras, name, arguments):
    """Our network and Keras's, with the same arguments."""
    arguments = {**SMALL, **arguments}
    return getattr(applications, name)(**arguments), getattr(keras.applications, name)(**arguments)


def check_weights(ours, theirs):
    assert ours.name == theirs.name
    assert ours.count_params() == theirs.count_params()
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=lambda value: str(value))
def test_weights_and_outputs_are_keras(keras, name, arguments):
    ours, theirs = pair(keras, name, arguments)
    check_weights(ours, theirs)
    rng = np.random.default_rng(0)
    values = [
        rng.uniform(0.8, 1.2, w.shape) if w.ndim < 2 else
        rng.normal(0, np.sqrt(2 / max(np.prod(w.shape[:-1]), 1)), w.shape)
        for w in theirs.get_weights()
    ]  # fmt: skip
    ours.set_weights(values), theirs.set_weights(values)
    x = rng.normal(size=(1, *ours.input_shape[1:])).astype("float32")
    wanted = np.asarray(theirs(x, training=False))
    np.testing.assert_allclose(
        ours(x, training=False), wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max()
    )


@pytest.mark.parametrize(("name", "arguments"), LARGE, ids=lambda value: str(value))
def test_weights_are_keras(keras, name, arguments):
    check_weights(*pair(keras, name, arguments))


def test_weights_of_keras_come_by_file(keras, tmp_path):
    arguments = {"alpha": 0.35, "include_top": False, "pooling": "avg"}
    theirs = keras.applications.MobileNetV2(**SMALL, **arguments)
    np.savez(tmp_path / "w.npz", **{w.path: w.numpy() for w in theirs.weights})
    ours = applications.MobileNetV2(**{**SMALL, "weights": tmp_path / "w.npz"}, **arguments)
    x = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-3, atol=1e-4)


def test_shapes_by_default_and_names_are_keras(keras):
    for arguments in ({}, {"include_top": False}):
        ours = applications.MobileNetV2(weights=None, alpha=0.35, **arguments)
        theirs = keras.applications.MobileNetV2(weights=None, alpha=0.35, **arguments)
        assert ours.name == theirs.name
        assert ours.input_shape == theirs.input_shape
        assert ours.output_shape == theirs.output_shape
        assert [x.name for x in ours.layers[1:]] == [x.name for x in theirs.layers[1:]]


def test_an_input_tensor_leads_back_to_its_input():
    from myelin import layers

    image = Input((32, 32, 3))
    model = applications.VGG16(
        include_top=False, weights=None, input_tensor=layers.Rescaling(1 / 255)(image)
    )
    assert model.input is image
    assert model.output_shape == (None, 1, 1, 512)


@pytest.mark.parametrize("module", ["resnet", "resnet50", "vgg16", "vgg19", "mobilenet_v2"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_pixels_are_prepared_as_keras_does(keras, module, data_format, dtype):
    x = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 3)).astype(dtype)
    before = x.copy()
    theirs = importlib.import_module(f"keras.applications.{module}").preprocess_input
    ours = getattr(applications, module).preprocess_input
    for own, other in ((x, x.copy()), (x[0], x[0].copy())):
        got = ours(own, data_format=data_format)
        wanted = theirs(other, data_format=data_format)
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_promised_pixels_are_prepared_too(keras, mode):
    from myelin import Model

    image = Input((4, 4, 3))
    model = Model(image, applications.imagenet_utils.preprocess_input(image, mode=mode))
    x = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    wanted = keras.applications.imagenet_utils.preprocess_input(x.copy(), mode=mode)
    np.testing.assert_allclose(model(x), wanted, rtol=1e-4, atol=1e-4)
