"""Images turned, zoomed, shifted and sheared: sampled anew where an affine map says."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from myelin.kernels import warping
from myelin.layers.augmentation.base import (
    BaseImagePreprocessingLayer,
    images_shape,
    interval,
    one_of,
    uniform,
)
from myelin.layers.augmentation.boxes import clip_to_image_size, convert_format

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


class Warp(BaseImagePreprocessingLayer):
    """Samples images anew: each output pixel (x, y) shows the input where a map takes (x, y).

    A subclass draws, and says in `matrices` which map a draw means. Masks follow by the nearest
    pixel. A box becomes the smallest one around its four corners, is cut off at the edge of the
    image, and labelled -1 where nothing of it is left.

    Args:
        interpolation: "bilinear" or "nearest".
        fill_mode: what is seen beyond the edge of an image: "constant" (`fill_value`), "nearest"
            (`a a | a b c | c c`), "reflect" (`b a | a b c | c b`) or "wrap" (`b c | a b c | a b`).
        fill_value: with "constant".
        seed: folded into the run's key.
        bounding_box_format, data_format: as for all augmentation.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        interpolation: str,
        fill_mode: str,
        fill_value: float,
        seed: int | None,
        fill_modes: tuple[str, ...] = FILL_MODES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.interpolation = one_of(interpolation, INTERPOLATIONS, owner, "interpolation")
        self.fill_mode = one_of(fill_mode, fill_modes, owner, "fill_mode")
        self.fill_value = fill_value
        self.seed = seed

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """The maps that a draw means, from places in the output to places in the input.

        Returns:
            `(batch, 8)`, as `kernels.warping.project` takes them.
        """
        raise TypeError(f"{type(self).__name__} must say what it draws: write matrices()")

    def warp(self, images: jax.Array, transformation: Any, interpolation: str) -> jax.Array:
        """A batch with channels last, sampled anew."""
        _, height, width, _ = images.shape
        maps = self.matrices(transformation, height, width)
        return warping.project(images, maps, interpolation, self.fill_mode, self.fill_value)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The warped images, in the compute type."""
        images = self.cast(images)
        if not training or transformation is None:
            return images
        return self._warped(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The warped masks, each pixel one of the mask's own."""
        if not training or transformation is None:
            return segmentation_masks
        return self._warped(segmentation_masks, transformation, "nearest")

    def _warped(self, images: Any, transformation: Any, interpolation: str) -> jax.Array:
        return self.channels_last(lambda a: self.warp(a, transformation, interpolation), images)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes around the warped boxes."""
        if not training or transformation is None:
            return bounding_boxes
        _, height, width = self.sizes_of(transformation["input_shape"])
        form = self.bounding_box_format or "xyxy"
        edges = convert_format(bounding_boxes["boxes"], form, "xyxy", height, width)
        moved = self.warp_boxes(edges, transformation, height, width)
        boxes, labels = clip_to_image_size(moved, bounding_boxes["labels"], height, width)
        boxes = convert_format(boxes, "xyxy", form, height, width)
        return {**bounding_boxes, "boxes": boxes, "labels": labels}

    def warp_boxes(
        self, boxes: jax.Array, transformation: Any, height: int, width: int
    ) -> jax.Array:
        """The boxes `(batch, boxes, 4)`, as "xyxy", around the warped ones."""
        maps = warping.as_3x3(self.matrices(transformation, height, width))
        # A box is written by edges of pixels, the maps take their centres.
        left, top, right, bottom = jnp.moveaxis(boxes - 0.5, -1, 0)
        x, y = warping.apply_projection(
            warping.inverse(maps)[:, None, None],
            jnp.stack([left, right, left, right], axis=-1),
            jnp.stack([top, top, bottom, bottom], axis=-1),
        )
        return 0.5 + jnp.stack([x.min(-1), y.min(-1), x.max(-1), y.max(-1)], axis=-1)


def affine(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> jax.Array:
    """The rows of eight numbers for maps `(a0·x + a1·y + a2, b0·x + b1·y + b2)`."""
    columns = jnp.broadcast_arrays(*(jnp.asarray(v, jnp.float32) for v in (a0, a1, a2, b0, b1, b2)))
    zero = jnp.zeros_like(columns[0])
    return jnp.stack([*columns, zero, zero], axis=-1)


class RandomRotation(Warp):
    """Turns each image about its middle, by an angle of its own.

    Args:
        factor: the angle in full turns, from -1 to 1: a pair (lowest, highest), or a number f for
            -f to f. Above 0 an image turns counter-clockwise.
        fill_mode, interpolation, fill_value, seed, data_format: as for `Warp`.

    Shapes: those of the inputs; an image that is not square keeps its size, and loses its corners.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = True

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, fill_mode, fill_value, seed,
            factor=factor, data_format=data_format, **kwargs,
        )  # fmt: skip

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """The angles in degrees."""
        if not training:
            return None
        count, height, width = self.sizes(data)
        angle = 360 * uniform(self.key(seed), (count,), self.factor)
        return {
            "angle": angle, "rotation_matrix": _rotation(angle, height, width),
            "image_height": height, "image_width": width, "batch_size": count,
            "input_shape": images_shape(data),
        }  # fmt: skip

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """Turns about the middle of an image, as drawn."""
        return jnp.reshape(transformation["rotation_matrix"], (-1, 8))


