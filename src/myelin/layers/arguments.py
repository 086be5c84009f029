"""What a layer's `call` is given beside its first input: further inputs, and the masks of all."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from myelin.layers import masks, symbolic


def shapes_to_build_for(
    layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The shapes that `build` takes, by its names for them, of what `call` is given.

    That is the shape of the first argument; or, where `build` takes several shapes, those of the
    arguments that they are named after: `query_shape` is that of `query`.
    """
    wanted = list(inspect.signature(layer.build).parameters)
    if len(wanted) < 2:
        return {"input_shape": symbolic.shapes_of(args[0])}
    given = inspect.signature(layer.call).bind_partial(*args, **kwargs).arguments
    found = {name: given.get(name.removesuffix("_shape")) for name in wanted}
    return {k: symbolic.shapes_of(value) for k, value in found.items() if value is not None}


def masks_beside(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The masks that belong to arguments and that `call` names after them."""
    kind: Any = type(layer)
    named = _masks_named(kind)
    if not named:
        return {}
    given = inspect.signature(layer.call).bind_partial(*args, **kwargs).arguments
    return {
        name: masks.mask_of(given[stem])
        for name, stem in named.items()
        if given.get(name) is None and given.get(stem) is not None
    }


@functools.cache
def _masks_named(kind: Any) -> dict[str, str]:
    """The arguments of `call` that are masks of others: `{"query_mask": "query"}`."""
    names = inspect.signature(kind.call).parameters
    stems = {name: name.removesuffix("_mask") for name in names}
    return {name: stem for name, stem in stems.items() if stem != name and stem in names}
