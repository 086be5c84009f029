"""Random arrays, with `keras.random`'s names.

`seed` is a whole number, which gives the same numbers each time; a `SeedGenerator`, which gives
others each time; a jax key; or None. Without a seed numbers come from the program's own
sequence, which `set_random_seed` starts anew, and inside a compiled step from the step's key.
A number or a `SeedGenerator` gives the same bits as in Keras on JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, random
from myelin.errors import InputError
from myelin.ops.convert import convert_to_tensor, operand
from myelin.promise import lift
from myelin.seeds import SeedGenerator, seed_state

Array = jax.Array


def _key(seed: Any) -> Any:
    """The key for `jax.random` that a seed means."""
    if seed is None:
        return random.key_for("keras.random")
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer | jax.Array):
        raise InputError(f"seed wants a whole number, a SeedGenerator or None, got {seed!r}")
    return seed if isinstance(seed, jax.Array) else seed_state(int(seed))


def normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Array:
    """Numbers from the normal distribution.

    Args:
        shape: how many.
        mean, stddev: of the distribution.
        dtype: the default float type when None.
        seed: see the module.
    """
    return jax.random.normal(_key(seed), tuple(shape), _float(dtype)) * stddev + mean


def truncated_normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Array:
    """Numbers from the normal distribution without those beyond two standard deviations."""
    drawn = jax.random.truncated_normal(_key(seed), -2.0, 2.0, tuple(shape), _float(dtype))
    return drawn * stddev + mean


def uniform(
    shape: Sequence[int],
    minval: Any = 0.0,
    maxval: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Array:
    """Numbers from `[minval, maxval)`, all as likely.

    Raises:
        InputError: `dtype` is no floating-point type; whole numbers are `randint`'s.
    """
    name = _float(dtype)
    if not dtypes.is_float(name):
        raise InputError(f"uniform: wants a floating-point dtype, got {name}; see randint")
    return jax.random.uniform(_key(seed), tuple(shape), name, minval, maxval)


def randint(
    shape: Sequence[int], minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> Array:
    """Whole numbers from `[minval, maxval)`, all as likely.

    Raises:
        InputError: `dtype` is no type of whole numbers.
    """
    name = dtypes.name_of(dtype)
    if not jnp.issubdtype(name, jnp.integer):
        raise InputError(f"randint: wants a dtype of whole numbers, got {name}; see uniform")
    return jax.random.randint(_key(seed), tuple(shape), minval, maxval, name)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Array:
    """Classes drawn with the probabilities `softmax(logits)`.

    Args:
        logits: `(batch, classes)`.
        num_samples: how many for each row.
        dtype: of the classes.
        seed: see the module.

    Returns:
        `(batch, num_samples)`.

    Raises:
        InputError: logits without two axes.
    """
    scores = convert_to_tensor(logits)
    if scores.ndim != 2:
        raise InputError(f"categorical: wants logits (batch, classes), got {tuple(scores.shape)}")
    shape = (len(scores), num_samples)
    drawn = jax.random.categorical(_key(seed), scores[..., None], axis=1, shape=shape)
    return drawn.astype(dtypes.name_of(dtype))


def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None
) -> Array:
    """Inputs of which each is 0 with a probability, and the others larger by `1 / (1 - rate)`.

    Args:
        inputs: any shape.
        rate: the probability, 0 to 1.
        noise_shape: the shape of what is drawn, which broadcasts to that of the inputs; None in
            it stands for a size of theirs.
        seed: see the module.

    Raises:
        InputError: a rate out of its range.
    """
    x = convert_to_tensor(inputs)
    if not 0 <= rate <= 1:
        raise InputError(f"dropout: rate wants 0 to 1, got {rate!r}")
    if rate in (0, 1):
        return x if rate == 0 else jnp.zeros_like(x)
    wanted = x.shape if noise_shape is None else noise_shape
    shape = tuple(x.shape[i] if size is None else size for i, size in enumerate(wanted))
    kept = jax.random.bernoulli(_key(seed), 1.0 - rate, shape)
    return jnp.where(kept, x / (1.0 - rate), jnp.zeros_like(x))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Array:
    """The numbers of x in another order along an axis, another one for each line along it."""
    return jax.random.permutation(_key(seed), convert_to_tensor(x), axis, independent=True)


def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Any = None) -> Array:
    """Numbers from the gamma distribution of shape `alpha` and scale 1."""
    return jax.random.gamma(_key(seed), operand(alpha), tuple(shape), _float(dtype))


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Array:
    """Numbers from the beta distribution, with density `x^(alpha - 1) · (1 - x)^(beta - 1)`."""
    return jax.random.beta(_key(seed), _array(alpha), _array(beta), tuple(shape), _float(dtype))


def binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Array:
    """How often something happens in so many trials, with a probability each time."""
    return jax.random.binomial(
        _key(seed), _array(counts), _array(probabilities), tuple(shape), _float(dtype)
    )


def _array(value: Any) -> Array:
    return jnp.asarray(operand(value))


def _float(dtype: Any) -> str:
    return dtypes.name_of(dtype)


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
lift(globals(), ["categorical", "dropout", "shuffle"])
