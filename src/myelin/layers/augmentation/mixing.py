"""Images mixed with others of their batch, and their labels with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError
from myelin.layers.augmentation.base import BaseImagePreprocessingLayer, interval, uniform
from myelin.layers.augmentation.recoloring import by_image


class _Mixing(BaseImagePreprocessingLayer):
    """Mixes each image with the one that a permutation of the batch puts in its place."""

    _USE_BASE_FACTOR = False

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """`w·label + (1 - w)·label of the other`, w from the draw."""
        if not training:
            return labels
        labels = jnp.asarray(labels)
        if labels.ndim < 2 or (labels.shape[-1] == 1 and _is_whole(labels)):
            raise _wants_shares(self, "labels (batch, classes)", labels)
        return _blend(labels, transformation)


class MixUp(_Mixing):
    """In training mixes each image with another: `y = w·x + (1 - w)·other`, and labels alike.

    Args:
        alpha: w is drawn from Beta(alpha, alpha), above 0; the smaller, the nearer w is to 0 or 1.
        data_format: "channels_last" (the default) or "channels_first".
        seed: folded into the run's key.

    Shapes: as for `BaseImagePreprocessingLayer`; labels `(batch, classes)`, one-hot or shares.
    Masks mix like images, and want a channel a class. Boxes of both images are kept, one after
    the other. One image alone stays. Images without labels mix too, so in a model, which passes
    none, their labels would not.

    Raises:
        InputError: alpha is not above 0, or labels or masks that count classes by number.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not alpha > 0:
            raise InputError(f"MixUp: alpha wants a number above 0, got {alpha!r}")
        self.alpha = alpha
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`mix_weight`, w of each image, and `permutation_order`, which other it gets."""
        if not training:
            return None
        count = self.sizes(data)[0]
        weight, order = jax.random.split(self.key(seed))
        return {
            "mix_weight": jax.random.beta(weight, self.alpha, self.alpha, (count,)),
            "permutation_order": jax.random.permutation(order, count),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """`w·x + (1 - w)·other`, in the compute type."""
        images = self.cast(images)
        return _blend(images, transformation) if training else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks mixed like the images; whole numbers become floats."""
        if not training:
            return segmentation_masks
        return _blend(mixable_masks(self, segmentation_masks), transformation)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes of both images, with their labels: twice as many."""
        if not training:
            return bounding_boxes
        order = transformation["permutation_order"]
        return {
            name: jnp.concatenate([jnp.asarray(part), jnp.asarray(part)[order]], axis=1)
            for name, part in bounding_boxes.items()
        }


class CutMix(_Mixing):
    """In training pastes a rectangle of another image into each; labels mix by area.

    The rectangle has the shape of the image, and about 1 - w of its area, w drawn from Beta(a, a).

    Args:
        factor: the ends between which each image's a is drawn, from 0 to 1; a number b means
            0 to b. The smaller, the nearer the rectangle is to nothing or all.
        seed: folded into the run's key.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`; labels `(batch, classes)`, one-hot or shares.
    Masks are pasted like images. One image alone stays.

    Raises:
        InputError: factor is out of range, labels that count classes by number, or boxes, of which
            a rectangle would leave parts.

    Source: Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features, 2019.
    """

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = interval(factor, (0, 1), "CutMix")
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What is pasted: `batch_masks` where, `permutation_order` from which, and `mix_weight`.

        `batch_masks` is True in each rectangle, with one channel; `mix_weight` is the share of
        pixels outside it.
        """
        if not training:
            return None
        count, height, width = self.sizes(data)
        keys = jax.random.split(self.key(seed), 5)
        a = uniform(keys[0], (count,), self.factor) + 1e-6
        side = jnp.sqrt(1 - jax.random.beta(keys[1], a, a))
        rows = _stretch(keys[2], side, height)
        columns = _stretch(keys[3], side, width)
        inside = rows[:, :, None] & columns[:, None, :]
        return {
            "batch_masks": inside[:, None] if self._first else inside[..., None],
            "permutation_order": jax.random.permutation(keys[4], count),
            "mix_weight": 1 - inside.mean((1, 2)),
        }

    @property
    def _first(self) -> bool:
        return self.data_format == "channels_first"

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images with the rectangles of others, in the compute type."""
        images = self.cast(images)
        return self._pasted(images, transformation) if training else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks with the same rectangles of others."""
        if not training:
            return segmentation_masks
        return self._pasted(jnp.asarray(segmentation_masks), transformation)

    def _pasted(self, images: jax.Array, transformation: Any) -> jax.Array:
        inside = jnp.asarray(transformation["batch_masks"])
        if images.ndim == 3:
            inside = inside[:, 0] if self._first else inside[..., 0]
        return jnp.where(inside, images[transformation["permutation_order"]], images)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes at inference."""
        if training:
            raise InputError(
                f"{self.title}: a rectangle pasted into an image cuts what boxes hold; use MixUp, "
                "which keeps the boxes of both images"
            )
        return bounding_boxes


def mixable_masks(layer: BaseImagePreprocessingLayer, masks: Any) -> jax.Array:
    """The masks, checked to hold shares: floats, or a channel a class.

    Raises:
        InputError: they count classes by number; names the layer.
    """
    masks = jnp.asarray(masks)
    axis = 1 if layer.data_format == "channels_first" else -1
    if _is_whole(masks) and (masks.ndim < 4 or masks.shape[axis] == 1):
        raise _wants_shares(layer, "segmentation_masks with a channel a class", masks)
    return masks


def _wants_shares(layer: BaseImagePreprocessingLayer, wanted: str, got: jax.Array) -> InputError:
    return InputError(
        f"{layer.title}: wants {wanted} that can be mixed, a share for each class, got "
        f"{got.dtype} of shape {tuple(got.shape)}; make them with "
        "keras.utils.to_categorical(…, classes), or myelin.ops.one_hot"
    )


def _is_whole(array: jax.Array) -> bool:
    return not jnp.issubdtype(array.dtype, jnp.floating)


def _blend(images: jax.Array, transformation: Any) -> jax.Array:
    """`w·x + (1 - w)·other` along the batch axis, in the type of x or, of numbers, in float32."""
    if _is_whole(images):
        images = images.astype(jnp.float32)
    weight = by_image(transformation["mix_weight"], images)
    return weight * images + (1 - weight) * images[transformation["permutation_order"]]


def _stretch(key: Any, part: jax.Array, length: int) -> jax.Array:
    """Which of `length` pixels lie in a stretch of this part of them, `(batch, length)`."""
    start = jax.random.uniform(key, part.shape) * (1 - part) * length
    pixels = jnp.arange(length)
    return (pixels >= start[:, None]) & (pixels < (start + part * length)[:, None])
