"""LSTM, GRU and the simple RNN of torch, of several layers and both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from myelin import layers, ops
from myelin.interop.torch.inward.program import Weight
from myelin.interop.torch.inward.reading import Reading, Turned
from myelin.interop.torch.inward.values import is_zeros


def lstm(
    r: Reading, input: Any, hx: Any, params: Any, has_biases: bool = True, num_layers: int = 1,
    dropout: float = 0.0, train: bool = False, bidirectional: bool = False,
    batch_first: bool = False,
) -> Any:  # fmt: skip
    """Outputs, the last h and the last c of all layers."""
    stack = _Stack(r, layers.LSTM, _one_bias, params, has_biases, bidirectional, {})
    return stack.run(input, list(hx), num_layers, dropout, batch_first)


def gru(
    r: Reading, input: Any, hx: Any, params: Any, has_biases: bool = True, num_layers: int = 1,
    dropout: float = 0.0, train: bool = False, bidirectional: bool = False,
    batch_first: bool = False,
) -> Any:  # fmt: skip
    """Outputs and the last h of all layers."""
    stack = _Stack(r, layers.GRU, _two_biases, params, has_biases, bidirectional, {})
    return stack.run(input, [hx], num_layers, dropout, batch_first)


def simple(kind: str) -> Callable[..., Any]:
    """An entry for a simple RNN with an activation."""

    def entry(
        r: Reading, input: Any, hx: Any, params: Any, has_biases: bool = True,
        num_layers: int = 1, dropout: float = 0.0, train: bool = False,
        bidirectional: bool = False, batch_first: bool = False,
    ) -> Any:  # fmt: skip
        how = {"activation": kind}
        stack = _Stack(r, layers.SimpleRNN, _one_bias, params, has_biases, bidirectional, how)
        return stack.run(input, [hx], num_layers, dropout, batch_first)

    return entry


def _one_bias(ih: Any, hh: Any) -> Any:
    """torch adds two biases where there is one here."""
    return Turned(np.add, ih, hh)


def _two_biases(ih: Any, hh: Any) -> Any:
    return Turned(lambda a, b: np.stack([_gates(a), _gates(b)]), ih, hh)


def _gates(array: np.ndarray) -> np.ndarray:
    """The gates z, r, h of a GRU for torch's r, z, n, along the last axis."""
    *rest, width = array.shape
    return array.reshape(*rest, 3, width // 3)[..., [1, 0, 2], :].reshape(array.shape)


class _Stack:
    """Layers one upon another, each with the parameters that torch lists in a row."""

    def __init__(
        self, r: Reading, make: Any, bias: Callable[[Any, Any], Any], params: Sequence[Any],
        has_biases: bool, both: bool, how: dict[str, Any],
    ) -> None:  # fmt: skip
        self.r, self.make, self.bias, self.how = r, make, bias, how
        if not all(isinstance(param, Weight) for param in params):
            raise r.refused("has weights that are computed, not kept")
        size = 4 if has_biases else 2
        self.ways = 2 if both else 1
        self.parts = [list(params[i : i + size]) for i in range(0, len(params), size)]
        if any(len(part) != size or part[1].array.shape[0] % part[1].array.shape[1]
               for part in self.parts):  # fmt: skip
            raise r.refused("has proj_size, which no layer here has")

    def run(self, x: Any, first: list[Any], count: int, dropout: float, batch_first: bool) -> Any:
        """The outputs, and each kind of last state, `(layers · ways, batch, units)`."""
        if not batch_first:
            if x.shape[0] is None and x.shape[1] is not None:
                raise self.r.refused(
                    "reads the first axis of its input as steps, and that is the examples' here: "
                    "make it with batch_first=True"
                )
            x = ops.swapaxes(x, 0, 1)
        self.states = any(self.r.reads(place) for place in range(1, len(first) + 1))
        last: list[list[Any]] = [[] for _ in first]
        for depth in range(count):
            if depth and dropout:
                x = layers.Dropout(dropout, name=self.r.own_name)(x)
            given = None
            if not all(is_zeros(state) for state in first):
                places = range(depth * self.ways, (depth + 1) * self.ways)
                given = [state[place] for place in places for state in first]
            x, states = self._layer(x, depth, given)
            for kind, found in enumerate(last if self.states else []):
                found += [states[way * len(first) + kind] for way in range(self.ways)]
        y = x if batch_first else ops.swapaxes(x, 0, 1)
        return (y, *(ops.stack(found, 0) if found else None for found in last))

    def _layer(self, x: Any, depth: int, given: Any) -> tuple[Any, list[Any]]:
        parts = self.parts[depth * self.ways : (depth + 1) * self.ways]
        biased = len(parts[0]) == 4

        def make(name: str | None) -> Any:
            one = self.make(
                parts[0][1].array.shape[1], use_bias=biased, return_sequences=True,
                return_state=self.states, name=name if self.ways == 1 else None, **self.how,
            )  # fmt: skip
            return one if self.ways == 1 else layers.Bidirectional(one, name=name)

        layer, fresh = self.r.once(parts[0][0], make, (self.ways, biased, self.states, self.how))
        found = layer(x) if given is None else layer(x, initial_state=given)
        if fresh:
            own = [layer] if self.ways == 1 else [layer.forward_layer, layer.backward_layer]
            for way, part in zip(own, parts, strict=True):
                self._fill(way, part)
        return (found[0], list(found[1:])) if self.states else (found, [])

    def _fill(self, layer: Any, part: Sequence[Any]) -> None:
        """Gives a layer the weights of torch's."""
        ordered = _gates if self.make is layers.GRU else np.asarray
        kernel, recurrent = (Turned(lambda w: ordered(w.T), weight) for weight in part[:2])
        bias = self.bias(*part[2:]) if part[2:] else None
        arrays = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
        self.r.assign(layer.cell, arrays)


TABLE: dict[str, Callable[..., Any]] = {
    "lstm": lstm,
    "gru": gru,
    "rnn_tanh": simple("tanh"),
    "rnn_relu": simple("relu"),
}
