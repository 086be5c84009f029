"""Adam and its family: Adam, AdamW, Adamax, Nadam, Lamb, ScheduleFreeAdamW."""

from __future__ import annotations

import math
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.kernels import adam, rows
from myelin.optimizers.base import Common, CommonWithDecay, Optimizer
from myelin.optimizers.checks import check_range
from myelin.optimizers.stepping import Arrays


class _Moments(Optimizer):
    """Keeps moving averages of the gradient and of its square, with their three settings.

    m ← m + (1 - beta_1) · (g - m),    v ← v + (1 - beta_2) · (g² - v)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, beta_1=beta_1, beta_2=beta_2)
        check_range(self, high=math.inf, epsilon=epsilon)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m and v."""
        return (("momentum", "velocity"),)

    def _moments(self, g: Any, slots: Arrays) -> tuple[Any, Any]:
        m, v = slots["momentum"], slots["velocity"]
        return m + (1 - self.beta_1) * (g - m), v + (1 - self.beta_2) * (jnp.square(g) - v)


class Adam(_Moments):
    """Adaptive moments.

        m ← m + (1 - beta_1) · (g - m)
        v ← v + (1 - beta_2) · (g² - v)                 v̂ = max over time with `amsgrad`
        w ← w - lr · sqrt(1 - beta_2^t) / (1 - beta_1^t) · m / (sqrt(v̂) + epsilon)

    Args:
        learning_rate: see `Optimizer`.
        beta_1, beta_2: 0 to 1.
        epsilon: ≥ 0; the "epsilon hat" of the paper's section 2, as in Keras. PyTorch's and
            optax's is added after the bias correction, so the two differ a little.
        amsgrad: never lets v̂ fall.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Kingma and Ba, Adam, 2014; Reddi et al., On the Convergence of Adam and Beyond, 2018.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.amsgrad = amsgrad

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m and v, and v̂ with `amsgrad`."""
        return (*super().slot_names, ("velocity_hat",)) if self.amsgrad else super().slot_names

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """The learning rate with both bias corrections."""
        return {"alpha": lr * jnp.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)}, shared

    @property
    def takes_rows(self) -> bool:  # type: ignore[override]
        """Where nothing but the rule looks at the gradients; `update` may be one of a subclass."""
        changed = self.clipnorm, self.global_clipnorm, self.clipvalue, self.loss_scale_factor
        summed = self.gradient_accumulation_steps
        own = type(self).update is Adam.update
        return own and not self.amsgrad and not summed and not any(changed)

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        few_rows = isinstance(g, rows.Rows)
        if few_rows or (adam.suits(w) and not self.amsgrad):
            numbers = scalars["alpha"], 1 - self.beta_1, 1 - self.beta_2, self.epsilon
            step = rows.adam_step if few_rows else adam.step
            w, m, v = step(numbers, g, w, slots["momentum"], slots["velocity"])
            return w, {"momentum": m, "velocity": v}
        m, v = self._moments(g, slots)
        after = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = after["velocity_hat"] = jnp.maximum(slots["velocity_hat"], v)
        return w - scalars["alpha"] * m / (jnp.sqrt(v) + self.epsilon), after


class AdamW(Adam):
    """Adam with weight decay that does not pass through the moments.

    w ← w - w · weight_decay · lr, then a step of `Adam`.

    Args:
        learning_rate: see `Optimizer`.
        weight_decay: ≥ 0.
        beta_1, beta_2, epsilon, amsgrad: as for `Adam`.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range, or no weight decay.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Unpack[Common],
    ) -> None:
        if weight_decay is None:
            raise InputError("AdamW: weight_decay wants a number; Adam is the one without")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs
        )


class Adamax(_Moments):
    """Adam with the largest gradient in the place of the mean square.

        m ← m + (1 - beta_1) · (g - m)
        u ← max(beta_2 · u, |g|)
        w ← w - lr / (1 - beta_1^t) · m / (u + epsilon)

    Args:
        learning_rate: see `Optimizer`.
        beta_1, beta_2: 0 to 1.
        epsilon: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Kingma and Ba, Adam, section 7, 2014.
    """

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m and u."""
        return (("momentum", "norm"),)

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """The learning rate with its bias correction."""
        return {"alpha": lr / (1 - self.beta_1**t)}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        m = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        u = jnp.maximum(self.beta_2 * slots["norm"], jnp.abs(g))
        return w - scalars["alpha"] * m / (u + self.epsilon), {"momentum": m, "norm": u}


