"""Images flipped, cropped and erased in part: pixels moved or replaced, never mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin.layers.augmentation.base import (
    BaseImagePreprocessingLayer,
    chosen,
    images_shape,
    interval,
    one_of,
    uniform,
)
from myelin.layers.augmentation.boxes import clip_to_image_size, convert_format
from myelin.layers.shapes import positive_int

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(BaseImagePreprocessingLayer):
    """Mirrors half of the images, drawn at random.

    Args:
        mode: "horizontal" exchanges left and right, "vertical" top and bottom,
            "horizontal_and_vertical" both of them in the same images, as in Keras. Two layers, one
            of each, draw for themselves.
        seed: folded into the run's key.
        data_format, bounding_box_format: as for all augmentation.

    Raises:
        InputError: another mode.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.mode = one_of(mode, _MODES, "RandomFlip", "mode")
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Which images are mirrored."""
        if not training:
            return None
        count, _, _ = self.sizes(data)
        flips = jax.random.bernoulli(self.key(seed), shape=(count, 1, 1, 1))
        return {"flips": flips, "input_shape": images_shape(data)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images, some of them mirrored."""
        images = self.cast(images)
        return self._flipped(images, transformation) if training and transformation else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks, mirrored where the images are."""
        if not training or transformation is None:
            return segmentation_masks
        return self._flipped(jnp.asarray(segmentation_masks), transformation)

    def _flipped(self, images: jax.Array, transformation: Any) -> jax.Array:
        rows, columns = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        axes = {"horizontal": columns, "vertical": rows}.get(self.mode, (rows, columns))
        return jnp.where(transformation["flips"], jnp.flip(images, axes), images)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes, mirrored where the images are."""
        if not training or transformation is None:
            return bounding_boxes
        _, height, width = self.sizes_of(transformation["input_shape"])
        form = self.bounding_box_format or "xyxy"
        boxes = convert_format(bounding_boxes["boxes"], form, "xyxy", height, width)
        left, top, right, bottom = jnp.moveaxis(boxes, -1, 0)
        if self.mode != "vertical":
            left, right = width - right, width - left
        if self.mode != "horizontal":
            top, bottom = height - bottom, height - top
        flipped = jnp.stack([left, top, right, bottom], axis=-1)
        boxes = jnp.where(jnp.squeeze(transformation["flips"], -1), flipped, boxes)
        boxes, labels = clip_to_image_size(boxes, bounding_boxes["labels"], height, width)
        boxes = convert_format(boxes, "xyxy", form, height, width)
        return {**bounding_boxes, "boxes": boxes, "labels": labels}


