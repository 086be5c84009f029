"""Functions whose value and first gradient are computed by hand, and further ones by jax."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def by_hand(
    plain: Callable[..., Any], forward: Callable[..., Any], backward: Callable[..., Any]
) -> Any:
    """`plain`, computed by `forward`, with the gradient that `backward` computes.

    It can be derived backwards any number of times: twice and more by the plain form, which begins
    anew from the operands.

    Args:
        plain: `(*operands) -> outputs`, by operations that jax can derive.
        forward: `(*operands) -> (outputs, kept)`, with what the way back needs.
        backward: `(operands, kept, bars) -> bars of the operands`, from what came back to the
            outputs.
    """

    @jax.custom_vjp
    def function(*operands: Any) -> Any:
        return once(*operands)[0]

    def function_kept(*operands: Any) -> Any:
        outputs, kept = once(*operands)
        return outputs, (operands, kept)

    def function_backward(saved: Any, bars: Any) -> Any:
        return gradients(*saved, bars)

    @jax.custom_vjp
    def once(*operands: Any) -> Any:
        return forward(*operands)

    def once_kept(*operands: Any) -> Any:
        return once(*operands), operands

    def once_backward(operands: Any, bars: Any) -> Any:
        # What is kept was made of the same operands, whose share `gradients` gives to them.
        return jax.vjp(plain, *operands)[1](bars[0])

    @jax.custom_vjp
    def gradients(operands: Any, kept: Any, bars: Any) -> Any:
        return tuple(backward(operands, kept, bars))

    def gradients_kept(operands: Any, kept: Any, bars: Any) -> Any:
        return gradients(operands, kept, bars), (operands, bars)

    def gradients_backward(saved: Any, bars: Any) -> Any:
        def plainly(operands: Any, outputs_bar: Any) -> Any:
            return jax.vjp(plain, *operands)[1](outputs_bar)

        of_operands, of_bars = jax.vjp(plainly, *saved)[1](tuple(bars))
        return of_operands, None, of_bars

    function.defvjp(function_kept, function_backward)
    once.defvjp(once_kept, once_backward)
    gradients.defvjp(gradients_kept, gradients_backward)
    return function


def natively(
    target: str,
    shapes: Sequence[tuple[int, ...]],
    plain: Callable[..., Any],
    *operands: Any,
    spare: int = 0,
    in_place: Mapping[int, int] | None = None,
) -> Any:
    """What native code gives on processors, and `plain` on other devices.

    Args:
        target: one of `native.TARGETS`, which takes members one after another.
        shapes: of its results, all float32.
        plain: a function of the operands that gives a tuple.
        operands: float32 arrays.
        spare: how many of the last results are only room to work in, and are left out.
        in_place: operands that may be overwritten, and the results to write over them.
    """

    def call(*operands: Any) -> Any:
        results = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
        run = jax.ffi.ffi_call(
            target, results, vmap_method="sequential", input_output_aliases=dict(in_place or {})
        )
        return tuple(run(*operands))[: len(shapes) - spare]

    return lax.platform_dependent(*operands, cpu=call, default=plain)
