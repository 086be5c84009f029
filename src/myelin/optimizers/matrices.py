"""Rules that see a weight as a matrix: Adafactor and Muon."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from myelin.optimizers.base import Common, CommonWithDecay, Optimizer
from myelin.optimizers.checks import check_range
from myelin.optimizers.stepping import Arrays


class Adafactor(Optimizer):
    """Keeps the second moment of a matrix as one number a row and one a column.

        ρ = min(lr, 1 / sqrt(t)),    α = max(epsilon_2, rms(w)) · ρ,    β = 1 - t^beta_2_decay
        r ← β · r + (1 - β) · mean over columns of (g² + epsilon_1),  c likewise over rows
        v = r · c / mean(r)                             v itself is averaged for vectors
        u = g / sqrt(v)
        w ← w - α · u / max(1, rms(u) / clip_threshold)

    Args:
        learning_rate: see `Optimizer`.
        beta_2_decay: ≤ 0.
        epsilon_1, epsilon_2: ≥ 0.
        clip_threshold: > 0.
        relative_step: lets a fixed learning rate fall with 1 / sqrt(t).
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Shazeer and Stern, Adafactor, 2018.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **kwargs: Unpack[CommonWithDecay],
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        check_range(self, low=-math.inf, high=0.0, beta_2_decay=beta_2_decay)
        check_range(
            self, high=math.inf, epsilon_1=epsilon_1, epsilon_2=epsilon_2,
            clip_threshold=clip_threshold,
        )  # fmt: skip
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """r and c of matrices, v of vectors."""
        return (("row", "column", "velocity"),)

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """Zeros, for the last two axes of a matrix or for a whole vector."""
        if len(w.shape) < 2:
            return {"velocity": np.zeros(w.shape, w.dtype)}
        return {
            "row": np.zeros(w.shape[:-1], w.dtype),
            "column": np.zeros((*w.shape[:-2], w.shape[-1]), w.dtype),
        }

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """ρ and β; the first minimum only matters for a fixed rate, the second always does."""
        return {"rho": jnp.minimum(lr, 1 / jnp.sqrt(t)), "beta": 1 - t**self.beta_2_decay}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        beta, squares = scalars["beta"], jnp.square(g) + self.epsilon_1
        if w.ndim < 2:
            v = beta * slots["velocity"] + (1 - beta) * squares
            after = {"velocity": v}
        else:
            r = beta * slots["row"] + (1 - beta) * jnp.mean(squares, axis=-1)
            c = beta * slots["column"] + (1 - beta) * jnp.mean(squares, axis=-2)
            v = (r / jnp.mean(r, axis=-1, keepdims=True))[..., None] * c[..., None, :]
            after = {"row": r, "column": c}
        alpha = jnp.maximum(self.epsilon_2, _rms(w)) * scalars["rho"]
        u = g / jnp.sqrt(v)
        return w - alpha * u / jnp.maximum(1, _rms(u) / self.clip_threshold), after


def _rms(x: Any) -> Any:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


class Muon(Optimizer):
    """Momentum made orthogonal, for matrices; all else is trained by AdamW.

        m ← momentum · m + g
        o = orthogonal factor of g + momentum · m       of m itself without `nesterov`
        w ← w - lr · sqrt(max(rows, columns)) · rms_rate · o

    The factor comes from `ns_steps` Newton-Schulz steps X ← a·X + (b·A + c·A²)·X, A = X·Xᵀ.

    Args:
        learning_rate: see `Optimizer`.
        adam_beta_1, adam_beta_2, epsilon: of the AdamW for vectors and excluded weights.
        adam_weight_decay: their weight decay, or None.
        weight_decay: of matrices, or None.
        exclude_layers: regular expressions; weights whose path has one are left to AdamW.
        exclude_embeddings: leaves weights with "embedding" in their path to AdamW.
        muon_a, muon_b, muon_c: of the Newton-Schulz step.
        adam_lr_ratio: AdamW's learning rate as a multiple of this one.
        momentum: 0 to 1.
        ns_steps: how many Newton-Schulz steps.
        nesterov: looks ahead by one step.
        rms_rate: the size of a step; None leaves it as the factor gives it.
        kwargs: what every optimizer takes; see `Optimizer`.

    Raises:
        InputError: a value out of its range.

    Source: Jordan et al., Muon, 2024; Liu et al., Muon is Scalable for LLM Training, 2025.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **kwargs)
        check_range(self, adam_beta_1=adam_beta_1, adam_beta_2=adam_beta_2, momentum=momentum)
        check_range(self, high=math.inf, epsilon=epsilon, ns_steps=ns_steps)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """m, and v of what AdamW trains."""
        return (("momentum", "velocity"),)

    def _left_to_adam(self, path: str, w: Any) -> bool:
        if len(w.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """Zeros; v only where AdamW is at work."""
        zeros = np.zeros(w.shape, w.dtype)
        if self._left_to_adam(path, w):
            return {"momentum": zeros, "velocity": zeros}
        return {"momentum": zeros}

    def decay_of(self, path: str, w: Any) -> float | None:
        """AdamW's weight decay, or that of matrices."""
        return self.adam_weight_decay if self._left_to_adam(path, w) else self.weight_decay

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """The learning rate, and AdamW's with both bias corrections."""
        correction = jnp.sqrt(1 - self.adam_beta_2**t) / (1 - self.adam_beta_1**t)
        return {"lr": lr, "alpha": lr * self.adam_lr_ratio * correction}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step."""
        m = slots["momentum"]
        if "velocity" in slots:
            v = slots["velocity"]
            m = m + (1 - self.adam_beta_1) * (g - m)
            v = v + (1 - self.adam_beta_2) * (jnp.square(g) - v)
            step = scalars["alpha"] * m / (jnp.sqrt(v) + self.epsilon)
            return w - step, {"momentum": m, "velocity": v}
        m = self.momentum * m + g
        factor = self._orthogonal(g + self.momentum * m if self.nesterov else m)
        size = 1.0 if self.rms_rate is None else math.sqrt(max(w.shape)) * self.rms_rate
        return w - scalars["lr"] * size * factor, {"momentum": m}

    def _orthogonal(self, x: Any) -> Any:
        """Newton-Schulz steps towards the nearest matrix with orthonormal rows or columns."""
        tall = x.shape[-2] > x.shape[-1]
        x = x.T if tall else x
        x = x / (jnp.linalg.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            a = x @ x.T
            x = self.muon_a * x + (self.muon_b * a + self.muon_c * a @ a) @ x
        return x.T if tall else x
