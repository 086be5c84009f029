"""Maxima and means: of windows, of a given number of windows, and of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import ops
from myelin.layers.convolution import ImageLayer
from myelin.layers.shapes import Shape


class _Pooling(ImageLayer):
    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = self._sizes(pool_size, "pool_size")
        self.strides = self.pool_size if strides is None else self._sizes(strides, "strides")
        self.padding = self._one_of(padding, "padding", "valid", "same")
        self.data_format = self._order(data_format)

    def build(self, input_shape: Shape) -> None:
        """Checks that the windows fit."""
        self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As many points as there are windows, and the channels of x."""
        _, channels = self.split(input_shape)
        ones = (1,) * self.rank
        counts = self.windows_over(input_shape, self.pool_size, self.strides, self.padding, ones)
        return self.joined(input_shape, counts, channels)


class _MaxPooling(_Pooling):
    def call(self, x: jax.Array) -> jax.Array:
        """The largest number of each window and channel."""
        self.compute_output_shape(x.shape)
        return ops.max_pool(x, self.pool_size, self.strides, self.padding, self.data_format)


class _AveragePooling(_Pooling):
    # Unlike its kin, it has no usual size in Keras.
    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, x: jax.Array) -> jax.Array:
        """The mean of each window and channel."""
        self.compute_output_shape(x.shape)
        return ops.average_pool(x, self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling1D(_MaxPooling):
    """The largest number of each window of sequences, channel by channel.

    Args:
        pool_size: how many steps a window has.
        strides: steps from a window to the next; `pool_size` when None.
        padding: `"valid"`, windows inside the sequence only; `"same"`, also those that reach
            over its ends, where only what is inside counts.
        data_format: `"channels_last"` (the default) or `"channels_first"`.

    Shapes: x `(batch, steps, channels)`, y `(batch, windows, channels)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes, or inputs that no window fits in.
    """

    rank = 1


class MaxPooling2D(_MaxPooling):
    """The largest number of each window of images, channel by channel.

    Args: as for `MaxPooling1D`, with sizes for rows and columns (one number stands for both).

    Shapes: x `(batch, rows, columns, channels)`, y `(batch, *windows, channels)`; with
    `"channels_first"` the channels come after the batch.

    Raises: as `MaxPooling1D`.
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """The largest number of each window of volumes, channel by channel.

    Args: as for `MaxPooling1D`, with sizes for depth, rows and columns.

    Shapes: x `(batch, depth, rows, columns, channels)`, y `(batch, *windows, channels)`.

    Raises: as `MaxPooling1D`.
    """

    rank = 3


class AveragePooling1D(_AveragePooling):
    """The mean of each window of sequences, channel by channel.

    Args: as for `MaxPooling1D`; with `"same"` the mean is over the steps inside the sequence.

    Shapes: x `(batch, steps, channels)`, y `(batch, windows, channels)`.

    Raises: as `MaxPooling1D`.
    """

    rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window of images, channel by channel.

    Args: as for `MaxPooling2D`; with `"same"` the mean is over the points inside the image.

    Shapes: x `(batch, rows, columns, channels)`, y `(batch, *windows, channels)`.

    Raises: as `MaxPooling1D`.
    """

    rank = 2


class AveragePooling3D(_AveragePooling):
    """The mean of each window of volumes, channel by channel.

    Args: as for `MaxPooling3D`; with `"same"` the mean is over the points inside the volume.

    Shapes: x `(batch, depth, rows, columns, channels)`, y `(batch, *windows, channels)`.

    Raises: as `MaxPooling1D`.
    """

    rank = 3


class _GlobalPooling(ImageLayer):
    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = self._order(data_format)
        self.keepdims = keepdims

    def build(self, input_shape: Shape) -> None:
        """Checks the number of axes."""
        self.split(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(batch, channels)`, with an axis of 1 for each spatial one where `keepdims`."""
        _, channels = self.split(input_shape)
        return self.joined(input_shape, (1,) * self.rank if self.keepdims else (), channels)

    def _inner(self, x: jax.Array) -> tuple[int, ...]:
        image, _ = self.split(x.shape)
        if 0 in image:
            raise self.wants(f"inputs {self.axes} with a point at least", x.shape)
        first = 2 if self.data_format == "channels_first" else 1
        return tuple(range(first, first + self.rank))


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, x: jax.Array) -> jax.Array:
        """The largest number of each channel."""
        return jnp.max(x, self._inner(x), keepdims=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, x: jax.Array) -> jax.Array:
        """The mean of each channel."""
        return jnp.mean(x, self._inner(x), keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest number of each channel of sequences.

    Args:
        data_format: `"channels_last"` (the default) or `"channels_first"`.
        keepdims: whether the steps stay as an axis of 1.

    Shapes: x `(batch, steps, channels)`, y `(batch, channels)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes.
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest number of each channel of images.

    Args and raises: as for `GlobalMaxPooling1D`.

    Shapes: x `(batch, rows, columns, channels)`, y `(batch, channels)`.
    """

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest number of each channel of volumes.

    Args and raises: as for `GlobalMaxPooling1D`.

    Shapes: x `(batch, depth, rows, columns, channels)`, y `(batch, channels)`.
    """

    rank = 3


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean of each channel of sequences, over all steps or those that a mask lets through.

    Args and raises: as for `GlobalMaxPooling1D`. A call takes `mask`, `(batch, steps)`, true at
    the steps that count.

    Shapes: x `(batch, steps, channels)`, y `(batch, channels)`.
    """

    supports_masking = True

    rank = 1

    def call(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """The mean of each channel."""
        if mask is None:
            return super().call(x)
        steps = self._inner(x)
        counted = jnp.expand_dims(jnp.asarray(mask, bool), 3 - steps[0])
        return jnp.mean(x, steps, keepdims=self.keepdims, where=counted)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: no steps are left."""


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel of images.

    Args and raises: as for `GlobalMaxPooling1D`.

    Shapes: x `(batch, rows, columns, channels)`, y `(batch, channels)`.

    Source: Lin et al., Network in Network, 2013.
    """

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean of each channel of volumes.

    Args and raises: as for `GlobalMaxPooling1D`.

    Shapes: x `(batch, depth, rows, columns, channels)`, y `(batch, channels)`.
    """

    rank = 3


class _AdaptivePooling(ImageLayer):
    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.output_size = self._sizes(output_size, "output_size")
        self.data_format = self._order(data_format)

    def build(self, input_shape: Shape) -> None:
        """Checks the number of axes."""
        self.split(input_shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`output_size` points, and the channels of x."""
        image, channels = self.split(input_shape)
        if 0 in image:
            raise self.wants(f"inputs {self.axes} with a point at least", input_shape)
        return self.joined(input_shape, self.output_size, channels)


class _AdaptiveMaxPooling(_AdaptivePooling):
    def call(self, x: jax.Array) -> jax.Array:
        """The maxima of as many windows as are wanted."""
        self.compute_output_shape(x.shape)
        return ops.adaptive_max_pool(x, self.output_size, self.data_format)


class _AdaptiveAveragePooling(_AdaptivePooling):
    def call(self, x: jax.Array) -> jax.Array:
        """The means of as many windows as are wanted."""
        self.compute_output_shape(x.shape)
        return ops.adaptive_average_pool(x, self.output_size, self.data_format)


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """The maxima of as many windows as are wanted, whatever the length of the sequences.

    Window i of n reaches from step `floor(i·steps/n)` to `ceil((i+1)·steps/n)`.

    Args:
        output_size: n, above 0.
        data_format: `"channels_last"` (the default) or `"channels_first"`.

    Shapes: x `(batch, steps, channels)`, y `(batch, output_size, channels)`.

    Raises:
        InputError: an argument out of range.
        ShapeError: another number of axes, or no steps.
    """

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """The maxima of as many windows as are wanted, whatever the size of the images.

    Args: as for `AdaptiveMaxPooling1D`, with sizes for rows and columns (one stands for both).

    Shapes: x `(batch, rows, columns, channels)`, y `(batch, *output_size, channels)`.

    Raises: as `AdaptiveMaxPooling1D`.
    """

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """The maxima of as many windows as are wanted, whatever the size of the volumes.

    Args: as for `AdaptiveMaxPooling1D`, with sizes for depth, rows and columns.

    Shapes: x `(batch, depth, rows, columns, channels)`, y `(batch, *output_size, channels)`.

    Raises: as `AdaptiveMaxPooling1D`.
    """

    rank = 3


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """The means of as many windows as are wanted, whatever the length of the sequences.

    Args, shapes and raises: as for `AdaptiveMaxPooling1D`.
    """

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """The means of as many windows as are wanted, whatever the size of the images.

    Args, shapes and raises: as for `AdaptiveMaxPooling2D`.
    """

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """The means of as many windows as are wanted, whatever the size of the volumes.

    Args, shapes and raises: as for `AdaptiveMaxPooling3D`.
    """

    rank = 3
