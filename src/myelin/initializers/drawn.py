"""Initializers that draw: uniform, normal, scaled by the number of inputs, orthogonal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin.errors import InputError, ShapeError
from myelin.initializers.base import RandomInitializer, as_array


def _truncated(generator: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Draws from the standard normal distribution, between -2 and 2 only."""
    values = generator.standard_normal(tuple(shape))
    while True:
        outside = np.abs(values) > 2
        count = int(outside.sum())
        if not count:
            return values
        values[outside] = generator.standard_normal(count)


class RandomNormal(RandomInitializer):
    """Normal with a mean and a standard deviation.

    Args:
        mean, stddev: of the distribution.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Drawn numbers in that shape and type."""
        values = self._generator().standard_normal(tuple(shape))
        return as_array(self.mean + self.stddev * values, dtype)


class TruncatedNormal(RandomInitializer):
    """Normal, with draws further than two standard deviations from the mean drawn again.

    Args:
        mean, stddev: of the distribution before it is cut.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Drawn numbers in that shape and type."""
        return as_array(self.mean + self.stddev * _truncated(self._generator(), shape), dtype)


class RandomUniform(RandomInitializer):
    """Uniform from `minval` to `maxval`.

    Args:
        minval, maxval: the range.
        seed: see `RandomInitializer`.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Drawn numbers in that shape and type."""
        return as_array(self._generator().uniform(self.minval, self.maxval, tuple(shape)), dtype)


class VarianceScaling(RandomInitializer):
    """Draws with variance `scale / n`, so that signals keep their size from layer to layer.

    Args:
        scale: > 0.
        mode: n is the number of inputs (`"fan_in"`), of outputs (`"fan_out"`), or their mean
            (`"fan_avg"`).
        distribution: `"truncated_normal"` (also `"normal"`), `"untruncated_normal"` or
            `"uniform"`.
        seed: see `RandomInitializer`.
        input_axes, output_axes: the axes of the shape that count inputs and outputs; by default
            the last two, times the size of a convolution's window.

    Raises:
        InputError: a scale that is not positive, an unknown mode or distribution.
    """

    # The standard deviation of a normal distribution that is cut at ±2.
    _TRUNCATED = 0.87962566103423978

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        name = type(self).__name__
        distribution = distribution.lower()
        if scale <= 0:
            raise InputError(f"{name}: scale must be above 0, got {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise InputError(f'{name}: mode wants "fan_in", "fan_out" or "fan_avg", got {mode!r}')
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise InputError(
                f'{name}: distribution wants "truncated_normal", "untruncated_normal" or '
                f'"uniform", got {distribution!r}'
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Drawn numbers in that shape and type."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return as_array(generator.uniform(-limit, limit, tuple(shape)), dtype)
        if self.distribution == "untruncated_normal":
            return as_array(math.sqrt(variance) * generator.standard_normal(tuple(shape)), dtype)
        stddev = math.sqrt(variance) / self._TRUNCATED
        return as_array(stddev * _truncated(generator, shape), dtype)


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """How many inputs and outputs a unit has, for a kernel of that shape."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class _Scaled(VarianceScaling):
    """A `VarianceScaling` whose scale, mode and distribution its name says."""

    _settings: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._settings, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform within ±sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio, 2010."""

    _settings = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal, variance 2 / (fan_in + fan_out). Source: Glorot and Bengio, 2010."""

    _settings = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform within ±sqrt(6 / fan_in). Source: He et al., 2015."""

    _settings = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal, variance 2 / fan_in. Source: He et al., 2015."""

    _settings = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform within ±sqrt(3 / fan_in). Source: LeCun et al., Efficient BackProp, 1998."""

    _settings = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal, variance 1 / fan_in. Source: LeCun et al., Efficient BackProp, 1998."""

    _settings = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal columns, or rows where there are fewer rows.

    A shape with more axes is filled as the matrix (all but the last, last).

    Args:
        gain: a factor.
        seed: see `RandomInitializer`.

    Raises:
        ShapeError: the shape has fewer than 2 axes.

    Source: Saxe et al., Exact solutions to the nonlinear dynamics of learning, 2014.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The matrix in that shape and type."""
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal wants 2 axes or more to fill, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draws = self._generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(draws)
        # The signs make every orthogonal matrix equally likely.
        q = q * np.sign(np.diag(r))
        return as_array(self.gain * (q if rows >= columns else q.T).reshape(shape), dtype)
