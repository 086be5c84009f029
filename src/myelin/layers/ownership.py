"""`Owner`: what a layer is made of, which is variables and the layers inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from myelin import naming
from myelin.errors import NotBuiltError, ShapeError
from myelin.registry import Configured
from myelin.seeds import SeedGenerator
from myelin.variable import Variable

_HOLDS_NOTHING = {str, int, float, bool, type(None), bytes, np.ndarray, Variable}


class Owner(Configured):
    """Has variables of its own, and owners in its attributes with theirs.

    Attributes:
        name: what it is called.
        built: whether it has its variables.
    """

    name: str
    built: bool
    _trainable: bool
    _weights: list[Variable]
    _path: str
    _place: str

    @property
    def title(self) -> str:
        """Its class and name, as errors call it."""
        return f'{type(self).__name__} "{self.name}"'

    def _children(self) -> list[Any]:
        """Layers in the attributes of this one, also inside lists, tuples and dictionaries."""
        return [child for child in self._held() if isinstance(child, Owner)]

    def _held(self) -> list[Any]:
        """Layers and seed generators in the attributes, also inside lists and dictionaries."""
        found: dict[int, Owner | SeedGenerator] = {}

        def visit(value: Any) -> None:
            kind = type(value)
            if kind in _HOLDS_NOTHING:
                return
            if isinstance(value, (Owner, SeedGenerator)):
                found.setdefault(id(value), value)
            elif isinstance(value, (list, tuple)):
                for item in value:
                    visit(item)
            elif isinstance(value, dict):
                for item in value.values():
                    visit(item)

        for name, value in vars(self).items():
            # Nor are those who added to the last loss: they may stand anywhere inside.
            if name not in ("_made_with", "_last_penalties"):
                visit(value)
        return [held for held in found.values() if held is not self]

    def _surveyed(self) -> tuple[list[Variable], set[int]]:
        """All variables in their order, and the ids of those that gradients reach."""
        own = [*self._weights, *(v for v in vars(self).values() if isinstance(v, Variable))]
        own += [held.state for held in self._held() if isinstance(held, SeedGenerator)]
        found = {id(v): v for v in sorted(own, key=lambda v: not v.trainable)}
        inner: set[int] = set()
        reached: set[int] = set()
        for child in self._children():
            theirs, reached_there = child._surveyed()
            found.update({id(v): v for v in theirs})
            inner.update(map(id, theirs))
            reached |= reached_there
        if not self._trainable:
            return list(found.values()), set()
        reached |= {key for key, v in found.items() if v.trainable and key not in inner}
        return list(found.values()), reached

    @property
    def variables(self) -> list[Variable]:
        """All variables, its own (trainable first) before those of the layers inside it."""
        return self._surveyed()[0]

    @property
    def weights(self) -> list[Variable]:
        """The variables, but for what layers remember from batch to batch."""
        return [v for v in self.variables if not v.is_state]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that gradients reach; none while `trainable` is False."""
        variables, reached = self._surveyed()
        return [v for v in variables if id(v) in reached]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that gradients do not reach."""
        variables, reached = self._surveyed()
        return [v for v in variables if id(v) not in reached]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Those of the weights that gradients do not reach."""
        return [v for v in self.non_trainable_variables if not v.is_state]

    @property
    def trainable(self) -> bool:
        """Whether gradients reach its variables; setting it also sets the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for child in self._children():
            child.trainable = bool(value)

    @property
    def path(self) -> str:
        """Where it stands in its model, such as `"encoder/dense"`."""
        return self._path

    @property
    def place(self) -> str:
        """Which layer of its model it is, by numbers such as `"2/0"`; its name where alone."""
        return self._place or self.name

    def name_variables(self, prefix: str, taken: set[str]) -> dict[str, Variable]:
        """Gives this layer and all inside it their paths under `prefix`, and lists the variables.

        Args:
            prefix: the path of this layer, empty for a model at the top.
            taken: variable paths in use already; extended.
        """
        self._path = prefix or self.name
        inside = {id(v) for child in self._children() for v in child.variables}
        named = {}
        for own in self.variables:
            if id(own) not in inside:
                own.path = naming.unique("/".join(filter(None, (prefix, own.name))), taken)
                named[own.path] = own
        names: set[str] = set()
        seen: set[int] = {id(v) for v in named.values()}
        for index, child in enumerate(self._children()):
            # Random numbers go by place: names count on when a program makes a model anew.
            child._place = f"{self._place}/{index}" if prefix else str(index)
            name = naming.unique(child.name, names)
            for path, own in child.name_variables(f"{prefix}/{name}".strip("/"), taken).items():
                if id(own) not in seen:
                    seen.add(id(own))
                    named[path] = own
        return named

    def all_layers(self) -> list[Any]:
        """This layer and all inside it, at any depth."""
        return [self, *(inner for child in self._children() for inner in child.all_layers())]

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in the order of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replaces all weights, given in the order of `weights`.

        Raises:
            ShapeError: another number of arrays, or one of another shape.
        """
        mine = self.weights
        if len(weights) != len(mine):
            raise ShapeError(
                f"{self.title}: wants {len(mine)} arrays of weights, got {len(weights)}"
            )
        for own, new in zip(mine, weights, strict=True):
            if tuple(np.shape(new)) != own.shape:
                raise ShapeError(
                    f'{self.title}: "{own.path}" wants shape {own.shape}, got {np.shape(new)}'
                )
        for own, new in zip(mine, weights, strict=True):
            own.assign(new)

    def count_params(self) -> int:
        """How many numbers its weights hold.

        Raises:
            NotBuiltError: it has no weights yet, because it has not seen a shape.
        """
        if not self.built:
            raise NotBuiltError(f"{self.title} is not built: call it, or build(input_shape), first")
        return sum(v.size for v in self.weights)
