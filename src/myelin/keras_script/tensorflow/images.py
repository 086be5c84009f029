"""`tf.image`: images `(height, width, channels)` or `(batch, height, width, channels)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import ops
from myelin.dtypes import is_float, name_of
from myelin.errors import InputError
from myelin.keras_script.tensorflow.calling import tensor
from myelin.keras_script.tensorflow.draws import fresh_key
from myelin.ops.image import hsv_to_rgb, rgb_to_hsv

_METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def resize(
    images: Any, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False,
    antialias: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """Images in another size, float32; with "nearest" in their own type.

    Args:
        images: one or a batch.
        size: `(height, width)`.
        method: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        preserve_aspect_ratio: makes one side shorter rather than distort.
        antialias: averages where it makes smaller.
        name: taken for TensorFlow's sake, here and below.

    Raises:
        InputError: another method.
    """
    if method not in _METHODS:
        raise InputError(f"method wants one of {', '.join(_METHODS)}, got {method!r}")
    images = tensor(images)
    height, width = (int(n) for n in np.asarray(size).ravel())
    if preserve_aspect_ratio:
        own = images.shape[-3:-1]
        factor = min(height / own[0], width / own[1])
        height, width = (max(1, round(n * factor)) for n in own)
    if method == "nearest":
        # As in TensorFlow, by the middle of each point.
        places = [
            jnp.floor((jnp.arange(n) + 0.5) * (old / n)).astype("int32")
            for n, old in zip((height, width), images.shape[-3:-1], strict=True)
        ]
        return images[..., places[0][:, None], places[1], :]
    return ops.image.resize(
        images.astype("float32"), (height, width), interpolation=method, antialias=antialias
    )


def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Any:
    """An image in another type: floats from 0 to 1, whole numbers up to their largest."""
    image, kind = tensor(image), name_of(dtype)
    if image.dtype == kind:
        return image
    if not is_float(image.dtype):
        most = jnp.iinfo(image.dtype).max
        if is_float(kind):
            return image.astype(kind) / most
        return (image.astype("float32") * (jnp.iinfo(kind).max / most)).astype(kind)
    if is_float(kind):
        return image.astype(kind)
    largest = jnp.iinfo(kind).max
    scaled = image * (largest + 0.5)
    return (jnp.clip(scaled, jnp.iinfo(kind).min, largest) if saturate else scaled).astype(kind)


def _in_floats(image: Any, change: Callable[[Any], Any]) -> Any:
    """A change of floats from 0 to 1, done to an image of any type."""
    image = tensor(image)
    made = change(convert_image_dtype(image, "float32"))
    return convert_image_dtype(made, image.dtype, saturate=True)


def rgb_to_grayscale(images: Any, name: str | None = None) -> Any:
    """One channel of brightness."""

    def weigh(x: Any) -> Any:
        return jnp.sum(x * jnp.asarray([0.2989, 0.5870, 0.1140]), -1, keepdims=True)

    return _in_floats(images, weigh)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """Three channels alike."""
    return jnp.repeat(tensor(images), 3, axis=-1)


def flip_left_right(image: Any) -> Any:
    """Left and right changed."""
    return jnp.flip(tensor(image), -2)


def flip_up_down(image: Any) -> Any:
    """Top and bottom changed."""
    return jnp.flip(tensor(image), -3)


def rot90(image: Any, k: int = 1, name: str | None = None) -> Any:
    """Turned to the left by so many right angles."""
    return jnp.rot90(tensor(image), k, (-3, -2))


def _at_random(image: Any, seed: int | None, change: Callable[[Any], Any]) -> Any:
    """Changed or not, each image of a batch by itself."""
    image = tensor(image)
    shape = (image.shape[0], 1, 1, 1) if image.ndim == 4 else ()
    return jnp.where(jax.random.bernoulli(fresh_key(seed), 0.5, shape), change(image), image)


def random_flip_left_right(image: Any, seed: int | None = None) -> Any:
    """Left and right changed, or not."""
    return _at_random(image, seed, flip_left_right)


def random_flip_up_down(image: Any, seed: int | None = None) -> Any:
    """Top and bottom changed, or not."""
    return _at_random(image, seed, flip_up_down)


def adjust_brightness(image: Any, delta: Any) -> Any:
    """Brighter by `delta`, where white is 1."""
    return _in_floats(image, lambda x: x + delta)


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Further from the mean of each channel by a factor."""

    def change(x: Any) -> Any:
        mean = jnp.mean(x, (-3, -2), keepdims=True)
        return (x - mean) * contrast_factor + mean

    return _in_floats(images, change)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Any:
    """More or less colourful by a factor."""

    def change(x: Any) -> Any:
        hue, saturation, value = jnp.moveaxis(rgb_to_hsv(x), -1, 0)
        saturation = jnp.clip(saturation * saturation_factor, 0, 1)
        return hsv_to_rgb(jnp.stack([hue, saturation, value], -1))

    return _in_floats(image, change)


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Any:
    """Colours moved round their circle by `delta`, where once round is 1."""

    def change(x: Any) -> Any:
        hue, saturation, value = jnp.moveaxis(rgb_to_hsv(x), -1, 0)
        return hsv_to_rgb(jnp.stack([(hue + delta) % 1, saturation, value], -1))

    return _in_floats(image, change)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """gain · image ** gamma."""
    return _in_floats(image, lambda x: gain * x**gamma)


