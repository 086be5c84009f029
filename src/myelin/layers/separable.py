"""Convolutions of each channel by itself, alone or followed by one that mixes the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from myelin import constraints, initializers, ops, regularizers
from myelin.layers.convolution import Convolving
from myelin.layers.shapes import Shape, positive_int


class _DepthwiseConv(Convolving):
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = positive_int(
            depth_multiplier, type(self).__name__, "depth_multiplier"
        )
        self._take_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_output(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Shape) -> None:
        """Makes kernel and bias."""
        channels = self._known_channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, x: jax.Array) -> jax.Array:
        """Each channel of x convolved with its own filters; then bias and activation."""
        self._check(x)
        y = ops.depthwise_conv(
            x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        return self._finish(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As many points as there are windows, and `channels · depth_multiplier` channels."""
        _, channels = self.split(input_shape)
        filters = None if channels is None else channels * self.depth_multiplier
        return self.joined(input_shape, self._counts(input_shape), filters)


class DepthwiseConv1D(_DepthwiseConv):
    """Convolves each channel of sequences with filters of its own.

    Args:
        kernel_size: how many steps a window has.
        strides: steps from a window to the next.
        padding: `"valid"`, windows inside the sequence only; `"same"`, zeros on both sides.
        depth_multiplier: filters for each channel, above 0.
        data_format: `"channels_last"` (the default) or `"channels_first"`.
        dilation_rate: steps between the points of a window.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether there is a bias.
        depthwise_initializer, bias_initializer: first values of kernel and bias.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties that join the
            loss.
        depthwise_constraint, bias_constraint: applied after each update.

    Shapes: x `(batch, steps, channels)`, kernel `(kernel_size, channels, depth_multiplier)`, bias
    `(channels · depth_multiplier,)`, y `(batch, windows, channels · depth_multiplier)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes or channels, or inputs that no window fits in.
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Convolves each channel of images with filters of its own.

    Args: as for `DepthwiseConv1D`, with sizes for rows and columns (one number stands for both).

    Shapes: x `(batch, rows, columns, channels)`, kernel `(*kernel_size, channels,
    depth_multiplier)`, bias `(channels · depth_multiplier,)`, y `(batch, *windows,
    channels · depth_multiplier)`.

    Raises: as `DepthwiseConv1D`.

    Source: Howard et al., MobileNets, 2017.
    """

    rank = 2


class _SeparableConv(Convolving):
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        owner = type(self).__name__
        self.filters = positive_int(filters, owner, "filters")
        self.depth_multiplier = positive_int(depth_multiplier, owner, "depth_multiplier")
        self._take_windows(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_output(activation, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        """Makes the two kernels and the bias."""
        channels = self._known_channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)

    def call(self, x: jax.Array) -> jax.Array:
        """Each channel convolved by itself, then all mixed point by point; bias, activation."""
        self._check(x)
        y = ops.separable_conv(
            x,
            self.depthwise_kernel,
            self.pointwise_kernel,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
        )
        return self._finish(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As many points as there are windows, and a channel for each filter."""
        return self.joined(input_shape, self._counts(input_shape), self.filters)


class SeparableConv1D(_SeparableConv):
    """Convolves each channel of sequences by itself, then mixes the channels step by step.

    Args:
        filters: the number of output channels, above 0.
        kernel_size: how many steps a window has.
        strides: steps from a window to the next.
        padding: `"valid"`, windows inside the sequence only; `"same"`, zeros on both sides.
        data_format: `"channels_last"` (the default) or `"channels_first"`.
        dilation_rate: steps between the points of a window.
        depth_multiplier: filters for each channel in the first of the two, above 0.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether there is a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer:
            penalties that join the loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Shapes: x `(batch, steps, channels)`, kernels `(kernel_size, channels, depth_multiplier)` and
    `(1, channels · depth_multiplier, filters)`, bias `(filters,)`, y `(batch, windows, filters)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes or channels, or inputs that no window fits in.

    Source: Chollet, Xception, 2017.
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """Convolves each channel of images by itself, then mixes the channels point by point.

    Args: as for `SeparableConv1D`, with sizes for rows and columns (one number stands for both).

    Shapes: x `(batch, rows, columns, channels)`, kernels `(*kernel_size, channels,
    depth_multiplier)` and `(1, 1, channels · depth_multiplier, filters)`, bias `(filters,)`,
    y `(batch, *windows, filters)`.

    Raises and source: as for `SeparableConv1D`.
    """

    rank = 2
