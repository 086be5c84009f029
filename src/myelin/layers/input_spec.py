"""`InputSpec`: what a layer says of its inputs, and the check that they are so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from myelin import dtypes, variable
from myelin.errors import InputError, ShapeError
from myelin.layers.shapes import Shape, fit


class InputSpec:
    """The rank, shape and type that a layer wants of an input.

    A layer that sets `self.input_spec` to one, or to a list of them for several inputs, has its
    first argument checked at each call, before it is built.

    Args:
        dtype: the type of the numbers, after the cast to the layer's compute type.
        shape: sizes with the batch axis, None where any size will do.
        ndim: how many axes; follows from `shape` where that is given.
        max_ndim, min_ndim: the most and the fewest axes.
        axes: sizes of single axes, by number; `{-1: 3}` wants 3 channels.
        allow_last_axis_squeeze: also takes an input with a last axis of 1 more than `shape` has,
            or without the last axis of 1 that `shape` has.
        name: the key of this input where inputs come in a dictionary.
        optional: whether the input may be None.

    Raises:
        InputError: `axes` is no dictionary by whole numbers, or one of them is beyond the rank.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.name_of(dtype)
        self.shape: Shape | None = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        try:
            self.axes = {int(axis): size for axis, size in dict(axes or {}).items()}
        except (TypeError, ValueError):
            raise InputError(
                f"InputSpec: axes wants sizes by axis, {{-1: 3}}, got {axes!r}"
            ) from None
        most = self.ndim if self.ndim is not None else self.max_ndim
        if most is not None and any(axis >= most for axis in self.axes):
            raise InputError(f"InputSpec: axes {axes} has an axis beyond the rank {most}")

    def problem(self, shape: Shape, dtype: str) -> str | None:
        """What this wants that an input of this shape and type is not; None where it fits."""
        rank = len(shape)
        if self.ndim not in (None, rank) and not self.allow_last_axis_squeeze:
            return f"{self.ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"at least {self.min_ndim} axes"
        if self.dtype not in (None, dtype):
            return f"numbers of type {self.dtype}, not {dtype}"
        for axis, size in self.axes.items():
            there = -rank <= axis < rank
            if not there or (None not in (size, shape[axis]) and shape[axis] != size):
                return f"axis {axis} to be of size {size}"
        return None if self.shape is None or self._fits(shape) else f"the shape {self.shape}"

    def _fits(self, shape: Shape) -> bool:
        wanted = self.shape or ()
        if self.allow_last_axis_squeeze:
            wanted, shape = (s[:-1] if s[-1:] == (1,) else s for s in (wanted, shape))
        return fit(wanted, shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal one, with Keras's keys."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        """One from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        said = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return f"InputSpec({', '.join(said)})"


def check(layer: Any, inputs: Any) -> None:
    """Checks the first argument of a layer against its `input_spec`.

    Args:
        layer: whose `input_spec` it is; a tree of `InputSpec`, or None where it does not mind.
        inputs: an array or promise, or a tree of them.

    Raises:
        ShapeError: another number of inputs, a missing one, or one that is not as is wanted.
    """
    # Sizes that a rehearsal makes up may not fit.
    if not layer.input_spec or variable.in_rehearsal():
        return
    specs = jax.tree.leaves(layer.input_spec, is_leaf=_is_none)
    given = _in_order(layer, specs, inputs)
    if len(given) != len(specs):
        raise ShapeError(f"{layer.title}: wants {len(specs)} inputs, got {len(given)}")
    for number, (spec, value) in enumerate(zip(specs, given, strict=True)):
        if spec is None or (value is None and spec.optional):
            continue
        shape = tuple(getattr(value, "shape", None) or np.shape(value))
        why = spec.problem(shape, str(getattr(value, "dtype", "float32")))
        if why is not None:
            which = "" if len(specs) == 1 else f" of input {spec.name or number}"
            raise ShapeError(f"{layer.title}: wants {why}{which}, got inputs of shape {shape}")


def _in_order(layer: Any, specs: list[Any], inputs: Any) -> list[Any]:
    """The inputs in the order of their specs, which may name them."""
    names = [getattr(spec, "name", None) for spec in specs]
    if not isinstance(inputs, dict) or not all(names):
        return jax.tree.leaves(inputs, is_leaf=_is_none)
    missing = [name for name in names if name not in inputs]
    if missing:
        raise ShapeError(
            f'{layer.title}: wants an input "{missing[0]}", got a dictionary of {list(inputs)}'
        )
    return jax.tree.leaves([inputs[name] for name in names], is_leaf=_is_none)


def _is_none(value: Any) -> bool:
    return value is None
