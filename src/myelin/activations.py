"""Activations: functions from an array to an array of the same shape, elementwise or along an axis.

Every function takes anything that `jax.numpy.asarray` takes and computes in its type.

piecewise linear   relu relu6 leaky_relu hard_sigmoid hard_tanh hard_shrink soft_shrink threshold
smooth             sigmoid tanh softplus softsign elu selu celu gelu silu mish exponential …
along an axis      softmax log_softmax sparsemax glu
by name            get serialize deserialize
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from myelin import registry
from myelin.promise import Promise, lifted

Array = jax.Array

# One call where nothing is compiled; inside a compiled step it is as if written out.
_relu = jax.jit(jax.nn.relu, inline=True)
_softmax = jax.jit(jax.nn.softmax, static_argnums=1, inline=True)


def _array(x: Any) -> Array:
    return x if isinstance(x, jax.Array) else jnp.asarray(x)


def linear(x: Any) -> Array:
    """`f(x) = x`."""
    return x if isinstance(x, Promise) else _array(x)  # type: ignore[return-value]


@lifted
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """The rectified linear unit.

        f(x) = max_value                        for x ≥ max_value
        f(x) = x                                for threshold ≤ x < max_value
        f(x) = negative_slope · (x - threshold) otherwise

    Args:
        x: any shape.
        negative_slope: of the part below the threshold.
        max_value: the largest value of f; None: no limit.
        threshold: below it f is damped, or zero.
    """
    x = _array(x)
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return _relu(x)
    y = jnp.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else jnp.minimum(y, max_value)


@lifted
def relu6(x: Any) -> Array:
    """`f(x) = min(max(x, 0), 6)`. Source: Krizhevsky, Convolutional Deep Belief Networks, 2010."""
    return jax.nn.relu6(_array(x))


@lifted
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Array:
    """`f(x) = x for x ≥ 0, negative_slope · x otherwise`. Source: Maas et al., 2013."""
    return jax.nn.leaky_relu(_array(x), negative_slope)


@lifted
def elu(x: Any, alpha: float = 1.0) -> Array:
    """`f(x) = x for x > 0, alpha · (exp(x) - 1) otherwise`. Source: Clevert et al., 2016."""
    return jax.nn.elu(_array(x), alpha)


@lifted
def selu(x: Any) -> Array:
    """`f(x) = 1.0507 · elu(x, 1.6733)`, which keeps mean 0 and variance 1 through layers.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """
    return jax.nn.selu(_array(x))


@lifted
def celu(x: Any, alpha: float = 1.0) -> Array:
    """`f(x) = max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)`. Source: Barron, 2017."""
    return jax.nn.celu(_array(x), alpha)


@lifted
def gelu(x: Any, approximate: bool = False) -> Array:
    """`f(x) = x · Φ(x)`, with the normal distribution Φ, or its tanh approximation.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
    """
    return jax.nn.gelu(_array(x), approximate)


@lifted
def silu(x: Any) -> Array:
    """`f(x) = x · sigmoid(x)`, also called swish. Source: Ramachandran et al., 2017."""
    return jax.nn.silu(_array(x))


@lifted
def mish(x: Any) -> Array:
    """`f(x) = x · tanh(softplus(x))`. Source: Misra, Mish, 2019."""
    return jax.nn.mish(_array(x))


@lifted
def softplus(x: Any) -> Array:
    """`f(x) = log(1 + exp(x))`."""
    return jax.nn.softplus(_array(x))


@lifted
def softsign(x: Any) -> Array:
    """`f(x) = x / (1 + |x|)`."""
    return jax.nn.soft_sign(_array(x))


@lifted
def squareplus(x: Any, b: float = 4) -> Array:
    """`f(x) = (x + sqrt(x² + b)) / 2`. Source: Barron, Squareplus, 2021."""
    return jax.nn.squareplus(_array(x), b)


@lifted
def sparse_plus(x: Any) -> Array:
    """`f(x) = 0 for x ≤ -1, (x + 1)² / 4 for |x| < 1, x for x ≥ 1`: softplus with true zeros."""
    return jax.nn.sparse_plus(_array(x))


@lifted
def sparse_sigmoid(x: Any) -> Array:
    """`f(x) = 0 for x ≤ -1, (x + 1) / 2 for |x| < 1, 1 for x ≥ 1`: the slope of `sparse_plus`."""
    return jax.nn.sparse_sigmoid(_array(x))


@lifted
def exponential(x: Any) -> Array:
    """`f(x) = exp(x)`."""
    return jnp.exp(_array(x))


@lifted
def tanh(x: Any) -> Array:
    """`f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))`."""
    return jnp.tanh(_array(x))


@lifted
def tanh_shrink(x: Any) -> Array:
    """`f(x) = x - tanh(x)`."""
    x = _array(x)
    return x - jnp.tanh(x)


@lifted
def sigmoid(x: Any) -> Array:
    """`f(x) = 1 / (1 + exp(-x))`."""
    x = _array(x)
    return _remember("sigmoid", jax.nn.sigmoid(x), x)


@lifted
def log_sigmoid(x: Any) -> Array:
    """`f(x) = log(sigmoid(x))`, without overflow."""
    return jax.nn.log_sigmoid(_array(x))


@lifted
def hard_sigmoid(x: Any) -> Array:
    """`f(x) = min(max(x / 6 + 0.5, 0), 1)`."""
    return jax.nn.hard_sigmoid(_array(x))


@lifted
def hard_silu(x: Any) -> Array:
    """`f(x) = x · hard_sigmoid(x)`, also called hard_swish. Source: Howard et al., 2019."""
    return jax.nn.hard_silu(_array(x))


@lifted
def hard_tanh(x: Any) -> Array:
    """`f(x) = min(max(x, -1), 1)`."""
    return jax.nn.hard_tanh(_array(x))


@lifted
def hard_shrink(x: Any, threshold: float = 0.5) -> Array:
    """`f(x) = x for |x| > threshold, 0 otherwise`."""
    x = _array(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0)


@lifted
def soft_shrink(x: Any, threshold: float = 0.5) -> Array:
    """`f(x) = sign(x) · max(|x| - threshold, 0)`."""
    x = _array(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0))


@lifted
def threshold(x: Any, threshold: float, default_value: float) -> Array:
    """`f(x) = x for x > threshold, default_value otherwise`."""
    x = _array(x)
    return jnp.where(x > threshold, x, jnp.asarray(default_value, x.dtype))


@lifted
def softmax(x: Any, axis: Any = -1) -> Array:
    """`f(x)_i = exp(x_i) / Σ_j exp(x_j)` along an axis, or over several together.

    Args:
        x: any shape.
        axis: an axis, or several, over which the values sum to 1.
    """
    x = _array(x)
    y = _softmax(x, tuple(axis) if isinstance(axis, list) else axis)
    return _remember("softmax", y, x) if axis in (-1, x.ndim - 1) else y


@lifted
def log_softmax(x: Any, axis: Any = -1) -> Array:
    """`f(x) = log(softmax(x))` along an axis, without overflow."""
    return jax.nn.log_softmax(_array(x), axis)


@lifted
def sparsemax(x: Any, axis: int = -1) -> Array:
    """The point of the probability simplex nearest to x, which often has true zeros.

        f(x)_i = max(x_i - τ, 0), with τ such that the values sum to 1

    Args:
        x: any shape.
        axis: along which the values sum to 1.

    Source: Martins and Astudillo, From Softmax to Sparsemax, 2016.
    """
    x = jnp.moveaxis(_array(x), axis, -1)
    z = jnp.flip(jnp.sort(x, axis=-1), axis=-1)
    k = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    sums = jnp.cumsum(z, axis=-1)
    support = jnp.sum(1 + k * z > sums, axis=-1, keepdims=True)
    tau = (jnp.take_along_axis(sums, support - 1, axis=-1) - 1) / support.astype(x.dtype)
    return jnp.moveaxis(jnp.maximum(x - tau, 0), -1, axis)


@lifted
def glu(x: Any, axis: int = -1) -> Array:
    """`f(x) = a · sigmoid(b)`, a and b the halves of x along an axis of even size.

    Source: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2017.
    """
    return jax.nn.glu(_array(x), axis)


# Losses are computed from logits whenever the last activation allows it: a step remembers what
# went into each softmax and sigmoid, and the loss asks for it by the array that came out.

_remembered: list[dict[int, tuple[str, Array, Array]]] = []


@contextlib.contextmanager
def remember_logits() -> Iterator[None]:
    """Inside the block, `logits_behind` finds what went into softmax and sigmoid."""
    _remembered.append({})
    try:
        yield
    finally:
        _remembered.pop()


def logits_behind(y: Any, kind: str) -> Array | None:
    """The array that became `y` through an activation, or None where that is not known.

    Args:
        y: an output of this step; the very object, not an equal one.
        kind: `"softmax"` or `"sigmoid"`.
    """
    known = _remembered[-1].get(id(y)) if _remembered else None
    return known[2] if known is not None and known[0] == kind else None


def pass_on(old: Any, new: Array) -> Array:
    """Says that `new` is the output `old` in another number type; returns `new`."""
    if _remembered and id(old) in _remembered[-1] and new is not old:
        kind, _, logits = _remembered[-1][id(old)]
        _remember(kind, new, logits.astype(new.dtype))
    return new


def _remember(kind: str, y: Array, x: Array) -> Array:
    if _remembered:
        # The entry holds y, so its id cannot go to another array.
        _remembered[-1][id(y)] = (kind, y, x)
    return y


swish = silu
hard_swish = hard_silu

_FUNCTIONS = (
    linear, relu, relu6, leaky_relu, elu, selu, celu, gelu, silu, mish, softplus, softsign,
    squareplus, sparse_plus, sparse_sigmoid, exponential, tanh, tanh_shrink, sigmoid, log_sigmoid,
    hard_sigmoid, hard_silu, hard_tanh, hard_shrink, soft_shrink, threshold, softmax, log_softmax,
    sparsemax, glu,
)  # fmt: skip
NAMES: dict[str, Callable[..., Any]] = {
    **{function.__name__: function for function in _FUNCTIONS},
    "swish": silu,
    "hard_swish": hard_silu,
}


def get(identifier: Any) -> Callable[..., Any]:
    """The activation meant by a name, a configuration or a function; None is `linear`.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
    """
    if identifier is None:
        return linear
    return registry.resolve(identifier, NAMES, "activation")


def serialize(activation: Any) -> Any:
    """The activation's name, or its configuration."""
    return registry.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that `serialize` wrote."""
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


__all__ = [
    "NAMES",
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "logits_behind",
    "mish",
    "pass_on",
    "relu",
    "relu6",
    "remember_logits",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]
