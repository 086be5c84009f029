"""Rules that follow the gradient or its sign: SGD and Lion."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from myelin.errors import InputError
from myelin.optimizers.base import CommonWithDecay, Optimizer
from myelin.optimizers.checks import check_range
from myelin.optimizers.stepping import Arrays


class SGD(Optimizer):
    """Gradient descent, plain or with momentum.

        m ← momentum · m - lr · g
        w ← w + m                           w ← w + momentum · m - lr · g   with `nesterov`

    Args:
        learning_rate: see `Optimizer`.
        momentum: 0 to 1; 0 keeps no m.
        nesterov: looks ahead by one step.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a momentum outside its range.

    Source: Polyak, 1964; Sutskever et al., On the importance of initialization and momentum, 2013.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, momentum=momentum)
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m, with momentum only."""
        return (("momentum",),) if self.momentum else ()

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        lr = scalars["lr"]
        if not self.momentum:
            return w - lr * g, {}
        m = self.momentum * slots["momentum"] - lr * g
        return w + (self.momentum * m - lr * g if self.nesterov else m), {"momentum": m}


class Lion(Optimizer):
    """Steps of one size in the direction of a momentum's sign.

        w ← w - lr · sign(beta_1 · m + (1 - beta_1) · g)
        m ← beta_2 · m + (1 - beta_2) · g

    Args:
        learning_rate: see `Optimizer`; 3 to 10 times smaller than for Adam.
        beta_1: in (0, 1].
        beta_2: 0 to 1.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a beta outside its range.

    Source: Chen et al., Symbolic Discovery of Optimization Algorithms, 2023.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, beta_1=beta_1, beta_2=beta_2)
        if beta_1 == 0:
            raise InputError("Lion: beta_1 must be above 0; at 0 there is only the sign of g")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m."""
        return (("momentum",),)

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        m = slots["momentum"]
        w = w - scalars["lr"] * jnp.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        return w, {"momentum": self.beta_2 * m + (1 - self.beta_2) * g}
