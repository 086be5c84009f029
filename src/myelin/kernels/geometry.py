"""The sizes of windows that move over an image: of convolutions, their transposes and pooling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from myelin.errors import InputError

Array = jax.Array
Pairs = tuple[tuple[int, int], ...]


class Geometry(NamedTuple):
    """The sizes that a convolution moves between, and how.

    Attributes:
        image: the spatial sizes of x.
        window: those of the kernel.
        strides: steps between windows.
        padding: zeros before and after each axis of the image; negative ones leave points out.
        dilation: distances between the points of a window.
        groups: into how many separate convolutions the channels fall.
    """

    image: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Pairs
    dilation: tuple[int, ...]
    groups: int = 1

    @property
    def reach(self) -> tuple[int, ...]:
        """How many points a window spans along each axis."""
        return tuple((w - 1) * d + 1 for w, d in zip(self.window, self.dilation, strict=True))

    @property
    def output(self) -> tuple[int, ...]:
        """The spatial sizes of y."""
        sizes = zip(self.image, self.padding, self.reach, self.strides, strict=True)
        return tuple(max(0, (a + sum(p) - r) // s + 1) for a, p, r, s in sizes)

    @property
    def offsets(self) -> list[tuple[int, ...]]:
        """Where the points of a window lie, in the kernel's order."""
        return list(
            itertools.product(
                *(range(0, w * d, d) for w, d in zip(self.window, self.dilation, strict=True))
            )
        )


def geometry(
    image: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilation: Sequence[int],
    groups: int = 1,
) -> Geometry:
    """The geometry of windows over an image, with the padding that a word stands for.

    Args:
        image, window, strides, dilation, groups: as in `Geometry`.
        padding: `"valid"`, none; `"same"`, such that there is a window for each step, with the
            odd zero after the image; `"causal"`, all before it, so that no window looks ahead.
    """
    none = Geometry(tuple(image), tuple(window), tuple(strides), (), tuple(dilation), groups)
    steps = zip(none.image, none.strides, none.reach, strict=True)
    if padding == "same":
        total = [max(0, (-(-a // s) - 1) * s + r - a) for a, s, r in steps]
        pairs = [(t // 2, t - t // 2) for t in total]
    else:
        pairs = [(r - 1 if padding == "causal" else 0, 0) for r in none.reach]
    return none._replace(padding=tuple(pairs))


def transposed_geometry(
    output: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    output_padding: Sequence[int] | None,
    dilation: Sequence[int],
) -> Geometry:
    """The geometry of the convolution whose transpose starts from `output`, with Keras's sizes.

    The image has, along each axis, for a window that spans r points:

    - `"valid"`: `(output - 1)·stride + r + output_padding`; by default as much as max(r, stride)
      in the place of the last two.
    - `"same"`: `output·stride`; with an output padding `(output - 1)·stride + r % 2 +
      output_padding`.

    Args:
        output: the spatial sizes of what is transposed.
        window, strides, dilation: as in `Geometry`.
        padding: `"valid"` or `"same"`.
        output_padding: further points after the image, or None.
    """
    none = Geometry((), tuple(window), tuple(strides), (), tuple(dilation))
    image, pairs = [], []
    for axis, (o, s, r) in enumerate(zip(output, none.strides, none.reach, strict=True)):
        extra = None if output_padding is None else output_padding[axis]
        if padding == "valid":
            before, size = 0, (o - 1) * s + (max(r, s) if extra is None else r + extra)
        else:
            size = o * s if extra is None else (o - 1) * s + r % 2 + extra
            # What the full transpose is longer by is cut off, the smaller half of it in front.
            beyond = size - (o - 1) * s + r - 2
            before = max(0, r - 1 - (beyond + 1) // 2)
        image.append(size)
        pairs.append((before, (o - 1) * s + r - size - before))
    return none._replace(image=tuple(image), padding=tuple(pairs))


def each_axis(value: Any, rank: int, owner: str, argument: str, least: int = 1) -> tuple[int, ...]:
    """`value` as one whole number for each of `rank` axes: one for all, or that many.

    Raises:
        InputError: it is neither, or below `least`; names the owner and its argument.
    """
    given = (value,) * rank if isinstance(value, int | np.integer) else value
    whole = isinstance(given, Sequence) and len(given) == rank and all(
        isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= least for v in given
    )  # fmt: skip
    if not whole:
        raise InputError(
            f"{owner}: {argument} wants a whole number from {least} up, or {rank} of them, "
            f"got {value!r}"
        )
    return tuple(int(v) for v in given)


def windows(x: Array, geometry: Geometry) -> list[Array]:
    """For each point of the window, what it meets in x: arrays `(batch, *output, channels)`."""
    if any(p != (0, 0) for p in geometry.padding):
        padding = [(0, 0, 0), *((*p, 0) for p in geometry.padding), (0, 0, 0)]
        x = lax.pad(x, jnp.zeros((), x.dtype), padding)
    steps = [(o - 1) * s + 1 for o, s in zip(geometry.output, geometry.strides, strict=True)]
    return [
        x[:, *(slice(a, a + n, s) for a, n, s in zip(at, steps, geometry.strides, strict=True))]
        for at in geometry.offsets
    ]


def spread_padding(geometry: Geometry) -> Pairs:
    """The padding of y, spread out by the strides, with which its windows give x's points."""
    sizes = zip(geometry.image, geometry.output, geometry.strides, geometry.reach,
                geometry.padding, strict=True)  # fmt: skip
    return tuple((r - 1 - p[0], a - (o - 1) * s - 1 + p[0]) for a, o, s, r, p in sizes)


def spread(y: Array, geometry: Geometry) -> Array:
    """y with zeros between its points, by the strides, and around them, by the padding."""
    steps = zip(spread_padding(geometry), geometry.strides, strict=True)
    padding = [(0, 0, 0), *((*p, s - 1) for p, s in steps), (0, 0, 0)]
    return lax.pad(y, jnp.zeros((), y.dtype), padding)
