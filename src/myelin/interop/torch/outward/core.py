"""Dense layers, activations, merging, reshaping and dropout in torch."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from myelin import layers
from myelin.interop.torch.inward.weight import HeldWeight
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.functions import activated, activation
from myelin.layers.rematerialization import Rematerialized


def dense(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`x @ kernel + bias`, where torch keeps the kernel as `(units, features)`."""
    return activated(b, layer, linear(b, layer, x, layer.kernel, layer.bias))


def linear(
    b: Building, layer: Any, x: Proxy, kernel: Any, bias: Any, part: str = "", bound: int = 1
) -> Proxy:
    """`x @ kernel + bias` as a `Linear`.

    Args:
        b: the building.
        layer: whose it is.
        x: what is multiplied.
        kernel: a variable whose first `bound` axes are those of x, taken as one.
        bias: a variable, or None.
        part: the name of the submodule among several.
        bound: see kernel.
    """
    features = math.prod(kernel.shape[:bound])
    units = math.prod(kernel.shape[bound:])

    def make() -> nn.Module:
        made = nn.Linear(features, units, bias is not None, device="meta")
        weight = b.tensor(kernel, lambda k: k.reshape(features, units).T)
        return b.filled(made, weight=weight, bias=flat(b, bias))

    return b.module(layer, make, part)(x)


def flat(b: Building, variable: Any) -> Any:
    """A variable as a tensor of one axis; None for None."""
    return None if variable is None else b.tensor(variable, np.ravel)


