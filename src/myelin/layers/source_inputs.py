"""`get_source_inputs`: the `Input`s that a promise comes from."""

from __future__ import annotations

from typing import Any

from myelin.errors import InputError
from myelin.layers.symbolic import KerasTensor, tensors_in


def get_source_inputs(tensor: Any) -> list[Any]:
    """The promises of `Input` that a promise is computed from, in the order they are met.

    Args:
        tensor: a promise, or a tree of them.

    Raises:
        InputError: there is no promise in it.
    """
    left: list[KerasTensor] = tensors_in(tensor)[::-1]
    if not left:
        raise InputError(f"get_source_inputs wants what Input or a layer gave, got {tensor!r}")
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    while left:
        here = left.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        before = [] if here.node is None else here.node.inputs
        left.extend(reversed(before))
        if not before:
            found[id(here)] = here
    return list(found.values())
