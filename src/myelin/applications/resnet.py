"""Residual networks: each block learns what to add to its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myelin import layers
from myelin.applications.building import image_model, weights_file
from myelin.applications.imagenet_utils import decode_predictions
from myelin.applications.imagenet_utils import preprocess_input as _preprocess_input
from myelin.errors import InputError
from myelin.models import Model

__all__ = [
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "ResNetCIFAR",
    "decode_predictions",
    "preprocess_input",
]

# How many bottlenecks of each width there are.
_STAGES = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_EPSILON = 1.001e-5


def ResNet50(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
) -> Any:
    """The residual network of 50 layers, in Keras's form.

    Args:
        include_top: whether it ends in the classifier.
        weights: None for random ones, or a file that `load_weights` reads. Myelin downloads none.
        input_tensor: a promise to start from in the place of a new `Input`.
        input_shape: `(height, width, channels)`, 32 pixels a side or more; `(224, 224, 3)` when
            None, or images of any size without the top.
        pooling: without the top, None for the maps `(batch, height/32, width/32, 2048)`, "avg" or
            "max" for `(batch, 2048)`.
        classes: how many, 1 or more.
        classifier_activation: None gives logits.
        name: of the model.

    Raises:
        InputError: an argument that cannot be, or weights that are not there.
        FileFormatError: a file that holds no weights.

    Source: He et al., Deep Residual Learning for Image Recognition, 2015. As in Keras, the first
        convolution of a block strides, as in the authors' own code.
    """
    return _resnet(50, include_top, weights, input_tensor, input_shape, pooling, classes,
                   classifier_activation, name)  # fmt: skip


def ResNet101(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet101",
) -> Any:
    """The residual network of 101 layers; args, errors and source as for `ResNet50`."""
    return _resnet(101, include_top, weights, input_tensor, input_shape, pooling, classes,
                   classifier_activation, name)  # fmt: skip


def ResNet152(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet152",
) -> Any:
    """The residual network of 152 layers; args, errors and source as for `ResNet50`."""
    return _resnet(152, include_top, weights, input_tensor, input_shape, pooling, classes,
                   classifier_activation, name)  # fmt: skip


def _resnet(
    depth: int,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Any:
    def body(x: Any) -> Any:
        x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
        x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
        x = _normalized(x, "conv1")
        x = layers.Activation("relu", name="conv1_relu")(x)
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for stage, blocks in enumerate(_STAGES[depth]):
            for block in range(1, blocks + 1):
                stride = 2 if stage and block == 1 else 1
                x = _bottleneck(
                    x, 64 * 2**stage, stride, block == 1, f"conv{stage + 2}_block{block}"
                )
        return x

    return image_model(
        body,
        layers.GlobalAveragePooling2D(name="avg_pool"),
        name=name,
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        pool_names={"avg": "avg_pool", "max": "max_pool"},
    )


def _bottleneck(x: Any, filters: int, stride: int, projects: bool, name: str) -> Any:
    """Three convolutions, of 1, 3 and 1 pixels, beside the input or a projection of it."""
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = layers.Activation("relu", name=f"{name}_1_relu")(_normalized(x, f"{name}_1"))
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = layers.Activation("relu", name=f"{name}_2_relu")(_normalized(x, f"{name}_2"))
    x = _normalized(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    return layers.Activation("relu", name=f"{name}_out")(
        layers.Add(name=f"{name}_add")([shortcut, x])
    )


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(x)


def ResNetCIFAR(
    depth: int = 20,
    input_shape: Sequence[int | None] = (32, 32, 3),
    classes: int = 10,
    classifier_activation: Any = "softmax",
    weights: Any = None,
    name: str | None = None,
) -> Any:
    """The residual network for small images: 16, 32 and 64 maps, shortcuts without weights.

    Args:
        depth: how many layers have weights: 8, 14, 20, 26, 32, … (2 more than a multiple of 6).
        input_shape: `(height, width, channels)` of each image.
        classes: how many, 1 or more.
        classifier_activation: None gives logits.
        weights: None for random ones, or a file that `load_weights` reads.
        name: of the model; "resnet" and the depth when None.

    Raises:
        InputError: another depth, or an argument that cannot be.

    Source: He et al., Deep Residual Learning for Image Recognition, 2015, section 4.2, option A.
        The paper's numbers: depth 20, 32, 44, 56 and 110; 0.27 million parameters at 20.
    """
    if depth < 8 or (depth - 2) % 6:
        raise InputError(f"ResNetCIFAR: depth wants 8, 14, 20, 26, 32, … (6n + 2), got {depth}")
    name = name or f"resnet{depth}"
    file = weights_file(weights, name)
    image = layers.Input(shape=tuple(input_shape))
    x = _convolved(image, 16, 1, "conv1")
    for stage, filters in enumerate((16, 32, 64), 2):
        for block in range(1, (depth - 2) // 6 + 1):
            stride = 2 if stage > 2 and block == 1 else 1
            x = _basic_block(x, filters, stride, f"conv{stage}_block{block}")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    model = Model(image, x, name=name)
    if file is not None:
        model.load_weights(file)
    return model


def _basic_block(x: Any, filters: int, stride: int, name: str) -> Any:
    """Two convolutions of 3 pixels beside the input, with its size and its maps made to fit."""
    shortcut = x
    if stride > 1:
        shortcut = x[:, ::stride, ::stride]
        extra = (filters - x.shape[-1]) // 2
        # Told that the channels come first, the layer pads the last axis, where ours are.
        shortcut = layers.ZeroPadding2D(
            ((0, 0), (extra, extra)), data_format="channels_first", name=f"{name}_pad"
        )(shortcut)
    x = _convolved(x, filters, stride, f"{name}_1")
    x = _convolved(x, filters, 1, f"{name}_2", activation=None)
    return layers.Activation("relu", name=f"{name}_out")(
        layers.Add(name=f"{name}_add")([shortcut, x])
    )


def _convolved(
    x: Any, filters: int, stride: int, name: str, activation: str | None = "relu"
) -> Any:
    x = layers.Conv2D(
        filters, 3, strides=stride, padding="same", use_bias=False,
        kernel_initializer="he_normal", name=f"{name}_conv",
    )(x)  # fmt: skip
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.Activation(activation, name=f"{name}_relu")(x) if activation else x


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels from 0 to 255 as the ResNets of ImageNet take them: blue first, mean 0.

    Args and errors as for `imagenet_utils.preprocess_input`.
    """
    return _preprocess_input(x, data_format, mode="caffe")
