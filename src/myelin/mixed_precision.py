"""`keras.mixed_precision`: compute in a short float type, keep variables in a long one."""

from typing import TYPE_CHECKING, Any

from myelin.dtypes import DTypePolicy, dtype_policy, set_dtype_policy
from myelin.loading import load

if TYPE_CHECKING:
    from myelin.optimizers import LossScaleOptimizer as LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]


def __getattr__(name: str) -> Any:
    if name != "LossScaleOptimizer":
        raise AttributeError(f'myelin.mixed_precision has no "{name}"')
    # It stands far above the settings.
    return load("myelin.optimizers").LossScaleOptimizer
