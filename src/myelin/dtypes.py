"""Number types: the default float, and which type a layer computes and stores in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from myelin import errors

_FLOATS = ("bfloat16", "float16", "float32", "float64")
_NUMBERS = (
    *_FLOATS,
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    "bool",
)
_floatx = "float32"
_policy: DTypePolicy | None = None


def floatx() -> str:
    """The default float type, `"float32"` unless `set_floatx` changed it."""
    return _floatx


def set_floatx(value: str) -> None:
    """Sets the default float type.

    Args:
        value: `"bfloat16"`, `"float16"`, `"float32"` or `"float64"`; the last one only takes
            effect where jax runs with `jax_enable_x64`.

    Raises:
        UnknownNameError: any other name.
    """
    global _floatx
    if value not in _FLOATS:
        raise errors.unknown_name("float type", value, _FLOATS)
    _floatx = value


def name_of(dtype: Any) -> str:
    """The plain name of a type given as a string, a NumPy or JAX dtype or a scalar class.

    >>> name_of(np.float32)
    'float32'

    Raises:
        UnknownNameError: there is no such type.
    """
    if isinstance(dtype, str) and dtype in ("bfloat16", "string"):
        return dtype
    if dtype is None or dtype is float:
        return floatx()
    if dtype is int:
        return "int32"
    try:
        return str(np.dtype(dtype).name)
    except (TypeError, ValueError):
        raise errors.unknown_name("number type", dtype, _NUMBERS) from None


def is_float(dtype: Any) -> bool:
    """Whether `dtype` is a floating-point type, `bfloat16` included."""
    return name_of(dtype) in _FLOATS or name_of(dtype).startswith("float")


class DTypePolicy:
    """The pair of types a layer works in: one to compute in, one to keep its variables in.

    Args:
        name: a float type for both (`"float32"`), or `"mixed_bfloat16"` or `"mixed_float16"`,
            which compute in the short type and keep variables in `float32`; the default float
            type when None.

    Raises:
        UnknownNameError: any other name.

    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """

    def __init__(self, name: str | None = None) -> None:
        name = name or floatx()
        known = (*_FLOATS, "mixed_bfloat16", "mixed_float16")
        if name not in known and name not in ("int32", "int64", "uint8", "bool", "string"):
            raise errors.unknown_name("dtype policy", name, known)
        self.name = name
        mixed = name.startswith("mixed_")
        self.compute_dtype = name.removeprefix("mixed_")
        self.variable_dtype = "float32" if mixed else name

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this policy again."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """A policy from what `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def dtype_policy() -> DTypePolicy:
    """The policy that new layers take when they are given no `dtype`."""
    return _policy or DTypePolicy(floatx())


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Sets the policy for layers made from now on."""
    global _policy
    _policy = policy if isinstance(policy, DTypePolicy) else DTypePolicy(policy)


@contextlib.contextmanager
def policy_scope(policy: str | DTypePolicy) -> Iterator[None]:
    """Inside the block, layers are made with this policy; afterwards all is as it was."""
    global _policy
    before = _policy
    set_dtype_policy(policy)
    try:
        yield
    finally:
        _policy = before


def policy_for(dtype: Any) -> DTypePolicy:
    """The policy meant by a layer's `dtype` argument: None, a name, a policy or its config."""
    if dtype is None:
        return dtype_policy()
    if isinstance(dtype, DTypePolicy):
        return dtype
    if isinstance(dtype, dict):
        return DTypePolicy(**dtype.get("config", dtype))
    if isinstance(dtype, str):
        return DTypePolicy(dtype)
    return DTypePolicy(name_of(dtype))


def get(identifier: Any) -> DTypePolicy:
    """The policy that a name, a policy, its configuration or None (the global one) means."""
    return policy_for(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """A policy as plain JSON values."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """A policy from what `serialize` gave, here or in Keras.

    Args:
        config: what it gave.
        custom_objects: accepted for Keras's sake; there is one class of policies here.
    """
    return policy_for(config)


FloatDTypePolicy = DTypePolicy