def einsum_dense(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`einsum(equation, x, kernel) + bias`."""
    y = torch.einsum(layer.equation, x, b.parameter(layer, "kernel", layer.kernel))
    if layer.bias is not None:
        y = y + b.parameter(layer, "bias", layer.bias)
    return activated(b, layer, y)


def activation_layer(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The activation of x."""
    return activated(b, layer, x)


def relu(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The piecewise linear function that the layer's arguments say."""
    how = {name: getattr(layer, name) for name in ("negative_slope", "max_value", "threshold")}
    return activation("relu")(x, **how)


def leaky_relu(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`x`, less steep below 0."""
    return functional.leaky_relu(x, layer.negative_slope)


def prelu(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`max(x, 0) - alpha·max(-x, 0)`; torch's own PReLU has one alpha a channel at most."""
    return torch.relu(x) - b.parameter(layer, "alpha", layer.alpha) * torch.relu(-x)


def elu(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`elu(x)`."""
    return functional.elu(x, layer.alpha)


def softmax(b: Building, layer: Any, x: Proxy, mask: Any = None) -> Proxy:
    """`softmax(x)` along the axes, 0 where the mask is False."""
    axes = (layer.axis,) if isinstance(layer.axis, int) else tuple(layer.axis)
    if mask is not None:
        x = x.masked_fill(~mask, torch.finfo(torch.float32).min)
    y = torch.softmax(x, axes[0]) if len(axes) == 1 else (x - x.logsumexp(axes, True)).exp()
    return y if mask is None else y.masked_fill(~mask, 0)


def identity(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`x`."""
    return x


def held_weight(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A weight outside of any layer."""
    return b.parameter(layer, "weight", layer.weight)


def refusing(why: str) -> Any:
    """An entry for a layer that there cannot be, and why."""

    def entry(b: Building, layer: Any, *args: Any, **kwargs: Any) -> Any:
        raise refused(layer, why)

    return entry


def rematerialized(b: Building, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """What the layer inside gives; torch.utils.checkpoint would save the memory there."""
    return b.call(layer.layer, args, kwargs)


# Merging.


def merged(combine: Any) -> Any:
    """An entry that combines inputs number by number."""

    def entry(b: Building, layer: Any, inputs: Any) -> Proxy:
        axes = max(len(b.shape(x)) for x in inputs)
        return functools.reduce(combine, [_stretched(b, x, axes) for x in inputs])

    return entry


def _stretched(b: Building, x: Proxy, axes: int) -> Proxy:
    """`x` with axes of size 1 behind the batch, so that it has `axes` in all."""
    for _ in range(axes - len(b.shape(x))):
        x = b.note(x.unsqueeze(1), (b.shape(x)[0], 1, *b.shape(x)[1:]))
    return x


def average(b: Building, layer: Any, inputs: Any) -> Proxy:
    """The mean of the inputs."""
    return merged(torch.add)(b, layer, inputs) / len(inputs)


def concatenate(b: Building, layer: Any, inputs: Any) -> Proxy:
    """The inputs behind each other."""
    return torch.cat(list(inputs), layer.axis)


def dot(b: Building, layer: Any, inputs: Any) -> Proxy:
    """The products of two inputs, summed along an axis of each."""
    x, y = inputs
    shapes = b.shape(x), b.shape(y)
    one, other = layer._places(shapes)
    if layer.normalize:
        x, y = unit(x, (one,)), unit(y, (other,))
    letters = "abcdefghijklm"
    left = letters[: len(shapes[0])]
    right = "".join("a" if i == 0 else letters[one] if i == other else chr(ord("n") + i)
                    for i in range(len(shapes[1])))  # fmt: skip
    rest = "".join(c for c in left[1:] + right[1:] if c != letters[one])
    z = torch.einsum(f"{left},{right}->a{rest}", x, y)
    return z if rest else z.unsqueeze(1)


def unit(x: Proxy, axes: tuple[int, ...], least: float = 1e-7) -> Proxy:
    """`x / sqrt(max(sum x², least²))`."""
    return x * (x * x).sum(axes, True).clamp(min=least**2).rsqrt()


# Shapes.


def flatten(b: Building, layer: Any, x: Proxy) -> Proxy:
    """All axes but the batch as one, the channels last."""
    rank = len(b.shape(x))
    if rank == 1:
        return x.unsqueeze(1)
    if layer.data_format == "channels_first" and rank > 2:
        x = x.permute(0, *range(2, rank), 1)
    return x.flatten(1)


def reshape(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The same numbers in another shape."""
    sizes = layer.compute_output_shape(b.shape(x))[1:]
    return x.reshape(x.size(0), *layer.target_shape) if None in sizes else x.reshape(-1, *sizes)


def permute(b: Building, layer: Any, x: Proxy) -> Proxy:
    """The axes in another order."""
    return x.permute(0, *layer.dims)


def repeat_vector(b: Building, layer: Any, x: Proxy) -> Proxy:
    """`n` copies of x behind each other."""
    return x.unsqueeze(1).expand(-1, layer.n, -1)


# What goes on as it is in torch: penalties belong to the loss.
LAYERS: dict[type, Any] = {
    layers.JaxLayer: refusing(
        "calls a function of your own over jax arrays, which PyTorch cannot run: write it as a "
        "layer whose call is made of layers and functions of myelin.ops"
    ),
    layers.Dense: dense,
    layers.EinsumDense: einsum_dense,
    layers.Activation: activation_layer,
    HeldWeight: held_weight,
    Rematerialized: rematerialized,
    layers.Identity: identity,
    layers.ActivityRegularization: identity,
    layers.ReLU: relu,
    layers.LeakyReLU: leaky_relu,
    layers.PReLU: prelu,
    layers.ELU: elu,
    layers.Softmax: softmax,
    layers.Add: merged(torch.add),
    layers.Subtract: merged(torch.sub),
    layers.Multiply: merged(torch.mul),
    layers.Maximum: merged(torch.maximum),
    layers.Minimum: merged(torch.minimum),
    layers.Average: average,
    layers.Concatenate: concatenate,
    layers.Dot: dot,
    layers.Flatten: flatten,
    layers.Reshape: reshape,
    layers.Permute: permute,
    layers.RepeatVector: repeat_vector,
}