class RandomCrop(BaseImagePreprocessingLayer):
    """Cuts a window of one size out of each image, at a place of its own.

    At inference, and where an image is smaller than the window, the largest part in the middle
    that has the window's proportions is resized to it.

    Args:
        height, width: of the window, above 0.
        seed: folded into the run's key.
        data_format, bounding_box_format: as for all augmentation.

    Shapes: `(batch, height, width, channels)`, with the window's height and width.

    Raises:
        InputError: a size that is not a whole number above 0.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.height = positive_int(height, "RandomCrop", "height")
        self.width = positive_int(width, "RandomCrop", "width")
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """The row and the column at which each image's window begins."""
        count, height, width = self.sizes(data)
        shape = images_shape(data)
        if not training or self._is_resized(height, width):
            top, left, _, _ = self._middle(height, width)
            start = (jnp.full((count,), top), jnp.full((count,), left))
        else:
            down, across = jax.random.split(self.key(seed))
            start = (
                jax.random.randint(down, (count,), 0, height - self.height + 1),
                jax.random.randint(across, (count,), 0, width - self.width + 1),
            )
        return {"h_start": start[0], "w_start": start[1], "input_shape": shape}

    def _is_resized(self, height: int, width: int) -> bool:
        return height < self.height or width < self.width

    def _middle(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Top, left, height and width of the largest part with the window's proportions."""
        inner_height = max(min(height, width * self.height // self.width), 1)
        inner_width = max(min(width, height * self.width // self.height), 1)
        return (height - inner_height) // 2, (width - inner_width) // 2, inner_height, inner_width

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The windows, in the compute type."""
        change = lambda a: self._cropped(a, transformation, training, "linear")  # noqa: E731
        return self.channels_last(change, self.cast(images))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The same windows of the masks."""
        change = lambda a: self._cropped(a, transformation, training, "nearest")  # noqa: E731
        return self.channels_last(change, segmentation_masks)

    def _cropped(
        self, images: jax.Array, transformation: Any, training: bool, method: str
    ) -> jax.Array:
        count, height, width, channels = images.shape
        size = (self.height, self.width, channels)
        if not training or self._is_resized(height, width):
            top, left, inner_height, inner_width = self._middle(height, width)
            part = images[:, top : top + inner_height, left : left + inner_width]
            return jax.image.resize(part, (count, *size), method, antialias=False)

        def window(image: jax.Array, top: jax.Array, left: jax.Array) -> jax.Array:
            return lax.dynamic_slice(image, (top, left, 0), size)

        return jax.vmap(window)(images, transformation["h_start"], transformation["w_start"])

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The parts of the boxes that lie in the windows."""
        _, height, width = self.sizes_of(transformation["input_shape"])
        form = self.bounding_box_format or "xyxy"
        edges = convert_format(bounding_boxes["boxes"], form, "xyxy", height, width)
        left, top = transformation["w_start"], transformation["h_start"]
        edges = edges - jnp.stack([left, top, left, top], axis=-1)[:, None]
        if not training or self._is_resized(height, width):
            _, _, inner_height, inner_width = self._middle(height, width)
            across, down = self.width / inner_width, self.height / inner_height
            edges = edges * jnp.asarray([across, down] * 2)
        labels = bounding_boxes["labels"]
        boxes, labels = clip_to_image_size(edges, labels, self.height, self.width)
        boxes = convert_format(boxes, "xyxy", form, self.height, self.width)
        return {**bounding_boxes, "boxes": boxes, "labels": labels}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the inputs, with the height and width of the window."""
        if isinstance(input_shape, Mapping):
            output_shape = dict(input_shape)
            for part in ("images", "segmentation_masks"):
                if part in output_shape:
                    output_shape[part] = self.compute_output_shape(output_shape[part])
            return output_shape
        if self.data_format == "channels_first":
            return (*input_shape[:-2], self.height, self.width)
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])


class RandomErasing(BaseImagePreprocessingLayer):
    """Puts a rectangle of noise, or of one color, over a part of some images.

    Args:
        factor: the share of images, from 0 to 1: a number f draws each image's own probability
            from 0 to f, a pair from the lower to the higher. (1, 1) erases in all of them.
        scale: the share of an image's area that a rectangle would have if both sides took the
            same draw, as a pair in 0 to 1. Each side is the root of a draw of its own.
        fill_value: a number, or one for each channel; None for noise, normal with the upper end of
            `value_range` as its spread. Cut off at `value_range`.
        value_range: the least and the greatest value in an image.
        seed: folded into the run's key.
        data_format: as for all augmentation.

    Boxes and masks stay as they are.

    Raises:
        InputError: an argument out of its range.
        ShapeError: as many fill values as there are no channels.

    Source: Zhong et al., Random Erasing Data Augmentation, 2017.
    """

    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: float | Sequence[float] | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor=factor, data_format=data_format, **kwargs)
        self.scale = interval(scale, (0, 1), "RandomErasing", "scale")
        self.fill_value = fill_value
        self.value_range = tuple(value_range)
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Which images are erased, where, and what is put there."""
        if not training:
            return None
        count, height, width = self.sizes(data)
        sides, places, chance, noise = jax.random.split(self.key(seed), 4)
        size = jnp.sqrt(uniform(sides, (count, 2), self.scale)) * jnp.asarray([height, width])
        start = uniform(places, (count, 2), (0, 1)) * (jnp.asarray([height, width]) - size)
        rows = _between(height, start[:, 0], size[:, 0])[:, :, None]
        columns = _between(width, start[:, 1], size[:, 1])[:, None, :]
        channels = 1 if self.data_format == "channels_first" else -1
        return {
            "apply_erasing": chosen(chance, count, self.factor),
            "batch_masks": jnp.expand_dims(rows & columns, channels),
            "fill_value": self._fill(images_shape(data), noise),
        }

    def _fill(self, shape: tuple[int, ...], key: Any) -> jax.Array:
        if self.fill_value is None:
            values = self.value_range[1] * jax.random.normal(key, shape, jnp.float32)
        else:
            values = jnp.asarray(self.fill_value, jnp.float32)
            channels = shape[-3] if self.data_format == "channels_first" else shape[-1]
            if values.size not in (1, channels):
                raise self.wants(f"{values.size} channels, one for each fill_value", shape)
            if self.data_format == "channels_first":
                values = values.reshape(-1, 1, 1)
        return jnp.clip(values, *self.value_range)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images, some of them erased in part."""
        images = self.cast(images)
        if not training or transformation is None:
            return images
        apply = jnp.reshape(transformation["apply_erasing"], (-1, 1, 1, 1))
        fill = jnp.asarray(transformation["fill_value"]).astype(images.dtype)
        return jnp.where(apply & transformation["batch_masks"], fill, images)


def _between(size: int, start: jax.Array, length: jax.Array) -> jax.Array:
    """Which of the places 0 to size - 1 lie from `start` to below `start + length`."""
    places = jnp.arange(size)
    return (places >= start[:, None]) & (places < (start + length)[:, None])
