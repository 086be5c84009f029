"""Gradients of what a step only looks up: of an embedding, the rows that its batch names.

`jax.grad` gives a gradient of the size of its parameter, nearly all zeros where a layer looked some
rows up. Noted here on the way forward, lookups keep their rows' gradients on the way back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from myelin import variable
from myelin.kernels import rows
from myelin.kernels.rows import Rows
from myelin.variable import Variable


class Lookups:
    """What one pass looks up in which variables.

    Args:
        variables: those of the task, by path.
        trainable: their arrays; no more than their paths, shapes and types are used.
    """

    def __init__(self, variables: Mapping[str, Variable], trainable: Mapping[str, Any]) -> None:
        tables = [
            p for p, array in trainable.items() if variables[p].is_table and rows.suits(array)
        ]
        self._paths = {id(variables[path]): path for path in tables}
        self._found: dict[str, list[Rows]] = {path: [] for path in tables}
        self._read_whole: set[str] = set()

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """A block for the pass forward, inside the function that is differentiated."""
        if not self._paths:
            yield
            return
        self._place = _place()
        with variable.told_of_reads(self._note_read), variable.looked_up_by(self._look_up):
            yield

    def instead(self, gradients: dict[str, Any]) -> dict[str, Any]:
        """The gradients that `jax.grad` gave, with `Rows` for what was only looked up."""
        after = dict(gradients)
        for path, found in self._found.items():
            if not found:
                continue
            both = Rows(*(jnp.concatenate(parts) for parts in zip(*found, strict=True)))
            whole = path in self._read_whole
            after[path] = gradients[path] + both.dense(gradients[path]) if whole else both
        return after

    def _note_read(self, read: Variable, array: Any) -> None:
        if id(read) in self._paths:
            self._read_whole.add(self._paths[id(read)])

    def _look_up(self, table: Variable, index: Any) -> Any:
        """The rows, or None where their gradient must go the usual way.

        Inside a loop or a block that is differentiated by itself, such as
        `RematScope`, gradients are not there when that of the whole is done.
        """
        path = self._paths.get(id(table))
        if path is None or _place() != self._place:
            return None

        @jax.custom_vjp
        def look_up(w: Any, index: Any) -> Any:
            return variable.rows_of(w, index)

        def forward(w: Any, index: Any) -> tuple[Any, Any]:
            return look_up(w, index), index

        def backward(index: Any, bar: Any) -> tuple[None, None]:
            self._found[path].append(Rows(index.reshape(-1), bar.reshape(-1, bar.shape[-1])))
            return None, None

        look_up.defvjp(forward, backward)
        w = table._value
        # What counts from the end names the same row as what counts from the beginning.
        index = jnp.where(index < 0, index + w.shape[0], index)
        return look_up(w, index)


def dense(gradients: Mapping[str, Any], trainable: Mapping[str, Any]) -> dict[str, Any]:
    """All gradients as arrays, for an optimizer that knows no others."""
    return {
        path: g.dense(trainable[path]) if isinstance(g, Rows) else g
        for path, g in gradients.items()
    }


def _place() -> Any:
    """In which of jax's traces this is; loaded here, because it loads much more."""
    from jax.extend.core import get_opaque_trace_state

    return get_opaque_trace_state()
