"""Convolutions of sequences, images and volumes, and their transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from myelin import activations, constraints, initializers, ops, regularizers
from myelin.errors import InputError
from myelin.kernels.geometry import each_axis, geometry, transposed_geometry
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, positive_int

_AXES = {1: "steps", 2: "rows, columns", 3: "depth, rows, columns"}


class ImageLayer(Layer):
    """What moves windows over images of `rank` spatial axes, in either order of axes."""

    rank: int
    data_format: str

    def _order(self, data_format: str | None) -> str:
        if data_format not in (None, "channels_last", "channels_first"):
            raise InputError(
                f'{type(self).__name__}: data_format wants "channels_last" or '
                f'"channels_first", got {data_format!r}'
            )
        return data_format or "channels_last"

    def _sizes(self, value: Any, argument: str, least: int = 1) -> tuple[int, ...]:
        return each_axis(value, self.rank, type(self).__name__, argument, least)

    def _one_of(self, value: Any, argument: str, *known: str) -> str:
        if not isinstance(value, str) or value.lower() not in known:
            names = " or ".join(f'"{name}"' for name in known)
            raise InputError(f"{type(self).__name__}: {argument} wants {names}, got {value!r}")
        return value.lower()

    def split(self, input_shape: Shape) -> tuple[Shape, int | None]:
        """The spatial sizes and the number of channels of inputs.

        Raises:
            ShapeError: another number of axes.
        """
        if len(input_shape) != self.rank + 2:
            raise self.wants(f"inputs {self.axes}", input_shape)
        if self.data_format == "channels_first":
            return tuple(input_shape[2:]), input_shape[1]
        return tuple(input_shape[1:-1]), input_shape[-1]

    def joined(self, input_shape: Shape, image: Sequence[int | None], channels: Any) -> Shape:
        """The shape of images of other sizes, in this layer's order."""
        if self.data_format == "channels_first":
            return (input_shape[0], channels, *image)
        return (input_shape[0], *image, channels)

    @property
    def axes(self) -> str:
        """The names of the axes, as errors say them."""
        if self.data_format == "channels_first":
            return f"(batch, channels, {_AXES[self.rank]})"
        return f"(batch, {_AXES[self.rank]}, channels)"

    def windows_over(
        self, input_shape: Shape, window: Sequence[int], strides: Any, padding: str, dilation: Any
    ) -> tuple[int | None, ...]:
        """How many windows there are along each axis; None where the size is unknown.

        Raises:
            ShapeError: another number of axes, or an image in which no window fits.
        """
        image, _ = self.split(input_shape)
        known = [1 if size is None else size for size in image]
        how = geometry(known, window, strides, padding, dilation)
        output = tuple(
            None if size is None else count for size, count in zip(image, how.output, strict=True)
        )
        if 0 in output:
            raise self.wants(
                f"images of at least {how.reach} points for its windows to fit in", input_shape
            )
        return output


