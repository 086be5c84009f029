"""`keras.tree`: structures of lists, tuples, deques and dictionaries, and their leaves.

Dictionaries are walked by sorted keys, an `OrderedDict` in its own order; None is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from myelin.errors import InputError

Path = tuple[Any, ...]


class MAP_TO_NONE:  # noqa: N801
    """What the function of `traverse` gives to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Whether it is a list, a tuple, a deque or a dictionary, and no leaf."""
    return isinstance(structure, list | tuple | deque | dict)


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order.

    >>> flatten({"b": [1, 2], "a": None})
    [None, 1, 2]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """The leaves, each after the indices and keys that lead to it.

    >>> flatten_with_path([{"foo": 42}])
    [((0, 'foo'), 42)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, child in _children(structure)
        for path, leaf in flatten_with_path(child)
    ]


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """A structure of the same form with other leaves, in the order of `flatten`.

    >>> pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
    {'b': 3, 'a': (1, 2)}

    Raises:
        InputError: another number of leaves.
    """
    leaves = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(leaves) != wanted:
        raise InputError(f"pack_sequence_as: wants {wanted} leaves, got {len(leaves)}")
    left = iter(leaves)
    return map_structure(lambda _: next(left), structure)


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """A structure with the function of the leaves at each place.

    Args:
        func: takes a leaf of each structure.
        structures: of one form.
        none_is_leaf: whether None is one too; else it stays as it is.

    Raises:
        InputError: no structure, or structures of different forms.
    """
    if not callable(func):
        raise TypeError(f"map_structure: wants a function first, got {func!r}")
    if not structures:
        raise InputError("map_structure: wants at least one structure")
    shallow, *others = structures
    if shallow is None and not none_is_leaf:
        return None
    if not is_nested(shallow):
        if any(is_nested(other) for other in others):
            raise _unlike(structures)
        return func(*structures)
    inner = lambda *parts: map_structure(func, *parts, none_is_leaf=none_is_leaf)  # noqa: E731
    return _rebuilt(structures, inner)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """A structure of the form of `shallow_structure` with the function of what stands there.

    >>> map_structure_up_to([None, [None]], str, [[1, 2], [3]])
    ['[1, 2]', ['3']]

    Raises:
        InputError: no structures, or one that is shallower.
    """
    if not structures:
        raise InputError("map_structure_up_to: wants at least one structure")
    if not is_nested(shallow_structure):
        return func(*structures)
    inner = lambda shallow, *parts: map_structure_up_to(shallow, func, *parts)  # noqa: E731
    return _rebuilt((shallow_structure, *structures), inner)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """A structure with the function of each shape: lists and tuples of sizes and None."""
    if isinstance(structure, list | tuple) and all(
        size is None or isinstance(size, int) for size in structure
    ):
        return func(structure)
    if not is_nested(structure):
        return func(structure)
    return _rebuilt((structure,), lambda child: map_shape_structure(func, child))


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """A structure with what a function says of each part of it, and of the parts' parts.

    Args:
        func: gives what stands in the place of a part, `MAP_TO_NONE` for None, or None to keep it.
        structure: the whole.
        top_down: whether a part comes before its own parts, which are then walked only where
            it is kept; else after them, made of what they have become.
    """
    said = func(structure) if top_down else None
    if said is None:
        if is_nested(structure):
            structure = _rebuilt((structure,), lambda child: traverse(func, child, top_down))
        said = None if top_down else func(structure)
    if said is None:
        return structure
    return None if said is MAP_TO_NONE else said


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples in the place of lists."""
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, False)


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raises where two structures differ in form; dictionaries of all kinds count as one kind.

    Args:
        a, b: the structures.
        check_types: an old name without effect, as in Keras.

    Raises:
        InputError: they differ.
    """
    map_structure(lambda *_: None, a, b)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raises where two structures do not have leaves at the same indices and keys.

    Raises:
        InputError: they differ.
    """
    one, other = ({path for path, _ in flatten_with_path(each)} for each in (a, b))
    if one != other:
        raise InputError(
            "the structures differ in their paths: only the first has "
            f"{sorted(one - other, key=str)}, only the second {sorted(other - one, key=str)}"
        )


def _children(structure: Any) -> list[tuple[Any, Any]]:
    """The parts of a nested structure, each with its index or key, in order."""
    if isinstance(structure, OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in _sorted(structure)]
    return list(enumerate(structure))


def _sorted(keys: Iterable[Any]) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:
        # Keys of several types: by type first, as they cannot be compared.
        return sorted(keys, key=lambda key: (type(key).__qualname__, str(key)))


def _rebuilt(structures: tuple[Any, ...], func: Callable[..., Any]) -> Any:
    """The first structure with the function of the parts that stand at each place in all."""
    parts = [_children(structure) if is_nested(structure) else None for structure in structures]
    first = structures[0]
    for structure, found in zip(structures[1:], parts[1:], strict=True):
        if found is None or _kind(structure) is not _kind(first):
            raise _unlike(structures)
        if isinstance(first, dict):
            if structure.keys() != first.keys():
                raise _unlike(structures)
        elif len(structure) != len(first):
            raise _unlike(structures)
    made = {
        key: func(child, *(other[key] for other in structures[1:])) for key, child in parts[0] or ()
    }
    if isinstance(first, dict):
        # In the order in which the first has its keys.
        ordered = {key: made[key] for key in first}
        if isinstance(first, defaultdict):
            return defaultdict(first.default_factory, ordered)
        return OrderedDict(ordered) if isinstance(first, OrderedDict) else ordered
    if hasattr(first, "_fields"):
        return type(first)(*made.values())
    if isinstance(first, deque):
        return deque(made.values(), first.maxlen)
    return tuple(made.values()) if isinstance(first, tuple) else list(made.values())


def _kind(structure: Any) -> type:
    if isinstance(structure, dict):
        return dict
    if isinstance(structure, list):
        return list
    if isinstance(structure, tuple) and not hasattr(structure, "_fields"):
        return tuple
    return type(structure)


def _unlike(structures: tuple[Any, ...]) -> InputError:
    return InputError(f"the structures have different forms: {', '.join(map(repr, structures))}")