def _between(low: Any, high: Any, seed: int | None) -> Any:
    if not low <= high:
        raise InputError(f"a lower bound of {low} is above the upper one, {high}")
    return jax.random.uniform(fresh_key(seed), (), minval=low, maxval=high)


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """Brighter or darker by at most `max_delta`."""
    return adjust_brightness(image, _between(-max_delta, max_delta, seed))


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """The contrast times a factor between two bounds."""
    return adjust_contrast(image, _between(lower, upper, seed))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """The saturation times a factor between two bounds."""
    return adjust_saturation(image, _between(lower, upper, seed))


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """Colours moved by at most `max_delta`."""
    return adjust_hue(image, _between(-max_delta, max_delta, seed))


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """The part of an image that begins at an offset."""
    image = tensor(image)
    bottom, right = offset_height + target_height, offset_width + target_width
    if bottom > image.shape[-3] or right > image.shape[-2]:
        raise InputError(
            f"crop_to_bounding_box: rows up to {bottom} and columns up to {right} of an image of "
            f"{image.shape[-3]} × {image.shape[-2]}"
        )
    return image[..., offset_height:bottom, offset_width:right, :]


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """The image at an offset in a larger black one."""
    image = tensor(image)
    below = target_height - offset_height - image.shape[-3]
    right = target_width - offset_width - image.shape[-2]
    if min(below, right, offset_height, offset_width) < 0:
        raise InputError("pad_to_bounding_box: the image does not fit into the box")
    widths = [(offset_height, below), (offset_width, right), (0, 0)]
    return jnp.pad(image, [(0, 0)] * (image.ndim - 3) + widths)


def central_crop(image: Any, central_fraction: float) -> Any:
    """The middle of an image, with that share of each side."""
    image = tensor(image)
    if not 0 < central_fraction <= 1:
        raise InputError(f"central_fraction wants a share of at most 1, got {central_fraction}")
    top, left = (int((n - n * central_fraction) / 2) for n in image.shape[-3:-1])
    height, width = image.shape[-3] - 2 * top, image.shape[-2] - 2 * left
    return crop_to_bounding_box(image, top, left, height, width)


def resize_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Any:
    """The middle of an image, with black around where it is too small."""
    image = tensor(image)
    height, width = image.shape[-3:-1]
    kept = min(height, target_height), min(width, target_width)
    image = crop_to_bounding_box(image, (height - kept[0]) // 2, (width - kept[1]) // 2, *kept)
    above, left = (target_height - kept[0]) // 2, (target_width - kept[1]) // 2
    return pad_to_bounding_box(image, above, left, target_height, target_width)


def resize_with_pad(
    image: Any, target_height: int, target_width: int, method: str = "bilinear",
    antialias: bool = False,
) -> Any:  # fmt: skip
    """The whole image, undistorted, in the middle of a black one."""
    image = tensor(image)
    height, width = image.shape[-3:-1]
    ratio = max(width / target_width, height / target_height)
    inner = int(np.floor(height / ratio)), int(np.floor(width / ratio))
    above, left = (target_height - inner[0]) // 2, (target_width - inner[1]) // 2
    made = resize(image, inner, method, antialias=antialias)
    return pad_to_bounding_box(made, above, left, target_height, target_width)


def per_image_standardization(image: Any) -> Any:
    """Each image with mean 0 and variance 1."""
    image = tensor(image).astype("float32")
    axes = (-3, -2, -1)
    count = image.shape[-1] * image.shape[-2] * image.shape[-3]
    spread = jnp.maximum(jnp.std(image, axes, keepdims=True), 1 / jnp.sqrt(float(count)))
    return (image - jnp.mean(image, axes, keepdims=True)) / spread


def psnr(a: Any, b: Any, max_val: float, name: str | None = None) -> Any:
    """How near two images are, in decibels: 10 log10(max² / mean squared error)."""
    difference = tensor(a).astype("float32") - tensor(b).astype("float32")
    error = jnp.mean(jnp.square(difference), (-3, -2, -1))
    return 10 * jnp.log10(max_val**2 / error)
