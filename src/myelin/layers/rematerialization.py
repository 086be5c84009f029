"""`remat`: less memory for the gradient, by computing twice."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from myelin.errors import InputError
from myelin.layers import masks
from myelin.layers.base import Layer
from myelin.layers.context import contexts
from myelin.layers.wrapper import Wrapper
from myelin.scopes import StatelessScope


def remat(f: Any) -> Any:
    """A function or layer that keeps none of its intermediate results for the gradient.

    They are computed anew on the way back. Outputs and gradients are the same numbers.

    Args:
        f: a layer, which gives a layer around it; or a function of arrays, which may call layers
            and assign variables.

    Raises:
        InputError: `f` cannot be called.

    Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016; `jax.checkpoint`.
    """
    if isinstance(f, Layer):
        return Rematerialized(f)
    if not callable(f):
        raise InputError(f"remat wants a function or a layer, got {f!r}")
    return functools.wraps(f)(functools.partial(_computed_twice, f))


class Rematerialized(Wrapper):
    """Calls the layer inside so that the gradient computes its intermediate results anew.

    Args:
        layer: the layer inside.

    Shapes: those of the layer.

    Raises:
        InputError: `layer` is no layer.
    """

    # The layer inside says.
    supports_masking = None

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside, unless that wants to see further arguments."""
        if len(inspect.signature(self.layer.build).parameters) < 2:
            super().build(input_shape)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What the layer gives."""
        return _computed_twice(self.layer, inputs, *args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layer inside."""
        return self.layer.compute_output_shape(input_shape)


def _computed_twice(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if jax.config.values["jax_disable_jit"] or (contexts and contexts[-1].watch is not None):
        # Whoever looks at the values on the way gets values to look at.
        return f(*args, **kwargs)
    leaves, structure = jax.tree.flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array | np.ndarray)]
    given_masks = [masks.mask_of(leaves[place]) for place in places]
    penalties = contexts[-1].penalties if contexts else []
    moved: list[Any] = []
    owners: list[Any] = []

    def pure(arrays: list[Any], given_masks: list[Any]) -> Any:
        filled = list(leaves)
        for place, array, mask in zip(places, arrays, given_masks, strict=True):
            filled[place] = array
            masks.set_mask(array, mask)
        args, kwargs = jax.tree.unflatten(structure, filled)
        before = len(penalties)
        with StatelessScope() as scope:
            outputs = f(*args, **kwargs)
        moved[:] = [own for own, _ in scope.assigned]
        owners[:] = [owner for owner, _ in penalties[before:]]
        added = [value for _, value in penalties[before:]]
        del penalties[before:]
        output_masks = [masks.mask_of(leaf) for leaf in jax.tree.leaves(outputs)]
        return outputs, [value for _, value in scope.assigned], added, output_masks

    outputs, values, added, output_masks = jax.checkpoint(pure)(
        [leaves[place] for place in places], given_masks
    )
    for own, value in zip(moved, values, strict=True):
        own.assign(value)
    penalties.extend(zip(owners, added, strict=True))
    for leaf, mask in zip(jax.tree.leaves(outputs), output_masks, strict=True):
        masks.set_mask(leaf, mask)
    return outputs
