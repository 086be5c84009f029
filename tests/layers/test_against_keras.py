"""Outputs, gradients and variables of each layer are Keras's for the same weights and inputs."""

import inspect

import jax
import numpy as np
import pytest

from myelin import layers, variable
from myelin.layers.shapes import is_shape

pytestmark = pytest.mark.peer

FLAT, SEQUENCE, IMAGE = (4, 5), (4, 6, 5), (4, 6, 6, 3)
VOLUME = (2, 3, 3, 3, 2)

# What is written the same in both: class, arguments, input shape (a list of them for several).
CASES = [
    ("Dense", {"units": 3}, FLAT),
    ("Dense", {"units": 3, "activation": "relu", "use_bias": False}, SEQUENCE),
    ("Dense", {"units": 3, "activation": "softmax", "bias_initializer": "ones"}, FLAT),
    ("Activation", {"activation": "tanh"}, FLAT),
    ("ReLU", {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.2}, FLAT),
    ("LeakyReLU", {"negative_slope": 0.2}, FLAT),
    ("PReLU", {"alpha_initializer": "ones"}, SEQUENCE),
    ("PReLU", {"alpha_initializer": "ones", "shared_axes": [1, 2]}, IMAGE),
    ("ELU", {"alpha": 0.7}, FLAT),
    ("Softmax", {}, FLAT),
    ("Softmax", {"axis": [1, 2]}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "strides": 2}, SEQUENCE),
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "same", "dilation_rate": 2}, SEQUENCE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "softplus"}, IMAGE),
    ("Conv2D", {"filters": 6, "kernel_size": (3, 2), "strides": (2, 1), "padding": "same",
                "groups": 3, "use_bias": False}, IMAGE),
    ("Conv2D", {"filters": 5, "kernel_size": 1, "strides": 2}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": (1, 2), "data_format": "channels_first"}, IMAGE),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "padding": "same", "dilation_rate": 2}, VOLUME),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 2, "strides": 3}, SEQUENCE),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 4, "dilation_rate": 2, "padding": "same"},
     SEQUENCE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": (4, 3), "strides": (3, 2),
                         "padding": "same", "output_padding": (2, 0)}, IMAGE),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 2, "strides": 2, "output_padding": 1,
                         "data_format": "channels_first"}, IMAGE),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "use_bias": False}, VOLUME),
    ("DepthwiseConv1D", {"kernel_size": 2, "depth_multiplier": 2}, SEQUENCE),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("DepthwiseConv2D", {"kernel_size": 2, "dilation_rate": 2, "depth_multiplier": 2,
                         "data_format": "channels_first"}, IMAGE),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, SEQUENCE),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "depth_multiplier": 2},
     IMAGE),
    ("MaxPooling1D", {}, SEQUENCE),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("MaxPooling2D", {"data_format": "channels_first", "pool_size": (2, 1)}, IMAGE),
    ("MaxPooling3D", {"padding": "same"}, VOLUME),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, SEQUENCE),
    ("AveragePooling2D", {"pool_size": 2}, IMAGE),
    ("AveragePooling3D", {"pool_size": 2, "padding": "same"}, VOLUME),
    ("GlobalMaxPooling1D", {"keepdims": True}, SEQUENCE),
    ("GlobalMaxPooling2D", {}, IMAGE),
    ("GlobalMaxPooling3D", {"data_format": "channels_first"}, VOLUME),
    ("GlobalAveragePooling1D", {}, SEQUENCE),
    ("GlobalAveragePooling2D", {"data_format": "channels_first", "keepdims": True}, IMAGE),
    ("GlobalAveragePooling3D", {}, VOLUME),
    ("AdaptiveMaxPooling1D", {"output_size": 4}, SEQUENCE),
    ("AdaptiveMaxPooling2D", {"output_size": (3, 4)}, IMAGE),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, VOLUME),
    ("AdaptiveAveragePooling1D", {"output_size": 4}, SEQUENCE),
    ("AdaptiveAveragePooling2D", {"output_size": 3, "data_format": "channels_first"}, IMAGE),
    ("AdaptiveAveragePooling3D", {"output_size": (1, 2, 3)}, VOLUME),
    ("Flatten", {}, IMAGE),
    ("Flatten", {"data_format": "channels_first"}, IMAGE),
    ("Reshape", {"target_shape": (3, -1)}, SEQUENCE),
    ("Permute", {"dims": (2, 3, 1)}, IMAGE),
    ("RepeatVector", {"n": 3}, FLAT),
    ("Identity", {}, FLAT),
    ("BatchNormalization", {}, FLAT),
    ("BatchNormalization", {"axis": 1, "momentum": 0.8, "epsilon": 0.01}, IMAGE),
    ("BatchNormalization", {"center": False, "scale": False}, SEQUENCE),
    ("BatchNormalization", {"renorm": True, "momentum": 0.9}, FLAT),
    ("BatchNormalization", {"axis": 1, "renorm": True, "renorm_momentum": 0.7, "scale": False,
                            "renorm_clipping": {"rmin": 0.8, "rmax": 1.1, "dmax": 0.1}}, IMAGE),
    ("LayerNormalization", {}, FLAT),
    ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.01}, SEQUENCE),
    ("LayerNormalization", {"center": False}, SEQUENCE),
    ("LayerNormalization", {"rms_scaling": True, "scale": False}, SEQUENCE),
    ("GroupNormalization", {"groups": 3}, IMAGE),
    ("GroupNormalization", {"groups": 2, "axis": 1, "epsilon": 0.01, "center": False}, IMAGE),
    ("GroupNormalization", {"groups": 1, "axis": -2, "scale": False}, SEQUENCE),
    ("GroupNormalization", {"groups": -1}, SEQUENCE),
    ("RMSNormalization", {}, FLAT),
    ("RMSNormalization", {"axis": (-1, -2), "epsilon": 0.1}, IMAGE),
    ("UnitNormalization", {}, FLAT),
    ("UnitNormalization", {"axis": [1, 2]}, IMAGE),
    # With one factor to draw from there is nothing random in them.
    ("RandomBrightness", {"factor": (0.1, 0.1), "value_range": (-5, 5)}, IMAGE),
    ("RandomContrast", {"factor": (0.0, 0.0), "value_range": (-5, 5)}, IMAGE),
    ("RandomColorDegeneration", {"factor": (0.4, 0.4), "value_range": (-5, 5)}, IMAGE),
    ("RandomGrayscale", {"factor": 1.0}, IMAGE),
    ("RandomInvert", {"factor": (1.0, 1.0), "value_range": (0, 5)}, IMAGE),
    ("Solarization", {"value_range": (-5, 5)}, IMAGE),
    ("AutoContrast", {"value_range": (-5, 5)}, IMAGE),
    ("ContrastLimitedAdaptiveHistogramEqualization",
     {"value_range": (-5, 5), "tile_grid_size": (2, 3)}, IMAGE),
    ("ContrastLimitedAdaptiveHistogramEqualization",
     {"value_range": (-5, 5), "clip_limit": 1.5, "tile_grid_size": (4, 4),
      "data_format": "channels_first"}, (2, 3, 9, 10)),
    ("RandomSharpness", {"factor": (0.3, 0.3), "value_range": (-5, 5)}, IMAGE),
    (
        "RandomGaussianBlur",
        {"factor": (1.0, 1.0), "sigma": (0.7, 0.7), "value_range": (-5, 5)},
        IMAGE,
    ),
    ("Rescaling", {"scale": 1 / 3, "offset": -1.0}, IMAGE),
    ("Normalization", {"mean": [1.0, 2.0, 3.0, 4.0, 5.0], "variance": [4.0] * 5}, FLAT),
    ("Normalization", {"axis": None, "mean": 1.0, "variance": 4.0, "invert": True}, FLAT),
    ("UpSampling1D", {"size": 3}, SEQUENCE),
    ("UpSampling2D", {}, IMAGE),
    ("UpSampling2D", {"size": (2, 3), "data_format": "channels_first"}, IMAGE),
    ("UpSampling2D", {"interpolation": "bilinear"}, IMAGE),
    ("UpSampling3D", {"size": (1, 2, 3)}, (2, 3, 2, 2, 3)),
    ("UpSampling3D", {"data_format": "channels_first"}, (2, 3, 2, 2, 3)),
    ("ZeroPadding1D", {"padding": (1, 2)}, SEQUENCE),
    ("ZeroPadding1D", {"padding": 2, "data_format": "channels_first"}, SEQUENCE),
    ("ZeroPadding2D", {}, IMAGE),
    ("ZeroPadding2D", {"padding": ((1, 2), (0, 3)), "data_format": "channels_first"}, IMAGE),
    ("ZeroPadding3D", {"padding": (1, 2, 0)}, (2, 3, 2, 2, 3)),
    ("Cropping1D", {}, SEQUENCE),
    ("Cropping2D", {"cropping": ((1, 2), (0, 3))}, IMAGE),
    ("Cropping2D", {"cropping": 1, "data_format": "channels_first"}, (4, 3, 6, 6)),
    ("Cropping3D", {"cropping": ((1, 0), (0, 1), (1, 1))}, (2, 4, 3, 4, 3)),
    ("Resizing", {"height": 4, "width": 9}, IMAGE),
    ("Resizing", {"height": 3, "width": 2, "interpolation": "lanczos3", "antialias": True}, IMAGE),
    ("Resizing", {"height": 4, "width": 8, "crop_to_aspect_ratio": True}, IMAGE),
    (
        "Resizing",
        {"height": 4, "width": 8, "pad_to_aspect_ratio": True, "fill_value": 0.5},
        IMAGE,
    ),
    ("CenterCrop", {"height": 3, "width": 4}, IMAGE),
    ("CenterCrop", {"height": 3, "width": 8, "data_format": "channels_first"}, (4, 3, 6, 6)),
    ("Add", {}, [SEQUENCE, SEQUENCE, SEQUENCE]),
    ("Add", {}, [IMAGE, (4, 6, 3), (4, 1)]),
    ("Subtract", {}, [FLAT, (4, 1)]),
    ("Multiply", {}, [(4, 1, 5), SEQUENCE, FLAT]),
    ("Average", {}, [FLAT, FLAT, FLAT]),
    ("Maximum", {}, [FLAT, FLAT, (4, 1)]),
    ("Minimum", {}, [SEQUENCE, SEQUENCE]),
    ("Concatenate", {}, [SEQUENCE, (4, 6, 2)]),
    ("Concatenate", {"axis": 1}, [SEQUENCE, (4, 2, 5), SEQUENCE]),
    ("Dot", {"axes": 1}, [FLAT, FLAT]),
    ("Dot", {"axes": -1, "normalize": True}, [SEQUENCE, (4, 3, 5)]),
    ("Dot", {"axes": (3, 1)}, [IMAGE, (4, 3, 2, 2)]),
    ("Dot", {"axes": (1, 2)}, [FLAT, (4, 3, 5)]),
    ("SimpleRNN", {"units": 3, "return_sequences": True, "activation": "relu"}, SEQUENCE),
    ("SimpleRNN", {"units": 3, "go_backwards": True, "use_bias": False}, SEQUENCE),
    ("LSTM", {"units": 3}, SEQUENCE),
    ("LSTM", {"units": 3, "return_sequences": True, "go_backwards": True, "unroll": True,
              "recurrent_activation": "hard_sigmoid", "use_bias": False}, SEQUENCE),
    ("GRU", {"units": 3}, SEQUENCE),
    ("GRU", {"units": 3, "reset_after": False, "return_sequences": True}, SEQUENCE),
    ("GRU", {"units": 3, "return_sequences": True, "activation": "softsign"}, SEQUENCE),
]  # fmt: skip
IDS = [f"{name}-{i}" for i, (name, _, _) in enumerate(CASES)]


