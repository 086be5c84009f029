"""MobileNetV2: blocks that widen, filter each map by itself, and narrow again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myelin import layers
from myelin.applications.building import image_model, shape_of_images
from myelin.applications.imagenet_utils import decode_predictions
from myelin.applications.imagenet_utils import preprocess_input as _preprocess_input
from myelin.errors import InputError

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# The paper's table 2: maps that come out, how many blocks, the stride of the first of them.
_STAGES = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
_WIDENING = 6
_DIVISOR = 8


def MobileNetV2(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Any:
    """MobileNetV2, in Keras's form.

    Args:
        input_shape: `(height, width, channels)`, 32 pixels a side or more; `(224, 224, 3)` when
            None, or images of any size without the top.
        alpha: the width of every layer, above 0; 1 is the paper's.
        include_top: whether it ends in the classifier.
        weights: None for random ones, or a file that `load_weights` reads. Myelin downloads none.
        input_tensor: a promise to start from in the place of a new `Input`.
        pooling: without the top, None for the maps `(batch, height/32, width/32, 1280)`, "avg" or
            "max" for `(batch, 1280)`.
        classes: how many, 1 or more.
        classifier_activation: None gives logits.
        name: of the model; from alpha and the height when None.

    Raises:
        InputError: an argument that cannot be, or weights that are not there.
        FileFormatError: a file that holds no weights.

    Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018.
    """
    if not alpha > 0:
        raise InputError(f"MobileNetV2: alpha wants a number above 0, got {alpha!r}")
    if input_shape is None and input_tensor is not None:
        input_shape = tuple(input_tensor.shape[1:])
    shape = shape_of_images(input_shape, include_top, name or "MobileNetV2")

    def body(x: Any) -> Any:
        x = layers.Conv2D(
            _divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1"
        )(x)
        x = layers.ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
        number = 0
        for filters, blocks, stride in _STAGES:
            for block in range(blocks):
                x = _block(x, _divisible(int(filters * alpha)), 1 if block else stride, number)
                number += 1
        last = _divisible(1280 * max(alpha, 1.0))
        x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
        return layers.ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))

    return image_model(
        body,
        lambda x: layers.GlobalAveragePooling2D()(x),
        name=name or f"mobilenetv2_{alpha:0.2f}_{shape[0]}",
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
    )


def _block(x: Any, filters: int, stride: int, number: int) -> Any:
    """The inverted residual block; the first of all does not widen."""
    name = f"block_{number}" if number else "expanded_conv"
    channels = x.shape[-1]
    inner = x
    if number:
        inner = layers.Conv2D(
            _WIDENING * channels, 1, padding="same", use_bias=False, name=f"{name}_expand"
        )(inner)
        inner = _normalized(inner, f"{name}_expand_BN")
        inner = layers.ReLU(6.0, name=f"{name}_expand_relu")(inner)
    if stride == 2:
        inner = layers.ZeroPadding2D(_border(inner), name=f"{name}_pad")(inner)
    inner = layers.DepthwiseConv2D(
        3, strides=stride, padding="valid" if stride == 2 else "same", use_bias=False,
        name=f"{name}_depthwise",
    )(inner)  # fmt: skip
    inner = _normalized(inner, f"{name}_depthwise_BN")
    inner = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(inner)
    inner = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(inner)
    inner = _normalized(inner, f"{name}_project_BN")
    if stride == 1 and channels == filters:
        return layers.Add(name=f"{name}_add")([x, inner])
    return inner


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(momentum=0.999, epsilon=1e-3, name=name)(x)


def _border(x: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """The zeros around maps with which a window of 3 that strides 2 meets every pixel.

    Where the size is not known, it is taken to be odd, as Keras does.
    """
    rows, columns = ((side or 1) % 2 for side in x.shape[1:3])
    return (rows, 1), (columns, 1)


def _divisible(width: float) -> int:
    """The width rounded to a multiple of 8, and never down by more than a tenth."""
    rounded = max(_DIVISOR, int(width + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded + _DIVISOR if rounded < 0.9 * width else rounded


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels from 0 to 255 as MobileNetV2 takes them: from -1 to 1.

    Args and errors as for `imagenet_utils.preprocess_input`.
    """
    return _preprocess_input(x, data_format, mode="tf")
