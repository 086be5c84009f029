"""Rules written as Keras's users write them: `build` makes variables, `update_step` assigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from myelin import dtypes, naming
from myelin.errors import InputError
from myelin.optimizers.state import StateVariable
from myelin.optimizers.stepping import Arrays, State, on_device
from myelin.optimizers.with_variables import WithVariables
from myelin.variable import Variable, bind


class VariableStyle(WithVariables):
    """What `update_step(gradient, variable, learning_rate)` and `build(variables)` may call."""

    _added: dict[str, Any]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Assigns to `variable` and to the optimizer's own variables; a subclass overrides it."""
        raise NotImplementedError(f"{type(self).__name__} must override update or update_step")

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> StateVariable:
        """Adds an array to the state.

        Args:
            shape: its sizes.
            initializer: a name or a function `(shape, dtype) -> array`.
            dtype: its type; the default float type when None.
            aggregation: accepted for Keras's sake; arrays are always whole here.
            layout: accepted for Keras's sake.
            name: the last part of its path.
        """
        from myelin import initializers

        make = initializers.get(initializer)
        dtype = dtypes.name_of(dtype)
        first = np.asarray(make(tuple(shape), dtype=dtype))
        return self._add(name or "variable", first)

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> StateVariable:
        """Adds an array of the shape and type of `reference_variable` to the state."""
        name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        shape, dtype = reference_variable.shape, reference_variable.dtype
        if initializer == "zeros":
            return self._add(name, np.zeros(shape, dtypes.name_of(dtype)))
        return self.add_variable(shape, initializer, dtype, name=name)

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Any], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Adds an array for each variable.

        Args:
            trainable_variables: the variables.
            name: a name, or a list of names.
            initializer: one for all names, or a list of as many.

        Returns:
            A list of variables, or a tuple of lists where `name` is a list.
        """
        if isinstance(name, str):
            return [
                self.add_variable_from_reference(v, name, initializer) for v in trainable_variables
            ]
        many = initializer if isinstance(initializer, list | tuple) else [initializer] * len(name)
        rows = [
            [self.add_variable_from_reference(v, n, i) for n, i in zip(name, many, strict=True)]
            for v in trainable_variables
        ]
        return tuple([row[k] for row in rows] for k in range(len(name)))

    def _add(self, name: str, first: Any) -> StateVariable:
        taken = set(self._added)
        name = naming.unique(name, taken)
        self._added[name] = first
        self._live_state().setdefault("added", {})[name] = on_device(first)
        return StateVariable(self, ("added", name), name)

    def assign(self, variable: Variable, value: Any) -> None:
        """Replaces a variable's value."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds to a variable's value."""
        variable.assign_add(value._value if isinstance(value, Variable) else value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts from a variable's value."""
        variable.assign_sub(value._value if isinstance(value, Variable) else value)

    def _get_variable_index(self, variable: Any) -> int:
        return [id(v) for v in (self._trainable or {}).values()].index(id(variable))

    def init(self, params: Mapping[str, Any]) -> State:
        """The state of a fresh run; see `Stepping.init`."""
        added = {name: on_device(first) for name, first in self._added.items()}
        return {**super().init(params), **({"added": added} if added else {})}

    def _update_all(
        self, params: Arrays, grads: Arrays, state: State, lr: Any
    ) -> tuple[Arrays, State]:
        if type(self).update_step is VariableStyle.update_step:
            return super()._update_all(params, grads, state, lr)
        if self._trainable is None:
            raise InputError(f"{type(self).__name__} has update_step, and needs build first")
        with bind(self._trainable, params) as moved, self.bind(state) as after:
            for path, g in grads.items():
                self.update_step(g, self._trainable[path], lr)
        return moved, {key: after[key] for key in ("slots", "shared", "added") if key in after}
