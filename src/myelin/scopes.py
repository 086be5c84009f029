"""Blocks that change what happens inside them: where arrays lie, names, and other values.

device          arrays are made on a device
name_scope      variables and operations bear a name before their own
StatelessScope  variables have other values, and are afterwards as they were
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Self

import jax
import jax.numpy as jnp

from myelin import naming, variable
from myelin.errors import InputError
from myelin.variable import Variable


@contextlib.contextmanager
def device(device_name: str) -> Iterator[None]:
    """Inside the block, arrays are made and computed with on one device.

    Args:
        device_name: its kind and number, such as `"cpu:0"`, `"gpu:1"` or `"gpu"` for the first;
            TensorFlow's form `"/GPU:0"` is known too.

    Raises:
        InputError: there is no such device.
    """
    kind, _, number = str(device_name).lower().strip("/").removeprefix("device:").partition(":")
    try:
        there = jax.devices("gpu" if kind == "cuda" else kind)
        chosen = there[int(number or 0)]
    except (RuntimeError, ValueError, IndexError):
        known = sorted({f"{d.platform}:{i}" for d in (*jax.devices(), *jax.devices("cpu"))
                        for i in range(len(jax.devices(d.platform)))})  # fmt: skip
        raise InputError(
            f"device: there is no {device_name!r} here; there are {', '.join(known)}"
        ) from None
    with jax.default_device(chosen):
        yield


@contextlib.contextmanager
def name_scope(name: str, **kwargs: Any) -> Iterator[None]:
    """Inside the block, variables made by hand have `name` before theirs in their path.

    What is computed inside bears the name too, in profiles and in what jax prints. The variables
    of layers are called after the layers, wherever they were made.

    Args:
        name: without "/".
        kwargs: accepted for Keras's sake.

    Raises:
        InputError: no text, or one with "/".
    """
    if not isinstance(name, str) or not name or "/" in name:
        raise InputError(f'name_scope wants a name without "/", got {name!r}')
    with naming.opened(name), jax.named_scope(name):
        yield


class StatelessScope:
    """Inside the block variables have the values of a mapping, and afterwards those from before.

    What is assigned inside does not last; the scope knows it:

        with StatelessScope([(v, 2 * v.value)]) as scope:
            outputs = layer(inputs)
        moved = scope.get_current_value(v)

    So code that reads and assigns variables becomes a function of arrays; `variable.bind` and the
    `stateless_…` methods do the same for variables that are known beforehand.

    Args:
        state_mapping: pairs of a variable and its value, of the same shape.
        collect_losses: whether `losses` lists what layers add with `add_loss` inside.
        initialize_variables: accepted for Keras's sake: variables have their values at once.

    Attributes:
        losses: what `add_loss` added, with `collect_losses`.
        assigned: after the block, the variables that it assigned to, each with its last value.

    Raises:
        InputError: a key that is no variable, or a value of another shape.
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Any, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.assigned: list[tuple[Variable, Any]] = []
        self._mapping: dict[int, tuple[Variable, Any]] = {}
        self._before: dict[int, tuple[Variable, Any]] = {}
        self._after: dict[int, Any] = {}
        self._open = False
        for own, value in state_mapping or ():
            if not isinstance(own, Variable):
                raise InputError(f"StatelessScope wants pairs of variable and value, got {own!r}")
            value = jnp.asarray(getattr(value, "_value", value), own.dtype)
            if value.shape != own.shape:
                raise InputError(
                    f'StatelessScope: variable "{own.path}" wants a value of shape {own.shape}, '
                    f"got {value.shape}"
                )
            self._mapping[id(own)] = own, value

    def __enter__(self) -> Self:
        self._open = True
        variable.open_scopes.append(self)
        for own, value in self._mapping.values():
            self.note(own)
            own._value = value
        return self

    def __exit__(self, *error: object) -> None:
        variable.open_scopes.remove(self)
        self._open = False
        self._after = {key: own._value for key, (own, _) in self._before.items()}
        started = {key: value for key, (_, value) in self._mapping.items()}
        self.assigned = [
            (own, own._value)
            for key, (own, value) in self._before.items()
            if own._value is not started.get(key, value)
        ]
        for own, value in self._before.values():
            own._value = value
        self._before = {}

    def note(self, own: Variable) -> None:
        """Remembers the value of a variable that is about to change."""
        self._before.setdefault(id(own), (own, own._value))

    def add_update(self, update: tuple[Any, Any]) -> None:
        """Gives a variable another value inside the block.

        Args:
            update: the variable and the value.
        """
        own, value = update
        if self._open:
            own.assign(value)
        else:
            self._after[id(own)] = jnp.asarray(value, own.dtype)

    def get_current_value(self, variable: Any) -> Any:
        """The value that a variable has in the block, or had at its end; None where it is unknown.

        None means that the scope neither was given a value nor saw one assigned.
        """
        if self._open:
            known = id(variable) in self._before
            return variable._value if known else None
        return self._after.get(id(variable))

    def add_loss(self, loss: Any) -> None:
        """Adds to `losses`."""
        self.losses.append(loss)
