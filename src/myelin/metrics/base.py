"""`Metric`: sums that a batch is added to, and a number read off them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, initializers, naming, registry, variable
from myelin.errors import InputError
from myelin.metrics.arrays import add_exactly
from myelin.variable import Variable


class Metric(registry.Configured):
    """What every metric is.

    A subclass makes its variables in `__init__` with `add_variable`, adds a batch to them in
    `update_state` and computes the number in `result`. Inside `fit` both run compiled, so they
    must not branch on the values of arrays.

    Args:
        dtype: the type to compute in, a name or a `DTypePolicy`; the default float when None.
        name: how logs call it; from the class's name when None.

    Attributes:
        name: as given.
        dtype: the name of the type it computes in.
    """

    _direction: str  # "up" where more is better, "down" where less is; absent where neither.
    _variables: list[Variable]
    _lost: dict[int, Variable]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Gives the lists their place before `__init__`, where subclasses may come late."""
        self = super().__new__(cls, *args, **kwargs)
        self._variables = []
        self._lost = {}
        return self

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name(naming.snake_case(type(self).__name__))
        self._dtype = dtypes.policy_for(dtype or dtypes.floatx()).compute_dtype

    @property
    def dtype(self) -> str:
        """The name of the type it computes in."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """Its state: variables of its own, then those of metrics it holds."""
        found: dict[int, Variable] = {id(own): own for own in self._variables}
        held: list[Metric] = []
        attributes = {key: value for key, value in vars(self).items() if key != "_made_with"}
        for part in parts(attributes):
            if isinstance(part, Variable):
                found.setdefault(id(part), part)
            else:
                held.append(part)
        for metric in held:
            found.update({id(own): own for own in metric.variables})
        return list(found.values())

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Makes a variable of this metric.

        Args:
            shape: its sizes; `()` for a number.
            initializer: a name, an initializer, or a function `(shape, dtype) -> array`.
            dtype: its type; the default float when None.
            aggregation: accepted for Keras's sake, without effect here.
            name: its name.

        Raises:
            InputError: `super().__init__()` was not called.
        """
        if not hasattr(self, "name"):
            raise InputError(
                f"{type(self).__name__}: call super().__init__() before adding variables"
            )
        # A metric may meet its shapes for the first time while being traced.
        with jax.ensure_compile_time_eval():
            made = Variable(
                initializers.get(initializer or "zeros"),
                shape=tuple(int(size) for size in shape),
                dtype=dtypes.name_of(dtype),
                trainable=False,
                name=name or "variable",
                autocast=False,
            )
        made.path = f"{self.name}/{made.name}"
        self._variables.append(made)
        return made

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """`add_variable` by its older name."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def add_sums(self, *names: str, shape: Sequence[int] = (), dtype: Any = None) -> list[Variable]:
        """Makes variables that `add_to` adds to without loss.

        Args:
            *names: their names.
            shape: their sizes.
            dtype: their type; the metric's own when None.

        Returns:
            The variables. What their type has no room for stands in others, behind them.
        """
        dtype = dtype or self.dtype
        made = [self.add_variable(shape, "zeros", dtype=dtype, name=name) for name in names]
        if dtypes.is_float(dtype):
            for own in made:
                lost = self.add_variable(shape, "zeros", dtype=dtype, name=f"{own.name}_lost")
                self._lost[id(own)] = lost
        return made

    def add_to(self, total: Variable, value: Any) -> None:
        """Adds to a variable of `add_sums`."""
        value = jnp.asarray(value, total.dtype)
        lost = self._lost.get(id(total))
        if lost is None:
            total.assign(total.value + value)
            return
        new, rest = add_exactly(total.value, lost.value, value)
        total.assign(new)
        lost.assign(rest)

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Adds a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state")

    def result(self) -> Any:
        """The number now: a scalar, an array, or a dictionary of them."""
        raise NotImplementedError(f"{type(self).__name__} has no result")

    def reset_state(self) -> None:
        """Sets all variables to zero."""
        for own in self.variables:
            own.assign(np.zeros(own.shape))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Adds a batch and gives the number."""
        self.update_state(*args, **kwargs)
        return self.result()

    # The same as functions of arrays, for loops of one's own under jit.

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        """The variables' values with a batch added; the metric itself stays as it is.

        Args:
            metric_variables: values for `variables`, in their order.
            *args, **kwargs: as for `update_state`.

        Raises:
            InputError: not as many values as variables.
        """
        own, values = self._by_place(metric_variables)
        with variable.bind(own, values) as after:
            self.update_state(*args, **kwargs)
        return list(after.values())

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The number for these values of the variables.

        Raises:
            InputError: not as many values as variables.
        """
        own, values = self._by_place(metric_variables)
        with variable.bind(own, values):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The values that `reset_state` would set."""
        own, values = self._by_place([v.value for v in self.variables])
        with variable.bind(own, values) as after:
            self.reset_state()
        return list(after.values())

    def _by_place(self, values: Sequence[Any]) -> tuple[dict[str, Variable], dict[str, Any]]:
        own = self.variables
        if len(values) != len(own):
            raise InputError(
                f"{self.name}: wants {len(own)} values, one for each of its variables, "
                f"got {len(values)}"
            )
        places = [str(place) for place in range(len(own))]
        return dict(zip(places, own, strict=True)), dict(zip(places, values, strict=True))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def parts(held: Any) -> Iterator[Variable | Metric]:
    """The variables and metrics in a tree of lists and dictionaries."""
    if isinstance(held, Variable | Metric):
        yield held
    elif isinstance(held, Mapping):
        for inner in held.values():
            yield from parts(inner)
    elif isinstance(held, list | tuple):
        for inner in held:
            yield from parts(inner)
