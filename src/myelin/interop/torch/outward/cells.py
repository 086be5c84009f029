"""The cells of recurrent layers, one step at a time, where torch has no module for the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from myelin import layers
from myelin.interop.torch.outward.building import Building, Proxy
from myelin.interop.torch.outward.convolution import convolved, windows
from myelin.interop.torch.outward.dropout import dropped
from myelin.interop.torch.outward.functions import applied
from myelin.kernels.geometry import Geometry, geometry
from myelin.layers.convolutional_recurrent import ConvLSTMCell

# What becomes of x and the states, or None before the first step: the output, the new states.
Step = Callable[[Proxy, Any], tuple[Proxy, list[Proxy]]]


class _Gates:
    """What the cells of one product for all gates share, with dropout that stays for all steps."""

    def __init__(self, b: Building, cell: Any) -> None:
        self.b, self.cell = b, cell
        with b.inside(cell):
            self.kernel = b.parameter(cell, "kernel", cell.kernel)
            self.recurrent = b.parameter(cell, "recurrent_kernel", cell.recurrent_kernel)
            self.bias = None if cell.bias is None else b.parameter(cell, "bias", cell.bias)
        self._factors: dict[str, Proxy] = {}

    def thinned(self, x: Proxy, rate: float, part: str) -> Proxy:
        """x with the same places dropped at every step."""
        if not rate or self.b.mode is False:
            return x
        if part not in self._factors:
            with self.b.inside(self.cell):
                self._factors[part] = dropped(
                    self.b, self.cell, torch.ones_like(x), rate, part
                )  # fmt: skip
        return x * self._factors[part]

    def activated(self, x: Proxy) -> Proxy:
        """The activation of x."""
        return self._applied(self.cell.activation, x)

    def gate(self, x: Proxy) -> Proxy:
        """The recurrent activation of x."""
        return self._applied(self.cell.recurrent_activation, x)

    def _applied(self, function: Any, x: Proxy) -> Proxy:
        return applied(self.b, self.cell, function, self.b.note(x, (None, self.cell.units)))

    def __call__(self, x: Proxy, states: Any) -> tuple[Proxy, list[Proxy]]:
        cell = self.cell
        own = self.thinned(x, cell.dropout, "dropout") @ self.kernel
        if states is None:
            zeros = torch.zeros_like(own[:, : cell.units])
            states = [zeros] * (len(cell.state_size) if isinstance(cell.state_size, list) else 1)
        h = self.thinned(states[0], cell.recurrent_dropout, "recurrent_dropout")
        after = self.step(own, h, states)
        return after[0], after

    def step(self, own: Proxy, h: Proxy, states: Any) -> list[Proxy]:
        """The states after a step; a subclass says how."""
        y = own + h @ self.recurrent
        return [self.activated(y if self.bias is None else y + self.bias)]


class _LSTM(_Gates):
    def step(self, own: Proxy, h: Proxy, states: Any) -> list[Proxy]:
        y = own + h @ self.recurrent
        return self.remembered(y if self.bias is None else y + self.bias, states[1])

    def remembered(self, y: Proxy, before: Proxy) -> list[Proxy]:
        """h and c, from what all gates see and c before."""
        i, f, c, o = (y[..., place] for place in _parts(4, self.cell.units))
        memory = self.gate(f) * before + self.gate(i) * self.activated(c)
        return [self.gate(o) * self.activated(memory), memory]


class _ConvLSTM(_LSTM):
    """An LSTM with convolutions for products; its gates are told apart with the channels last."""

    def __init__(self, b: Building, cell: Any) -> None:
        self.b, self.cell = b, cell
        self._factors = {}

    def __call__(self, x: Proxy, states: Any) -> tuple[Proxy, list[Proxy]]:
        cell, (last, first) = self.cell, _moves(self.cell.rank)
        is_first = cell.data_format == "channels_first"
        how = windows(self.b, cell, x, cell.kernel_size, cell.dilation_rate)
        x = x if is_first else first(x)
        y = last(self.convolved(x, how, cell.kernel, cell.bias, "dropout"))
        if states is None:
            states = [torch.zeros_like(y[..., : cell.filters])] * 2
        elif is_first:
            states = [last(state) for state in states]
        ones = (1,) * cell.rank
        how = geometry(cell.image, cell.kernel_size, ones, "same", ones)
        h = self.convolved(
            first(states[0]), how, cell.recurrent_kernel, None, "recurrent_dropout"
        )  # fmt: skip
        after = self.remembered(y + last(h), states[1])
        after = [first(state) for state in after] if is_first else after
        return after[0], after

    def convolved(self, x: Proxy, how: Geometry, kernel: Any, bias: Any, dropout: str) -> Proxy:
        """The convolution for all gates, of which each has others of the channels dropped."""
        rate = getattr(self.cell, dropout)
        groups = self.cell.gates if rate and self.b.mode is not False else 1
        if groups > 1:
            x = self.thinned(torch.cat([x] * groups, 1), rate, dropout)
        turned = lambda k: np.moveaxis(k, (-1, -2), (0, 1))  # noqa: E731
        with self.b.inside(self.cell):
            return convolved(self.b, self.cell, x, how, kernel, turned, groups, bias, kernel.name)


def _moves(rank: int) -> tuple[Callable[[Proxy], Proxy], Callable[[Proxy], Proxy]]:
    """What moves the channels of images behind all other axes, and what before them."""
    return (
        lambda x: x.permute(0, *range(2, rank + 2), 1),
        lambda x: x.permute(0, rank + 1, *range(1, rank + 1)),
    )


class _GRU(_Gates):
    def step(self, own: Proxy, h: Proxy, states: Any) -> list[Proxy]:
        after = self.cell.reset_after
        if self.bias is not None:
            own = own + (self.bias[0] if after else self.bias)
        places = _parts(3, self.cell.units)
        inner = h @ (self.recurrent if after else self.recurrent[:, : 2 * self.cell.units])
        if after and self.bias is not None:
            inner = inner + self.bias[1]
        z, r = (self.gate(own[:, place] + inner[:, place]) for place in places[:2])
        if after:
            new = self.activated(own[:, places[2]] + r * inner[:, places[2]])
        else:
            new = self.activated(own[:, places[2]] + (r * h) @ self.recurrent[:, places[2]])
        return [z * states[0] + (1 - z) * new]


def _parts(count: int, units: int) -> list[slice]:
    return [slice(place * units, (place + 1) * units) for place in range(count)]


class _Stacked:
    """Cells one upon another; their states in one list."""

    def __init__(self, b: Building, cell: Any) -> None:
        self.steps = [CELLS[type(one)](b, one) for one in cell.cells]
        self.counts = [
            len(one.state_size) if isinstance(one.state_size, list | tuple) else 1
            for one in cell.cells
        ]

    def __call__(self, x: Proxy, states: Any) -> tuple[Proxy, list[Proxy]]:
        after: list[Proxy] = []
        for step, count in zip(self.steps, self.counts, strict=True):
            own = None if states is None else states[len(after) : len(after) + count]
            x, new = step(x, own)
            after += new
        return x, after


CELLS: dict[type, Any] = {
    layers.SimpleRNNCell: _Gates,
    layers.LSTMCell: _LSTM,
    layers.GRUCell: _GRU,
    ConvLSTMCell: _ConvLSTM,
    layers.StackedRNNCells: _Stacked,
}
