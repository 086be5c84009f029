"""What the networks share: the image that comes in, the classifier, weights from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from myelin import activations, layers
from myelin.errors import InputError
from myelin.layers.symbolic import KerasTensor, tensors_in
from myelin.models import Model

# Of each example: height, width, channels.
Shape = tuple[int | None, int | None, int | None]


def image_model(
    body: Callable[[Any], Any],
    features: Callable[[Any], Any],
    *,
    name: str,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    pool_names: Mapping[str, str] | None = None,
) -> Any:
    """The model of a network for images, with Keras's arguments.

    Args:
        body: from images to maps of features.
        features: from those to what the classifier sees.
        name: of the model.
        include_top: whether it ends in the classifier; else in the maps, or their pool.
        weights: None for random ones, or a file for `load_weights`.
        input_tensor: a promise to start from in the place of a new `Input`.
        input_shape: of each image, `(height, width, channels)`, 32 pixels a side or more.
        pooling: without the top, None, "avg" or "max".
        classes: how many, 1 or more.
        classifier_activation: of the classifier.
        pool_names: what the layers of `pooling` are called, by its values.

    Raises:
        InputError: an argument that cannot be, or weights that are not there.
        FileFormatError: a file that holds no weights.
    """
    file = weights_file(weights, name)
    shape = shape_of_images(input_shape, include_top, name)
    image = input_tensor
    if image is None:
        image = layers.Input(shape=shape)
    elif not isinstance(image, KerasTensor):
        raise InputError(f"{name}: input_tensor wants what Input or a layer gave, got {image!r}")
    x = body(image)
    if include_top:
        _check_top(classes, classifier_activation, file, name)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(features(x))
    else:
        x = _pooled(x, pooling, pool_names or {}, name)
    model = Model(_sources(image), x, name=name)
    if file is not None:
        model.load_weights(file)
    return model


def weights_file(weights: Any, owner: str) -> Path | None:
    """The file that `weights` names, or None for random weights.

    Raises:
        InputError: Keras's name for weights to download, or a file that is not there.
    """
    if weights is None:
        return None
    how = (
        "pass weights=None for random ones, or a file that load_weights reads (.safetensors, "
        ".npz, .myelin, or Keras's .weights.h5, .keras and .h5)"
    )
    if not isinstance(weights, str | os.PathLike) or str(weights) == "imagenet":
        raise InputError(f"{owner}: Myelin downloads no weights, got weights={weights!r}; {how}")
    file = Path(weights)
    if not file.exists():
        raise InputError(f"{owner}: there is no file of weights {str(weights)!r}; {how}")
    return file


def shape_of_images(
    given: Sequence[int | None] | None, include_top: bool, owner: str, size: int = 224
) -> Shape:
    """The shape of each image: as given, else `size` pixels a side, or of any size without a top.

    Raises:
        InputError: no three sizes, images of less than 32 pixels a side, or a top on images of
            any size.
    """
    if not given:
        return (size, size, 3) if include_top else (None, None, 3)
    shape = tuple(given)
    if len(shape) != 3:
        raise InputError(f"{owner}: input_shape wants (height, width, channels), got {shape}")
    if any(side is not None and side < 32 for side in shape[:2]):
        raise InputError(f"{owner}: wants images of 32 x 32 pixels or more, got {shape}")
    if include_top and None in shape:
        raise InputError(
            f"{owner}: include_top=True wants images of one size, got input_shape {shape}"
        )
    return shape


def _check_top(classes: int, activation: Any, file: Path | None, owner: str) -> None:
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise InputError(f"{owner}: classes wants a whole number of at least 1, got {classes!r}")
    allowed = (activations.get("softmax"), activations.get(None))
    if file is not None and activations.get(activation) not in allowed:
        raise InputError(
            f'{owner}: with weights from a file, classifier_activation wants None or "softmax", '
            f"got {activation!r}"
        )


def _pooled(x: Any, pooling: str | None, names: Mapping[str, str], owner: str) -> Any:
    if pooling is None:
        return x
    if pooling not in ("avg", "max"):
        raise InputError(f'{owner}: pooling wants None, "avg" or "max", got {pooling!r}')
    kind = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
    return kind(name=names.get(pooling))(x)


def _sources(tensor: KerasTensor) -> list[KerasTensor] | KerasTensor:
    """What `Input`s a promise was made of, in the order of first use."""
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()

    def visit(promise: KerasTensor) -> None:
        if id(promise) in seen:
            return
        seen.add(id(promise))
        needed = promise.node.inputs if promise.node is not None else []
        if not needed:
            found.setdefault(id(promise), promise)
        for other in tensors_in(needed):
            visit(other)

    visit(tensor)
    sources = list(found.values())
    return sources[0] if len(sources) == 1 else sources
