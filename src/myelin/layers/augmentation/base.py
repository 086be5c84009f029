"""What all augmentation shares: when it acts, what it draws, and what moves with an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import random
from myelin.errors import InputError
from myelin.layers.augmentation.boxes import FORMATS
from myelin.layers.base import Layer

# The parts of a batch, and the methods that change each: for a batch, and for one image.
_PARTS = {
    "images": ("transform_images", "transform_single_image"),
    "bounding_boxes": ("transform_bounding_boxes", "transform_single_bounding_box"),
    "labels": ("transform_labels", "transform_single_label"),
    "segmentation_masks": (
        "transform_segmentation_masks",
        "transform_single_segmentation_mask",
    ),
}


class BaseImagePreprocessingLayer(Layer):
    """Changes images at random in training, each by its own draw, and what belongs to them alike.

    A subclass draws in `get_random_transformation` and applies the draw in `transform_images`.
    What else moves with the image it says in `transform_labels`, `transform_bounding_boxes` and
    `transform_segmentation_masks`, which hand on what they get. All of them see batches.

    Called alone it changes images, as in Keras; inside `predict` and `evaluate`, or with
    `training=False`, it only casts them to the layer's compute type.

    Args:
        factor: how strong, a number or a pair (lowest, highest); see `interval`.
        bounding_box_format: how `bounding_boxes` are written, one of `boxes.FORMATS`; needed only
            where boxes are given.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: images `(batch, height, width, channels)` or one image `(height, width, channels)`, of
    any type, give images of the compute type. Or a dictionary of `images` with any of `labels`,
    `bounding_boxes` (`boxes` of `(batch, boxes, 4)` and `labels` of `(batch, boxes)`) and
    `segmentation_masks` of `(batch, height, width)` or `(batch, height, width, channels)`, whose
    type stays; without the batch axis beside one image. Other entries are handed on.

    Raises:
        InputError: an argument out of its range, or boxes without a format.
        ShapeError: images of another rank, or without pixels.
    """

    _USE_BASE_FACTOR = True
    _FACTOR_BOUNDS: tuple[float, float] = (-1, 1)

    def __init__(
        self,
        factor: Any = None,
        bounding_box_format: str | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Coordinates of boxes would not survive a cast to a short type; images are cast below.
        self.autocast = False
        owner = type(self).__name__
        if self._USE_BASE_FACTOR:
            self.factor = interval(factor or 0.0, self._FACTOR_BOUNDS, owner)
        elif factor is not None:
            raise InputError(f"{owner}: has no argument factor, got factor={factor!r}")
        self.bounding_box_format = bounding_box_format
        if bounding_box_format is not None:
            one_of(bounding_box_format.lower(), FORMATS, owner, "bounding_box_format")
        self.data_format = data_format or "channels_last"
        one_of(self.data_format, ("channels_last", "channels_first"), owner, "data_format")

    # What a subclass writes.

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What is drawn for `data`, images or a dictionary with them: a tree, one row an image.

        Args:
            data: what the layer was called with.
            training: None is drawn unless it is True.
            seed: a whole number or a key to draw from; the run's own key when None.
        """
        return None

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images changed as drawn, in the compute type."""
        return self.cast(images)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels of the changed images."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes in the changed images, a dictionary of `boxes` and `labels`."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks of the changed images, in the type they came in."""
        return segmentation_masks

    # The same for one image.

    def transform_single_image(self, image: Any, transformation: Any, training: bool = True) -> Any:
        """`transform_images` for one image."""
        return self._alone(self.transform_images, image, transformation, training)

    def transform_single_label(self, label: Any, transformation: Any, training: bool = True) -> Any:
        """`transform_labels` for the label of one image."""
        return self._alone(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Any, training: bool = True
    ) -> Any:
        """`transform_bounding_boxes` for the boxes of one image."""
        return self._alone(self.transform_bounding_boxes, bounding_box, transformation, training)

    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Any, training: bool = True
    ) -> Any:
        """`transform_segmentation_masks` for the mask of one image."""
        return self._alone(
            self.transform_segmentation_masks, segmentation_mask, transformation, training
        )

    def _alone(self, transform: Any, one: Any, transformation: Any, training: bool) -> Any:
        several = jax.tree.map(lambda a: jnp.asarray(a)[None], one)
        outputs = transform(several, transformation=transformation, training=training)
        return jax.tree.map(lambda a: a[0], outputs)

    # How they are used together.

    def call(self, data: Any, training: bool = True) -> Any:
        """The changed images, or the dictionary with all its parts changed alike."""
        given = data if isinstance(data, Mapping) else {"images": data}
        if "images" not in given:
            raise InputError(f'{self.title}: wants a dictionary with "images", got {list(given)}')
        batched = self._is_batched(np.shape(given["images"]))
        if "bounding_boxes" in given:
            self._check_boxes(given["bounding_boxes"])
        transformation = self.get_random_transformation(data, training=training)
        outputs = dict(given)
        for part, methods in _PARTS.items():
            if part in given:
                transform = getattr(self, methods[0] if batched else methods[1])
                if part == "segmentation_masks":
                    transform = self._with_channels(transform, np.ndim(given["images"]))
                outputs[part] = transform(
                    given[part], transformation=transformation, training=training
                )
        return outputs if isinstance(data, Mapping) else outputs["images"]

    def _with_channels(self, transform: Any, axes: int) -> Any:
        """`transform` of masks, also of those that have no axis of channels."""

        def of_masks(masks: Any, **kwargs: Any) -> Any:
            masks = jnp.asarray(masks)
            if masks.ndim == axes:
                return transform(masks, **kwargs)
            channels = axes - 3 if self.data_format == "channels_first" else axes - 1
            return jnp.squeeze(transform(jnp.expand_dims(masks, channels), **kwargs), channels)

        return of_masks

    def _is_batched(self, shape: tuple[int, ...]) -> bool:
        first = self.data_format == "channels_first"
        axes = "channels, height, width" if first else "height, width, channels"
        if len(shape) not in (3, 4):
            raise self.wants(f"images (batch, {axes}) or one image ({axes})", shape)
        if 0 in shape[-3:]:
            raise self.wants(f"images ({axes}) with a pixel at least", shape)
        return len(shape) == 4

    def _check_boxes(self, bounding_boxes: Any) -> None:
        if self.bounding_box_format is None:
            raise InputError(
                f"{self.title}: got bounding_boxes, but not how they are written: give "
                f'{type(self).__name__} bounding_box_format="xyxy", or another of '
                f"{', '.join(FORMATS)}"
            )
        if not isinstance(bounding_boxes, Mapping) or not {"boxes", "labels"} <= {*bounding_boxes}:
            raise InputError(
                f'{self.title}: bounding_boxes wants a dictionary of "boxes" and "labels"'
            )
        shape = np.shape(bounding_boxes["boxes"])
        if shape[-1:] != (4,):
            raise self.wants("boxes (…, boxes, 4)", shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs."""
        return input_shape

    # What subclasses build on.

    def sizes(self, data: Any) -> tuple[int, int, int]:
        """How many images `data` holds (1 for one image), and their height and width."""
        return self.sizes_of(images_shape(data))

    def sizes_of(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """The same, from the shape of the images."""
        count = shape[0] if self._is_batched(shape) else 1
        height, width = shape[-2:] if self.data_format == "channels_first" else shape[-3:-1]
        return count, height, width

    def channels_last(self, change: Callable[[jax.Array], jax.Array], images: Any) -> jax.Array:
        """`change`, which takes a batch with channels last, applied to images in either format."""
        images = jnp.asarray(images)
        if self.data_format == "channels_last":
            return change(images)
        return jnp.moveaxis(change(jnp.moveaxis(images, 1, -1)), -1, 1)

    def key(self, seed: Any = None) -> Any:
        """A key for one draw: from a seed or key that is given, else the run's for this layer."""
        if seed is None:
            return random.key_for(self.place, getattr(self, "seed", None))
        return jax.random.key(seed) if isinstance(seed, int | np.integer) else seed

    def cast(self, images: Any) -> jax.Array:
        """The images in the compute type."""
        return jnp.asarray(images).astype(self.compute_dtype)


def interval(
    value: Any, bounds: tuple[float, float], owner: str, argument: str = "factor"
) -> tuple[float, float]:
    """The range that `value` means: a pair as it is, in order; a number f from -f to f.

    A lower end below `bounds` is raised to it, so that from 0 to 1 the number 0.3 means 0 to 0.3.

    Args:
        value: a number, or a pair of numbers.
        bounds: the least and the greatest that is allowed.
        owner, argument: the layer class and its argument, for the error.

    Raises:
        InputError: neither a number nor a pair, or out of bounds.
    """
    least, greatest = bounds
    pair = value if isinstance(value, tuple | list) else (value, value)
    numbers = [v for v in pair if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not all(least <= v <= greatest for v in numbers):
        raise InputError(
            f"{owner}: {argument} wants a number or a pair of numbers from {least} to {greatest}, "
            f"got {value!r}"
        )
    if isinstance(value, tuple | list):
        return min(numbers), max(numbers)
    return max(-abs(value), least), abs(value)


def images_shape(data: Any) -> tuple[int, ...]:
    """The shape of the images in `data`, images or a dictionary with them."""
    return np.shape(data["images"] if isinstance(data, Mapping) else data)


def uniform(key: Any, shape: tuple[int, ...], limits: tuple[float, float]) -> jax.Array:
    """Numbers drawn evenly from one limit to the other, in float32 whatever else computes in."""
    return jax.random.uniform(key, shape, jnp.float32, *limits)


def chosen(key: Any, count: int, limits: tuple[float, float]) -> jax.Array:
    """Which of `count` images are changed, each with a probability of its own from `limits`."""
    probability, threshold = jax.random.split(key)
    return uniform(threshold, (count,), (0, 1)) < uniform(probability, (count,), limits)


def one_of(value: Any, known: tuple[str, ...], owner: str, argument: str) -> str:
    """`value`, checked to be one of `known`.

    Raises:
        InputError: it is none of them; names the layer class and its argument.
    """
    if value not in known:
        raise InputError(f"{owner}: {argument} wants one of {', '.join(known)}, got {value!r}")
    return str(value)
