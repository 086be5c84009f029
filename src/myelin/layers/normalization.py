"""Layers that bring numbers to a common scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import constraints, initializers, registry, regularizers
from myelin.errors import InputError
from myelin.kernels import normalization
from myelin.layers import renormalization
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape


class ScaleAndShift(Layer):
    """What normalizes and then applies `gamma·x + beta`; both, either or neither may be there."""

    def _affine(
        self,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
    ) -> None:
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def _make_gamma_and_beta(self, sizes: Sequence[Any], scale: bool, center: bool) -> None:
        self.gamma = self.beta = None
        if scale:
            self.gamma = self.add_weight(
                sizes,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if center:
            self.beta = self.add_weight(
                sizes,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


class BatchNormalization(ScaleAndShift):
    """Normalizes each channel over the batch: `y = gamma·(x - mean) / sqrt(var + epsilon) + beta`.

    In training mean and var are those of the batch, and the moving ones follow:
    `moving = moving·momentum + batch·(1 - momentum)`. In inference, and while the layer is
    frozen (`trainable = False`), the moving ones are used.

    Args:
        axis: the channel axis, or several.
        momentum: of the moving mean and variance, from 0 to 1.
        epsilon: added to the variance, above 0.
        center, scale: whether there are beta and gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer,
            moving_variance_initializer: first values.
        beta_regularizer, gamma_regularizer: penalties that join the loss.
        beta_constraint, gamma_constraint: applied after each update.
        renorm: whether training too goes by moving statistics, with a correction of the batch's:
            `y = gamma·((x - mean) / sqrt(var + epsilon)·r + d) + beta`, where
            `r = std / renorm_stddev` and `d = (mean - renorm_mean) / renorm_stddev`, from before
            the step, are constants to the gradient.
        renorm_clipping: the bounds `{"rmin": …, "rmax": …, "dmax": …}` of r and of `|d|`, any of
            them; without one the number goes free.
        renorm_momentum: of `renorm_mean` and `renorm_stddev`, from 0 to 1.
        synchronized: accepted for Keras's sake: a step sees its whole batch here in any case.

    Shapes: any with the channel axis known; the parameters have its size.

    Raises:
        InputError: bounds of another name, or that leave nothing between them.

    Source: Ioffe and Szegedy, Batch Normalization, 2015; for `renorm` Ioffe, Batch
        Renormalization, 2017.
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float | None] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else tuple(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self._affine(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint,
        )  # fmt: skip
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = renorm
        self.renorm_clipping = renormalization.bounds(renorm_clipping) if renorm else None
        self.renorm_momentum = float(renorm_momentum)
        self.synchronized = synchronized

    def build(self, input_shape: Shape) -> None:
        """Makes gamma, beta and the moving mean and variance."""
        axes = axes_of(self.axis, len(input_shape))
        sizes = tuple(input_shape[axis] for axis in axes)
        if None in sizes:
            raise self.wants(f"the size of axis {self.axis} to be known", input_shape)
        self._make_gamma_and_beta(sizes, self.scale, self.center)
        moving: dict[str, Any] = {"shape": sizes, "trainable": False, "autocast": False}
        self.moving_mean = self.add_weight(
            initializer=self.moving_mean_initializer, name="moving_mean", **moving
        )
        self.moving_variance = self.add_weight(
            initializer=self.moving_variance_initializer, name="moving_variance", **moving
        )
        if self.renorm:
            renormalization.build(self, moving)

    def call(self, x: jax.Array, training: bool = False, mask: Any = None) -> jax.Array:
        """`gamma·(x - mean) / sqrt(var + epsilon) + beta`."""
        axes = axes_of(self.axis, x.ndim)
        others = tuple(axis for axis in range(x.ndim) if axis not in axes)
        kept = tuple(x.shape[axis] if axis in axes else 1 for axis in range(x.ndim))
        wide = x.astype(self.variable_dtype)
        correction = None
        if training and self.trainable and self.renorm:
            mean, var = _moments(wide, others, mask)
            correction = renormalization.corrected(self, mean, var)
        elif training and self.trainable:
            mean, var = _moments(wide, others, mask)
            keep = self.momentum
            self.moving_mean.assign(self.moving_mean.value * keep + mean * (1 - keep))
            self.moving_variance.assign(self.moving_variance.value * keep + var * (1 - keep))
        else:
            mean, var = self.moving_mean.value, self.moving_variance.value
        factor = jax.lax.rsqrt(var + self.epsilon)
        if correction is not None:
            factor = factor * correction[0]
        if self.gamma is not None:
            factor = factor * self.gamma.value
        offset = -mean * factor
        if correction is not None:
            shift = correction[1]
            offset = offset + (shift if self.gamma is None else shift * self.gamma.value)
        if self.beta is not None:
            offset = offset + self.beta.value
        if axes == (x.ndim - 1,):
            return normalization.scaled(wide, factor, offset).astype(x.dtype)
        y = wide * factor.reshape(kept) + offset.reshape(kept)
        return y.astype(x.dtype)


def _moments(x: jax.Array, axes: tuple[int, ...], mask: Any) -> tuple[jax.Array, jax.Array]:
    """Mean and variance over `axes`, of the entries that the mask keeps."""
    if mask is None and axes == tuple(range(x.ndim - 1)):
        return normalization.moments(x)
    if mask is None:
        mean = x.mean(axes, keepdims=True)
        var = jnp.square(x - mean).mean(axes)
        return mean.reshape(var.shape), var
    weight = jnp.asarray(mask, x.dtype)
    weight = weight.reshape(weight.shape + (1,) * (x.ndim - weight.ndim))
    total = jnp.broadcast_to(weight, x.shape).sum(axes, keepdims=True)
    mean = (x * weight).sum(axes, keepdims=True) / total
    var = (jnp.square(x - mean) * weight).sum(axes) / total.squeeze(axes)
    return mean.reshape(var.shape), var


class LayerNormalization(ScaleAndShift):
    """Normalizes each example: `y = gamma·(x - mean) / sqrt(var + epsilon) + beta`.

    Args:
        axis: the axes that mean and var are taken over.
        epsilon: added to the variance, above 0.
        center, scale: whether there are beta and gamma.
        beta_initializer, gamma_initializer: first values.
        beta_regularizer, gamma_regularizer: penalties that join the loss.
        beta_constraint, gamma_constraint: applied after each update.
        rms_scaling: computes `y = gamma·x / sqrt(var + epsilon)` instead, as older Keras
            programs have it; `RMSNormalization` divides by the root mean square.

    Shapes: any with these axes known; gamma and beta have their sizes.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else tuple(axis)
        self.epsilon = float(epsilon)
        self._affine(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint,
        )  # fmt: skip
        self.rms_scaling = rms_scaling

    def build(self, input_shape: Shape) -> None:
        """Makes gamma and beta."""
        axes = axes_of(self.axis, len(input_shape))
        sizes = tuple(input_shape[axis] for axis in axes)
        if None in sizes:
            raise self.wants(f"the sizes of axes {self.axis} to be known", input_shape)
        self._make_gamma_and_beta(
            sizes, scale=self.scale or self.rms_scaling, center=self.center and not self.rms_scaling
        )

    def call(self, x: jax.Array) -> jax.Array:
        """`gamma·(x - mean) / sqrt(var + epsilon) + beta`."""
        axes = axes_of(self.axis, x.ndim)
        kept = tuple(x.shape[axis] if axis in axes else 1 for axis in range(x.ndim))
        wide = x.astype(self.variable_dtype)
        mean = wide.mean(axes, keepdims=True)
        var = jnp.square(wide - mean).mean(axes, keepdims=True)
        y = (wide if self.rms_scaling else wide - mean) * jax.lax.rsqrt(var + self.epsilon)
        if self.gamma is not None:
            y = y * self.gamma.value.reshape(kept)
        if self.beta is not None:
            y = y + self.beta.value.reshape(kept)
        return y.astype(x.dtype)


class Rescaling(Layer):
    """Computes `y = x·scale + offset`.

    Args:
        scale: a number, or one per channel.
        offset: the same.
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, x: jax.Array) -> jax.Array:
        """`x·scale + offset` in the compute type."""
        x = x.astype(self.compute_dtype)
        scale = jnp.asarray(self.scale, x.dtype)
        return x * scale + jnp.asarray(self.offset, x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


class Normalization(Layer):
    """Shifts and scales each feature to mean 0 and variance 1: `y = (x - mean) / sqrt(variance)`.

    The statistics come from `adapt(data)`, or from the arguments.

    Args:
        axis: the axes that keep statistics of their own; None for one mean over all numbers.
        mean, variance: known statistics, both or neither; they broadcast to the kept axes.
        invert: computes `y = x·sqrt(variance) + mean` instead.

    Raises:
        InputError: only one of mean and variance, or a call before `adapt`.

    A variance below 1e-14 (a constant feature) is divided by 1e-7, as in Keras.
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise InputError("Normalization wants both mean and variance, or neither and adapt()")
        self.axis = axis if axis is None or isinstance(axis, int) else tuple(axis)
        self._given = None if mean is None else (mean, variance)
        self.invert = invert

    @property
    def mean(self) -> jax.Array | None:
        """The mean of each feature, in the shape of the inputs with 1 for axes that share it.

        None before the statistics are known.
        """
        return self._broadcast(0)

    @property
    def variance(self) -> jax.Array | None:
        """The variance of each feature, shaped as `mean`; None before it is known."""
        return self._broadcast(1)

    def _broadcast(self, place: int) -> jax.Array | None:
        if not self.built or self.missing() is not None:
            return None
        axes = axes_of(self.axis, len(self._build_shape))
        kept = (n if axis in axes else 1 for axis, n in enumerate(self._build_shape))
        return jnp.asarray(self._statistics[place]).reshape(tuple(kept))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; statistics from `adapt` are weights."""
        given = dict(zip(("mean", "variance"), self._given or (None, None), strict=True))
        return {**super().get_config(), **registry.serialize(given)}

    def build(self, input_shape: Shape) -> None:
        """Makes room for the statistics."""
        axes = axes_of(self.axis, len(input_shape))
        sizes = [input_shape[axis] for axis in axes]
        if None in sizes:
            raise self.wants(f"the sizes of axes {self.axis} to be known", input_shape)
        sizes_known = [int(size) for size in sizes if size is not None]
        if self._given is not None:
            # Known beforehand they are constants, as in Keras, and no weights.
            self._statistics: list[Any] = [
                jnp.asarray(_spread(given, sizes_known)) for given in self._given
            ]
            return
        self._statistics = [
            self.add_weight(sizes_known, first, trainable=False, name=name, autocast=False)
            for name, first in (("mean", "zeros"), ("variance", "ones"))
        ]
        # Keras counts the batches it adapted to as a weight too.
        self._count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Takes mean and variance of `data`, replacing earlier ones.

        Args:
            data: an array `(n, …)`, or an iterable of batches.
            batch_size, steps: the rows at a time and the most batches, for an iterable.

        Raises:
            InputError: no data, or statistics given as arguments.
        """
        if self._given is not None:
            raise InputError("Normalization: adapt() with mean= and variance= given makes no sense")
        batches = [data] if hasattr(data, "__array__") or isinstance(data, list) else data
        count, total, squares = 0, 0.0, 0.0
        shape: tuple[int, ...] | None = None
        for index, batch in enumerate(batches):
            if steps is not None and index >= steps:
                break
            x = np.asarray(batch[0] if isinstance(batch, tuple) else batch, np.float64)
            x = x[:, None] if x.ndim == 1 else x
            shape = x.shape
            others = tuple(a for a in range(x.ndim) if a not in axes_of(self.axis, x.ndim))
            n = math.prod(x.shape[a] for a in others)
            mean, var = x.mean(others), x.var(others)
            # Chan's update: exact for batches of any size, where sums of squares cancel.
            delta = mean - total
            squares = squares + var * n + delta**2 * (count * n / max(count + n, 1))
            total = total + delta * (n / max(count + n, 1))
            count += n
        if shape is None or count == 0:
            raise InputError("Normalization.adapt got no data")
        if not self.built:
            self._build_for((None, *shape[1:]))
        self._statistics[0].assign(np.asarray(total, np.float32))
        self._statistics[1].assign(np.asarray(squares / count, np.float32))
        self._count.assign(index + 1)

    def missing(self) -> str | None:
        """Says that `adapt` has not been called."""
        if self._given is not None or not self.built or int(self._count) > 0:
            return None
        return "it has no statistics yet: call adapt(data), or pass mean and variance"

    def call(self, x: jax.Array) -> jax.Array:
        """`(x - mean) / sqrt(variance)`, or its inverse."""
        traced = isinstance(x, jax.core.Tracer)
        if not traced and (missing := self.missing()) is not None:
            raise InputError(f"{self.title}: {missing}")
        x = x.astype(self.compute_dtype)
        axes = axes_of(self.axis, x.ndim)
        kept = tuple(x.shape[axis] if axis in axes else 1 for axis in range(x.ndim))
        mean, variance = (jnp.asarray(v).reshape(kept).astype(x.dtype) for v in self._statistics)
        spread = jnp.maximum(jnp.sqrt(variance), 1e-7)
        return x * spread + mean if self.invert else (x - mean) / spread

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


def _spread(given: Any, sizes: list[int]) -> np.ndarray:
    values = np.asarray(given, np.float32)
    return np.broadcast_to(values.reshape(_fit(given, sizes)), sizes)


def _fit(given: Any, sizes: list[int]) -> tuple[int, ...]:
    """The shape in which a given statistic broadcasts to the kept axes."""
    shape = np.shape(given)
    if math.prod(shape) == math.prod(sizes):
        return tuple(sizes)
    return shape[len(shape) - len(sizes) :] if len(shape) > len(sizes) else shape


def axes_of(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Axes counted from 0, in order; none for None.

    Raises:
        InputError: an axis that `ndim` axes do not have.
    """
    if axis is None:
        return ()
    given = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -ndim <= a < ndim for a in given):
        raise InputError(f"axis {axis} is out of range for {ndim} axes")
    return tuple(sorted(a % ndim for a in given))
