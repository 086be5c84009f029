"""Operations of torch's that become layers: products, convolutions, normalization, pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading, Turned, Weight

_FIRST = "channels_first"


def linear(r: Reading, input: Any, weight: Any, bias: Any = None) -> Any:
    """`input @ weight.T + bias`."""
    units = int(weight.array.shape[0]) if isinstance(weight, Weight) else 0
    return r.layer(
        weight, lambda name: layers.Dense(units, use_bias=bias is not None, name=name), units,
        r.value(input), kernel=Turned(np.transpose, weight), bias=bias,
    )  # fmt: skip


def embedding(r: Reading, weight: Any, indices: Any, padding_idx: int = -1) -> Any:
    """A vector for each number; that of `padding_idx` never learns."""
    sizes = weight.array.shape if isinstance(weight, Weight) else (1, 1)
    y = r.layer(
        weight, lambda name: layers.Embedding(*sizes, name=name), sizes, indices, embeddings=weight
    )
    if padding_idx < 0:
        return y
    still = ops.expand_dims(ops.equal(indices, padding_idx), -1)
    return ops.where(still, ops.stop_gradient(y), y)


# Convolutions, channels first as in torch.


def _each(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each axis, of one or several; none stands for the default."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    return tuple(int(v) for v in (given * rank if len(given) == 1 else given))


def convolution(rank: int) -> Callable[..., Any]:
    """An entry for convolutions over `rank` axes."""

    def entry(
        r: Reading, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Any:  # fmt: skip
        if not isinstance(weight, Weight):
            raise r.refused("has a kernel that is computed, not kept")
        window = weight.array.shape[2:]
        strides, dilation = _each(stride, rank), _each(dilation, rank)
        word, ends = _padding(padding, rank, window, strides, dilation)
        x = _zeros_around(rank, input, ends)
        settings = {
            "strides": strides, "padding": word, "dilation_rate": dilation, "groups": groups,
            "use_bias": bias is not None, "data_format": _FIRST,
        }  # fmt: skip
        make = getattr(layers, f"Conv{rank}D")
        return r.layer(
            weight, lambda name: make(weight.array.shape[0], window, name=name, **settings),
            settings, x, kernel=Turned(lambda w: np.moveaxis(w, (0, 1), (-1, -2)), weight),
            bias=bias,
        )  # fmt: skip

    return entry


def _padding(
    padding: Any, rank: int, window: Any, strides: Any, dilation: Any
) -> tuple[str, tuple[int, ...]]:
    """The word for a padding, and the zeros to add before where no word stands for it."""
    none = (0,) * rank
    if isinstance(padding, str):
        return padding, none
    ends = _each(padding, rank)
    reach = [(w - 1) * d for w, d in zip(window, dilation, strict=True)]
    if any(ends) and max(strides) == 1 and all(2 * e == r for e, r in zip(ends, reach, strict=True)):
        return "same", none
    return "valid", ends


def _zeros_around(rank: int, x: Any, ends: Sequence[int]) -> Any:
    if not any(ends):
        return x
    pairs = tuple((e, e) for e in ends)
    make = getattr(layers, f"ZeroPadding{rank}D")
    return make(pairs[0] if rank == 1 else pairs, data_format=_FIRST)(x)


def transposed(rank: int) -> Callable[..., Any]:
    """An entry for transposed convolutions over `rank` axes."""

    def entry(
        r: Reading, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Any:  # fmt: skip
        if groups != 1 or not isinstance(weight, Weight):
            raise r.refused("has groups, which a transposed convolution here has not")
        settings = {
            "strides": _each(stride, rank), "output_padding": _each(output_padding, rank),
            "dilation_rate": _each(dilation, rank), "use_bias": bias is not None,
            "data_format": _FIRST,
        }  # fmt: skip
        make = getattr(layers, f"Conv{rank}DTranspose")
        filters, window = weight.array.shape[1], weight.array.shape[2:]
        y = r.layer(
            weight, lambda name: make(filters, window, name=name, **settings), settings, input,
            kernel=Turned(lambda w: np.moveaxis(w, (0, 1), (-1, -2)), weight), bias=bias,
        )  # fmt: skip
        for axis, cut in enumerate(_each(padding, rank), 2):
            key = [slice(None)] * (rank + 2)
            key[axis] = slice(cut, -cut if cut else None)
            y = y[tuple(key)] if cut else y
        return y

    return entry


# Normalization.


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
    settings = {
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
    settings = {
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
    settings = {
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
    axis, eps = axes[0] if len(axes) == 1 else axes, float(np.finfo("f4").eps if eps is None else eps)
    if weight is None:
        return input * ops.rsqrt(ops.mean(ops.square(input), axis, keepdims=True) + eps)
    make = lambda name: layers.RMSNormalization(axis, eps, name=name)  # noqa: E731
    return r.layer(weight, make, (axis, eps), input, scale=weight)


# Pooling.


def max_pool(rank: int) -> Callable[..., Any]:
    """An entry for the largest number of windows over `rank` axes."""

    def entry(
        r: Reading, input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0,
        dilation: Any = 1, ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        how = _windows(r, input, rank, kernel_size, stride, padding, ceil_mode)
        if max(_each(dilation, rank)) > 1:
            raise r.refused("has dilation, which pooling here has not")
        x = input
        if any(how.ends):
            pairs = ((0, 0), (0, 0), *((e, e) for e in how.ends))
            x = ops.pad(x, pairs, constant_values=-math.inf)
        make = getattr(layers, f"MaxPooling{rank}D")
        return make(how.window, how.strides, data_format=_FIRST, name=r.own_name)(x)

    return entry


def avg_pool(rank: int) -> Callable[..., Any]:
    """An entry for the mean of windows over `rank` axes."""

    def entry(
        r: Reading, input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0,
        ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Any:  # fmt: skip
        how = _windows(r, input, rank, kernel_size, stride, padding, ceil_mode)
        if divisor_override is not None:
            raise r.refused("has a divisor of its own")
        if any(how.ends) and not count_include_pad:
            return _mean_inside(r, rank, input, how)
        x = _zeros_around(rank, input, how.ends)
        make = getattr(layers, f"AveragePooling{rank}D")
        return make(how.window, how.strides, data_format=_FIRST, name=r.own_name)(x)

    return entry


def _mean_inside(r: Reading, rank: int, x: Any, how: Any) -> Any:
    """The mean of the points inside the image: as `same`, where that has the same windows."""
    odd = all(w == 2 * e + 1 for w, e in zip(how.window, how.ends, strict=True))
    if not odd or max(how.strides) > 1:
        raise r.refused("leaves its padding out of the mean, which only padding by half a window "
                        "in steps of 1 does here: use count_include_pad=True")  # fmt: skip
    make = getattr(layers, f"AveragePooling{rank}D")
    return make(how.window, how.strides, "same", data_format=_FIRST, name=r.own_name)(x)


class _Windows:
    def __init__(self, window: Any, strides: Any, ends: Any) -> None:
        self.window, self.strides, self.ends = window, strides, ends


def _windows(
    r: Reading, x: Any, rank: int, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool
) -> _Windows:
    window, ends = _each(kernel_size, rank), _each(padding, rank)
    strides = _each(stride, rank) if stride or isinstance(stride, int) else window
    if ceil_mode:
        moves = zip(x.shape[2:], window, strides, ends, strict=True)
        if any(size is None or (size + 2 * e - w) % s for size, w, s, e in moves):
            raise r.refused("has ceil_mode=True, whose last windows reach beyond the image")
    return _Windows(window, strides, ends)


def adaptive(kind: str, rank: int, pair: bool) -> Callable[..., Any]:
    """An entry for windows of which the number is given.

    Args:
        kind: "Average" or "Max".
        rank: how many axes.
        pair: whether torch gives the places of the numbers beside them.
    """

    def entry(r: Reading, input: Any, output_size: Any) -> Any:
        sizes = _each(output_size, rank)
        if set(sizes) == {1}:
            make = getattr(layers, f"Global{kind}Pooling{rank}D")
            y = make(_FIRST, keepdims=True, name=r.own_name)(input)
        else:
            make = getattr(layers, f"Adaptive{kind}Pooling{rank}D")
            y = make(sizes, data_format=_FIRST, name=r.own_name)(input)
        return (y, None) if pair else y

    return entry


# Activations and dropout.


def _rate_of(r: Reading, train: bool) -> None:
    if train and r.call.path not in r.program.always:
        raise r.refused("drops also when the module does not train: give it training=self.training")


def dropout(r: Reading, input: Any, p: float, train: bool = False) -> Any:
    """A share of the numbers dropped in training."""
    _rate_of(r, train)
    return layers.Dropout(p, name=r.own_name)(input)


def feature_dropout(r: Reading, input: Any, p: float, train: bool = False) -> Any:
    """A share of the channels dropped in training."""
    _rate_of(r, train)
    rank = len(input.shape) - 2
    return getattr(layers, f"SpatialDropout{rank}D")(p, _FIRST, name=r.own_name)(input)


def alpha_dropout(r: Reading, input: Any, p: float, train: bool = False) -> Any:
    """Dropout that keeps mean and variance."""
    _rate_of(r, train)
    return layers.AlphaDropout(p, name=r.own_name)(input)


def activation(name: str) -> Callable[..., Any]:
    """An entry for an activation without arguments."""

    def entry(r: Reading, self: Any) -> Any:
        return layers.Activation(name, name=r.own_name)(self)

    return entry


def relu(r: Reading, self: Any) -> Any:
    """`max(x, 0)`."""
    return layers.ReLU(name=r.own_name)(self)


def leaky_relu(r: Reading, self: Any, negative_slope: float = 0.01) -> Any:
    """`x`, less steep below 0."""
    return layers.LeakyReLU(negative_slope, name=r.own_name)(self)


def elu(r: Reading, self: Any, alpha: float = 1.0) -> Any:
    """`elu(x)`."""
    return layers.ELU(alpha, name=r.own_name)(self)


def gelu(r: Reading, self: Any, approximate: str = "none") -> Any:
    """`gelu(x)`, exact or by tanh."""
    if approximate == "none":
        return layers.Activation("gelu", name=r.own_name)(self)
    return ops.gelu(self, approximate=True)


def hardtanh(r: Reading, self: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x within bounds; `relu6` is one of its kind."""
    if (min_val, max_val) == (0, 6):
        return layers.ReLU(max_value=6.0, name=r.own_name)(self)
    return ops.clip(self, min_val, max_val)


