"""Adam's step in one pass over parameter, moments and gradient, compiled natively for processors.

XLA makes three passes of it, each of which reads from memory what the one before has written.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.interpreters import ad, batching, mlir

from myelin.kernels import native
from myelin.kernels.primitive import Primitive

# A smaller parameter costs less than the call.
WORTH_A_CALL = 1 << 14


def suits(w: Any) -> bool:
    """Whether the native form pays for the parameter w."""
    return w.dtype == jnp.float32 and w.size >= WORTH_A_CALL and native.available()


def step(numbers: tuple[Any, ...], g: Any, w: Any, m: Any, v: Any) -> tuple[Any, Any, Any]:
    """The parameter and both moments after a step, of the gradient g.

        m ← m + of_m · (g - m),    v ← v + of_v · (g² - v),    w ← w - alpha · m / (√v + epsilon)

    Args:
        numbers: alpha, of_m, of_v and epsilon, scalars.
        g, w, m, v: float32 arrays of one shape.
    """
    w, m, v = _step_p.bind(jnp.stack([jnp.float32(x) for x in numbers]), g, w, m, v)
    return w, m, v


_step_p = Primitive("myelin_adam")
_step_p.multiple_results = True


def plain_step(numbers: Any, g: Any, w: Any, m: Any, v: Any) -> tuple[Any, Any, Any]:
    """The same by jax's own operations; `numbers` as one array `(4,)`, or `(members, 4)`."""
    if numbers.ndim == 2:
        # Members, each with numbers of its own.
        return jax.vmap(plain_step)(numbers, g, w, m, v)
    alpha, of_m, of_v, epsilon = numbers
    m = m + of_m * (g - m)
    v = v + of_v * (jnp.square(g) - v)
    return w - alpha * m / (jnp.sqrt(v) + epsilon), m, v


def _shapes(numbers: Any, g: Any, *after: Any) -> tuple[Any, ...]:
    return tuple(jax.core.ShapedArray(a.shape, a.dtype) for a in after)


def _differentiated(primals: Any, tangents: Any) -> Any:
    tangents = [ad.instantiate_zeros(tangent) for tangent in tangents]
    return jax.jvp(plain_step, tuple(primals), tuple(tangents))


def _batched(operands: Any, axes: Any) -> Any:
    if operands[0].ndim - (axes[0] is not None) == 2 or None in axes[1:]:
        return jax.vmap(plain_step, axes)(*operands), (0, 0, 0)
    numbers, *arrays = operands
    arrays = [jnp.moveaxis(array, axis, 0) for array, axis in zip(arrays, axes[1:], strict=True)]
    if axes[0] is None:
        numbers = jnp.broadcast_to(numbers, (arrays[0].shape[0], *numbers.shape))
    else:
        numbers = jnp.moveaxis(numbers, axes[0], 0)
    return _step_p.bind(numbers, *arrays), (0, 0, 0)


def _lower_natively(context: Any, *operands: Any) -> Any:
    if not native.usable():
        return _lower_plainly(context, *operands)
    in_place = {2: 0, 3: 1, 4: 2}
    return jax.ffi.ffi_lowering("myelin_adam", operand_output_aliases=in_place)(context, *operands)


_lower_plainly = mlir.lower_fun(plain_step, multiple_results=True)
_step_p.def_impl(plain_step)
_step_p.def_abstract_eval(_shapes)
ad.primitive_jvps[_step_p] = _differentiated
batching.primitive_batchers[_step_p] = _batched
mlir.register_lowering(_step_p, _lower_plainly)
mlir.register_lowering(_step_p, _lower_natively, platform="cpu")
