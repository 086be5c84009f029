"""A gradient that is nothing but some rows, and Adam's step by it.

A batch of sentences reads some hundred of an embedding's 20,000 rows. Their gradients as an array
of the embedding's size would be zeros made, filled and read again at every step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.interpreters import batching, mlir

from myelin.kernels import adam, native
from myelin.kernels.primitive import Primitive

# A gradient of fewer numbers costs less as an array.
WORTH_A_CALL = 1 << 16


class Rows(NamedTuple):
    """The gradient of a parameter `(rows, width)` of which only some rows have one.

    Attributes:
        index: int32 `(n,)`, from 0 to the number of rows, exclusive; others count for nothing.
        values: `(n, width)`; a row named twice has the sum of both.
    """

    index: Any
    values: Any

    def astype(self, dtype: Any) -> Rows:
        """The same with values of another type."""
        return Rows(self.index, self.values.astype(dtype))

    def dense(self, w: Any) -> Any:
        """The same as an array of the shape of `w`."""
        # What is below 0 names no row, where jax would count from the end.
        index = jnp.where(self.index < 0, w.shape[0], self.index)
        return jnp.zeros_like(w).at[index].add(self.values.astype(w.dtype), mode="drop")


def suits(w: Any) -> bool:
    """Whether the gradient of a parameter is worth keeping as rows."""
    return w.ndim == 2 and w.dtype == jnp.float32 and w.size >= WORTH_A_CALL


def adam_step(numbers: tuple[Any, ...], g: Rows, w: Any, m: Any, v: Any) -> tuple[Any, Any, Any]:
    """`adam.step` by a gradient of rows, to the same bits.

    Args:
        numbers: alpha, of_m, of_v and epsilon, scalars.
        g: the gradient.
        w, m, v: float32 `(rows, width)`.
    """
    stacked = jnp.stack([jnp.float32(x) for x in numbers])
    w, m, v = _step_p.bind(stacked, g.index, g.values, w, m, v)
    return w, m, v


_step_p = Primitive("myelin_adam_rows")
_step_p.multiple_results = True


def _plain(numbers: Any, index: Any, values: Any, w: Any, m: Any, v: Any) -> tuple[Any, Any, Any]:
    return adam.plain_step(numbers, Rows(index, values).dense(w), w, m, v)


def _shapes(numbers: Any, index: Any, values: Any, *after: Any) -> tuple[Any, ...]:
    return tuple(jax.core.ShapedArray(a.shape, a.dtype) for a in after)


def _batched(operands: Any, axes: Any) -> Any:
    return jax.vmap(_plain, axes)(*operands), (0, 0, 0)


def _lower_natively(context: Any, *operands: Any) -> Any:
    if not native.usable():
        return _lower_plainly(context, *operands)
    lower = jax.ffi.ffi_lowering("myelin_adam_rows", operand_output_aliases={3: 0, 4: 1, 5: 2})
    return lower(context, *operands)


_lower_plainly = mlir.lower_fun(_plain, multiple_results=True)
_step_p.def_impl(_plain)
_step_p.def_abstract_eval(_shapes)
batching.primitive_batchers[_step_p] = _batched
mlir.register_lowering(_step_p, _lower_plainly)
mlir.register_lowering(_step_p, _lower_natively, platform="cpu")
