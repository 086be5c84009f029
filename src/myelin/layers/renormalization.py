"""Batch renormalization: what `BatchNormalization(renorm=True)` keeps beside its other statistics.

Source: Ioffe, Batch Renormalization: Towards Reducing Minibatch Dependence in Batch-Normalized
Models, 2017, algorithm 1. Deviations are `sqrt(var + epsilon)`, as in Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from myelin import registry
from myelin.errors import InputError

_BOUNDS = ("rmax", "rmin", "dmax")


def bounds(given: Mapping[str, float | None] | None) -> dict[str, float | None]:
    """The argument `renorm_clipping`, checked.

    Raises:
        InputError: another name than rmin, rmax and dmax, or nothing between the bounds.
    """
    found = dict(given or {})
    unknown = [name for name in found if name not in _BOUNDS]
    low, high, shift = found.get("rmin"), found.get("rmax"), found.get("dmax")
    crossed = low is not None and high is not None and high < low
    if unknown or crossed or (shift is not None and shift < 0):
        raise InputError(
            "BatchNormalization: renorm_clipping wants rmin, rmax (not below rmin) and dmax "
            f"(0 or above), any of them, got {found}"
        )
    return found


def build(layer: Any, options: Mapping[str, Any]) -> None:
    """Makes the moving deviation, and the mean and deviation that training goes by.

    Args:
        layer: the `BatchNormalization`.
        options: shape and so on of its other moving statistics.
    """

    def deviation(shape: Any, dtype: Any = None) -> Any:
        return jnp.sqrt(registry.copied(layer.moving_variance_initializer)(shape, dtype=dtype))

    mean = registry.copied(layer.moving_mean_initializer)
    layer.moving_stddev = layer.add_weight(initializer=deviation, name="moving_stddev", **options)
    layer.renorm_mean = layer.add_weight(initializer=mean, name="renorm_mean", **options)
    layer.renorm_stddev = layer.add_weight(initializer=deviation, name="renorm_stddev", **options)


def corrected(layer: Any, mean: jax.Array, var: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The correction r and d of a batch with these moments; all statistics follow the batch."""
    deviation = jnp.sqrt(var + layer.epsilon)
    before = jnp.maximum(layer.renorm_stddev.value, layer.epsilon**0.5)
    factor, shift = deviation / before, (mean - layer.renorm_mean.value) / before
    limits = layer.renorm_clipping
    factor = jnp.clip(factor, limits.get("rmin"), limits.get("rmax"))
    if limits.get("dmax") is not None:
        shift = jnp.clip(shift, -limits["dmax"], limits["dmax"])
    keep = layer.renorm_momentum
    _follow(layer.renorm_mean, mean, keep)
    _follow(layer.renorm_stddev, deviation, keep)
    _follow(layer.moving_mean, mean, layer.momentum)
    moving = _follow(layer.moving_stddev, deviation, layer.momentum)
    layer.moving_variance.assign(jnp.maximum(moving * moving - layer.epsilon, 0))
    return jax.lax.stop_gradient(factor), jax.lax.stop_gradient(shift)


def _follow(statistic: Any, batch: jax.Array, keep: float) -> jax.Array:
    moved = statistic.value * keep + batch * (1 - keep)
    statistic.assign(moved)
    return moved
