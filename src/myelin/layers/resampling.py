"""Layers that change the length of axes: repeat, pad, crop and resize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, positive_int
from myelin.ops import image
from myelin.ops.image.formats import axes_of_images, standard_format
from myelin.ops.image.sizes import INTERPOLATIONS, check_resizing


class _Spatial(Layer):
    """What changes the axes between the batch and the channels, each by itself."""

    # How many there are; a subclass sets it.
    _axes = 1

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standard_format(data_format, type(self).__name__)

    def _places(self, input_shape: Any) -> range:
        """The axes that change, for inputs of a shape with the right number of axes."""
        if len(input_shape) != self._axes + 2:
            raise self.wants(f"{self._axes + 2} axes", tuple(input_shape))
        first = 2 if self.data_format == "channels_first" else 1
        return range(first, first + self._axes)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x with the new lengths."""
        shape = list(input_shape)
        for number, axis in enumerate(self._places(input_shape)):
            length = shape[axis]
            shape[axis] = None if length is None else self._length(number, length, input_shape)
        return tuple(shape)

    def _length(self, number: int, length: int, input_shape: Any) -> int:
        """The new length of the axis with that number among those that change."""
        return length


def _without_format(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a layer of sequences whose channels are always last."""
    return {name: value for name, value in config.items() if name != "data_format"}


class _UpSampling(_Spatial):
    """Repeats each slice along each axis, or interpolates between them."""

    def __init__(self, factors: tuple[int, ...], data_format: str | None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._factors = factors

    def call(self, x: jax.Array) -> jax.Array:
        """x with each slice repeated."""
        for factor, axis in zip(self._factors, self._places(x.shape), strict=True):
            # By broadcasting: the gradient is a sum, where that of a gather is a scatter.
            repeated = jnp.broadcast_to(
                jnp.expand_dims(x, axis + 1), (*x.shape[: axis + 1], factor, *x.shape[axis + 1 :])
            )
            x = repeated.reshape(*x.shape[:axis], x.shape[axis] * factor, *x.shape[axis + 1 :])
        return x

    def _length(self, number: int, length: int, input_shape: Any) -> int:
        return length * self._factors[number]


class UpSampling1D(_UpSampling):
    """Repeats each step of sequences.

    Args:
        size: how often, above 0.

    Shapes: `(batch, steps, channels)` to `(batch, steps·size, channels)`.

    Raises:
        InputError: size is not a whole number above 0.
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        self.size = positive_int(size, "UpSampling1D", "size")
        super().__init__((self.size,), None, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return _without_format(super().get_config())


class UpSampling2D(_UpSampling):
    """Makes images larger by whole factors.

    Args:
        size: the factors for rows and columns, above 0; one number for both.
        data_format: where the channels are; last when None.
        interpolation: "nearest", which repeats the pixels, or one of those of `Resizing`.

    Shapes: `(batch, rows, columns, channels)` to `(batch, rows·size, columns·size, channels)`.

    Raises:
        InputError: a size, format or interpolation that is none.
    """

    _axes = 2

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        self.size = _each(size, 2, "UpSampling2D")
        super().__init__(self.size, data_format, **kwargs)
        self.interpolation = interpolation.lower()
        if self.interpolation not in INTERPOLATIONS:
            raise InputError(
                f"UpSampling2D: interpolation wants one of {', '.join(INTERPOLATIONS)}, "
                f"got {interpolation!r}"
            )

    def call(self, x: jax.Array) -> jax.Array:
        """x with each pixel repeated, or with values in between."""
        if self.interpolation == "nearest":
            return super().call(x)
        rows, columns = self._places(x.shape)
        size = x.shape[rows] * self.size[0], x.shape[columns] * self.size[1]
        return image.resize(x, size, self.interpolation, data_format=self.data_format)


class UpSampling3D(_UpSampling):
    """Repeats the slices of volumes along their three axes.

    Args:
        size: the factors, above 0; one number for all three.
        data_format: where the channels are; last when None.

    Shapes: `(batch, depth, rows, columns, channels)`, with the three in the middle multiplied.

    Raises:
        InputError: a size or format that is none.
    """

    _axes = 3

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2, 2),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.size = _each(size, 3, "UpSampling3D")
        super().__init__(self.size, data_format, **kwargs)


class _ZeroPadding(_Spatial):
    """Puts zeros before and after the slices along each axis."""

    def __init__(self, padding: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._ends = _ends(padding, self._axes, type(self).__name__, "padding")
        self.padding = self._ends[0] if self._axes == 1 else self._ends

    def call(self, x: jax.Array) -> jax.Array:
        """x between zeros."""
        padding = [(0, 0)] * x.ndim
        for axis, ends in zip(self._places(x.shape), self._ends, strict=True):
            padding[axis] = ends
        return jnp.pad(x, padding)

    def _length(self, number: int, length: int, input_shape: Any) -> int:
        return length + sum(self._ends[number])


class ZeroPadding1D(_ZeroPadding):
    """Puts zeros before and after the steps of sequences.

    Args:
        padding: how many `(before, after)`, from 0 up; one number for both.
        data_format: where the channels are; last when None.

    Shapes: `(batch, steps, channels)` to `(batch, before + steps + after, channels)`.

    Raises:
        InputError: a padding or format that is none.
    """

    def __init__(
        self, padding: int | Sequence[int] = 1, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Puts zeros around images.

    Args:
        padding: `((top, bottom), (left, right))`, from 0 up; a number stands for a pair of it,
            and one number for all four.
        data_format: where the channels are; last when None.

    Shapes: `(batch, rows, columns, channels)`, with rows and columns that much longer.

    Raises:
        InputError: a padding or format that is none.
    """

    _axes = 2

    def __init__(
        self,
        padding: int | Sequence[Any] = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Puts zeros around volumes.

    Args:
        padding: three pairs, as for `ZeroPadding2D`.
        data_format: where the channels are; last when None.

    Shapes: `(batch, depth, rows, columns, channels)`, with the three in the middle that longer.

    Raises:
        InputError: a padding or format that is none.
    """

    _axes = 3

    def __init__(
        self,
        padding: int | Sequence[Any] = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


class _Cropping(_Spatial):
    """Cuts slices off at both ends of each axis."""

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self._ends = _ends(cropping, self._axes, type(self).__name__, "cropping")
        self.cropping = self._ends[0] if self._axes == 1 else self._ends

    def call(self, x: jax.Array) -> jax.Array:
        """What is left in the middle of x."""
        new = self.compute_output_shape(x.shape)
        for axis, (before, _) in zip(self._places(x.shape), self._ends, strict=True):
            x = jax.lax.slice_in_dim(x, before, before + int(new[axis] or 0), axis=axis)
        return x

    def _length(self, number: int, length: int, input_shape: Any) -> int:
        left = length - sum(self._ends[number])
        if left <= 0:
            raise self.wants(f"more than cropping={self.cropping} takes away", tuple(input_shape))
        return left


class Cropping1D(_Cropping):
    """Cuts steps off at both ends of sequences.

    Args:
        cropping: how many `(before, after)`, from 0 up; one number for both.

    Shapes: `(batch, steps, channels)` to `(batch, steps - before - after, channels)`.

    Raises:
        InputError: a cropping that is none.
        ShapeError: nothing is left.
    """

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return _without_format(super().get_config())


class Cropping2D(_Cropping):
    """Cuts the borders off images.

    Args:
        cropping: `((top, bottom), (left, right))`, from 0 up; a number stands for a pair of it,
            and one number for all four.
        data_format: where the channels are; last when None.

    Shapes: `(batch, rows, columns, channels)`, with rows and columns that much shorter.

    Raises:
        InputError: a cropping or format that is none.
        ShapeError: nothing is left.
    """

    _axes = 2

    def __init__(
        self,
        cropping: int | Sequence[Any] = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts the borders off volumes.

    Args:
        cropping: three pairs, as for `Cropping2D`.
        data_format: where the channels are; last when None.

    Shapes: `(batch, depth, rows, columns, channels)`, with the three in the middle that shorter.

    Raises:
        InputError: a cropping or format that is none.
        ShapeError: nothing is left.
    """

    _axes = 3

    def __init__(
        self,
        cropping: int | Sequence[Any] = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


class _ToSize(Layer):
    """What gives images, alone or in a batch, a known height and width."""

    def __init__(self, height: int, width: int, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.height = positive_int(height, owner, "height")
        self.width = positive_int(width, owner, "width")
        self.data_format = standard_format(data_format, owner)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x with the new height and width."""
        if len(input_shape) not in (3, 4):
            raise self.wants("one image (height, width, channels) or a batch", tuple(input_shape))
        rows, columns, _ = axes_of_images(self.data_format, type(self).__name__)
        shape = list(input_shape)
        shape[rows], shape[columns] = self.height, self.width
        return tuple(shape)


class Resizing(_ToSize):
    """Gives images another height and width.

    Args:
        height, width: the new ones, above 0.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5" or "area".
        crop_to_aspect_ratio: cuts the longer side off, equally at both ends, rather than distort.
        pad_to_aspect_ratio: adds bars of `fill_value` to the shorter side rather than distort.
        fill_mode: "constant".
        fill_value: of these bars.
        antialias: averages over as many more pixels as an axis shrinks.
        data_format: where the channels are; last when None.

    Shapes: `(batch, rows, columns, channels)`, or one image `(rows, columns, channels)`; whole
    numbers stay in their type.

    Raises:
        InputError: an argument out of range.
        ShapeError: other than 3 or 4 axes.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format, **kwargs)
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)
        check_resizing(
            (height, width), interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode
        )

    def call(self, x: jax.Array) -> jax.Array:
        """x in the new size."""
        self.compute_output_shape(x.shape)
        return image.resize(
            x, (self.height, self.width), self.interpolation, self.antialias,
            self.crop_to_aspect_ratio, self.pad_to_aspect_ratio, self.fill_mode,
            self.fill_value, self.data_format,
        )  # fmt: skip


class CenterCrop(_ToSize):
    """Cuts the middle out of images; smaller ones are resized, undistorted, to the size instead.

    Args:
        height, width: of the part, above 0.
        data_format: where the channels are; last when None.

    Shapes: `(batch, rows, columns, channels)`, or one image `(rows, columns, channels)`.

    Raises:
        InputError: a size or format that is none.
        ShapeError: other than 3 or 4 axes.
    """

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(height, width, data_format, **kwargs)

    def call(self, x: jax.Array) -> jax.Array:
        """The middle of x, in the compute type."""
        self.compute_output_shape(x.shape)
        x = x.astype(self.compute_dtype)
        rows, columns, _ = axes_of_images(self.data_format, "CenterCrop")
        top, left = x.shape[rows] - self.height, x.shape[columns] - self.width
        if min(top, left) < 0:
            return image.resize(
                x, (self.height, self.width), crop_to_aspect_ratio=True,
                data_format=self.data_format,
            )  # fmt: skip
        return image.crop_images(
            x, top // 2, left // 2, target_height=self.height, target_width=self.width,
            data_format=self.data_format,
        )  # fmt: skip


def _each(size: Any, axes: int, owner: str) -> tuple[int, ...]:
    """A size for each axis, from one number or as many as there are axes."""
    sizes = (size,) * axes if isinstance(size, int) else tuple(size)
    if len(sizes) != axes:
        raise InputError(f"{owner}: size wants a whole number or {axes} of them, got {size!r}")
    return tuple(positive_int(one, owner, "size") for one in sizes)


def _ends(value: Any, axes: int, owner: str, argument: str) -> tuple[tuple[int, int], ...]:
    """What to add or take at both ends of each axis, from any of the forms it may be given in."""
    forms = {1: "a pair", 2: "two numbers or pairs", 3: "three numbers or pairs"}[axes]
    given = (value,) * axes if isinstance(value, int) or axes == 1 else value
    pairs = []
    for one in given if isinstance(given, list | tuple) else ():
        pair = (one, one) if isinstance(one, int | np.integer) else one
        if isinstance(pair, list | tuple) and len(pair) == 2:
            pairs.append((pair[0], pair[1]))
    whole = all(isinstance(n, int | np.integer) and n >= 0 for pair in pairs for n in pair)
    if len(pairs) != axes or len(given) != axes or not whole:
        raise InputError(
            f"{owner}: {argument} wants a whole number from 0 up, or {forms} of them, got {value!r}"
        )
    return tuple((int(before), int(after)) for before, after in pairs)
