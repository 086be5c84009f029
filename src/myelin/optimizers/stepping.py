"""The pure half of an optimizer: `init` and `step`, over dictionaries of arrays by path."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.optimizers import clipping
from myelin.placing import owned

Arrays = dict[str, Any]
State = dict[str, Any]


class Stepping:
    """Learning rate, clipping, weight decay, accumulation and averaging around a rule.

    A rule says three things: which arrays it keeps for a parameter (`slot_names`), which
    scalars it needs once a step (`prepare`), and how one parameter moves (`update`).
    """

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    _schedule: Any
    _trainable: dict[str, Any] | None

    # Whether a gradient may be `kernels.rows.Rows` in the place of an array.
    takes_rows = False

    @property
    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        """The arrays kept for each parameter, in groups; Keras orders its variables by group."""
        return ()

    def initial_slots(self, path: str, w: Any) -> Arrays:
        """The first values of the arrays kept for the parameter `w`: zeros."""
        return {name: np.zeros(w.shape, w.dtype) for group in self.slot_names for name in group}

    def initial_shared(self) -> Arrays:
        """The first values of what is kept once for all parameters: nothing."""
        return {}

    def prepare(self, lr: Any, t: Any, shared: Arrays) -> tuple[Arrays, Arrays]:
        """What all parameters need in this step, computed once.

        Args:
            lr: the learning rate.
            t: how many updates there will have been after this one, a float scalar from 1.
            shared: what the step before left.

        Returns:
            The scalars handed to `update`, and the new `shared`.
        """
        return {"lr": lr}, shared

    def update(self, w: Any, g: Any, slots: Arrays, scalars: Arrays) -> tuple[Any, Arrays]:
        """One parameter's step, from its value `w` and gradient `g`.

        Returns:
            The new value and the new slots.
        """
        raise NotImplementedError(f"{type(self).__name__} must override update or update_step")

    def decay_of(self, path: str, w: Any) -> float | None:
        """The weight decay of one parameter, or None; `exclude_from_weight_decay` comes on top."""
        return self.weight_decay

    def init(self, params: Mapping[str, Any]) -> State:
        """The state of a fresh run, made on the host without compiling anything.

        Args:
            params: the parameters' arrays by path.

        Returns:
            A dictionary with "iterations" (int32), "learning_rate" (float32, unless it is a
            schedule), and the arrays of the rule. No two leaves share memory.
        """
        state: State = {key: on_device(value) for key, value in self._live_numbers().items()}
        if self.use_ema:
            state["average"] = _zeros_like(params)
        if self.gradient_accumulation_steps:
            state["accumulator"] = _zeros_like(params)
        state["slots"] = {
            path: {name: on_device(value) for name, value in self.initial_slots(path, w).items()}
            for path, w in params.items()
        }
        state["shared"] = {name: on_device(v) for name, v in self.initial_shared().items()}
        if not any(state["slots"].values()):
            del state["slots"]
        return {key: value for key, value in state.items() if not isinstance(value, dict) or value}

    def step(self, params: Arrays, grads: Arrays, state: State) -> tuple[Arrays, State]:
        """One update: pure, and fit for `jit`, `scan` and `vmap`.

        Args:
            params: parameters by path.
            grads: gradients by path; parameters without one stay as they are.
            state: from `init` or the step before.

        Returns:
            New parameters and new state, of the same structure.
        """
        after = dict(state)
        if self.loss_scale_factor is not None:
            grads = {path: g / self.loss_scale_factor for path, g in grads.items()}
        if self.gradient_accumulation_steps:
            params, moved = self._accumulate(params, grads, state)
        else:
            params, moved = self._move(params, grads, state)
        after.update(moved)
        if self.use_ema:
            params, after["average"] = self._average(params, state)
        params = self._constrain(params)
        after["iterations"] = state["iterations"] + 1
        return params, after

    def _move(self, params: Arrays, grads: Arrays, state: State) -> tuple[Arrays, State]:
        """Clips, decays and applies the rule."""
        lr, grads, params = self._rate(state), self._clip(grads), dict(params)
        for path in grads:
            params[path] = self._decay(path, params[path], lr)
        return self._update_all(params, grads, state, lr)

    def _update_all(
        self, params: Arrays, grads: Arrays, state: State, lr: Any
    ) -> tuple[Arrays, State]:
        # Short floats cannot hold a step count or 1 - 0.999; the scalars are cast afterwards.
        wide = jnp.result_type(jnp.float32, *(params[path].dtype for path in grads))
        t = (self._updates(state) + 1).astype(wide)
        scalars, shared = self.prepare(jnp.asarray(lr, wide), t, state.get("shared", {}))
        slots = dict(state.get("slots", {}))
        for path, g in grads.items():
            w = params[path]
            own = {name: value.astype(w.dtype) for name, value in scalars.items()}
            params[path], kept = self.update(w, g.astype(w.dtype), slots.get(path, {}), own)
            if kept:
                slots[path] = kept
        return params, {
            key: value
            for key, value in (("slots", slots), ("shared", shared))
            if key in state  # A rule without slots has no such entry, before or after.
        }

    def _accumulate(self, params: Arrays, grads: Arrays, state: State) -> tuple[Arrays, State]:
        """Adds the gradients up, and moves once every `gradient_accumulation_steps` steps."""
        steps = self.gradient_accumulation_steps or 1
        sums = {path: g + state["accumulator"][path] for path, g in grads.items()}
        kept = {key: state[key] for key in _OF_RULES if key in state}

        def move() -> tuple[Arrays, State]:
            mean = {path: total / steps for path, total in sums.items()}
            moved, after = self._move(params, mean, state)
            zeros = {path: jnp.zeros_like(a) for path, a in state["accumulator"].items()}
            return moved, {**kept, **after, "accumulator": zeros}

        def wait() -> tuple[Arrays, State]:
            return dict(params), {**kept, "accumulator": {**state["accumulator"], **sums}}

        return jax.lax.cond((state["iterations"] + 1) % steps == 0, move, wait)

    def _average(self, params: Arrays, state: State) -> tuple[Arrays, Arrays]:
        """average ← momentum · average + (1 - momentum) · w; the first step takes w as it is."""
        updates = self._updates(state)
        momentum = jnp.where(updates == 0, 0.0, self.ema_momentum)
        average = dict(state["average"])
        for path, w in params.items():
            mu = momentum.astype(w.dtype)
            average[path] = mu * average[path] + (1 - mu) * w
        if self.ema_overwrite_frequency:
            now = (updates + 1) % self.ema_overwrite_frequency == 0
            params = {path: jnp.where(now, average[path], w) for path, w in params.items()}
        return params, average

    def _decay(self, path: str, w: Any, lr: Any) -> Any:
        rate = self.decay_of(path, w)
        if rate is None or self._is_excluded(path):
            return w
        return w - w * jnp.asarray(rate, w.dtype) * jnp.asarray(lr, w.dtype)

    def _clip(self, grads: Arrays) -> Arrays:
        if self.clipnorm:
            return clipping.by_norm(grads, self.clipnorm)
        if self.global_clipnorm:
            return clipping.by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue:
            return clipping.by_value(grads, self.clipvalue)
        return grads

    def _constrain(self, params: Arrays) -> Arrays:
        constraints = {path: v.constraint for path, v in (self._trainable or {}).items()}
        return {
            path: constraints[path](w) if constraints.get(path) else w for path, w in params.items()
        }

    def _rate(self, state: State) -> Any:
        if self._schedule is None:
            return state["learning_rate"]
        return call_schedule(self._schedule, state["iterations"])

    def _updates(self, state: State) -> Any:
        """How often the parameters have moved."""
        return state["iterations"] // (self.gradient_accumulation_steps or 1)

    @property
    def transformation(self) -> Any:
        """This optimizer as an `optax.GradientTransformation`, to be chained with others."""
        import optax

        def update(grads: Arrays, state: State, params: Arrays | None = None) -> Any:
            if params is None:
                raise InputError(f"{type(self).__name__}.transformation needs the parameters")
            moved, state = self.step(params, grads, state)
            return {path: moved[path] - w for path, w in params.items()}, state

        return optax.GradientTransformation(self.init, update)

    def _live_state(self) -> State:
        raise NotImplementedError

    def _live_numbers(self) -> State:
        raise NotImplementedError

    def _is_excluded(self, path: str) -> bool:
        raise NotImplementedError


# What a rule keeps, in the state: arrays a parameter, arrays for all, a user's, optax's.
_OF_RULES: tuple[str, ...] = ("slots", "shared", "added", "optax")


def on_device(value: Any) -> Any:
    """A jax array of its own, copied from a host array without compiling; traced ones as is."""
    return value if isinstance(value, jax.core.Tracer) else owned(value)


def _zeros_like(params: Mapping[str, Any]) -> Arrays:
    return {path: on_device(np.zeros(w.shape, w.dtype)) for path, w in params.items()}


def call_schedule(schedule: Any, step: Any) -> Any:
    """The learning rate from a function of the step, or from a function of nothing."""
    takes = inspect.signature(schedule).parameters.values()
    return schedule(step) if any(p.default is p.empty for p in takes) else schedule()