def _rotation(angle: jax.Array, height: int, width: int) -> jax.Array:
    cos, sin = jnp.cos(angle * (math.pi / 180)), jnp.sin(angle * (math.pi / 180))
    x, y = (width - 1) / 2, (height - 1) / 2
    return affine(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


class RandomZoom(Warp):
    """Makes what each image shows smaller or larger, about its middle.

    The image shows `1 + factor` times as much: above 0 zooms out, below 0 zooms in.

    Args:
        height_factor: a pair (lowest, highest), or a number f for -f to f; from -1 to 1.
        width_factor: the same across; None keeps the proportions.
        fill_mode, interpolation, fill_value, seed, data_format: as for `Warp`.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, fill_mode, fill_value, seed, data_format=data_format, **kwargs
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._height = interval(height_factor, (-1, 1), "RandomZoom", "height_factor")
        self._width = self._height
        if width_factor is not None:
            self._width = interval(width_factor, (-1, 1), "RandomZoom", "width_factor")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """How many times as much each image shows, down and across."""
        if not training:
            return None
        count, _, _ = self.sizes(data)
        down, across = jax.random.split(self.key(seed))
        height_zoom = 1 + uniform(down, (count, 1), self._height)
        width_zoom = height_zoom
        if self.width_factor is not None:
            width_zoom = 1 + uniform(across, (count, 1), self._width)
        return {
            "height_zoom": height_zoom, "width_zoom": width_zoom,
            "input_shape": images_shape(data),
        }  # fmt: skip

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """Scaling about the middle of an image, as drawn."""
        across = jnp.asarray(transformation["width_zoom"])[:, 0]
        down = jnp.asarray(transformation["height_zoom"])[:, 0]
        to_x, to_y = (width - 1) / 2 * (1 - across), (height - 1) / 2 * (1 - down)
        return affine(across, 0, to_x, 0, down, to_y)


class RandomTranslation(Warp):
    """Shifts each image, by a distance of its own.

    Args:
        height_factor: the distance down, as a share of the height from -1 to 1: a pair (lowest,
            highest), or a number f for -f to f. Below 0 shifts up.
        width_factor: the same to the right, as a share of the width.
        fill_mode, interpolation, fill_value, seed, data_format: as for `Warp`.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, fill_mode, fill_value, seed, data_format=data_format, **kwargs
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._height = interval(height_factor, (-1, 1), "RandomTranslation", "height_factor")
        self._width = interval(width_factor, (-1, 1), "RandomTranslation", "width_factor")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """The distances to the right and down, in pixels."""
        if not training:
            return None
        count, height, width = self.sizes(data)
        across, down = jax.random.split(self.key(seed))
        translations = jnp.concatenate(
            [
                uniform(across, (count, 1), self._width) * width,
                uniform(down, (count, 1), self._height) * height,
            ],
            axis=1,
        )
        return {"translations": translations, "input_shape": images_shape(data)}

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """Shifts, as drawn."""
        right, down = jnp.moveaxis(jnp.asarray(transformation["translations"]), -1, 0)
        return affine(1, 0, -right, 0, 1, -down)


class RandomShear(Warp):
    """Slants each image: a pixel (x, y) shows what was at `(x + s·y, y + t·x)`.

    Args:
        x_factor: s, from 0 to 1: a pair (lowest, highest), or a number f for -f to f. Half of
            the images, drawn at random, slant the other way.
        y_factor: the same for t; the two change sides together.
        fill_mode, interpolation, fill_value, seed, data_format: as for `Warp`.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, fill_mode, fill_value, seed, data_format=data_format, **kwargs
        )
        self.x_factor = x_factor
        self.y_factor = y_factor
        # Keras writes (-f, f) into configurations for a number f.
        self._x = interval(x_factor, (-1, 1), "RandomShear", "x_factor")
        self._y = interval(y_factor, (-1, 1), "RandomShear", "y_factor")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """The slants s and t."""
        if not training:
            return None
        count, _, _ = self.sizes(data)
        along, down, side = jax.random.split(self.key(seed), 3)
        slants = [uniform(along, (count, 1), self._x), uniform(down, (count, 1), self._y)]
        sign = jnp.where(jax.random.bernoulli(side, shape=(count, 1)), 1, -1)
        return {
            "shear_factor": jnp.concatenate(slants, axis=1) * sign,
            "input_shape": images_shape(data),
        }

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """Slants about the upper left corner, as drawn."""
        along, down = jnp.moveaxis(jnp.asarray(transformation["shear_factor"]), -1, 0)
        return affine(1, along, 0, down, 1, 0)
