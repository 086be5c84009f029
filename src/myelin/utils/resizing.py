"""Resizing of image arrays: one matrix for the rows, one for the columns.

Every output pixel is a weighted mean of the input pixels around it, and the weights for rows
and columns do not depend on each other. As in TensorFlow's and Keras's resizing, pixel `i`
covers the interval from i to i + 1, and the kernels are widened when an image shrinks only
where that is asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from myelin.errors import InputError


def resize(image: np.ndarray, size: tuple[int, int], interpolation: str = "bilinear") -> np.ndarray:
    """An image in another size.

    Args:
        image: `(height, width, channels)`.
        size: the new `(height, width)`.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian",
            "mitchellcubic" or "area".

    Returns:
        A float32 array `(*size, channels)`.
    """
    array = np.asarray(image, np.float32)
    height, width, _ = array.shape
    if interpolation == "nearest":
        rows, columns = nearest(size[0], height), nearest(size[1], width)
        return np.ascontiguousarray(array[rows][:, columns])
    # The other kernels leave an axis alone whose length stays; these two smooth it all the same.
    smooths = interpolation in ("gaussian", "mitchellcubic")
    if size[0] != height or smooths:
        weights = line_weights(size[0], height, interpolation).astype(np.float32)
        array = np.einsum("oh,hwc->owc", weights, array, optimize=True)
    if size[1] != width or smooths:
        weights = line_weights(size[1], width, interpolation).astype(np.float32)
        array = np.einsum("ow,hwc->hoc", weights, array, optimize=True)
    return np.ascontiguousarray(array)


def crop_to(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest part in the middle of an image that has the proportions of `size`."""
    height, width, _ = image.shape
    crop_height = max(min(height, int(width * size[0] / size[1])), 1)
    crop_width = max(min(width, int(height * size[1] / size[0])), 1)
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return image[top : top + crop_height, left : left + crop_width]


def pad_to(image: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """The whole image, undistorted, in the middle of black bars."""
    height, width, channels = image.shape
    ratio = max(width / size[1], height / size[0])
    inner = max(int(height / ratio), 1), max(int(width / ratio), 1)
    # The bars are halved before the image is rounded, as TensorFlow does.
    top = max(min(int((size[0] - height / ratio) / 2), size[0] - inner[0]), 0)
    left = max(min(int((size[1] - width / ratio) / 2), size[1] - inner[1]), 0)
    padded = np.zeros((*size, channels), np.float32)
    padded[top : top + inner[0], left : left + inner[1]] = resize(image, inner, interpolation)
    return padded


def nearest(new: int, old: int) -> np.ndarray:
    """Which of `old` pixels each of `new` ones shows."""
    return np.minimum(((np.arange(new) + 0.5) * (old / new)).astype(np.intp), old - 1)


@functools.lru_cache(maxsize=64)
def line_weights(new: int, old: int, interpolation: str, antialias: bool = False) -> np.ndarray:
    """The matrix `(new, old)` that takes one line of pixels to the new length.

    Args:
        new, old: lengths, above 0.
        interpolation: as for `resize`, but "nearest".
        antialias: widens the kernel by as much as the line shrinks.
    """
    scale = old / new
    if interpolation == "area":
        left = np.arange(new)[:, None] * scale
        pixel = np.arange(old)[None]
        weights = np.clip(np.minimum(left + scale, pixel + 1) - np.maximum(left, pixel), 0, None)
    else:
        centre = (np.arange(new)[:, None] + 0.5) * scale - 0.5
        width = max(scale, 1) if antialias else 1
        weights = _kernel(interpolation)(np.abs(centre - np.arange(old)[None]) / width)
    # What lies outside the image has no weight, and the rest shares it.
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _kernel(interpolation: str) -> Callable[[np.ndarray], np.ndarray]:
    """The weight of a pixel by its distance, as Keys (1981) and Mitchell, Netravali (1988) give."""
    kernels: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "bilinear": lambda x: np.clip(1 - x, 0, None),
        "bicubic": lambda x: _cubic(x, 0.0, 0.5),
        "mitchellcubic": lambda x: _cubic(x, 1 / 3, 1 / 3),
        "lanczos3": lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0),
        "lanczos5": lambda x: np.where(x < 5, np.sinc(x) * np.sinc(x / 5), 0),
        "gaussian": lambda x: np.where(x < 1.5, np.exp(-2 * x**2), 0),
    }
    if interpolation not in kernels:
        known = ", ".join(["nearest", "area", *kernels])
        raise InputError(f"interpolation wants one of {known}, got {interpolation!r}")
    return kernels[interpolation]


def _cubic(x: np.ndarray, b: float, c: float) -> np.ndarray:
    near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
    far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)
    return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6
