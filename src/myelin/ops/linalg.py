"""Linear algebra on matrices, `(…, rows, columns)`; the public names are `ops.linalg`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.ops.reductions import axes
from myelin.promise import lift

Array = jax.Array


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """The norm of vectors or matrices; the Euclidean one when `ord` is None.

    Args:
        x: any shape.
        ord: a number, ∞, or "fro" and "nuc" for matrices.
        axis: the axis of the vectors, or the two of the matrices; all when None.
        keepdims: whether those axes stay, with size 1.
    """
    return jnp.linalg.norm(_floats(x), ord, axes(axis), keepdims)


def cholesky(x: Any, upper: bool = False) -> Array:
    """The triangular L with `x = L Lᵀ` of a positive definite matrix; `x = Uᵀ U` if `upper`.

    Raises:
        InputError: x is not positive definite. In a compiled step the result is NaN instead.
    """
    factor = jnp.linalg.cholesky(_square(x, "cholesky"), upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise InputError("cholesky: the matrix is not positive definite")
    return factor


def cholesky_inverse(x: Any, upper: bool = False) -> Array:
    """The inverse of the matrix whose Cholesky factor is x."""
    x = _square(x, "cholesky_inverse")
    inverse = solve_triangular(x, jnp.eye(x.shape[-1], dtype=x.dtype), lower=not upper)
    other = jnp.swapaxes(inverse, -1, -2)
    return inverse @ other if upper else other @ inverse


def det(x: Any) -> Array:
    """The determinant."""
    return jnp.linalg.det(_square(x, "det"))


def slogdet(x: Any) -> tuple[Array, Array]:
    """The determinant's sign and the logarithm of its absolute value, without overflow."""
    sign, log = jnp.linalg.slogdet(_square(x, "slogdet"))
    return sign, log


def logdet(x: Any) -> Array:
    """The logarithm of the determinant of a positive definite matrix."""
    return slogdet(x)[1]


def eig(x: Any) -> tuple[Array, Array]:
    """The eigenvalues and, in columns, the eigenvectors of any square matrix; complex.

    Computed on CPUs only, as jax does.
    """
    values, vectors = jnp.linalg.eig(_square(x, "eig"))
    return values, vectors


def eigh(x: Any) -> tuple[Array, Array]:
    """The rising eigenvalues and, in columns, the eigenvectors of a symmetric matrix."""
    values, vectors = jnp.linalg.eigh(_square(x, "eigh"))
    return values, vectors


def inv(x: Any) -> Array:
    """The inverse."""
    return jnp.linalg.inv(_square(x, "inv"))


def pinv(x: Any, rcond: Any = None) -> Array:
    """Moore and Penrose's inverse; singular values below `rcond` times the largest count as 0."""
    return jnp.linalg.pinv(_matrix(x, "pinv"), rcond)


def matrix_rank(x: Any, tol: Any = None) -> Array:
    """How many singular values are above `tol`, int32; what rounding may leave when None."""
    return jnp.linalg.matrix_rank(_matrix(x, "matrix_rank"), tol).astype(jnp.int32)


def lu_factor(x: Any) -> tuple[Array, Array]:
    """Both factors of `P x = L U` in one matrix, without L's ones, and the swapped rows."""
    from jax.scipy import linalg

    factors, swaps = linalg.lu_factor(_matrix(x, "lu_factor"))
    return factors, swaps


def qr(x: Any, mode: str = "reduced") -> tuple[Array, Array]:
    """The orthonormal Q and the triangular R with `x = Q R`.

    Args:
        x: `(…, m, n)`.
        mode: "reduced" for min(m, n) columns of Q, "complete" for m.

    Raises:
        InputError: another mode.
    """
    if mode not in ("reduced", "complete"):
        raise InputError(f'qr: mode wants "reduced" or "complete", got {mode!r}')
    q, r = jnp.linalg.qr(_matrix(x, "qr"), mode)
    return q, r


def solve(a: Any, b: Any) -> Array:
    """The x with `a x = b`, for b a vector, or a matrix of columns."""
    return jnp.linalg.solve(_square(a, "solve"), operand(b))


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Array:
    """The x with `a x = b` for a triangular a, of which only that half is read."""
    from jax.scipy import linalg

    return linalg.solve_triangular(_square(a, "solve_triangular"), operand(b), lower=lower)


def lstsq(a: Any, b: Any, rcond: Any = None) -> Array:
    """The x for which `a x` is nearest to b, in squares; the shortest where several are."""
    return jnp.linalg.lstsq(_matrix(a, "lstsq"), operand(b), rcond)[0]


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The falling singular values s, with `x = U diag(s) V`.

    Args:
        x: `(…, m, n)`.
        full_matrices: whether U and V are square.
        compute_uv: whether to give `(U, s, V)`, or s alone.
    """
    found = jnp.linalg.svd(_matrix(x, "svd"), full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """What a function gives, and its derivative in a direction.

    Args:
        fun: of arrays.
        primals: a tuple of where.
        tangents: a tuple of the direction, of the same shapes.
        has_aux: whether `fun` gives something else beside, which is handed on as a third.
    """
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux)


def _floats(x: Any) -> Array:
    x = convert_to_tensor(x)
    return x.astype(jnp.result_type(x.dtype, float)) if not jnp.iscomplexobj(x) else x


def _matrix(x: Any, owner: str) -> Array:
    x = convert_to_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{owner}: wants a matrix (…, rows, columns), got {tuple(x.shape)}")
    return x


def _square(x: Any, owner: str) -> Array:
    x = _matrix(x, owner)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{owner}: wants a square matrix, got {tuple(x.shape)}")
    return x


__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "logdet",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
]

# The others answer promises at once, or take functions.
_AT_ONCE = {"jvp"}
lift(globals(), set(__all__) - _AT_ONCE)
