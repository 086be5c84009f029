"""Operations of torch's that become activations and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin import layers, ops
from myelin.interop.torch.inward.reading import Reading, Turned


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
    return getattr(layers, f"SpatialDropout{rank}D")(p, "channels_first", name=r.own_name)(input)


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


def softplus(r: Reading, self: Any, beta: float = 1, threshold: float = 20) -> Any:
    """`log(1 + exp(beta·x)) / beta`."""
    return ops.softplus(self) if beta == 1 else ops.softplus(self * beta) / beta


TABLE: dict[str, Callable[..., Any]] = {
    "dropout": dropout,
    "feature_dropout": feature_dropout,
    "alpha_dropout": alpha_dropout,
    **{name: activation(name) for name in ("sigmoid", "tanh", "silu", "mish", "selu", "softsign")},
    "log_sigmoid": activation("log_sigmoid"),
    "hardsigmoid": activation("hard_sigmoid"),
    "hardswish": activation("hard_silu"),
    "relu6": lambda r, self: hardtanh(r, self, 0, 6),
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "hardtanh": hardtanh,
    "prelu": prelu,
    "softmax": softmax,
    "softplus": softplus,
    "log_softmax": lambda r, self, dim: ops.log_softmax(self, dim),
    "glu": lambda r, self, dim=-1: ops.glu(self, dim),
}
