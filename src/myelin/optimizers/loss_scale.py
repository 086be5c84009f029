"""`LossScaleOptimizer`: a scale for the loss that follows what short floats can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from myelin import registry
from myelin.errors import InputError
from myelin.optimizers.base import Optimizer
from myelin.optimizers.checks import check_range
from myelin.optimizers.state import StateVariable
from myelin.optimizers.stepping import Arrays, State


class LossScaleOptimizer(Optimizer):
    """An optimizer around another, for float16, whose gradients else vanish to zero.

    The loss is multiplied by a scale before it is differentiated, and the gradients are divided
    by it before the inner optimizer has them. Where a gradient is not finite, the step is left
    out and the scale is halved; after `dynamic_growth_steps` finite ones in a row it doubles.

    Args:
        inner_optimizer: the optimizer that moves the parameters; its own `loss_scale_factor` is
            set to None.
        initial_scale: the scale to begin with, above 0.
        dynamic_growth_steps: how many steps the scale stays before it doubles, ≥ 1.
        name: the first part of its own variables' paths.

    Raises:
        InputError: something that is no optimizer, or a number out of its range.

    Source: Micikevicius et al., Mixed Precision Training, 2018, section 3.2.
    """

    def __init__(
        self,
        inner_optimizer: Any,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise InputError(f"LossScaleOptimizer wants an optimizer, got {inner_optimizer!r}")
        check_range(self, low=2.0**-126, high=2.0**127, initial_scale=initial_scale)
        check_range(self, low=1, high=2**31 - 1, dynamic_growth_steps=dynamic_growth_steps)
        self.inner_optimizer = inner_optimizer
        super().__init__(learning_rate=0.0, name=name)
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.inner_optimizer.loss_scale_factor = None

    def initial_shared(self) -> Arrays:
        """The steps since the scale last changed, and the scale."""
        return {
            "step_counter": np.zeros((), np.int32),
            "dynamic_scale": np.asarray(self.initial_scale, np.float32),
        }

    def init(self, params: Mapping[str, Any]) -> State:
        """The state of a fresh run, that of the inner optimizer under "inner"."""
        return {**super().init(params), "inner": self.inner_optimizer.init(params)}

    def scale_loss(self, loss: Any, state: State | None = None) -> Any:
        """The loss to differentiate: multiplied by the scale of `state`, or of now."""
        state = state or self._state
        return loss * (self.initial_scale if state is None else state["shared"]["dynamic_scale"])

    def step(self, params: Arrays, grads: Arrays, state: State) -> tuple[Arrays, State]:
        """One update of the inner optimizer, or a smaller scale; see `Stepping.step`."""
        count, scale = state["shared"]["step_counter"], state["shared"]["dynamic_scale"]

        def move() -> tuple[Arrays, State]:
            unscaled = {path: (g / scale).astype(g.dtype) for path, g in grads.items()}
            moved, inner = self.inner_optimizer.step(params, unscaled, state["inner"])
            grows = count == self.dynamic_growth_steps - 1
            shared = {
                "step_counter": jnp.where(grows, 0, count + 1),
                "dynamic_scale": jnp.where(grows, scale * 2, scale),
            }
            return moved, {**state, "shared": shared, "inner": inner}

        def skip() -> tuple[Arrays, State]:
            shared = {"step_counter": jnp.zeros_like(count), "dynamic_scale": scale * 0.5}
            return dict(params), {**state, "shared": shared}

        finite = jnp.array([jnp.isfinite(g).all() for g in grads.values()]).all()
        return jax.lax.cond(finite, move, skip)

    # The inner optimizer keeps its part of the state, so that it can be read and set as always.

    @property
    def state(self) -> State | None:
        """The live state, or None before `build`."""
        return self._state

    @state.setter
    def state(self, new: State | None) -> None:
        self._state = new
        self.inner_optimizer.state = None if new is None else new["inner"]

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the state for `variables`, whose order `apply(grads)` then follows."""
        if not self.built:
            self.serve(variables)

    def serve(self, variables: Sequence[Any]) -> None:
        """Makes sure that the state is the one for exactly these variables."""
        inner = self.inner_optimizer
        inner.serve(variables)
        self._trainable = inner._trainable
        if self._state is None:
            self.state = {**super().init({}), "inner": inner.state}
        elif self._state["inner"] is not inner.state:
            self.state = {**self._state, "inner": inner.state}

    @property
    def revision(self) -> int:
        """Grows when a setting changes that a compiled step has taken in as a constant."""
        return super().revision + self.inner_optimizer.revision

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """How many steps the inner optimizer took."""
        return self.inner_optimizer.iterations

    @property
    def dynamic_scale(self) -> StateVariable:
        """The scale as it is now; there once the optimizer is built."""
        return StateVariable(self, ("shared", "dynamic_scale"), "dynamic_scale")

    @property
    def step_counter(self) -> StateVariable:
        """The steps since the scale last changed; there once the optimizer is built."""
        return StateVariable(self, ("shared", "step_counter"), "step_counter")

    @property
    def variables(self) -> list[StateVariable]:
        """Its own state, then that of the inner optimizer, in Keras's order."""
        return [*super().variables, *self.inner_optimizer.variables]

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Puts the moving averages into the variables, where the inner optimizer keeps such."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer."""
        return {
            "name": self.name,
            "inner_optimizer": registry.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """A new optimizer from what `get_config` gave, here or in Keras.

        Raises:
            InputError: settings of an earlier Keras that only the inner optimizer can have.
        """
        unused = {key: value for key, value in config.items() if key in _UNUSED}
        changed = [key for key, value in unused.items() if value != _UNUSED[key]]
        if changed:
            raise InputError(f"LossScaleOptimizer has no {changed[0]}: set it on inner_optimizer")
        kept = {key: value for key, value in config.items() if key not in _UNUSED}
        return super().from_config(kept, custom_objects)


# What earlier versions of Keras wrote into the configuration, with the values that mean nothing.
_UNUSED: dict[str, Any] = {
    "dynamic": True,
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
