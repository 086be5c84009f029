"""Masks: which steps of a sequence count, carried beside an array from layer to layer.

A mask is an array of booleans that belongs to an array of numbers. Neither NumPy's nor jax's arrays
take attributes everywhere, so it stands in a table as long as its array lives.
"""

from __future__ import annotations

import warnings
import weakref
from typing import Any

import jax

_known: dict[int, tuple[Any, Any]] = {}


def mask_of(array: Any) -> Any:
    """The mask that belongs to an array, or None; for a tree, a tree of them."""
    if isinstance(array, list | tuple | dict):
        found = jax.tree.map(mask_of, array, is_leaf=lambda leaf: leaf is not array)
        return None if not jax.tree.leaves(found) else found
    entry = _known.get(id(array))
    return entry[1] if entry is not None and entry[0]() is array else None


def set_mask(array: Any, mask: Any) -> None:
    """Has a mask belong to an array; None takes it away."""
    key = id(array)
    if mask is None:
        _known.pop(key, None)
        return
    # The table is named here, because at Python's end modules lose their names first.
    forget = lambda _, known=_known: known.pop(key, None)  # noqa: E731
    _known[key] = (weakref.ref(array, forget), mask)


def hand_on(layer: Any, inputs: Any, outputs: Any, mask: Any) -> None:
    """Has the outputs of a layer carry the mask that follows from that of its inputs.

    Args:
        layer: whose `supports_masking` says whether it has one to give; None leaves that to the
            layers inside it.
        inputs, outputs: of the call.
        mask: of the inputs, or None; a tree as they are.
    """
    if layer.supports_masking is None:
        return
    leaves = jax.tree.leaves(outputs)
    if all(mask_of(leaf) is not None for leaf in leaves):
        return
    if layer.supports_masking:
        found = layer.compute_mask(inputs, mask)
        each = list(found) if isinstance(found, list | tuple) else [found]
        for leaf, own in zip(leaves, each, strict=False):
            if own is not None:
                set_mask(leaf, own)
    elif jax.tree.leaves(mask):
        warnings.warn(
            f"{layer.title} does not support masking: its input has a mask, and the layers behind "
            "it will take the masked steps for others",
            stacklevel=5,
        )