def pair(keras, name, arguments, shape, seed=0):
    """A layer of ours and Keras's with the same weights, and inputs for them."""
    rng = np.random.default_rng(seed)
    draw = lambda sizes: rng.normal(size=sizes).astype("float32")  # noqa: E731
    x = jax.tree.map(draw, shape, is_leaf=is_shape)
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    ours(x), theirs(x)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    assert [w.trainable for w in ours.weights] == [w.trainable for w in theirs.weights]
    values = [rng.uniform(0.5, 1.5, size=w.shape).astype("float32") for w in ours.weights]
    ours.set_weights(values), theirs.set_weights(values)
    return ours, theirs, x


@pytest.mark.parametrize(("name", "arguments", "shape"), CASES, ids=IDS)
@pytest.mark.parametrize("training", [False, True])
def test_outputs_and_variables_are_keras(keras, name, arguments, shape, training):
    ours, theirs, x = pair(keras, name, arguments, shape)
    got, wanted = ours(x, training=training), theirs(x, training=training)
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-6)
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)
    unknown = jax.tree.map(lambda sizes: (None, *sizes[1:]), shape, is_leaf=is_shape)
    assert ours.compute_output_shape(unknown) == tuple(theirs.compute_output_shape(unknown))


@pytest.mark.parametrize(("name", "arguments", "shape"), CASES, ids=IDS)
def test_gradients_are_keras(keras, name, arguments, shape):
    ours, theirs, x = pair(keras, name, arguments, shape)
    weighting = np.random.default_rng(1).normal(size=ours(x).shape).astype("float32")
    variables = {str(i): v for i, v in enumerate(ours.trainable_variables)}

    def our_loss(values, x):
        with variable.bind(variables, values):
            return (ours(x, training=True) * weighting).sum()

    takes_training = "training" in inspect.signature(theirs.call).parameters
    given = {"training": True} if takes_training else {}

    def their_loss(values, x):
        outputs, _ = theirs.stateless_call(
            values, [v.value for v in theirs.non_trainable_variables], x, **given
        )
        return (outputs * weighting).sum()

    got = jax.grad(our_loss, argnums=(0, 1))({i: v.value for i, v in variables.items()}, x)
    wanted = jax.grad(their_loss, argnums=(0, 1))([v.value for v in theirs.trainable_variables], x)
    for own, other in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


def test_config_is_one_that_keras_reads(keras):
    for name, arguments, shape in CASES:
        ours, _, x = pair(keras, name, arguments, shape)
        config = ours.get_config()
        theirs = getattr(keras.layers, name).from_config(dict(config))
        theirs(x)
        theirs.set_weights(ours.get_weights())
        np.testing.assert_allclose(ours(x), theirs(x), rtol=2e-5, atol=2e-6, err_msg=name)


def test_config_that_keras_writes_is_read(keras):
    for name, arguments, shape in CASES:
        _, theirs, x = pair(keras, name, arguments, shape)
        ours = getattr(layers, name).from_config(theirs.get_config())
        ours(x)
        ours.set_weights(theirs.get_weights())
        np.testing.assert_allclose(ours(x), theirs(x), rtol=2e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("axis", [-1, 1, None, (1, 2)])
def test_adapt_is_keras(keras, axis):
    x = np.random.default_rng(0).normal(2, 3, size=(50, 4, 3)).astype("float32")
    ours, theirs = layers.Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    ours.adapt(x), theirs.adapt(x)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
