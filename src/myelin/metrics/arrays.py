"""What the metrics share: shapes that Keras lets differ, weights, and sums that lose nothing."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.losses.base import same_rank


def pair(y_true: Any, y_pred: Any, dtype: Any = None) -> tuple[jax.Array, jax.Array]:
    """Targets and outputs as arrays of one type and rank.

    Args:
        y_true, y_pred: anything jax takes.
        dtype: the type of both; that of the outputs when None.

    Raises:
        ShapeError: the shapes differ by more than a last axis of size 1.
    """
    y_pred = jnp.asarray(y_pred, dtype)
    y_true = jnp.asarray(y_true, y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    check_same(y_true, y_pred)
    return y_true, y_pred


def check_same(y_true: Any, y_pred: Any, hint: str = "") -> None:
    """Raises unless targets and outputs are of one shape; broadcasting would invent values.

    Raises:
        ShapeError: the shapes differ.
    """
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"metric: y_true has shape {y_true.shape} and y_pred {y_pred.shape}, "
            f"which do not go together{hint}"
        )


def weights_like(weight: Any, values: jax.Array) -> jax.Array:
    """Weights given for each example, or each value, repeated to the shape of `values`.

    Raises:
        ShapeError: there are not as many weights as examples.
    """
    weight = jnp.asarray(weight, values.dtype)
    if weight.ndim > values.ndim and weight.shape[-1] == 1:
        weight = weight[..., 0]
    while weight.ndim and weight.ndim < values.ndim:
        weight = weight[..., None]
    try:
        return jnp.broadcast_to(weight, values.shape)
    except ValueError:
        raise ShapeError(
            f"sample_weight has shape {weight.shape}, and does not fit values of shape "
            f"{values.shape}: give one weight an example"
        ) from None


@jax.jit
def add_exactly(total: jax.Array, lost: jax.Array, value: jax.Array) -> tuple[Any, Any]:
    """Adds `value` to the number `total + lost`, and splits the sum in the same way.

    `lost` is what the float type has no room for, so a sum of many small parts does not stand
    still once it is large; a float32 count would at 16 777 216.

    Source: Knuth, The Art of Computer Programming, volume 2, section 4.2.2 (TwoSum).
    """
    # Whoever sets a total to zero by hand means all of it.
    lost = jnp.where(total == 0, 0, lost)
    rounded = total + value
    part = rounded - total
    error = (total - (rounded - part)) + (value - part) + lost
    new = rounded + error
    finite = jnp.isfinite(rounded)
    rest = error - (new - rounded)
    return jnp.where(finite, new, rounded), jnp.where(finite, rest, 0)


def check_range(what: str, values: Any, low: float = 0.0, high: float = 1.0) -> None:
    """Raises unless every value lies in `[low, high]`.

    Raises:
        InputError: one that does not.
    """
    wrong = [value for value in values if value is None or not low <= value <= high]
    if wrong:
        raise InputError(f"{what} must be in [{low:g}, {high:g}], got {wrong}")
