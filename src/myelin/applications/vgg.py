"""VGG: small convolutions, many of them, and two wide dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myelin import layers
from myelin.applications.building import image_model
from myelin.applications.imagenet_utils import decode_predictions
from myelin.applications.imagenet_utils import preprocess_input as _preprocess_input

__all__ = ["VGG16", "VGG19", "decode_predictions", "preprocess_input"]

# How many convolutions each block has, by the number of layers with weights.
_BLOCKS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_WIDTHS = (64, 128, 256, 512, 512)


def VGG16(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg16",
) -> Any:
    """The VGG network of 16 layers, in Keras's form.

    Args:
        include_top: whether it ends in the dense layers.
        weights: None for random ones, or a file that `load_weights` reads. Myelin downloads none.
        input_tensor: a promise to start from in the place of a new `Input`.
        input_shape: `(height, width, channels)`, 32 pixels a side or more; `(224, 224, 3)` when
            None, or images of any size without the top.
        pooling: without the top, None for the maps `(batch, height/32, width/32, 512)`, "avg" or
            "max" for `(batch, 512)`.
        classes: how many, 1 or more.
        classifier_activation: None gives logits.
        name: of the model.

    Raises:
        InputError: an argument that cannot be, or weights that are not there.
        FileFormatError: a file that holds no weights.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
        Recognition, 2014, table 1, column D.
    """
    return _vgg(16, include_top, weights, input_tensor, input_shape, pooling, classes,
                classifier_activation, name)  # fmt: skip


def VGG19(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg19",
) -> Any:
    """The VGG network of 19 layers (column E); args, errors and source as for `VGG16`."""
    return _vgg(19, include_top, weights, input_tensor, input_shape, pooling, classes,
                classifier_activation, name)  # fmt: skip


def _vgg(
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
        for block, (width, convolutions) in enumerate(zip(_WIDTHS, _BLOCKS[depth], strict=True), 1):
            for i in range(1, convolutions + 1):
                x = layers.Conv2D(
                    width, 3, activation="relu", padding="same", name=f"block{block}_conv{i}"
                )(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    def features(x: Any) -> Any:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        return layers.Dense(4096, activation="relu", name="fc2")(x)

    return image_model(
        body,
        features,
        name=name,
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
    )


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels from 0 to 255 as VGG takes them: blue first, mean 0.

    Args and errors as for `imagenet_utils.preprocess_input`.
    """
    return _preprocess_input(x, data_format, mode="caffe")
