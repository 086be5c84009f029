"""A plain vision transformer: patches of the image as words, and attention between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin import layers
from myelin.applications.building import weights_file
from myelin.errors import InputError
from myelin.models import Model


def ViT(
    input_shape: Sequence[int] = (32, 32, 3),
    patch_size: int = 4,
    depth: int = 6,
    width: int = 192,
    heads: int = 3,
    classes: int = 10,
    mlp_ratio: float = 4.0,
    dropout: float = 0.0,
    classifier_activation: Any = "softmax",
    weights: Any = None,
    name: str = "vit",
) -> Any:
    """A vision transformer for images of one size, all of it from the layers and operators here.

    Positions are sines and cosines, and the patches' mean is classified, as in the plain baseline;
    the normalization comes before each part of a block.

    Args:
        input_shape: `(height, width, channels)` of each image, whole numbers of patches.
        patch_size: pixels a side.
        depth: how many blocks of attention and dense layers.
        width: numbers a patch, a multiple of 4 and of `heads`.
        heads: of each attention.
        classes: how many, 1 or more.
        mlp_ratio: how much wider the dense layers of a block are inside.
        dropout: after each part of a block, from 0 to below 1.
        classifier_activation: None gives logits.
        weights: None for random ones, or a file that `load_weights` reads.
        name: of the model.

    Raises:
        InputError: sizes that do not fit, or weights that are not there.

    Source: Dosovitskiy et al., An Image Is Worth 16x16 Words, 2020; Beyer et al., Better Plain ViT
        Baselines for ImageNet-1k, 2022.
    """
    file = weights_file(weights, name)
    rows, columns = _patches(input_shape, patch_size, name)
    if width % 4 or width % heads:
        raise InputError(
            f"{name}: width wants a multiple of 4 and of heads={heads}, got width={width}"
        )
    image = layers.Input(shape=tuple(input_shape))
    x = layers.Conv2D(width, patch_size, strides=patch_size, name="patches")(image)
    x = layers.Reshape((rows * columns, width), name="words")(x)
    x = x + positions(rows, columns, width)
    for block in range(1, depth + 1):
        part = f"block{block}"
        inner = layers.LayerNormalization(epsilon=1e-6, name=f"{part}_norm1")(x)
        inner = _attention(inner, heads, f"{part}_attention")
        x = x + layers.Dropout(dropout, name=f"{part}_dropout1")(inner)
        inner = layers.LayerNormalization(epsilon=1e-6, name=f"{part}_norm2")(x)
        inner = layers.Dense(int(width * mlp_ratio), activation="gelu", name=f"{part}_fc1")(inner)
        inner = layers.Dense(width, name=f"{part}_fc2")(inner)
        x = x + layers.Dropout(dropout, name=f"{part}_dropout2")(inner)
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = layers.GlobalAveragePooling1D(name="avg_pool")(x)
    x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    model = Model(image, x, name=name)
    if file is not None:
        model.load_weights(file)
    return model


def _patches(shape: Sequence[int], patch_size: int, owner: str) -> tuple[int, int]:
    """How many patches there are down and across."""
    if len(shape) != 3 or any(not side or side % patch_size for side in shape[:2]):
        raise InputError(
            f"{owner}: input_shape wants (height, width, channels) in whole patches of "
            f"{patch_size} pixels, got {tuple(shape)}"
        )
    return shape[0] // patch_size, shape[1] // patch_size


def _attention(x: Any, heads: int, name: str) -> Any:
    """`softmax(q·kᵀ / √d)·v` for each head, over words `(batch, n, width)`."""
    n, width = x.shape[1:]
    size = width // heads

    def split(part: str) -> Any:
        y = layers.Dense(width, name=f"{name}_{part}")(x)
        y = layers.Reshape((n, heads, size), name=f"{name}_{part}_heads")(y)
        # Keys stand upright, so that the product with the queries is over the size of a head.
        order = (2, 3, 1) if part == "key" else (2, 1, 3)
        return layers.Permute(order, name=f"{name}_{part}_by_head")(y)

    scores = split("query") @ split("key") / float(np.sqrt(size))
    mixed = layers.Softmax(name=f"{name}_softmax")(scores) @ split("value")
    mixed = layers.Permute((2, 1, 3), name=f"{name}_by_word")(mixed)
    mixed = layers.Reshape((n, width), name=f"{name}_joined")(mixed)
    return layers.Dense(width, name=f"{name}_output")(mixed)


def positions(rows: int, columns: int, width: int) -> np.ndarray:
    """Where each patch is: sines and cosines of its row and its column, float32 `(n, width)`.

    A quarter of the width each for the sines and cosines of the columns and of the rows, in waves
    from `2·pi` patches up to 10,000 times as long.

    Args:
        rows, columns: how many patches there are down and across.
        width: a multiple of 4, above 4.
    """
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    frequency = 1e4 ** -np.linspace(0, 1, width // 4)
    across, down = (place.reshape(-1, 1) * frequency for place in (x, y))
    waves = (np.sin(across), np.cos(across), np.sin(down), np.cos(down))
    return np.concatenate(waves, axis=1).astype(np.float32)