class Nadam(_Moments):
    """Adam with Nesterov's look ahead.

        u_t = beta_1 · (1 - 0.96^t / 2),    U_t = u_1 · … · u_t
        m̂ = u_(t+1) · m / (1 - U_(t+1)) + (1 - u_t) · g / (1 - U_t)
        w ← w - lr · m̂ / (sqrt(v / (1 - beta_2^t)) + epsilon)

    Args:
        learning_rate: see `Optimizer`.
        beta_1, beta_2: 0 to 1.
        epsilon: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Dozat, Incorporating Nesterov Momentum into Adam, 2015.
    """

    def initial_shared(self) -> Arrays:
        """U before the first step."""
        return {"u_product": np.ones((), np.float32)}

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """The factors of m and g in m̂, and the next U."""
        u, ahead = (self.beta_1 * (1 - 0.5 * 0.96 ** (t + k)) for k in (0, 1))
        product = shared["u_product"] * u
        scalars = {
            "lr": lr,
            "of_m": ahead / (1 - product * ahead),
            "of_g": (1 - u) / (1 - product),
            "of_v": 1 / (1 - self.beta_2**t),
        }
        return scalars, {"u_product": product.astype(shared["u_product"].dtype)}

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        m, v = self._moments(g, slots)
        m_hat = scalars["of_m"] * m + scalars["of_g"] * g
        w = w - scalars["lr"] * m_hat / (jnp.sqrt(v * scalars["of_v"]) + self.epsilon)
        return w, {"momentum": m, "velocity": v}


class Lamb(_Moments):
    """Adam whose step is as long, layer by layer, as the weights themselves.

        r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
        w ← w - lr · ‖w‖ / ‖r‖ · r,     the ratio is 1 where a norm is 0

    Args:
        learning_rate: see `Optimizer`.
        beta_1, beta_2: 0 to 1.
        epsilon: ≥ 0.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: You et al., Large Batch Optimization for Deep Learning, 2019.
    """

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """Both bias corrections."""
        corrections = {"of_m": 1 / (1 - self.beta_1**t), "of_v": 1 / (1 - self.beta_2**t)}
        return {"lr": lr, **corrections}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        m, v = self._moments(g, slots)
        r = scalars["of_m"] * m / (jnp.sqrt(scalars["of_v"] * v) + self.epsilon)
        long, wide = jnp.sqrt(jnp.sum(jnp.square(w))), jnp.sqrt(jnp.sum(jnp.square(r)))
        both = (long > 0) & (wide > 0)
        ratio = jnp.where(both, long / jnp.where(both, wide, 1), 1)
        return w - scalars["lr"] * ratio * r, {"momentum": m, "velocity": v}


class ScheduleFreeAdamW(_Moments):
    """Adam that averages its way instead of letting the learning rate fall.

        v ← v + (1 - beta_2) · (g² - v)
        x = (w - (1 - beta_1) · z) / beta_1
        z ← z - lr · min(t / warmup_steps, 1) · g / (sqrt(v / (1 - beta_2^t)) + epsilon)
        x ← x + (z - x) / t
        w ← (1 - beta_1) · z + beta_1 · x

    Args:
        learning_rate: see `Optimizer`.
        beta_1: in (0, 1].
        beta_2: 0 to 1.
        epsilon: ≥ 0.
        warmup_steps: how many steps the learning rate takes to rise.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Defazio et al., The Road Less Scheduled, 2024.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        check_range(self, high=math.inf, warmup_steps=warmup_steps)
        if beta_1 == 0:
            raise InputError("ScheduleFreeAdamW: beta_1 must be above 0, it is divided by")
        self.warmup_steps = warmup_steps

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """z, which begins where the weights are, and v."""
        return {"momentum": w, "velocity": np.zeros(w.shape, w.dtype)}

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """The risen learning rate, the bias correction and the weight of the newest point."""
        rise = jnp.minimum(t / self.warmup_steps, 1) if self.warmup_steps else 1.0
        return {"lr": lr * rise, "of_v": 1 / (1 - self.beta_2**t), "newest": 1 / t}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        z, beta = slots["momentum"], self.beta_1
        v = slots["velocity"] + (1 - self.beta_2) * (jnp.square(g) - slots["velocity"])
        x = (w - (1 - beta) * z) / beta
        z = z - scalars["lr"] * g / (jnp.sqrt(v * scalars["of_v"]) + self.epsilon)
        x = x + scalars["newest"] * (z - x)
        return (1 - beta) * z + beta * x, {"momentum": z, "velocity": v}
