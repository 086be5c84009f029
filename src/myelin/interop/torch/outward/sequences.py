"""Embedding, masks, and what reads sequences step by step, in torch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from myelin import activations, layers
from myelin.interop.torch.outward.building import Building, Proxy, refused
from myelin.interop.torch.outward.cells import CELLS
from myelin.interop.torch.outward.dropout import dropped


def embedding(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A vector for each whole number."""

    def make() -> nn.Module:
        made = nn.Embedding(layer.input_dim, layer.output_dim, device="meta")
        return b.filled(made, weight=b.tensor(layer.embeddings))

    return b.module(layer, make)(x.long())


def reversible_embedding(b: Building, layer: Any, x: Proxy, reverse: bool = False) -> Proxy:
    """A vector for each number, or a score of each number for a vector."""
    table = b.parameter(layer, "weight", layer.embeddings)
    if not reverse:
        y = functional.embedding(x.long(), table)
        if layer.mask_zero:
            b.set_mask(y, x != 0)
        return y
    kernel = table.t() if layer.tie_weights else b.parameter(
        layer, "reverse_weight", layer.reverse_embeddings
    )  # fmt: skip
    logits = x @ kernel
    cap = layer.logit_soft_cap
    return logits if cap is None else torch.tanh(logits / cap) * cap


def masking(b: Building, layer: Any, x: Proxy) -> Proxy:
    """x with zeros in the masked steps."""
    return x * (x != layer.mask_value).any(-1, True)


def time_distributed(b: Building, layer: Any, x: Proxy) -> Proxy:
    """A layer applied to every step."""
    _, steps, *sizes = b.shape(x)
    if steps is None or None in sizes:
        raise refused(layer, "wants sequences of a known length: give Input the size")
    one = b.note(x.reshape(-1, *sizes), (None, *sizes))
    shape = layer.layer.compute_output_shape((None, *sizes))
    return b.call(layer.layer, (one,), {}, shape).reshape(-1, steps, *shape[1:])


# What reads step by step.