class Convolving(ImageLayer):
    """What all convolutions share: windows, a bias, an activation, and their arguments."""

    paddings: tuple[str, ...] = ("valid", "same")

    def _take_windows(
        self, kernel_size: Any, strides: Any, padding: str, data_format: Any, dilation_rate: Any
    ) -> None:
        self.kernel_size = self._sizes(kernel_size, "kernel_size")
        self.strides = self._sizes(strides, "strides")
        self.padding = self._one_of(padding, "padding", *self.paddings)
        self.data_format = self._order(data_format)
        self.dilation_rate = self._sizes(dilation_rate, "dilation_rate")

    def _take_output(
        self, activation: Any, use_bias: bool, initializer: Any, regularizer: Any, constraint: Any
    ) -> None:
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(initializer)
        self.bias_regularizer = regularizers.get(regularizer)
        self.bias_constraint = constraints.get(constraint)

    def _known_channels(self, input_shape: Shape) -> int:
        _, channels = self.split(input_shape)
        if not channels:
            raise self.wants(f"inputs {self.axes} with the channels known", input_shape)
        self.channels = channels
        self.compute_output_shape(input_shape)
        return channels

    def _check(self, x: jax.Array) -> None:
        _, channels = self.split(x.shape)
        if channels != self.channels:
            raise self.wants(f"inputs {self.axes} with {self.channels} channels", x.shape)
        self.compute_output_shape(x.shape)

    def _add_bias(self, filters: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (filters,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _finish(self, y: jax.Array) -> jax.Array:
        if self.bias is not None:
            bias = self.bias.value
            first = self.data_format == "channels_first"
            y = y + (bias.reshape(-1, *(1,) * self.rank) if first else bias)
        return y if self.activation is None else self.activation(y)

    def _counts(self, input_shape: Shape) -> tuple[int | None, ...]:
        return self.windows_over(
            input_shape, self.kernel_size, self.strides, self.padding, self.dilation_rate
        )

    def _no_two_distances(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                f"{type(self).__name__}: strides and dilation_rate cannot both be above 1, "
                f"got {self.strides} and {self.dilation_rate}"
            )


class _Conv(Convolving):
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        owner = type(self).__name__
        self.filters = positive_int(filters, owner, "filters")
        self.groups = positive_int(groups, owner, "groups")
        self._take_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_output(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self._no_two_distances()
        if self.filters % self.groups:
            raise InputError(
                f"{owner}: filters wants a multiple of groups ({groups}), got {filters}"
            )

    def build(self, input_shape: Shape) -> None:
        """Makes kernel and bias."""
        channels = self._known_channels(input_shape)
        if channels % self.groups:
            raise self.wants(f"channels in a multiple of its {self.groups} groups", input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, x: jax.Array) -> jax.Array:
        """`activation(x * kernel + bias)`, the star being the convolution."""
        self._check(x)
        y = ops.conv(
            x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        return self._finish(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As many points as there are windows, and a channel for each filter."""
        return self.joined(input_shape, self._counts(input_shape), self.filters)


class Conv1D(_Conv):
    """Convolves sequences: `y[t] = activation(Σ_i x[t·stride + i·dilation] @ kernel[i] + bias)`.

    Args:
        filters: the number of output channels, above 0.
        kernel_size: how many steps a window has.
        strides: steps from a window to the next.
        padding: `"valid"`, windows inside the sequence only; `"same"`, zeros on both sides, so
            that there is a window for each stride; `"causal"`, zeros before it, so that no
            window sees what comes later.
        data_format: `"channels_last"` (the default) or `"channels_first"`.
        dilation_rate: steps between the points of a window; above 1 only with strides of 1.
        groups: into how many convolutions of their own the channels are divided; divides
            filters and channels.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: first values of kernel and bias.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.

    Shapes: x `(batch, steps, channels)`, kernel `(kernel_size, channels / groups, filters)`, bias
    `(filters,)`, y `(batch, windows, filters)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes or channels, or inputs that no window fits in.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(_Conv):
    """Convolves images: each window of x times the kernel, plus bias, through an activation.

    Args: as for `Conv1D`, with sizes for rows and columns (one number stands for both), and
    without causal padding.

    Shapes: x `(batch, rows, columns, channels)`, kernel `(*kernel_size, channels / groups,
    filters)`, bias `(filters,)`, y `(batch, *windows, filters)`; with `"channels_first"` the
    channels of x and y come after the batch.

    Raises: as `Conv1D`.

    Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.
    """

    rank = 2


class Conv3D(_Conv):
    """Convolves volumes: each window of x times the kernel, plus bias, through an activation.

    Args: as for `Conv2D`, with sizes for depth, rows and columns.

    Shapes: x `(batch, depth, rows, columns, channels)`, kernel `(*kernel_size,
    channels / groups, filters)`, bias `(filters,)`, y `(batch, *windows, filters)`.

    Raises: as `Conv1D`.
    """

    rank = 3


class _ConvTranspose(Convolving):
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive_int(filters, type(self).__name__, "filters")
        self._take_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_output(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self._no_two_distances()
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = self._sizes(output_padding, "output_padding", least=0)
            if any(o >= s for o, s in zip(self.output_padding, self.strides, strict=True)):
                raise InputError(
                    f"{type(self).__name__}: output_padding wants numbers below the strides "
                    f"{self.strides}, got {output_padding!r}"
                )

    def build(self, input_shape: Shape) -> None:
        """Makes kernel and bias."""
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, self._known_channels(input_shape)),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, x: jax.Array) -> jax.Array:
        """Each point of x times the kernel, laid out by the strides and added up; then the bias."""
        self._check(x)
        y = ops.conv_transpose(
            x,
            self.kernel,
            self.strides,
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )
        return self._finish(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The image that gives as many windows as x has points, and a channel for each filter."""
        image, _ = self.split(input_shape)
        how = transposed_geometry(
            [1 if size is None else size for size in image],
            self.kernel_size,
            self.strides,
            self.padding,
            self.output_padding,
            self.dilation_rate,
        )
        sizes = [
            None if given is None else size for given, size in zip(image, how.image, strict=True)
        ]
        if any(size is not None and size <= 0 for size in sizes):
            raise self.wants("images that leave a point of output", input_shape)
        return self.joined(input_shape, sizes, self.filters)


class Conv1DTranspose(_ConvTranspose):
    """The transpose of `Conv1D` as a linear map, plus bias: longer sequences from shorter ones.

    Args:
        filters: the number of output channels, above 0.
        kernel_size: how many steps a window has.
        strides: how many steps of y there are for each of x.
        padding: `"valid"`, all that the windows reach; `"same"`, `strides` steps for each of x.
        output_padding: further steps at the end of y, below the strides; worked out when None.
        data_format: `"channels_last"` (the default) or `"channels_first"`.
        dilation_rate: steps between the points of a window; above 1 only with strides of 1.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: first values of kernel and bias.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.

    Shapes: x `(batch, steps, channels)`, kernel `(kernel_size, filters, channels)`, bias
    `(filters,)`, y `(batch, …, filters)` with `(steps - 1)·strides + max(kernel_size, strides)`
    steps for `"valid"` and `steps·strides` for `"same"`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes or channels.

    Source: Zeiler et al., Deconvolutional Networks, 2010.
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """The transpose of `Conv2D` as a linear map, plus bias: larger images from smaller ones.

    Args: as for `Conv1DTranspose`, with sizes for rows and columns (one number stands for both).

    Shapes: x `(batch, rows, columns, channels)`, kernel `(*kernel_size, filters, channels)`, bias
    `(filters,)`, y `(batch, …, …, filters)`.

    Raises and source: as for `Conv1DTranspose`.
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """The transpose of `Conv3D` as a linear map, plus bias: larger volumes from smaller ones.

    Args: as for `Conv1DTranspose`, with sizes for depth, rows and columns.

    Shapes: x `(batch, depth, rows, columns, channels)`, kernel `(*kernel_size, filters,
    channels)`, bias `(filters,)`, y `(batch, …, …, …, filters)`.

    Raises and source: as for `Conv1DTranspose`.
    """

    rank = 3
