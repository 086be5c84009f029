"""The product of a batch of rows with a matrix, compiled natively for processors.

Where many elements of `x` are 0, as in images with an empty ground, one-hot rows and what ReLU
leaves, the native form leaves their products out, and computes the same bits several times faster.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching, mlir

from myelin.kernels import native
from myelin.kernels.primitive import Primitive

# A smaller product costs less than the call.
WORTH_A_CALL = 1 << 14


def matmul(x: Any, w: Any) -> Any:
    """`x @ w` for a matrix w, differentiable in both as often as one likes.

    Float32 on a processor goes to the native kernel where there is one, all else to XLA.

    Shapes: x `(…, k)`, w `(k, n)`, result `(…, n)`.
    """
    if not _suits(x, w):
        return x @ w
    rows = _product_p.bind(x.reshape(-1, x.shape[-1]), w, form="nn")
    return rows.reshape(*x.shape[:-1], w.shape[-1])


def product(a: Any, b: Any, form: str = "nn") -> Any:
    """a · b, or aᵀ · b for `form="tn"`, or a · bᵀ for "nt", over equal leading axes.

    As `matmul` in all else; for kernels that are made of products.

    Shapes: a `(…, m, k)` or `(…, k, m)`, b `(…, k, n)` or `(…, n, k)`, result `(…, m, n)`.
    """
    if jnp.result_type(a) == jnp.result_type(b) == jnp.float32 and native.available():
        return _product_p.bind(a, b, form=form)
    return plain_product(a, b, form=form)


def _suits(x: Any, w: Any) -> bool:
    return (
        # First, as sizes may be symbols where it is not.
        native.available()
        and jnp.result_type(x) == jnp.result_type(w) == jnp.float32
        and w.ndim == 2
        and x.ndim >= 2
        and x.shape[-1] == w.shape[0]
        and math.prod(x.shape) * w.shape[1] >= WORTH_A_CALL
    )


# The product as a primitive in three forms: "nn" is a · b, "tn" aᵀ · b, "nt" a · bᵀ, each over
# equal leading axes. Their derivatives are such products again, so they can be derived without end.
_product_p = Primitive("myelin_product")


def plain_product(a: Any, b: Any, *, form: str) -> Any:
    """`product` by XLA, on any device and in any type."""
    batch = tuple(range(a.ndim - 2))
    left = a.ndim - (2 if form[0] == "t" else 1)
    right = b.ndim - (1 if form[1] == "t" else 2)
    return lax.dot_general(a, b, (((left,), (right,)), (batch, batch)))


def _shape(a: Any, b: Any, *, form: str) -> Any:
    rows = a.shape[-1 if form[0] == "t" else -2]
    columns = b.shape[-2 if form[1] == "t" else -1]
    return jax.core.ShapedArray((*a.shape[:-2], rows, columns), a.dtype)


def _cotangent_of_a(cotangent: Any, _: Any, b: Any, *, form: str) -> Any:
    if form == "tn":
        return _product_p.bind(b, cotangent, form="nt")
    return _product_p.bind(cotangent, b, form={"nn": "nt", "nt": "nn"}[form])


def _cotangent_of_b(cotangent: Any, a: Any, _: Any, *, form: str) -> Any:
    if form == "nt":
        return _product_p.bind(cotangent, a, form="tn")
    return _product_p.bind(a, cotangent, form={"nn": "tn", "tn": "nn"}[form])


def _batched(operands: Any, axes: Any, *, form: str) -> Any:
    if None in axes:
        # Repeating the other operand for every member would cost more memory than the kernel saves.
        return jax.vmap(lambda a, b: plain_product(a, b, form=form), axes)(*operands), 0
    a, b = (jnp.moveaxis(x, axis, 0) for x, axis in zip(operands, axes, strict=True))
    return _product_p.bind(a, b, form=form), 0


def _lower_natively(context: Any, a: Any, b: Any, *, form: str) -> Any:
    if not native.usable():
        return _lower_plainly(context, a, b, form=form)
    return jax.ffi.ffi_lowering(f"myelin_multiply_{form}")(context, a, b)


_lower_plainly = mlir.lower_fun(plain_product, multiple_results=False)
_product_p.def_impl(plain_product)
_product_p.def_abstract_eval(_shape)
ad.defbilinear(_product_p, _cotangent_of_a, _cotangent_of_b)
batching.primitive_batchers[_product_p] = _batched
mlir.register_lowering(_product_p, _lower_plainly)
mlir.register_lowering(_product_p, _lower_natively, platform="cpu")
