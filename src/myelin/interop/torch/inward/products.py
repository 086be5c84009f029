"""Operations of torch's that become layers with kernels: Dense, Embedding, convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.program import Weight
from myelin.interop.torch.inward.reading import Reading, Turned

CHANNELS_FIRST = "channels_first"


def linear(r: Reading, input: Any, weight: Any, bias: Any = None) -> Any:
    """`input @ weight.T + bias`; a product of its own where the weight is a part of another."""
    x = r.value(input)
    if not isinstance(weight, Weight):
        y = ops.matmul(x, ops.transpose(weight, (1, 0)))
        return y if bias is None else ops.add(y, r.value(bias))
    kept = bias if isinstance(bias, Weight) else None
    units, biased = int(weight.array.shape[0]), kept is not None
    y = r.layer(
        weight, lambda name: layers.Dense(units, use_bias=biased, name=name), (units, biased),
        x, kernel=Turned(np.transpose, weight), bias=kept,
    )  # fmt: skip
    return y if biased or bias is None else ops.add(y, r.value(bias))


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


def each(value: Any, rank: int) -> tuple[int, ...]:
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
        strides, dilation = each(stride, rank), each(dilation, rank)
        word, ends = _padding(padding, rank, window, strides, dilation)
        x = zeros_around(rank, input, ends)
        settings = {
            "strides": strides, "padding": word, "dilation_rate": dilation, "groups": groups,
            "use_bias": bias is not None, "data_format": CHANNELS_FIRST,
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
    ends = each(padding, rank)
    reach = [(w - 1) * d for w, d in zip(window, dilation, strict=True)]
    if (
        any(ends)
        and max(strides) == 1
        and all(2 * e == r for e, r in zip(ends, reach, strict=True))
    ):
        return "same", none
    return "valid", ends


def zeros_around(rank: int, x: Any, ends: Sequence[int]) -> Any:
    """x with zeros at both ends of its last `rank` axes."""
    if not any(ends):
        return x
    pairs = tuple((e, e) for e in ends)
    make = getattr(layers, f"ZeroPadding{rank}D")
    return make(pairs[0] if rank == 1 else pairs, data_format=CHANNELS_FIRST)(x)


def transposed(rank: int) -> Callable[..., Any]:
    """An entry for transposed convolutions over `rank` axes."""

    def entry(
        r: Reading, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Any:  # fmt: skip
        if groups != 1 or not isinstance(weight, Weight):
            raise r.refused("has groups, which a transposed convolution here has not")
        settings = {
            "strides": each(stride, rank), "output_padding": each(output_padding, rank),
            "dilation_rate": each(dilation, rank), "use_bias": bias is not None,
            "data_format": CHANNELS_FIRST,
        }  # fmt: skip
        make = getattr(layers, f"Conv{rank}DTranspose")
        filters, window = weight.array.shape[1], weight.array.shape[2:]
        y = r.layer(
            weight, lambda name: make(filters, window, name=name, **settings), settings, input,
            kernel=Turned(lambda w: np.moveaxis(w, (0, 1), (-1, -2)), weight), bias=bias,
        )  # fmt: skip
        for axis, cut in enumerate(each(padding, rank), 2):
            key = [slice(None)] * (rank + 2)
            key[axis] = slice(cut, -cut if cut else None)
            y = y[tuple(key)] if cut else y
        return y

    return entry


TABLE: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "embedding": embedding,
    **{f"conv{rank}d": convolution(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": transposed(rank) for rank in (1, 2, 3)},
}
