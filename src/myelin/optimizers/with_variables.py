"""The half of an optimizer that Keras's users see: variables, `apply`, `learning_rate`."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import naming, variable
from myelin.errors import InputError
from myelin.optimizers.checks import checked_rate
from myelin.optimizers.state import StateVariable
from myelin.optimizers.stepping import Arrays, State, Stepping, call_schedule, on_device
from myelin.variable import Variable


class WithVariables(Stepping):
    """Keeps the state of `Stepping` between calls, and the variables it belongs to."""

    name: str
    _trainable: dict[str, Any] | None
    _added: dict[str, Any]
    _state: State | None
    _early: State
    _excluded: tuple[list[Any], list[str]]
    _compiled: tuple[int, Any] | None
    _own_revision: int

    @property
    def state(self) -> State | None:
        """The live state, or None before `build`."""
        return self._state

    @state.setter
    def state(self, new: State | None) -> None:
        self._state = new

    @property
    def revision(self) -> int:
        """Grows when a setting changes that a compiled step has taken in as a constant."""
        return self._own_revision

    @property
    def built(self) -> bool:
        """Whether `build` has been called."""
        return self._trainable is not None

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the state for `variables`, whose order `apply(grads)` then follows."""
        if self.built:
            return
        taken: set[str] = set()
        self._trainable = {naming.unique(v.path, taken): v for v in variables}
        self.state = self.init({path: v._value for path, v in self._trainable.items()})

    def serve(self, variables: Sequence[Any]) -> None:
        """Makes sure that the state is the one for exactly these variables.

        A variable that was served before keeps its arrays, for example when others are frozen;
        any other starts afresh, also when it bears the same name.
        """
        before, old = self._trainable, self.state
        if before is not None and list(map(id, before.values())) == list(map(id, variables)):
            return
        self._trainable, self._added = None, {}
        self.build(variables)
        if before is None or old is None or self.state is None:
            return
        paths = {id(v): path for path, v in before.items()}
        now: dict[str, Any] = self._trainable or {}
        kept = {new: paths[id(v)] for new, v in now.items() if id(v) in paths}
        if kept:
            self.state = _carried_over(self.state, old, kept)
        else:
            self.state["iterations"] = on_device(np.int32(0))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Applies pairs of gradient and variable; returns `iterations`."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Updates the variables and the state by one step.

        Args:
            grads: arrays, one for each variable; None leaves that variable as it is.
            trainable_variables: the variables; those given to `build` when left out.

        Raises:
            InputError: not built, an unknown variable, or a different number of gradients.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is not None and not self.built:
            with jax.ensure_compile_time_eval():
                self.build(list(trainable_variables))
        if variable.in_rehearsal() and trainable_variables is not None:
            self._serve_also(list(trainable_variables))
        by_path = self._gradients_by_path(grads, trainable_variables)
        if variable.in_rehearsal():
            return
        known = self._trainable or {}
        params = {path: v._value for path, v in known.items()}
        params, self.state = self._step_now(params, by_path)
        for path, w in params.items():
            known[path]._value = w

    def _serve_also(self, variables: list[Any]) -> None:
        """Makes room in the state for variables that it has none for yet."""
        known = {id(v): v for v in (self._trainable or {}).values()}
        known.update({id(v): v for v in variables})
        # Arrays at once, though the step that asks for them is being traced.
        with jax.ensure_compile_time_eval():
            self.serve(list(known.values()))

    def _step_now(self, params: Arrays, grads: Arrays) -> tuple[Arrays, State]:
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((params, grads))):
            return self.step(params, grads, self.state or {})
        if self._compiled is None or self._compiled[0] != self.revision:
            self._compiled = (self.revision, jax.jit(self.step))
        return self._compiled[1](params, grads, self.state)

    def _gradients_by_path(self, grads: list[Any], variables: Sequence[Any] | None) -> Arrays:
        known = self._trainable
        if known is None:
            raise InputError(
                f"{type(self).__name__}.apply(grads) without variables needs "
                "build(trainable_variables) first"
            )
        chosen = list(known.values()) if variables is None else list(variables)
        if len(grads) != len(chosen):
            raise InputError(
                f"{type(self).__name__}: {len(grads)} gradients for {len(chosen)} variables"
            )
        paths = {id(v): path for path, v in known.items()}
        for v in chosen:
            if id(v) not in paths:
                raise InputError(
                    f"{type(self).__name__}: unknown variable {v.path}; an optimizer serves the "
                    "variables it was built with, make a new one for others"
                )
        found = {paths[id(v)]: g for v, g in zip(chosen, grads, strict=True) if g is not None}
        if not found:
            raise InputError("No gradients provided for any variable.")
        if missing := [v.path for v, g in zip(chosen, grads, strict=True) if g is None]:
            warnings.warn(f"Gradients do not exist for variables {missing}", stacklevel=3)
        return {
            path: jnp.asarray(g._value if isinstance(g, Variable) else g)
            for path, g in found.items()
        }

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Any], list[Any]]:
        """`apply` as a function of arrays; the optimizer itself stays as it is.

        Args:
            optimizer_variables: values for `variables`, in their order.
            grads: arrays, one for each variable it was built with; None leaves that one as it is.
            trainable_variables: values for those variables.

        Returns:
            The new values of the trainable variables, and of `variables`.

        Raises:
            InputError: not built, or another number of arrays.
        """
        known = list(self._trainable or {})
        own = self.variables
        if not self.built or len(trainable_variables) != len(known) or len(grads) != len(known):
            raise InputError(
                f"{type(self).__name__}.stateless_apply wants {len(known)} variables and as many "
                f"gradients, and a built optimizer; got {len(trainable_variables)} and "
                f"{len(grads)}, built: {self.built}"
            )
        if len(optimizer_variables) != len(own):
            raise InputError(
                f"{type(self).__name__}.stateless_apply wants {len(own)} values of its own "
                f"variables, got {len(optimizer_variables)}"
            )
        params = dict(zip(known, map(jnp.asarray, trainable_variables), strict=True))
        by_path = {p: jnp.asarray(g) for p, g in zip(known, grads, strict=True) if g is not None}
        with self.bind(self.state or {}):
            for v, value in zip(own, optimizer_variables, strict=True):
                v._value = jnp.asarray(value)
            params, self.state = self.step(params, by_path, self.state or {})
            after = [v._value for v in own]
        return [params[path] for path in known], after

    @contextlib.contextmanager
    def bind(self, state: State) -> Iterator[State]:
        """Puts a traced state in place for the block; yields a dictionary of what it left.

        The optimizer's counterpart of `variable.bind`: inside, `apply` works on `state`.
        """
        before, self.state = self.state, jax.tree.map(lambda leaf: leaf, state)
        after: State = {}
        try:
            yield after
            after.update(self.state or {})
        finally:
            self.state = before

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Puts the moving averages into the variables, at the end of training with `use_ema`."""
        if not self.use_ema or self.state is None:
            return
        paths = {id(v): path for path, v in (self._trainable or {}).items()}
        for v in var_list:
            if id(v) in paths:
                v.assign(self.state["average"][paths[id(v)]])

    def scale_loss(self, loss: Any, state: State | None = None) -> Any:
        """The loss to differentiate: multiplied by `loss_scale_factor` where there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable to read and assign, or the schedule's present value."""
        if self._schedule is None:
            return StateVariable(self, ("learning_rate",), "learning_rate")
        return call_schedule(self._schedule, np.asarray(self._live_state()["iterations"]))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        live = self._live_state()
        if callable(value) and not isinstance(value, Variable):
            live.pop("learning_rate", None)
            self._early.pop("learning_rate", None)
            self._schedule = value
            self._own_revision += 1
        elif self._schedule is not None:
            raise TypeError(
                f"{type(self).__name__} was made with a learning-rate schedule, so its "
                "learning_rate cannot be set to a number; make it with a number, or set another "
                "schedule"
            )
        else:
            live["learning_rate"] = on_device(checked_rate(self, value))

    @property
    def iterations(self) -> Any:
        """How many steps there have been; with accumulation, how many updates."""
        counter = StateVariable(self, ("iterations",), "iteration")
        if self.gradient_accumulation_steps:
            return counter._value // self.gradient_accumulation_steps
        return counter

    @property
    def variables(self) -> list[StateVariable]:
        """The whole state as variables, in Keras's order."""
        state = self._live_state()
        # A compiled step hands dictionaries back sorted by key, which is not Keras's order.
        paths = list(self._trainable or {})
        found: list[tuple[tuple[str, ...], str]] = [(("iterations",), "iteration")]
        if "learning_rate" in state:
            found.append((("learning_rate",), "learning_rate"))
        for key, ending in (("average", "average"), ("accumulator", "gradient_accumulator")):
            kept = state.get(key, {})
            found += [((key, path), f"{_flat(path)}_{ending}") for path in paths if path in kept]
        slots = state.get("slots", {})
        for group in self.slot_names:
            found += [
                (("slots", path, name), f"{_flat(path)}_{name}")
                for path in paths
                for name in group
                if name in slots.get(path, {})
            ]
        for key, names in (("shared", self.initial_shared()), ("added", self._added)):
            found += [((key, name), name) for name in names if name in state.get(key, {})]
        return [StateVariable(self, keys, name) for keys, name in found]

    def _live_state(self) -> State:
        return self._early if self.state is None else self.state

    def _live_numbers(self) -> State:
        live = self._live_state()
        return {key: live[key] for key in ("iterations", "learning_rate") if key in live}

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets all of `variables`, in order.

        Raises:
            InputError: not built, or as many arrays as variables were not given.
        """
        variables = self.variables
        if not self.built or len(weights) != len(variables):
            raise InputError(
                f"{type(self).__name__}.set_weights wants {len(variables)} arrays and a built "
                f"optimizer, got {len(weights)} arrays, built: {self.built}"
            )
        for v, weight in zip(variables, weights, strict=True):
            v.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Writes `variables` into a mapping, under "0", "1" and so on."""
        store.update({str(i): v.numpy() for i, v in enumerate(self.variables)})

    def load_own_variables(self, store: Any) -> None:
        """Reads what `save_own_variables` wrote."""
        self.set_weights([store[str(i)] for i in range(len(store.keys()))])

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leaves parameters out of weight decay.

        Args:
            var_list: these variables.
            var_names: variables whose name contains one of these (regular expressions).

        Raises:
            InputError: the optimizer is built already.
        """
        if self.built:
            raise InputError("exclude_from_weight_decay must be called before build")
        self._excluded = (list(var_list or []), list(var_names or []))
        self._own_revision += 1

    def _is_excluded(self, path: str) -> bool:
        variables, patterns = self._excluded
        own = (self._trainable or {}).get(path)
        if any(v is own if own is not None else v.path == path for v in variables):
            return True
        name = own.name if own is not None else path.rpartition("/")[2]
        return any(re.search(pattern, name) for pattern in patterns)


def _carried_over(fresh: State, old: State, kept: dict[str, str]) -> State:
    """A fresh state with the numbers, and with the arrays of the paths kept, of an old one."""
    numbers = ("iterations", "learning_rate", "shared")
    state: State = {**fresh, **{key: old[key] for key in numbers if key in fresh and key in old}}
    for part in ("slots", "average", "accumulator"):
        if part in fresh and part in old:
            carried = {new: old[part][path] for new, path in kept.items() if path in old[part]}
            state[part] = {**fresh[part], **carried}
    return state


def _flat(path: str) -> str:
    return path.replace("/", "_")
