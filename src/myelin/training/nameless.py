"""Programs that do not depend on what a model's variables are called.

jax keeps compiled programs by their text, in which results are named after the keys of the tree
that they stand in. A notebook that makes its model again has `dense_3` for `dense`, and would
compile the same steps again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import jax

_NUMBERS = re.compile(r"(\d+)")


class Nameless:
    """`jax.jit` of a function of trees, as one of their leaves.

    Args:
        function: `(first, *others, batch_size) -> results`.
        returns_first: whether the results are a pair, of a tree like `first` and others.
        options: of `jax.jit`; `donate_argnums=0` donates what is in `first`.
    """

    def __init__(self, function: Callable[..., Any], returns_first: bool, **options: Any) -> None:
        def run(first: Any, others: Any, *, structures: _Structures, batch_size: int) -> Any:
            trees = (_whole(*pair) for pair in zip((first, others), structures.pair, strict=True))
            own, arguments = trees
            results = function(own, *arguments, batch_size=batch_size)
            return (_leaves(results[0])[0], results[1]) if returns_first else results

        self._returns_first = returns_first
        self._run: Any = jax.jit(run, static_argnames=("structures", "batch_size"), **options)

    def __call__(self, first: Any, *others: Any, batch_size: int) -> Any:
        """What the function gives."""
        own, structure = _leaves(first)
        arguments, others_structure = _leaves(others)
        structures = _structures(structure, others_structure)
        results = self._run(own, arguments, structures=structures, batch_size=batch_size)
        return (_whole(results[0], structure), results[1]) if self._returns_first else results

    def for_shapes(self, first: Any, *others: Any, batch_size: int) -> tuple[Any, list[Any]]:
        """What is left to do for arguments of the shapes of these.

        Args:
            first: a tree like the first argument, of anything.
            others: like the other arguments.
            batch_size: as for a call.

        Returns:
            A function of a list of what is in `first` and a list of what is in the others; and
            what is in `first` here, in the order of that list.
        """
        own, structure = _leaves(first)
        structures = _structures(structure, _leaves(others)[1])
        return partial(self._run, structures=structures, batch_size=batch_size), own

    def cache_size(self) -> int:
        """How many programs were compiled."""
        return int(self._run._cache_size())


class _Structures:
    """Two structures as one object, which is compared in no time: that is done at each call."""

    def __init__(self, pair: tuple[Any, Any]) -> None:
        self.pair = pair


@functools.lru_cache(maxsize=256)
def _structures(first: Any, others: Any) -> _Structures:
    """The same object for equal structures."""
    return _Structures((first, others))


def _leaves(tree: Any) -> tuple[list[Any], Any]:
    leaves, structure = jax.tree.flatten(tree)
    return [leaves[place] for place in _order(structure)], structure


def _whole(leaves: list[Any], structure: Any) -> Any:
    sorted_back: list[Any] = [None] * len(leaves)
    for leaf, place in zip(leaves, _order(structure), strict=True):
        sorted_back[place] = leaf
    return jax.tree.unflatten(structure, sorted_back)


@functools.lru_cache(maxsize=256)
def _order(structure: Any) -> tuple[int, ...]:
    """The places of the leaves, with `dense_9` before `dense_10` as it was made before it."""
    numbered = jax.tree.unflatten(structure, range(structure.num_leaves))
    paths = [
        jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(numbered)
    ]

    def natural(place: int) -> list[Any]:
        # Numbers stand at the odd places of what `split` gives, so like meets like.
        parts = _NUMBERS.split(paths[place])
        return [int(part) if odd % 2 else part for odd, part in enumerate(parts)]

    return tuple(sorted(range(len(paths)), key=natural))
