"""`MultiOptimizer`: several optimizers, each for the variables that a map gives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from myelin import naming, registry
from myelin.errors import InputError
from myelin.optimizers.base import Optimizer
from myelin.optimizers.loss_scale import LossScaleOptimizer
from myelin.optimizers.state import StateVariable
from myelin.optimizers.stepping import Arrays, State, on_device
from myelin.registry import Configured


class OptimizerMap(MutableMapping[str, Any], Configured):
    """Optimizers by the paths of variables, such as `"encoder/dense/kernel"`.

    A key is a path, or a regular expression that the whole path must match, such as
    `"encoder/.*"`. A path that is a key itself goes before those that match.

    Args:
        default_optimizer: for all other variables.
        optimizer_map: a dictionary of such keys.

    Raises:
        InputError: a key that is no text, something that is no optimizer or steps through others
            itself, a key that is there already, or a path that several keys match.
    """

    def __init__(
        self, default_optimizer: Any, optimizer_map: Mapping[str, Any] | None = None
    ) -> None:
        if optimizer_map is not None and not isinstance(optimizer_map, Mapping):
            raise InputError(f"OptimizerMap wants a dictionary, got {optimizer_map!r}")
        self.default_optimizer = _plain(default_optimizer)
        self._optimizers: dict[str, Any] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __getitem__(self, key: str) -> Any:
        if key in self._optimizers:
            return self._optimizers[key]
        found = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise InputError(f"OptimizerMap: several keys match {key}: {', '.join(found)}")
        return self._optimizers[found[0]] if found else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Any) -> None:
        if not isinstance(key, str):
            raise InputError(f"OptimizerMap wants a path or a pattern of paths, got {key!r}")
        if key in self._optimizers:
            raise InputError(f'OptimizerMap has "{key}" already; delete it first')
        self._optimizers[key] = _plain(optimizer)

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def __call__(self, variable: Any) -> Any:
        """The optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal map."""
        return {
            "default_optimizer": registry.serialize(self.default_optimizer),
            "optimizer_map": registry.serialize(self._optimizers),
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> OptimizerMap:
        """A map from what `get_config` gave, here or in Keras."""
        with registry.custom_object_scope(custom_objects or {}):
            default = registry.deserialize(config["default_optimizer"])
            return cls(
                default, {k: registry.deserialize(v) for k, v in config["optimizer_map"].items()}
            )


class MultiOptimizer(Optimizer):
    """Steps several optimizers as one, each for its own variables and with its own settings.

    Paths are those of the variables in the model: `"encoder/dense/kernel"` is the kernel of the
    layer "dense" in the layer "encoder" of the model.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer; a
            variable is asked for once.
        loss_scale_factor: the loss is multiplied by it, the gradients divided; it stands in the
            place of that of the optimizers inside.
        name: the first part of its own variables' paths.

    Attributes:
        optimizers: those inside, whose learning rates and counts can be read and set.

    Raises:
        InputError: something that is no optimizer, or steps through others itself.
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Any],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise InputError(
                "MultiOptimizer wants an OptimizerMap, or a function from a variable to its "
                f"optimizer, got {optimizer_map!r}"
            )
        self._inner: list[Any] = []
        # Which of them a variable has, by id with the variable itself, and by path.
        self._chosen: dict[int, tuple[Any, int]] = {}
        self._by_path: dict[str, int] = {}
        self._inner_path: dict[str, str] = {}
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._map: Any = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._number_of(optimizer)

    def _number_of(self, optimizer: Any) -> int:
        """The place of an optimizer among those inside, where it is put if it is new."""
        for number, known in enumerate(self._inner):
            if known is optimizer:
                return number
        _plain(optimizer).loss_scale_factor = self.loss_scale_factor
        self._inner.append(optimizer)
        return len(self._inner) - 1

    def _number_for(self, variable: Any) -> int:
        if id(variable) not in self._chosen:
            self._chosen[id(variable)] = variable, self._number_of(self._map(variable))
        return self._chosen[id(variable)][1]

    def _groups(self, paths: Mapping[str, Any]) -> dict[int, dict[str, str]]:
        """For each optimizer that has any of them: its own words for the paths, by path."""
        found: dict[int, dict[str, str]] = {}
        for path in paths:
            if path not in self._by_path:
                named = SimpleNamespace(path=path, name=path.rpartition("/")[2])
                self._by_path[path] = self._number_of(self._map(named))
            group = found.setdefault(self._by_path[path], {})
            group[path] = self._inner_path.get(path, path)
        return dict(sorted(found.items()))

    def init(self, params: Mapping[str, Any]) -> State:
        """The state of a fresh run, those of the optimizers inside under "parts" by number."""
        parts = {
            str(number): self._inner[number].init(
                {own: params[path] for path, own in group.items()}
            )
            for number, group in self._groups(params).items()
        }
        return {**super().init({}), "parts": parts}

    def step(self, params: Arrays, grads: Arrays, state: State) -> tuple[Arrays, State]:
        """One update by each of the optimizers inside; see `Stepping.step`."""
        moved, parts = dict(params), dict(state["parts"])
        for number, group in self._groups(params).items():
            given = {own: grads[path] for path, own in group.items() if path in grads}
            if not given:
                continue
            values = {own: params[path] for path, own in group.items()}
            values, parts[str(number)] = self._inner[number].step(values, given, parts[str(number)])
            moved.update({path: values[own] for path, own in group.items()})
        return moved, {**state, "parts": parts, "iterations": state["iterations"] + 1}

    # The optimizers inside keep their parts of the state, so that they can be read and set.

    @property
    def state(self) -> State | None:
        """The live state, or None before `build`."""
        return self._state

    @state.setter
    def state(self, new: State | None) -> None:
        self._state = new
        for number, optimizer in enumerate(self._inner):
            part = None if new is None else new["parts"].get(str(number))
            if part is not None or optimizer.built:
                optimizer.state = part

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the state for `variables`, whose order `apply(grads)` then follows."""
        if not self.built:
            self.serve(variables)

    def serve(self, variables: Sequence[Any]) -> None:
        """Makes sure that the state is the one for exactly these variables."""
        before = [id(v) for v in (self._trainable or {}).values()]
        if self.built and before == [id(v) for v in variables]:
            return
        groups: dict[int, list[Any]] = {}
        for v in variables:
            groups.setdefault(self._number_for(v), []).append(v)
        for number, group in groups.items():
            self._inner[number].serve(group)
        taken: set[str] = set()
        self._trainable = {naming.unique(v.path, taken): v for v in variables}
        own = {id(v): path for n in groups for path, v in self._inner[n]._trainable.items()}
        self._by_path = {path: self._number_for(v) for path, v in self._trainable.items()}
        self._inner_path = {path: own[id(v)] for path, v in self._trainable.items()}
        numbers = super().init({})
        if not {id(v) for v in variables} & {*before}:
            numbers["iterations"] = on_device(np.int32(0))
        parts = {str(number): self._inner[number].state for number in sorted(groups)}
        self._state = {**numbers, "parts": parts}

    @property
    def optimizers(self) -> list[Any]:
        """The optimizers inside."""
        return list(self._inner)

    @property
    def variables(self) -> list[StateVariable]:
        """Its own state, then that of each optimizer inside, in Keras's order."""
        return [*super().variables, *(v for own in self._inner for v in own.variables)]

    @property
    def revision(self) -> int:
        """Grows when a setting changes that a compiled step has taken in as a constant."""
        return super().revision + sum(optimizer.revision for optimizer in self._inner)

    @property
    def loss_scale_factor(self) -> float | None:
        """What the loss is multiplied by; setting it sets that of the optimizers inside."""
        return self._factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._factor = value
        for optimizer in self._inner:
            optimizer.loss_scale_factor = value

    @property
    def learning_rate(self) -> Any:
        """None of its own.

        Raises:
            AttributeError: always; the `optimizers` inside have theirs.
        """
        raise AttributeError(_NO_RATE)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(_NO_RATE)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Puts the moving averages into the variables, where an optimizer inside keeps such."""
        for optimizer in self._inner:
            optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer."""
        if isinstance(self._map, OptimizerMap):
            # Not `serialize`, which takes it for a dictionary.
            written = {"module": "keras.optimizers", "class_name": "OptimizerMap",
                       "config": self._map.get_config(), "registered_name": None}  # fmt: skip
        else:
            written = registry.serialize(self._map)
        return {
            "optimizer_map": written,
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }


def _plain(optimizer: Any) -> Any:
    """`optimizer`, where it is one that moves variables by itself.

    Raises:
        InputError: it is another thing, or an optimizer around others.
    """
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"MultiOptimizer wants optimizers for its variables, got {optimizer!r}")
    if isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
        raise InputError(
            f"{type(optimizer).__name__} cannot stand inside a MultiOptimizer: put it around"
        )
    return optimizer


_NO_RATE = (
    "a MultiOptimizer has no learning_rate of its own: read or set that of one of its .optimizers"
)
