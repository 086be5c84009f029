"""Convolutions and pooling of bad images, and what training with them does."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import Sequential, layers
from myelin.errors import InputError, ShapeError

IMAGES = np.zeros((2, 6, 6, 3), "float32")

BAD_IMAGES = [
    (lambda: layers.Conv2D(4, 3), (2, 6, 6), r"\(batch, rows, columns, channels\).*\(2, 6, 6\)"),
    (lambda: layers.Conv2D(4, 7), (2, 6, 6, 3), r"at least \(7, 7\) points.*\(2, 6, 6, 3\)"),
    (lambda: layers.Conv2D(4, 3), (2, 1, 1, 3), r"at least \(3, 3\) points.*\(2, 1, 1, 3\)"),
    (lambda: layers.Conv2D(4, 2, dilation_rate=6), (2, 6, 6, 3), r"at least \(7, 7\) points"),
    (lambda: layers.Conv2D(4, 3, groups=2), (2, 6, 6, 3), "multiple of its 2 groups"),
    (lambda: layers.Conv1D(4, 3, data_format="channels_first"), (2, 3),
     r"\(batch, channels, steps\)"),
    (lambda: layers.DepthwiseConv2D(3), (2, 2, 6, 3), r"at least \(3, 3\) points"),
    (lambda: layers.SeparableConv1D(3, 3), (2, 6), r"\(batch, steps, channels\)"),
    (lambda: layers.Conv3DTranspose(3, 3), (2, 6, 6, 3), r"\(batch, depth, rows, columns"),
    (lambda: layers.MaxPooling2D(), (2, 1, 1, 3), r"at least \(2, 2\) points"),
    (lambda: layers.GlobalMaxPooling1D(), (2, 3), r"\(batch, steps, channels\)"),
    (lambda: layers.GlobalMaxPooling1D(), (2, 0, 3), "a point at least"),
    (lambda: layers.AdaptiveAveragePooling2D(2), (2, 0, 3, 3), "a point at least"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "shape", "complaint"), BAD_IMAGES)
def test_bad_images_are_told_with_the_layers_name(make, shape, complaint):
    layer = make()
    with pytest.raises(ShapeError, match=complaint) as caught:
        layer(np.zeros(shape, "float32"))
    assert layer.title in str(caught.value)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Conv2D(4, 3),
        lambda: layers.Conv2DTranspose(4, 3),
        lambda: layers.SeparableConv2D(4, 3),
    ],
)
def test_other_channels_than_it_was_built_for_are_told(make):
    layer = make()
    layer(IMAGES)
    with pytest.raises(ShapeError, match=r"with 3 channels, got inputs of shape \(2, 6, 6, 4\)"):
        layer(np.zeros((2, 6, 6, 4), "float32"))


def test_images_of_another_size_are_taken():
    layer = layers.Conv2D(4, 3)
    layer(IMAGES)
    assert layer(np.zeros((1, 8, 3, 3), "float32")).shape == (1, 6, 1, 4)
    assert layer.compute_output_shape((None, None, 8, 3)) == (None, None, 6, 4)


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose", "MaxPooling2D"])
def test_no_images_give_no_output(name):
    arguments = (2,) if "Pooling" in name else (4, 2)
    y = getattr(layers, name)(*arguments)(np.zeros((0, 6, 6, 3), "float32"))
    assert y.shape[0] == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"filters": 0}, "filters"),
        ({"filters": 4, "groups": 3}, "multiple of groups"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": (1, 2, 3)}, "2 of them"),
        ({"strides": (1, 0)}, "strides"),
        ({"strides": 2, "dilation_rate": 2}, "cannot both"),
        ({"padding": "causal"}, '"valid" or "same"'),
        ({"data_format": "first"}, "data_format"),
    ],
)
def test_arguments_out_of_range_are_told(arguments, complaint):
    with pytest.raises(InputError, match=complaint):
        layers.Conv2D(**{"filters": 4, "kernel_size": 3, **arguments})


def test_an_output_padding_stays_below_the_strides():
    with pytest.raises(InputError, match="below the strides"):
        layers.Conv2DTranspose(4, 3, strides=2, output_padding=2)


def test_means_of_sequences_leave_masked_steps_out():
    x = np.arange(12.0, dtype="float32").reshape(2, 3, 2)
    mask = np.array([[True, False, True], [True, False, False]])
    wanted = np.stack([x[0, [0, 2]].mean(0), x[1, 0]])
    for data_format, inputs in (("channels_last", x), ("channels_first", x.swapaxes(1, 2))):
        layer = layers.GlobalAveragePooling1D(data_format)
        np.testing.assert_allclose(layer(inputs, mask=jnp.asarray(mask)), wanted, rtol=1e-6)


def test_a_small_network_learns_where_a_bright_spot_is():
    rng = np.random.default_rng(0)
    images = rng.normal(0, 0.1, size=(64, 8, 8, 1)).astype("float32")
    labels = rng.integers(0, 2, size=64)
    images[np.arange(64), 2 + 3 * labels, 4, 0] += 2
    model = Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(),
        layers.DepthwiseConv2D(2), layers.Flatten(), layers.Dense(2, "softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.02
    history = model.fit(images, labels, batch_size=16, epochs=15, verbose=0)
    assert history.history["accuracy"][-1] > 0.95


NAMES = [
    "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "DepthwiseConv1D",
    "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D",
    "GlobalMaxPooling2D", "AdaptiveMaxPooling2D",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_arguments_have_kerass_names_and_places(keras, name):
    ours, theirs = (
        list(inspect.signature(getattr(module, name).__init__).parameters)
        for module in (layers, keras.layers)
    )
    assert ours == theirs
