"""`tf.nn`: activations, cross-entropies of logits, convolutions and pooling."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import ops
from myelin.errors import ShapeError
from myelin.keras_script.tensorflow.calling import renamed, tensor, unary
from myelin.random import key_for

elu = unary(ops.elu)
relu = unary(ops.relu)
relu6 = unary(ops.relu6)
selu = unary(ops.selu)
silu = renamed(
    lambda features, beta=1.0: tensor(features) * jax.nn.sigmoid(beta * tensor(features))
)
softsign = unary(ops.softsign)
swish = silu
gelu = renamed(lambda features, approximate=False: ops.gelu(features, approximate))
leaky_relu = renamed(lambda features, alpha=0.2: ops.leaky_relu(features, alpha))
embedding_lookup = renamed(
    lambda params, ids, max_norm=None: jnp.take(tensor(params), tensor(ids), axis=0)
)


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Probabilities of logits along an axis, the last one by default."""
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """The logarithms of the probabilities."""
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: str | None = None
) -> Any:
    """-Σ labels · log softmax(logits) along an axis."""
    return -jnp.sum(tensor(labels) * jax.nn.log_softmax(tensor(logits), axis), axis)


def sparse_softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, name: str | None = None
) -> Any:
    """-log softmax(logits) of the class that each label numbers.

    Raises:
        ShapeError: labels that do not have the axes of the logits but the last.
    """
    labels, logits = tensor(labels), tensor(logits)
    if labels.ndim != logits.ndim - 1:
        raise ShapeError(
            f"sparse_softmax_cross_entropy_with_logits: labels of shape {labels.shape} do not fit "
            f"logits of shape {logits.shape}: one whole number for each row"
        )
    chances = jax.nn.log_softmax(logits, -1)
    return -jnp.take_along_axis(chances, labels[..., None].astype("int32"), -1)[..., 0]


def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """The binary cross-entropy of each logit."""
    return weighted_cross_entropy_with_logits(labels, logits, 1.0)


def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None
) -> Any:
    """The binary cross-entropy of each logit, that of positive labels times `pos_weight`."""
    y, x = tensor(labels), tensor(logits)
    return -(pos_weight * y * jax.nn.log_sigmoid(x) + (1 - y) * jax.nn.log_sigmoid(-x))


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Half the sum of squares."""
    return jnp.sum(jnp.square(tensor(t))) / 2


def bias_add(value: Any, bias: Any, data_format: Any = None, name: str | None = None) -> Any:
    """A number added to each channel."""
    value, bias = tensor(value), tensor(bias)
    if data_format is not None and data_format.startswith("NC"):
        bias = bias.reshape(-1, *(1,) * (value.ndim - 2))
    return value + bias


def dropout(
    x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None
) -> Any:
    """A share of the entries set to 0, the others made larger so that the mean stays."""
    x = tensor(x)
    shape = x.shape if noise_shape is None else tuple(noise_shape)
    kept = jax.random.uniform(key_for("tf.nn.dropout", seed), shape) >= rate
    return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype)


def moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """The mean and the variance along axes."""
    along = axes if isinstance(axes, int) else tuple(axes)
    x = tensor(x)
    return jnp.mean(x, along, keepdims=keepdims), jnp.var(x, along, keepdims=keepdims)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float,
    name: str | None = None,
) -> Any:  # fmt: skip
    """(x - mean) / √(variance + ε) · scale + offset."""
    factor = jax.lax.rsqrt(tensor(variance) + variance_epsilon)
    factor = factor if scale is None else factor * tensor(scale)
    made = (tensor(x) - tensor(mean)) * factor
    return made if offset is None else made + tensor(offset)


def conv1d(
    input: Any, filters: Any, stride: Any = 1, padding: str = "VALID", data_format: str = "NWC",
    dilations: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Convolution along one axis; filters are `(width, in, out)`."""
    return _convolved(input, filters, stride, padding, data_format, dilations)


def conv2d(
    input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC",
    dilations: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Convolution of images; filters are `(height, width, in, out)`."""
    return _convolved(input, filters, strides, padding, data_format, dilations)


def _convolved(
    x: Any, filters: Any, strides: Any, padding: str, data_format: str, dilations: Any
) -> Any:
    x, filters = tensor(x), tensor(filters)
    axes, form = x.ndim - 2, _form(data_format)
    steps, apart = _inner(strides, axes, form), _inner(dilations or 1, axes, form)
    return ops.conv(x, filters, steps, padding.lower(), form, apart)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The largest entries of windows of an image."""
    form = _form(data_format)
    size, steps = _inner(ksize, 2, form), _inner(strides, 2, form)
    return ops.max_pool(tensor(input), size, steps, padding.lower(), form)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC",
    name: str | None = None,
) -> Any:  # fmt: skip
    """The means of windows of an image."""
    form = _form(data_format)
    size, steps = _inner(ksize, 2, form), _inner(strides, 2, form)
    return ops.average_pool(tensor(input), size, steps, padding.lower(), form)


def _form(data_format: str) -> str:
    return "channels_first" if data_format.startswith("NC") else "channels_last"


def _inner(value: Any, axes: int, form: str) -> tuple[int, ...]:
    """The numbers for the axes of an image, out of those for all of an array's."""
    if isinstance(value, int):
        return (value,) * axes
    given = tuple(int(n) for n in value)
    if len(given) == 1:
        return given * axes
    if len(given) == axes:
        return given
    return given[2:] if form == "channels_first" else given[1:-1]
