"""Operations of torch's that become pooling layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from myelin import layers, ops
from myelin.interop.torch.inward.products import CHANNELS_FIRST, each, zeros_around
from myelin.interop.torch.inward.reading import Reading


def max_pool(rank: int) -> Callable[..., Any]:
    """An entry for the largest number of windows over `rank` axes."""

    def entry(
        r: Reading, input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0,
        dilation: Any = 1, ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        how = _windows(r, input, rank, kernel_size, stride, padding, ceil_mode)
        if max(each(dilation, rank)) > 1:
            raise r.refused("has dilation, which pooling here has not")
        x = input
        if any(how.ends):
            pairs = ((0, 0), (0, 0), *((e, e) for e in how.ends))
            x = ops.pad(x, pairs, constant_values=-math.inf)
        make = getattr(layers, f"MaxPooling{rank}D")
        return make(how.window, how.strides, data_format=CHANNELS_FIRST, name=r.own_name)(x)

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
        x = zeros_around(rank, input, how.ends)
        make = getattr(layers, f"AveragePooling{rank}D")
        return make(how.window, how.strides, data_format=CHANNELS_FIRST, name=r.own_name)(x)

    return entry


def _mean_inside(r: Reading, rank: int, x: Any, how: Any) -> Any:
    """The mean of the points inside the image: as `same`, where that has the same windows."""
    odd = all(w == 2 * e + 1 for w, e in zip(how.window, how.ends, strict=True))
    if not odd or max(how.strides) > 1:
        raise r.refused("leaves its padding out of the mean, which only padding by half a window "
                        "in steps of 1 does here: use count_include_pad=True")  # fmt: skip
    make = getattr(layers, f"AveragePooling{rank}D")
    return make(how.window, how.strides, "same", data_format=CHANNELS_FIRST, name=r.own_name)(x)


class _Windows(NamedTuple):
    """Windows over images: their sizes, the steps between them, and what is padded."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    ends: tuple[int, ...]


def _windows(
    r: Reading, x: Any, rank: int, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool
) -> _Windows:
    window, ends = each(kernel_size, rank), each(padding, rank)
    strides = each(stride, rank) if stride or isinstance(stride, int) else window
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
        sizes = each(output_size, rank)
        if set(sizes) == {1}:
            make = getattr(layers, f"Global{kind}Pooling{rank}D")
            y = make(CHANNELS_FIRST, keepdims=True, name=r.own_name)(input)
        else:
            make = getattr(layers, f"Adaptive{kind}Pooling{rank}D")
            y = make(sizes, data_format=CHANNELS_FIRST, name=r.own_name)(input)
        return (y, None) if pair else y

    return entry


TABLE: dict[str, Callable[..., Any]] = {
    **{f"max_pool{rank}d": max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": avg_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": adaptive("Average", rank, False) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": adaptive("Max", rank, True) for rank in (1, 2, 3)},
}
