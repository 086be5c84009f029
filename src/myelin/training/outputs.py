"""`Outputs`: what a model gives, by name, and what people give one of for each output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax

from myelin.errors import InputError, unknown_name
from myelin.layers.shapes import Shape, is_shape

Way = tuple[Any, ...]


@dataclass(frozen=True)
class Output:
    """One array that a model gives.

    Attributes:
        name: by which people give a loss, metrics, targets and weights for it.
        label: what the names of its metrics begin with; None where they stand alone.
        way: the keys and indices that lead to it, empty where it is all that the model gives.
        shape: batch axis first; of no weight in comparisons.
    """

    name: str
    label: str | None
    way: Way
    shape: Shape = field(compare=False)

    def loss_name(self, loss: str) -> str:
        """What its loss is called, before `"_loss"`, where there are several.

        Args:
            loss: the name of the loss, used where the output has none.
        """
        way = list(self.way)
        if not way or isinstance(way[-1], int):
            way[-1:] = [self.label or loss]
        return "/".join(map(str, way))


class Outputs:
    """All outputs of a model, in the order in which jax takes its tree of outputs apart.

    Names are those of `model.output_names`, except that the keys of a dictionary go before.
    Without either they are "output_0", "output_1" and so on, which logs then do without.

    Args:
        shapes: the tree of shapes that `model.compute_output_shape` gives.
        names: `model.output_names`, or None.
    """

    def __init__(self, shapes: Any, names: Sequence[str] | None = None) -> None:
        found, self._structure = jax.tree_util.tree_flatten_with_path(shapes, is_leaf=is_shape)
        ways = [tuple(map(_key, way)) for way, _ in found]
        self.sole = len(ways) == 1
        self.keyed = isinstance(shapes, Mapping)
        self.named = names is not None and len(names) == len(ways)
        labels = self._labels(ways, names)
        self.all = [
            Output(label or _plain_name(way), None if self.sole else label, way, tuple(shape))
            for label, way, (_, shape) in zip(labels, ways, found, strict=True)
        ]

    def _labels(self, ways: list[Way], names: Sequence[str] | None) -> list[str | None]:
        if self.keyed and all(len(way) == 1 for way in ways):
            return [str(way[0]) for way in ways]
        return list(names) if names is not None and self.named else [None] * len(ways)

    def __len__(self) -> int:
        return len(self.all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outputs) and self.all == other.all

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return [output.name for output in self.all]

    def arrays(self, y: Any) -> list[Any]:
        """Targets or weights as `Arrays` holds them, one for each output."""
        if isinstance(y, tuple):
            return list(y)
        # One for all: the only output's, or the weights that all outputs share.
        return [y] * len(self)

    def spread(self, given: Any, what: str) -> list[Any]:
        """One entry for each output, None for those that were given none.

        Args:
            given: a dictionary by name, a list in order, or the structure of the outputs.
            what: the argument it came as, for errors.

        Raises:
            UnknownNameError: a key that names no output.
            InputError: another number of entries than there are outputs.
        """
        if self.sole:
            return [self._only(given, what)]
        found = self._by_name(given, what) if isinstance(given, Mapping) else None
        if found is None:
            tree = jax.tree.unflatten(self._structure, range(len(self)))
            found = _matched(given, tree)
        if found is None and isinstance(given, list | tuple) and len(given) == len(self):
            found = dict(enumerate(given))
        if found is None:
            raise InputError(f"{what}: wants {self.wanted}; got {_described(given)}")
        return [found.get(index) for index in range(len(self))]

    def _only(self, given: Any, what: str) -> Any:
        """What was given for the one output there is, alone or in a dictionary or list."""
        if isinstance(given, Mapping):
            if len(given) == 1 and (not self.named or self.names[0] in given):
                return next(iter(given.values()))
            wanted = f'the one output, "{self.names[0]}"' if self.named else "the one output"
            raise InputError(f"{what}: wants one entry for {wanted}; got {_described(given)}")
        if isinstance(given, list | tuple):
            if len(given) != 1:
                raise InputError(f"{what}: wants one for the one output; got {_described(given)}")
            return given[0]
        return given

    def _by_name(self, given: Mapping[str, Any], what: str) -> dict[int, Any] | None:
        unknown = [key for key in given if key not in self.names]
        if not unknown:
            return {self.names.index(key): item for key, item in given.items()}
        tops = {output.way[0] for output in self.all}
        if all(key in tops for key in given):
            return None  # The outer keys of outputs inside outputs.
        raise unknown_name(f"output in {what}", unknown[0], self.names)

    @property
    def wanted(self) -> str:
        """What to give for the outputs, for errors."""
        names = ", ".join(f'"{name}"' for name in self.names)
        return f"a list of {len(self)}, or a dictionary, for the outputs {names}"


def _key(part: Any) -> Any:
    """One step of jax's way through a tree, as the key, index or attribute that it is."""
    for attribute in ("key", "idx", "name"):
        if hasattr(part, attribute):
            return getattr(part, attribute)
    return part


def _plain_name(way: Way) -> str:
    if len(way) < 2 and (not way or isinstance(way[0], int)):
        return f"output_{way[0] if way else 0}"
    return "/".join(map(str, way))


def _matched(given: Any, tree: Any) -> dict[int, Any] | None:
    """What stands in `given` at each place of `tree`, or None where their structures differ."""
    if isinstance(tree, int):
        return {tree: given}
    if given is None:
        return {}
    if isinstance(tree, Mapping):
        if not isinstance(given, Mapping) or any(key not in tree for key in given):
            return None
        pairs = [(given[key], tree[key]) for key in given]
    else:
        if not isinstance(given, list | tuple) or len(given) != len(tree):
            return None
        pairs = list(zip(given, tree, strict=True))
    found: dict[int, Any] = {}
    for inner, part in pairs:
        below = _matched(inner, part)
        if below is None:
            return None
        found.update(below)
    return found


def _described(given: Any) -> str:
    if isinstance(given, Mapping):
        return "a dictionary with the keys " + ", ".join(f'"{key}"' for key in given)
    if isinstance(given, list | tuple):
        return f"a {type(given).__name__} of {len(given)}"
    if hasattr(given, "shape"):
        return f"one array of shape {tuple(given.shape)}"
    return repr(given)
