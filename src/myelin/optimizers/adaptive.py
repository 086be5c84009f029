"""Rules that scale each number's step by its past gradients: Adagrad, Adadelta, RMSprop, Ftrl."""

from __future__ import annotations

import math
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from myelin.optimizers.base import CommonWithDecay, Optimizer
from myelin.optimizers.checks import check_range
from myelin.optimizers.stepping import Arrays


class Adagrad(Optimizer):
    """Divides by the root of the sum of all squared gradients.

        a ← a + g²
        w ← w - lr · g / sqrt(a + epsilon)

    Args:
        learning_rate: see `Optimizer`.
        initial_accumulator_value: a before the first step, ≥ 0.
        epsilon: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Duchi et al., Adaptive Subgradient Methods, 2011.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(
            self, high=math.inf, initial_accumulator_value=initial_accumulator_value,
            epsilon=epsilon,
        )  # fmt: skip
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """a."""
        return (("accumulator",),)

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """a before the first step."""
        return {"accumulator": np.full(w.shape, self.initial_accumulator_value, w.dtype)}

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        a = slots["accumulator"] + jnp.square(g)
        return w - scalars["lr"] * g / jnp.sqrt(a + self.epsilon), {"accumulator": a}


class Adadelta(Optimizer):
    """Scales each step by the size of the steps before, so that units agree.

        a ← rho · a + (1 - rho) · g²
        δ = g · sqrt(d + epsilon) / sqrt(a + epsilon)
        d ← rho · d + (1 - rho) · δ²
        w ← w - lr · δ

    Args:
        learning_rate: see `Optimizer`; the paper has 1.0.
        rho: 0 to 1.
        epsilon: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Zeiler, ADADELTA, 2012.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, rho=rho)
        check_range(self, high=math.inf, epsilon=epsilon)
        self.rho = rho
        self.epsilon = epsilon

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """a and d."""
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        rho, d = self.rho, slots["accumulated_delta_var"]
        a = rho * slots["accumulated_grad"] + (1 - rho) * jnp.square(g)
        delta = g * jnp.sqrt(d + self.epsilon) / jnp.sqrt(a + self.epsilon)
        d = rho * d + (1 - rho) * jnp.square(delta)
        return w - scalars["lr"] * delta, {"accumulated_grad": a, "accumulated_delta_var": d}


class RMSprop(Optimizer):
    """Divides by the root of a moving average of squared gradients.

        v ← rho · v + (1 - rho) · g²
        a ← rho · a + (1 - rho) · g                     with `centered`, else a = 0
        s = lr · g / sqrt(v - a² + epsilon)
        m ← momentum · m + s;  w ← w - m                w ← w - s without momentum

    Args:
        learning_rate: see `Optimizer`.
        rho: 0 to 1.
        momentum: 0 to 1.
        epsilon: ≥ 0.
        centered: divides by an estimate of the variance instead.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Tieleman and Hinton, Lecture 6.5, 2012; centered: Graves, 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, rho=rho, momentum=momentum)
        check_range(self, high=math.inf, epsilon=epsilon)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """v, m with momentum, and a where it is centered."""
        momentum = (("momentum",),) if self.momentum > 0 else ()
        average = (("average_gradient",),) if self.centered else ()
        return (("velocity",), *momentum, *average)

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        rho = self.rho
        v = rho * slots["velocity"] + (1 - rho) * jnp.square(g)
        after = {"velocity": v}
        if self.centered:
            a = rho * slots["average_gradient"] + (1 - rho) * g
            after["average_gradient"] = a
            v = v - jnp.square(a)
        step = scalars["lr"] * g / jnp.sqrt(v + self.epsilon)
        if self.momentum > 0:
            step = self.momentum * slots["momentum"] + step
            after["momentum"] = step
        return w - step, after


class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse linear models.

        g ← g + 2 · l2_shrinkage · w                    for z only
        a' = a + g²
        z ← z + g - (a'^-p - a^-p) / lr · w
        w ← (clip(z, -l1, l1) - z) / (a'^-p / lr + 2 · l2 + beta / lr),    a ← a'

    Args:
        learning_rate: see `Optimizer`.
        learning_rate_power: p ≤ 0; -0.5 is the paper's.
        initial_accumulator_value: a before the first step, ≥ 0.
        l1_regularization_strength, l2_regularization_strength: l1 and l2, ≥ 0.
        l2_shrinkage_regularization_strength: ≥ 0.
        beta: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: McMahan et al., Ad Click Prediction, 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, low=-math.inf, high=0.0, learning_rate_power=learning_rate_power)
        check_range(
            self, high=math.inf, initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength, beta=beta,
        )  # fmt: skip
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """a and z."""
        return (("accumulator", "linear"),)

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """a and z before the first step."""
        a = np.full(w.shape, self.initial_accumulator_value, w.dtype)
        return {"accumulator": a, "linear": np.zeros(w.shape, w.dtype)}

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        lr, power = scalars["lr"], -self.learning_rate_power
        a, l1 = slots["accumulator"], self.l1_regularization_strength
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * w
        after = a + jnp.square(g)
        z = slots["linear"] + shrunk - (after**power - a**power) / lr * w
        l2 = self.l2_regularization_strength + self.beta / (2 * lr)
        w = (jnp.clip(z, -l1, l1) - z) / (after**power / lr + 2 * l2)
        return w, {"accumulator": after, "linear": z}