def prelu(r: Reading, self: Any, weight: Any) -> Any:
    """`x`, less steep below 0, as learned."""
    shared = list(range(1 if weight.array.size == 1 else 2, len(self.shape)))
    sizes = [1 if axis in shared else self.shape[axis] for axis in range(1, len(self.shape))]
    return r.layer(
        weight, lambda name: layers.PReLU(shared_axes=shared or None, name=name), shared, self,
        alpha=Turned(lambda w: w.reshape(sizes), weight),
    )  # fmt: skip


def softmax(r: Reading, self: Any, dim: int) -> Any:
    """`softmax(x)` along an axis."""
    return layers.Softmax(dim, name=r.own_name)(self)


TABLE: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "embedding": embedding,
    **{f"conv{rank}d": convolution(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": transposed(rank) for rank in (1, 2, 3)},
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    **{f"max_pool{rank}d": max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": avg_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": adaptive("Average", rank, False) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": adaptive("Max", rank, True) for rank in (1, 2, 3)},
    "dropout": dropout,
    "feature_dropout": feature_dropout,
    "alpha_dropout": alpha_dropout,
    **{name: activation(name) for name in ("sigmoid", "tanh", "silu", "mish", "selu")},
    "log_sigmoid": activation("log_sigmoid"),
    "hardsigmoid": activation("hard_sigmoid"),
    "hardswish": activation("hard_silu"),
    "softsign": activation("softsign"),
    "relu6": lambda r, self: hardtanh(r, self, 0, 6),
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "hardtanh": hardtanh,
    "prelu": prelu,
    "softmax": softmax,
}
