"""Images seen askew, and images bent like rubber."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.kernels import warping
from myelin.layers.augmentation.base import chosen, images_shape, interval, uniform
from myelin.layers.augmentation.warps import FILL_MODES, Warp, affine


class RandomPerspective(Warp):
    """Moves the corners of some images, as if they were seen from the side.

    The upper left corner stays, the others move by up to half of `scale` times their distance
    from it, in and out, down and across.

    Args:
        factor: the share of images, from 0 to 1: a number f draws each image's own probability
            from 0 to f, a pair from the lower to the higher. (1, 1) changes all of them.
        scale: how far the corners move, from 0 to 1.
        interpolation: "bilinear" or "nearest".
        fill_value: what is seen beyond the edge of an image.
        seed: folded into the run's key.
        data_format, bounding_box_format: as for all augmentation.

    Raises:
        InputError: an argument out of its range.
    """

    _USE_BASE_FACTOR = True
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, "constant", fill_value, seed,
            factor=factor, data_format=data_format, **kwargs,
        )  # fmt: skip
        if not 0 <= scale <= 1:
            raise InputError(f"RandomPerspective: scale wants a number from 0 to 1, got {scale!r}")
        self.scale = scale

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Which images are changed, and the corners (x, y) before and after."""
        if not training:
            return None
        count, height, width = self.sizes(data)
        chance, moves = jax.random.split(self.key(seed))
        right, bottom = width - 1.0, height - 1.0
        corners = jnp.asarray([[0, 0], [right, 0], [0, bottom], [right, bottom]], jnp.float32)
        start = jnp.tile(corners, (count, 1, 1))
        half = self.scale / 2
        return {
            "apply_perspective": chosen(chance, count, self.factor),
            "start_points": start,
            "end_points": start * (1 + uniform(moves, (count, 4, 2), (-half, half))),
            "input_shape": images_shape(data),
        }

    def matrices(self, transformation: Any, height: int, width: int) -> jax.Array:
        """The maps that take corners to corners; the identity where an image stays."""
        start, end = transformation["start_points"], transformation["end_points"]
        maps = warping.homography(jnp.asarray(start), jnp.asarray(end))
        apply = jnp.reshape(transformation["apply_perspective"], (-1, 1))
        return jnp.where(apply, maps, affine(1, 0, 0, 0, 1, 0))


class RandomElasticTransform(Warp):
    """Bends some images: each pixel shows a neighbour, and near pixels show near neighbours.

    The displacement is normal noise of spread sigma, blurred by a normal kernel of spread sigma,
    times alpha; `sigma = 0.05·s·min(height, width)` and `alpha = 0.1·s·max(height, width)`, with s
    drawn for each image. Down and across it is drawn apart.

    Args:
        factor: the share of images, from 0 to 1: a number f draws each image's own probability
            from 0 to f, a pair from the lower to the higher. (1, 1) changes all of them.
        scale: s, from 0 to 1: a number for 0 to that, or a pair.
        interpolation: "bilinear" or "nearest".
        fill_mode: as for `Warp`, or "mirror" (`c b | a b c | b a`).
        fill_value: with "constant".
        value_range: where the values of the images are cut off.
        seed: folded into the run's key.
        data_format, bounding_box_format: as for all augmentation.

    A box becomes the smallest one that holds all pixels which show a part of it.

    Raises:
        InputError: an argument out of its range.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003, section 2.
    """

    _USE_BASE_FACTOR = True
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            interpolation, fill_mode, fill_value, seed, (*FILL_MODES, "mirror"),
            factor=factor, data_format=data_format, **kwargs,
        )  # fmt: skip
        self.scale = interval(scale, (0, 1), "RandomElasticTransform", "scale")
        self.value_range = tuple(value_range)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Which images are bent, how much, and what each pixel is displaced by, down and across."""
        if not training:
            return None
        count, height, width = self.sizes(data)
        chance, much, noise = jax.random.split(self.key(seed), 3)
        scale = uniform(much, (count,), self.scale)
        alpha, sigma = 0.1 * scale * max(height, width), 0.05 * scale * min(height, width)
        noise = jax.random.normal(noise, (2, count, height, width), jnp.float32)
        blurred = _blur(height, sigma) @ noise @ jnp.swapaxes(_blur(width, sigma), -1, -2)
        return {
            "apply_transform": chosen(chance, count, self.factor),
            "distortion_factor": scale,
            "displacement": (alpha * sigma)[:, None, None] * blurred,
            "input_shape": images_shape(data),
        }

    def _places(self, transformation: Any, height: int, width: int) -> tuple[jax.Array, jax.Array]:
        """The rows and columns of the input that the pixels of the output show."""
        apply = jnp.reshape(transformation["apply_transform"], (-1, 1, 1))
        down, across = jnp.where(apply, transformation["displacement"], 0)
        return jnp.arange(height)[:, None] + down, jnp.arange(width) + across

    def warp(self, images: jax.Array, transformation: Any, interpolation: str) -> jax.Array:
        """A batch with channels last, bent."""
        rows, columns = self._places(transformation, *images.shape[1:3])
        return warping.sample(images, rows, columns, interpolation, self.fill_mode, self.fill_value)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images, some of them bent, in the compute type."""
        bent = super().transform_images(images, transformation, training)
        return jnp.clip(bent, *self.value_range) if training else bent

    def warp_boxes(
        self, boxes: jax.Array, transformation: Any, height: int, width: int
    ) -> jax.Array:
        """The boxes around all pixels that show a part of each box; nothing where there is none."""
        rows, columns = self._places(transformation, height, width)
        left, top, right, bottom = jnp.moveaxis(boxes - 0.5, -1, 0)[..., None, None]
        rows, columns = rows[:, None], columns[:, None]
        held = (rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right)
        left, right = _ends(held.any(-2))
        top, bottom = _ends(held.any(-1))
        return jnp.stack([left, top, right, bottom], axis=-1).astype(jnp.float32)


def _blur(size: int, sigma: jax.Array) -> jax.Array:
    """Matrices `(batch, size, size)` that blur an axis, with zeros beyond its ends."""
    distance = jnp.arange(1 - size, size)
    weights = jnp.exp(-0.5 * (distance / jnp.maximum(sigma, 1e-3)[:, None]) ** 2)
    weights = weights / weights.sum(-1, keepdims=True)
    between = jnp.arange(size)[:, None] - jnp.arange(size)
    return weights[:, between + size - 1]


def _ends(held: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Where the true values along the last axis begin and end; 0 and 0 where none are."""
    size = held.shape[-1]
    last = size - jnp.argmax(held[..., ::-1], axis=-1)
    return jnp.argmax(held, axis=-1), jnp.where(held.any(-1), last, 0)
