"""Initializers: the first values of a variable, from its shape.

base     Initializer, RandomInitializer
fixed    Zeros Ones Constant Identity STFT
drawn    RandomNormal TruncatedNormal RandomUniform VarianceScaling Orthogonal, and the scaled
         Glorot, He and Lecun forms
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from myelin import naming, registry
from myelin.errors import ShapeError
from myelin.initializers.base import Initializer, RandomInitializer, as_array
from myelin.initializers.drawn import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from myelin.initializers.fixed import STFT, Constant, Identity, Ones, Zeros

zeros, ones, constant, identity, stft = Zeros, Ones, Constant, Identity, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, orthogonal = VarianceScaling, Orthogonal
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT

_CLASSES = (
    Zeros, Ones, Constant, Identity, STFT, RandomNormal, RandomUniform, TruncatedNormal,
    VarianceScaling, Orthogonal, GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform,
    LecunNormal,
)  # fmt: skip
NAMES: dict[str, type[Initializer]] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{naming.snake_case(cls.__name__): cls for cls in _CLASSES},
    "stft": STFT, "normal": RandomNormal, "uniform": RandomUniform, "one": Ones, "zero": Zeros,
    "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal, "STFTInitializer": STFT,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The initializer meant by a name, a class, a configuration, a function or an array.

    Returns:
        A callable `(shape, dtype=None) -> array`; None for None.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
        ShapeError: an array, when it is asked for another shape than its own.
    """
    if isinstance(identifier, jax.Array | np.ndarray | np.generic):
        return _exactly(np.asarray(identifier))
    return registry.resolve(identifier, NAMES, "initializer")


def _exactly(values: np.ndarray) -> Any:
    def initializer(shape: Any, dtype: Any = None) -> Any:
        if tuple(shape) != values.shape:
            raise ShapeError(f"The initial values have shape {values.shape}, wanted {tuple(shape)}")
        return as_array(values, dtype)

    return initializer


def serialize(initializer: Any) -> Any:
    """The initializer as plain JSON values."""
    return registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that `serialize` wrote."""
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


__all__ = [
    "NAMES", "STFT", "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform",
    "Identity", "IdentityInitializer", "Initializer", "LecunNormal", "LecunUniform", "Ones",
    "Orthogonal", "OrthogonalInitializer", "RandomInitializer", "RandomNormal", "RandomUniform",
    "STFTInitializer", "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize",
    "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity",
    "lecun_normal", "lecun_uniform", "ones", "orthogonal", "random_normal", "random_uniform",
    "serialize", "stft", "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip
