"""`tf.linalg`: matrices in the last two axes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import ops
from myelin.dtypes import name_of
from myelin.keras_script.tensorflow import arrays
from myelin.keras_script.tensorflow.calling import of_array, tensor, unary

adjoint = of_array(lambda matrix: jnp.conj(jnp.swapaxes(matrix, -1, -2)))
cholesky = unary(ops.cholesky)
det = of_array(jnp.linalg.det)
eigh = of_array(lambda x: tuple(jnp.linalg.eigh(x)))
eigvalsh = of_array(jnp.linalg.eigvalsh)
expm = of_array(jax.scipy.linalg.expm)
logdet = unary(ops.logdet)
matrix_transpose = of_array(lambda a: jnp.swapaxes(a, -1, -2))
pinv = of_array(jnp.linalg.pinv)
slogdet = of_array(lambda x: tuple(jnp.linalg.slogdet(x)))
trace = of_array(lambda x: jnp.trace(x, axis1=-2, axis2=-1))


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False,
    adjoint_a: bool = False, adjoint_b: bool = False, a_is_sparse: bool = False,
    b_is_sparse: bool = False, output_type: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The product of matrices, either of them transposed."""
    if not (transpose_a or transpose_b or adjoint_a or adjoint_b):
        return ops.matmul(a, b)
    left, right = tensor(a), tensor(b)
    left = jnp.swapaxes(left, -1, -2) if transpose_a else adjoint(left) if adjoint_a else left
    right = jnp.swapaxes(right, -1, -2) if transpose_b else adjoint(right) if adjoint_b else right
    return jnp.matmul(left, right)


def matvec(
    a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False,
    b_is_sparse: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """The product of matrices and vectors."""
    return matmul(a, tensor(b)[..., None], transpose_a, adjoint_a=adjoint_a)[..., 0]


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """The inverse."""
    return jnp.linalg.inv(matrix_transpose(input) if adjoint else tensor(input))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """The x with `matrix x = rhs`, for columns of `rhs`."""
    return jnp.linalg.solve(matrix_transpose(matrix) if adjoint else tensor(matrix), tensor(rhs))


def lstsq(
    matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None
) -> Any:
    """The x for which `matrix x` is nearest to `rhs`, plus `l2_regularizer` times x's square."""
    a, b = tensor(matrix), tensor(rhs)
    if not l2_regularizer:
        return jnp.linalg.pinv(a) @ b
    normal = matmul(a, a, transpose_a=True) + l2_regularizer * jnp.eye(a.shape[-1])
    return jnp.linalg.solve(normal, matmul(a, b, transpose_a=True))


def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """The falling singular values s, u and v, with `tensor = u diag(s) vᵀ`."""
    given = ops.convert_to_tensor(tensor)
    if not compute_uv:
        return jnp.linalg.svd(given, compute_uv=False)
    u, s, v = jnp.linalg.svd(given, full_matrices=full_matrices)
    return s, u, adjoint(v)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """The orthonormal q and the triangular r."""
    return tuple(jnp.linalg.qr(tensor(input), "complete" if full_matrices else "reduced"))


def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """The x with `matrix x = rhs`, of whose matrix only one half is read."""
    return jax.scipy.linalg.solve_triangular(
        tensor(matrix), tensor(rhs), trans=2 if adjoint else 0, lower=lower
    )


def diag(diagonal: Any, name: str | None = None) -> Any:
    """Matrices with these entries on their diagonals."""
    entries = tensor(diagonal)
    return entries[..., None] * jnp.eye(entries.shape[-1], dtype=entries.dtype)


def diag_part(input: Any, name: str | None = None, k: int = 0) -> Any:
    """The diagonals of matrices, or those k above."""
    return jnp.diagonal(tensor(input), k, -2, -1)


def set_diag(input: Any, diagonal: Any, name: str | None = None) -> Any:
    """Matrices with other diagonals."""
    matrix = tensor(input)
    place = jnp.arange(min(matrix.shape[-2:]))
    return matrix.at[..., place, place].set(tensor(diagonal))


def band_part(input: Any, num_lower: int, num_upper: int, name: str | None = None) -> Any:
    """So many diagonals below and above the middle one, all if -1; zeros elsewhere."""
    matrix = tensor(input)
    rows, columns = jnp.ogrid[: matrix.shape[-2], : matrix.shape[-1]]
    below = num_lower < 0 or rows - columns <= num_lower
    above = num_upper < 0 or columns - rows <= num_upper
    return jnp.where(jnp.logical_and(below, above), matrix, 0)


def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> Any:
    """The array divided by its norm, and that norm."""
    norm = arrays.norm(tensor, ord, axis, keepdims=True)
    return ops.convert_to_tensor(tensor) / norm, norm


def tensor_diag(diagonal: Any, name: str | None = None) -> Any:
    """The matrix with these entries on its diagonal."""
    return jnp.diag(tensor(diagonal))


def cross(a: Any, b: Any, name: str | None = None) -> Any:
    """The cross products of vectors of three numbers."""
    return jnp.cross(tensor(a), tensor(b))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None,
    dtype: Any = "float32", name: str | None = None,
) -> Any:  # fmt: skip
    """Ones on the diagonal, zeros elsewhere."""
    return arrays.eye(num_rows, num_columns, batch_shape, name_of(dtype))
