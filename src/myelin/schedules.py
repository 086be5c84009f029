"""Learning rates that change with the step: what Keras calls `optimizers.schedules`.

A schedule is called with the step, a whole number from 0, and gives the learning rate as a
float32 scalar. Given a jax array it computes with jax, so it works inside a compiled step;
given a Python or NumPy number it computes with NumPy and compiles nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import registry
from myelin.errors import InputError
from myelin.registry import Configured
from myelin.variable import Variable


def _as_float(step: Any) -> tuple[Any, Any]:
    """The step as float32, and the array module to go on with: jax's or NumPy's."""
    if isinstance(step, Variable):
        step = step.value
    xp: Any = jnp if isinstance(step, jax.Array) else np
    return xp.asarray(step, dtype=np.float32), xp


def _positive(owner: Any, **steps: float) -> None:
    for name, value in steps.items():
        if not value > 0:
            raise InputError(f"{type(owner).__name__}: {name} must be > 0, got {value!r}")


class LearningRateSchedule(Configured):
    """The base of schedules: a subclass overrides `__call__(self, step)`.

    Raises:
        NotImplementedError: the base itself is called.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`, a float32 scalar."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, step)")


class ExponentialDecay(LearningRateSchedule):
    """Multiplies the rate by `decay_rate` every `decay_steps` steps.

        lr(step) = initial_learning_rate · decay_rate ^ (step / decay_steps)

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how many steps one factor takes, > 0.
        decay_rate: the factor.
        staircase: takes the exponent's whole part, so that the rate falls in jumps.
        name: kept for the configuration.

    Raises:
        InputError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        _positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        p = step / np.float32(self.decay_steps)
        if self.staircase:
            p = xp.floor(p)
        return np.float32(self.initial_learning_rate) * np.float32(self.decay_rate) ** p


class PiecewiseConstantDecay(LearningRateSchedule):
    """Holds one value up to and including each boundary, then the next.

        lr(step) = values[number of boundaries that step is beyond]

    Args:
        boundaries: steps in increasing order.
        values: one rate more than there are boundaries.
        name: kept for the configuration.

    Raises:
        InputError: the lengths do not fit, or the boundaries do not increase.
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise InputError(
                "PiecewiseConstantDecay wants one value more than boundaries, got "
                f"{len(boundaries)} boundaries and {len(values)} values"
            )
        if any(low >= high for low, high in itertools.pairwise(boundaries)):
            raise InputError(f"PiecewiseConstantDecay: boundaries must increase, got {boundaries}")
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        beyond = (step > np.asarray(self.boundaries, np.float32)).sum()
        return xp.take(xp.asarray(self.values, dtype=np.float32), beyond)


class PolynomialDecay(LearningRateSchedule):
    """Goes from the initial rate to `end_learning_rate` along a polynomial.

        lr(step) = (initial_learning_rate - end_learning_rate) · (1 - step / decay_steps) ^ power
                   + end_learning_rate

    `step` stops at `decay_steps`; with `cycle` it does not, and `decay_steps` is its first
    multiple that is not below `step`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how many steps the way takes, > 0.
        end_learning_rate: the rate at the end.
        power: of the polynomial; 1 is a straight line.
        cycle: starts again, lower and slower, each time the end is reached.
        name: kept for the configuration.

    Raises:
        InputError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        end = np.float32(self.end_learning_rate)
        decay_steps = np.float32(self.decay_steps)
        if self.cycle:
            decay_steps = decay_steps * xp.maximum(xp.ceil(step / decay_steps), np.float32(1))
        else:
            step = xp.minimum(step, decay_steps)
        p = step / decay_steps
        span = np.float32(self.initial_learning_rate) - end
        return span * (1 - p) ** np.float32(self.power) + end


class InverseTimeDecay(LearningRateSchedule):
    """Divides the rate by a number that grows with time.

        lr(step) = initial_learning_rate / (1 + decay_rate · step / decay_steps)

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the unit of time, in steps, > 0.
        decay_rate: how much the divisor grows in one unit.
        staircase: takes the whole part of `step / decay_steps`, so that the rate falls in jumps.
        name: kept for the configuration.

    Raises:
        InputError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        _positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        p = step / np.float32(self.decay_steps)
        if self.staircase:
            p = xp.floor(p)
        return np.float32(self.initial_learning_rate) / (1 + np.float32(self.decay_rate) * p)


class CosineDecay(LearningRateSchedule):
    """Half a cosine wave down from the initial rate, after an optional straight warm-up.

        warm-up, step < warmup_steps:
            lr = initial + (warmup_target - initial) · step / warmup_steps
        then, with s = min(step - warmup_steps, decay_steps):
            lr = top · ((1 - alpha) · (1 + cos(π · s / decay_steps)) / 2 + alpha)

    where `top` is `warmup_target`, or the initial rate when there is no warm-up.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how many steps the wave takes, > 0.
        alpha: the rate at the end, as a fraction of `top`.
        name: kept for the configuration.
        warmup_target: the rate at the end of the warm-up; None: no warm-up.
        warmup_steps: how many steps the warm-up takes.

    Raises:
        InputError: `decay_steps` is not positive.

    Source: Loshchilov and Hutter, SGDR, 2016; warm-up: Goyal et al., 2017.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        _positive(self, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        initial = np.float32(self.initial_learning_rate)
        if self.warmup_target is None:
            return initial * self._wave(step, xp)
        target, warmup_steps = np.float32(self.warmup_target), np.float32(self.warmup_steps)
        # Where there are no warm-up steps the first branch is never taken, but is computed.
        rising = initial + (target - initial) * step / np.float32(self.warmup_steps or 1)
        falling = target * self._wave(step - warmup_steps, xp)
        return xp.where(step < warmup_steps, rising, falling)

    def _wave(self, s: Any, xp: Any) -> Any:
        p = xp.minimum(s / np.float32(self.decay_steps), np.float32(1))
        alpha = np.float32(self.alpha)
        return (1 - alpha) * np.float32(0.5) * (1 + xp.cos(np.float32(math.pi) * p)) + alpha


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine waves one after another, each `t_mul` times as long and `m_mul` times as high.

    With f = step / first_decay_steps, restart i begins at f = s(i) = (t_mul^i - 1) / (t_mul - 1),
    or s(i) = i when t_mul is 1, and within it

        p  = (f - s(i)) / t_mul^i
        lr = initial_learning_rate · ((1 - alpha) · m_mul^i · (1 + cos(π · p)) / 2 + alpha)

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: how many steps the first wave takes, > 0.
        t_mul: how much longer each wave is than the one before.
        m_mul: how much higher each wave starts than the one before.
        alpha: the lowest rate, as a fraction of the initial one.
        name: kept for the configuration.

    Raises:
        InputError: `first_decay_steps` or `t_mul` is not positive.

    Source: Loshchilov and Hutter, SGDR, 2016.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _positive(self, first_decay_steps=first_decay_steps, t_mul=t_mul)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step, xp = _as_float(step)
        i, p = self._position(step / np.float32(self.first_decay_steps), xp)
        alpha = np.float32(self.alpha)
        wave = np.float32(0.5) * np.float32(self.m_mul) ** i * (1 + xp.cos(np.float32(math.pi) * p))
        return np.float32(self.initial_learning_rate) * ((1 - alpha) * wave + alpha)

    def _position(self, f: Any, xp: Any) -> tuple[Any, Any]:
        """Which wave `f` lies in, and how far along it, from 0 to 1."""
        t_mul = np.float32(self.t_mul)
        if t_mul == 1:
            i = xp.floor(f)
            return i, f - i

        def start(i: Any) -> Any:
            return (t_mul**i - 1) / (t_mul - 1)

        i = xp.floor(xp.log(1 + f * (t_mul - 1)) / xp.log(t_mul))
        # The logarithm may be off by one unit in the last place, which next to a restart would
        # put the step into the wrong wave.
        i = xp.where(start(i + 1) <= f, i + 1, i)
        i = xp.where(start(i) > f, i - 1, i)
        return i, (f - start(i)) / t_mul**i


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """A schedule as plain JSON values."""
    return dict(registry.serialize(learning_rate_schedule))


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule that `serialize` wrote, here or in Keras.

    Raises:
        UnknownNameError: no schedule of that name.
    """
    module = config.get("module") or "keras.optimizers.schedules"
    return registry.deserialize({**config, "module": module}, custom_objects)
