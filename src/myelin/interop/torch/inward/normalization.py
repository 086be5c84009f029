"""Operations of torch's that become layers that normalize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading


def batch_norm(
    r: Reading, input: Any, weight: Any = None, bias: Any = None, running_mean: Any = None,
    running_var: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """By the batch in training, by the moving mean and variance else."""
    if training or running_mean is None or momentum is None:
        raise r.refused(
            "takes the mean of the batch also when it does not train, or of all batches alike; "
            "Myelin's BatchNormalization has a moving mean with a momentum"
        )
    settings: dict[str, Any] = {
        "axis": 1, "momentum": 1 - momentum, "epsilon": eps, "scale": weight is not None,
        "center": bias is not None,
    }  # fmt: skip
    made = r.layer(
        running_mean, lambda name: layers.BatchNormalization(name=name, **settings), settings,
        input, gamma=weight, beta=bias, moving_mean=running_mean, moving_variance=running_var,
    )  # fmt: skip
    return made


def layer_norm(
    r: Reading, input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each example by itself, over its last axes."""
    axes = list(range(-len(normalized_shape), 0))
    settings: dict[str, Any] = {
        "axis": axes[0] if len(axes) == 1 else axes, "epsilon": eps,
        "scale": weight is not None, "center": bias is not None,
    }  # fmt: skip
    make = lambda name: layers.LayerNormalization(name=name, **settings)  # noqa: E731
    return _with_or_without(r, weight, make, settings, input, gamma=weight, beta=bias)


def _with_or_without(
    r: Reading, weight: Any, make: Any, settings: Any, x: Any, **arrays: Any
) -> Any:
    """A layer that has weights, or has none."""
    if weight is None:
        return make(r.own_name)(x)
    return r.layer(weight, make, settings, x, **arrays)


def group_norm(
    r: Reading, input: Any, num_groups: int, weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each example by groups of channels."""
    settings: dict[str, Any] = {
        "groups": num_groups, "axis": 1, "epsilon": eps, "scale": weight is not None,
        "center": bias is not None,
    }  # fmt: skip
    make = lambda name: layers.GroupNormalization(name=name, **settings)  # noqa: E731
    return _with_or_without(r, weight, make, settings, input, gamma=weight, beta=bias)


def instance_norm(
    r: Reading, input: Any, weight: Any = None, bias: Any = None, running_mean: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each channel of each example by itself."""
    if running_mean is not None or not use_input_stats:
        raise r.refused("keeps moving means, which no layer of that kind does")
    return group_norm(r, input, -1, weight, bias, eps)


def rms_norm(
    r: Reading, input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: Any = None
) -> Any:
    """x divided by its root mean square."""
    axes = list(range(-len(normalized_shape), 0))
    axis, eps = (
        axes[0] if len(axes) == 1 else axes,
        float(np.finfo("f4").eps if eps is None else eps),
    )
    if weight is None:
        return input * ops.rsqrt(ops.mean(ops.square(input), axis, keepdims=True) + eps)
    make = lambda name: layers.RMSNormalization(axis, eps, name=name)  # noqa: E731
    return r.layer(weight, make, (axis, eps), input, scale=weight)


TABLE: dict[str, Callable[..., Any]] = {
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
}
