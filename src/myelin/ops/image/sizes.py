"""Images in other sizes: resized, padded, cropped, and cut into patches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import operand
from myelin.ops.image.formats import as_images, axes_of_images, standard_format
from myelin.promise import lift
from myelin.utils import resizing

Array = jax.Array

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")


def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Images in another height and width; whole numbers are rounded and stay in their type.

    Args:
        images: one image or a batch.
        size: the new `(height, width)`.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5" or "area" (the
            mean of what a new pixel covers).
        antialias: averages over as many more pixels as an axis shrinks.
        crop_to_aspect_ratio: cuts the longer side off, equally at both ends, first.
        pad_to_aspect_ratio: adds bars of `fill_value` to the shorter side first.
        fill_mode: "constant".
        fill_value: of these bars.
        data_format: where the channels are; last when None.

    Raises:
        InputError: an unknown interpolation or fill mode, a size that is no pair of whole
            numbers above 0, or both ways to keep the proportions.
        ShapeError: other than 3 or 4 axes.
    """
    x = as_images(images, "resize")
    rows, columns, _ = axes_of_images(data_format, "resize")
    check_resizing(size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    given = x.dtype
    whole = not jnp.issubdtype(given, jnp.inexact)
    if whole and interpolation != "nearest":
        x = x.astype(jnp.float32)
    old = x.shape[rows], x.shape[columns]
    if crop_to_aspect_ratio:
        for axis, length in ((rows, old[1] * size[0] / size[1]),
                             (columns, old[0] * size[1] / size[0])):  # fmt: skip
            x = _middle(x, axis, max(min(x.shape[axis], int(length)), 1))
    if pad_to_aspect_ratio:
        x = _framed(x, (rows, columns), size, np.round(fill_value) if whole else fill_value)
    for axis, new in ((rows, size[0]), (columns, size[1])):
        x = _along(x, axis, int(new), interpolation, antialias)
    if whole and x.dtype != given:
        limits = jnp.iinfo(given)
        x = jnp.clip(jnp.round(x), limits.min, limits.max)
    return x.astype(given)


def check_resizing(
    size: Sequence[int], interpolation: str, crop: bool, pad: bool, fill_mode: str
) -> None:
    """Checks the arguments of `resize`.

    Raises:
        InputError: one is out of range, or two do not go together.
    """
    if len(size) != 2 or not all(isinstance(n, int | np.integer) and n > 0 for n in size):
        raise InputError(
            f"resize: size wants (height, width), whole numbers above 0, got {tuple(size)}"
        )
    if interpolation not in INTERPOLATIONS:
        raise InputError(
            f"resize: interpolation wants one of {', '.join(INTERPOLATIONS)}, got {interpolation!r}"
        )
    if fill_mode != "constant":
        raise InputError(f'resize: fill_mode wants "constant", got {fill_mode!r}')
    if crop and pad:
        raise InputError(
            "resize: choose crop_to_aspect_ratio or pad_to_aspect_ratio, both cannot be"
        )


def _middle(x: Array, axis: int, length: int) -> Array:
    start = (x.shape[axis] - length) // 2
    return jax.lax.slice_in_dim(x, start, start + length, axis=axis % x.ndim)


def _framed(x: Array, axes: tuple[int, int], size: Sequence[int], fill: float) -> Array:
    """`x` with bars at two ends, as much as its proportions lack; for odd lacks one pixel less."""
    height, width = (x.shape[axis] for axis in axes)
    padding = [(0, 0)] * x.ndim
    for axis, wanted in zip(
        axes, (width * size[0] / size[1], height * size[1] / size[0]), strict=True
    ):
        bar = max(int(wanted) - x.shape[axis], 0) // 2
        padding[axis] = (bar, bar)
    return jnp.pad(x, padding, constant_values=fill)


def _along(x: Array, axis: int, new: int, interpolation: str, antialias: bool) -> Array:
    """`x` with an axis in another length: each new line is a weighted mean of old ones."""
    old = x.shape[axis]
    if new == old:
        return x
    if interpolation == "nearest":
        return jnp.take(x, resizing.nearest(new, old), axis)
    weights = jnp.asarray(resizing.line_weights(new, old, interpolation, antialias), x.dtype)
    y = jnp.tensordot(weights, x, (1, axis), precision=jax.lax.Precision.HIGHEST)
    return jnp.moveaxis(y, 0, axis)


def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """Images with zeros around them.

    Args:
        images: one image or a batch.
        top_padding, bottom_padding, target_height: two of these, the third follows.
        left_padding, right_padding, target_width: two of these, the third follows.
        data_format: where the channels are; last when None.

    Raises:
        InputError: other than two of three, or a padding below 0.
    """
    x = as_images(images, "pad_images")
    rows, columns, _ = axes_of_images(data_format, "pad_images")
    padding = [(0, 0)] * x.ndim
    for axis, (before, after, target), names in (
        (rows, (top_padding, bottom_padding, target_height), ("top", "bottom", "height")),
        (columns, (left_padding, right_padding, target_width), ("left", "right", "width")),
    ):
        _check_two("pad_images", "padding", before, after, target, names)
        if before is None:
            before = int(target or 0) - int(after or 0) - x.shape[axis]
        if after is None:
            after = int(target or 0) - before - x.shape[axis]
        if min(before, after) < 0:
            raise InputError(
                f"pad_images: {names[0]}_padding and {names[1]}_padding want numbers from 0 up; "
                f"for images of shape {tuple(x.shape)} they are {before} and {after}"
            )
        padding[axis] = (before, after)
    return jnp.pad(x, padding)


def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """Images with their borders cut off.

    Args:
        images: one image or a batch.
        top_cropping, bottom_cropping, target_height: two of these, the third follows.
        left_cropping, right_cropping, target_width: two of these, the third follows.
        data_format: where the channels are; last when None.

    Raises:
        InputError: other than two of three, or more cut off than there is.
    """
    x = as_images(images, "crop_images")
    rows, columns, _ = axes_of_images(data_format, "crop_images")
    given = tuple(x.shape)
    for axis, (before, after, target), names in (
        (rows, (top_cropping, bottom_cropping, target_height), ("top", "bottom", "height")),
        (columns, (left_cropping, right_cropping, target_width), ("left", "right", "width")),
    ):
        _check_two("crop_images", "cropping", before, after, target, names)
        size = x.shape[axis]
        if target is None:
            target = size - int(before or 0) - int(after or 0)
        if before is None:
            before = size - target - int(after or 0)
        if before < 0 or target < 0 or before + target > size:
            raise InputError(
                f"crop_images: {names[0]}_cropping={before} and target_{names[2]}={target} do not "
                f"fit into images of shape {given}"
            )
        x = jax.lax.slice_in_dim(x, before, before + target, axis=axis % x.ndim)
    return x


def _check_two(
    owner: str, what: str, before: Any, after: Any, target: Any, names: Sequence[str]
) -> None:
    given = (before, after, target)
    if given.count(None) != 1 or any(n is not None and n < 0 for n in given):
        raise InputError(
            f"{owner} wants two of {names[0]}_{what}, {names[1]}_{what} and target_{names[2]}, "
            f"whole numbers from 0 up, got {before}, {after} and {target}"
        )


def extract_patches(
    images: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The patches of images, or of volumes for a size of three numbers, each as one pixel.

    Args:
        images: `(batch, height, width, channels)`, or one image; for volumes with a depth.
        size: height and width of a patch, one number where they are equal.
        strides: from one patch to the next; the size when None.
        dilation_rate: how far apart the pixels of a patch are.
        padding: "valid" for whole patches only, or "same" for zeros around the images.
        data_format: where the channels are; last when None.

    Returns:
        `(batch, rows, columns, height·width·channels)`, the pixels of a patch row by row.

    Raises:
        InputError: a size that is neither of these, or another padding.
    """
    pair = (size, size) if isinstance(size, int) else tuple(size)
    return _patches(images, pair, strides, dilation_rate, padding, data_format)


def extract_patches_3d(
    volumes: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """`extract_patches` for volumes `(batch, depth, height, width, channels)`, or one of them."""
    triple = (size,) * 3 if isinstance(size, int) else tuple(size)
    return _patches(volumes, triple, strides, dilation_rate, padding, data_format)


def _patches(
    images: Any, size: tuple[int, ...], strides: Any, dilation_rate: Any, padding: str, format: Any
) -> Array:
    axes = len(size)
    if axes not in (2, 3):
        raise InputError(f"extract_patches: size wants 2 or 3 whole numbers, got {size}")
    if padding.lower() not in ("valid", "same"):
        raise InputError(f'extract_patches: padding wants "valid" or "same", got {padding!r}')
    x = jnp.asarray(operand(images))
    alone = x.ndim == axes + 1
    if not alone and x.ndim != axes + 2:
        raise ShapeError(f"extract_patches: wants {axes + 2} axes, got the shape {tuple(x.shape)}")
    x = x[None] if alone else x
    first = standard_format(format, "extract_patches") == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    steps = _each(strides or size, axes)
    reach = _each(dilation_rate, axes)
    spans = [(n - 1) * far + 1 for n, far in zip(size, reach, strict=True)]
    if padding.lower() == "same":
        lacks = [
            max((math.ceil(length / step) - 1) * step + span - length, 0)
            for length, step, span in zip(x.shape[1:-1], steps, spans, strict=True)
        ]
        x = jnp.pad(x, [(0, 0), *((n // 2, n - n // 2) for n in lacks), (0, 0)])
    counts = [
        max((length - span) // step + 1, 0)
        for length, step, span in zip(x.shape[1:-1], steps, spans, strict=True)
    ]
    pixels = []
    for place in np.ndindex(*size):
        starts = [n * far for n, far in zip(place, reach, strict=True)]
        pixels.append(
            x[(slice(None), *(
                slice(start, start + (count - 1) * step + 1, step)
                for start, count, step in zip(starts, counts, steps, strict=True)
            ))]
        )  # fmt: skip
    y = jnp.concatenate(pixels, axis=-1)
    y = jnp.moveaxis(y, -1, 1) if first else y
    return y[0] if alone else y


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Array:
    """Images scaled and shifted along some axes: see `jax.image.scale_and_translate`.

    Args:
        images: any array.
        output_shape: the shape of the result, all axes.
        scale, translation: one number for each of `spatial_dims`; those may be traced.
        spatial_dims: the axes.
        method: "linear", "cubic", "lanczos3" or "lanczos5" ("bilinear" and so on are the same).
        antialias: averages over as many more pixels as an axis shrinks.
    """
    return jax.image.scale_and_translate(
        jnp.asarray(operand(images)), tuple(output_shape), tuple(spatial_dims),
        jnp.asarray(operand(scale)), jnp.asarray(operand(translation)), method, antialias,
    )  # fmt: skip


lift(globals(), ["crop_images", "extract_patches", "extract_patches_3d", "pad_images", "resize",
                 "scale_and_translate"])  # fmt: skip
