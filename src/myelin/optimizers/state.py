"""`StateVariable`: one number or array of an optimizer's state, seen as a Keras variable."""

from __future__ import annotations

from typing import Any

from myelin.variable import Variable


class StateVariable(Variable):
    """A window on one leaf of `optimizer.state`; reading and assigning go through to it.

    Nothing is kept here, so a step that replaces the whole state is seen at once, and a value
    assigned here is what the next step starts from.

    Args:
        optimizer: whose state.
        keys: the way to the leaf, such as `("slots", "dense/kernel", "momentum")`.
        name: the last part of its path.
    """

    def __init__(self, optimizer: Any, keys: tuple[str, ...], name: str) -> None:
        self._optimizer = optimizer
        self._keys = keys
        self.name = name
        self.path = f"{optimizer.name}/{name}"
        self.trainable = False
        self.autocast = False
        self.regularizer = None
        self.constraint = None

    def _owner(self) -> dict[str, Any]:
        values: dict[str, Any] = self._optimizer._live_state()
        for key in self._keys[:-1]:
            values = values[key]
        return values

    @property
    def _value(self) -> Any:
        return self._owner()[self._keys[-1]]

    @_value.setter
    def _value(self, new: Any) -> None:
        self._owner()[self._keys[-1]] = new

    # Compared by value, like the number it stands for: `optimizer.learning_rate == 0.1`.
    def __eq__(self, other: object) -> Any:
        return self._value == (other._value if isinstance(other, Variable) else other)

    def __hash__(self) -> int:
        return id(self)