def _gates_in_place(array: np.ndarray) -> np.ndarray:
    """The gates of a GRU in torch's order: r, z, n for z, r, h."""
    *rest, width = array.shape
    return array.reshape(*rest, 3, width // 3)[..., [1, 0, 2], :].reshape(array.shape)


def _lstm(b: Building, cell: Any) -> nn.Module:
    """torch has two biases of which one does not train here, or their sum would learn twice."""
    bias = cell.bias is not None
    made = nn.LSTM(*cell.kernel.shape[:1], cell.units, 1, bias, True, device="meta")
    return b.filled(made, **_matrices(b, cell, np.asarray), **_one_bias(b, cell))


def _simple(b: Building, cell: Any) -> nn.Module:
    bias, kind = cell.bias is not None, cell.activation.__name__
    made = nn.RNN(cell.kernel.shape[0], cell.units, 1, kind, bias, True, device="meta")
    return b.filled(made, **_matrices(b, cell, np.asarray), **_one_bias(b, cell))


def _gru(b: Building, cell: Any) -> nn.Module:
    bias = cell.bias is not None
    made = nn.GRU(cell.kernel.shape[0], cell.units, 1, bias, True, device="meta")
    named = {
        f"bias_{which}_l0": b.tensor(cell.bias, functools.partial(_row_in_place, row))
        for row, which in enumerate(("ih", "hh") if bias else ())
    }
    return b.filled(made, **_matrices(b, cell, _gates_in_place), **named)


def _row_in_place(row: int, bias: np.ndarray) -> np.ndarray:
    return _gates_in_place(bias[row])


def _one_bias(b: Building, cell: Any) -> dict[str, Any]:
    """The bias, and zeros for torch's second, which do not train."""
    if cell.bias is None:
        return {}
    return {"bias_ih_l0": b.tensor(cell.bias), "bias_hh_l0": torch.zeros(cell.bias.shape)}


def _matrices(b: Building, cell: Any, ordered: Callable[[np.ndarray], np.ndarray]) -> Any:
    turned = lambda k: ordered(k).T  # noqa: E731
    return {
        "weight_ih_l0": b.tensor(cell.kernel, turned),
        "weight_hh_l0": b.tensor(cell.recurrent_kernel, turned),
    }


_MODULES: dict[type, Callable[[Building, Any], nn.Module]] = {
    layers.LSTMCell: _lstm,
    layers.GRUCell: _gru,
    layers.SimpleRNNCell: _simple,
}


def _is_torchs(b: Building, layer: Any, mask: Any) -> bool:
    """Whether a module of torch's computes the same, rather than a loop that is written out."""
    cell = layer.cell
    usual = {
        layers.LSTMCell: (activations.tanh, activations.sigmoid),
        layers.GRUCell: (activations.tanh, activations.sigmoid),
        layers.SimpleRNNCell: (cell.activation, cell.recurrent_activation)
        if getattr(cell, "activation", None) in (activations.tanh, activations.relu)
        else None,
    }.get(type(cell))
    return (
        usual is not None
        and (cell.activation, cell.recurrent_activation) == usual
        and getattr(cell, "reset_after", True)
        and (not cell.recurrent_dropout or b.mode is False)
        and not (mask is not None and layer.return_state)
    )


def recurrent(
    b: Building, layer: Any, x: Proxy, initial_state: Any = None, mask: Any = None
) -> Any:
    """A cell over the steps of sequences."""
    if layer.stateful:
        raise refused(layer, "is stateful, and a graph of calls keeps nothing between them")
    if initial_state is not None and not isinstance(initial_state, list | tuple):
        initial_state = [initial_state]
    if layer.go_backwards:
        x = b.note(x.flip(1), b.shape(x))
        mask = None if mask is None else mask.flip(1)
    mask = None if mask is None else mask.bool()
    by = _by_module if _is_torchs(b, layer, mask) else _written_out
    outputs, states = by(b, layer, x, initial_state, mask)
    if mask is not None and layer.zero_output_for_mask and layer.return_sequences:
        outputs = outputs.masked_fill(~_wide(mask, layer), 0)
    return (outputs, *states) if layer.return_state else outputs


def _wide(mask: Proxy, layer: Any) -> Proxy:
    for _ in range(getattr(layer, "rank", 0) + 1):
        mask = mask.unsqueeze(-1)
    return mask


def _by_module(b: Building, layer: Any, x: Proxy, given: Any, mask: Any) -> tuple[Any, list[Any]]:
    """By torch's module. The steps that count are moved to the front, and their outputs back."""
    cell = layer.cell
    x = dropped(b, layer, x, cell.dropout, "dropout", of=x[:, :1])
    module = b.module(layer, lambda: _MODULES[type(cell)](b, cell), "rnn" if cell.dropout else "")
    if mask is not None:
        order = (~mask).to(torch.uint8).argsort(dim=1, stable=True)
        x = x.gather(1, order.unsqueeze(-1).expand(-1, -1, cell.kernel.shape[0]))
    first = [state.unsqueeze(0) for state in given or ()]
    found = module(x, *([tuple(first)] if len(first) > 1 else first))
    y, last = found[0], found[1]
    states = [last[0][0], last[1][0]] if type(cell) is layers.LSTMCell else [last[0]]
    if mask is not None:
        counts = mask.cumsum(1)
        counts = counts if layer.return_sequences else counts[:, -1:]
        places = (counts - 1).clamp(min=0).unsqueeze(-1)
        y = y.gather(1, places.expand(-1, -1, cell.units))
        y = y * (counts > 0).unsqueeze(-1)
        return (y if layer.return_sequences else y[:, 0]), states
    return (y if layer.return_sequences else y[:, -1]), states


def _written_out(b: Building, layer: Any, x: Proxy, given: Any, mask: Any) -> tuple[Any, list[Any]]:
    """By a loop over the steps, which is written out in the graph."""
    steps = b.shape(x)[1]
    if type(layer.cell) not in CELLS:
        raise refused(layer, f"has a cell of a class of its own, {type(layer.cell).__name__}")
    if steps is None:
        raise refused(
            layer,
            "computes what no module of torch's does, and its steps can be written out only where "
            "their number is known: give Input the size",
        )
    cell = CELLS[type(layer.cell)](b, layer.cell)
    outputs: list[Any] = []
    states = list(given) if given else None
    for place in range(steps):
        output, new = cell(b.note(x[:, place], (None, *b.shape(x)[2:])), states)
        if mask is not None:
            counts = _wide(mask[:, place], layer)
            old = states or [torch.zeros_like(state) for state in new]
            new = [torch.where(counts, a, z) for a, z in zip(new, old, strict=True)]
            last = outputs[-1] if outputs else torch.zeros_like(output)
            output = torch.where(counts, output, last)
        outputs.append(output)
        states = new
    result = torch.stack(outputs, 1) if layer.return_sequences else outputs[-1]
    return result, list(states or ())


def bidirectional(
    b: Building, layer: Any, x: Proxy, initial_state: Any = None, mask: Any = None
) -> Any:
    """Both ways, merged."""
    ways = (layer.forward_layer, layer.backward_layer)
    half = len(initial_state or ()) // 2
    given = [initial_state[:half], initial_state[half:]] if half else [None, None]
    found = [
        b.call(way, (x,), {"initial_state": states, "mask": mask})
        for way, states in zip(ways, given, strict=True)
    ]
    states = [s for one in found for s in one[1:]] if layer.return_state else []
    there, back = [one[0] for one in found] if layer.return_state else found
    back = back.flip(1) if layer.return_sequences else back
    merge: dict[Any, Callable[[], Any]] = {
        "concat": lambda: torch.cat([there, back], -1),
        "sum": lambda: there + back,
        "ave": lambda: (there + back) / 2,
        "mul": lambda: there * back,
        None: lambda: (there, back),
    }
    merged = merge[layer.merge_mode]()
    if not states:
        return merged
    return (*merged, *states) if isinstance(merged, tuple) else (merged, *states)


def _steps_mask(b: Building, layer: Any, inputs: Any, mask: Any) -> Any:
    return layer.compute_mask(inputs, mask)


RECURRENT = [layers.RNN, layers.LSTM, layers.GRU, layers.SimpleRNN]
RECURRENT += [layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D]

LAYERS: dict[type, Any] = {
    layers.Embedding: embedding,
    layers.ReversibleEmbedding: reversible_embedding,
    layers.Masking: masking,
    layers.TimeDistributed: time_distributed,
    layers.Bidirectional: bidirectional,
    **dict.fromkeys(RECURRENT, recurrent),
}


def _either(b: Building, layer: Any, inputs: Any, mask: Sequence[Any] | None) -> Any:
    """Where some input counts, if all have a mask."""
    if not mask or any(own is None for own in mask):
        return None
    joined = mask[0]
    for own in mask[1:]:
        joined = joined | own
    return joined


def _behind_each_other(b: Building, layer: Any, inputs: Any, mask: Any) -> Any:
    if mask is None:
        return None
    wide = []
    for x, own in zip(inputs, mask, strict=True):
        if own is None:
            wide.append(torch.ones_like(x, dtype=torch.bool))
            continue
        for _ in range(len(b.shape(x)) - 2):
            own = own.unsqueeze(-1)
        wide.append(own.expand_as(x))
    return torch.cat(wide, layer.axis).any(-1)


def _none(b: Building, layer: Any, inputs: Any, mask: Any) -> None:
    return None


MASKS: dict[type, Any] = {
    layers.Embedding: lambda b, layer, x, mask: x != 0 if layer.mask_zero else None,
    layers.ReversibleEmbedding: _none,
    layers.Masking: lambda b, layer, x, mask: (x != layer.mask_value).any(-1),
    **dict.fromkeys((*RECURRENT, layers.Bidirectional), _steps_mask),
    **dict.fromkeys(
        (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum,
         layers.Minimum), _either,
    ),
    layers.Concatenate: _behind_each_other,
    layers.Dot: _none,
    layers.GlobalAveragePooling1D: _none,
    layers.Attention: lambda b, layer, x, mask: mask[0] if mask else None,
    layers.AdditiveAttention: lambda b, layer, x, mask: mask[0] if mask else None,
}  # fmt: skip
