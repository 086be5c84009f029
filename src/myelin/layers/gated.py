"""SimpleRNN, LSTM and GRU: their cells over the steps of sequences."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations
from myelin.kernels import dense, gru, lstm
from myelin.kernels.recurrence import recurrence
from myelin.layers.cells import GatedCell, GRUCell, LSTMCell, SimpleRNNCell, arguments
from myelin.layers.recurrent import RNN

Array = jax.Array


class Gated(RNN):
    """An RNN over one of the cells."""

    _cell: type[GatedCell]
    _cell_name: str | None = None
    _of_layer = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll",
                 "zero_output_for_mask")  # fmt: skip

    def _take(self, given: dict[str, Any], kwargs: dict[str, Any]) -> None:
        """Takes the arguments of `__init__`: those of the cell, then those of the layer."""
        given.pop("use_cudnn", None)
        own = {name: given.pop(name) for name in self._of_layer if name in given}
        own |= {name: kwargs.pop(name) for name in self._of_layer if name in kwargs}
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        name = self._cell_name or f"{type(self).__name__.lower()}_cell"
        RNN.__init__(self, self._cell(**given, name=name, **shared), **own, **kwargs)

    def __getattr__(self, name: str) -> Any:
        # Its units, its kernel, its activation: what the cell has, the layer shows.
        cell = self.__dict__.get("cell")
        if cell is not None and not name.startswith("_") and hasattr(cell, name):
            return getattr(cell, name)
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def _run(
        self, steps: Array, states: list[Any], mask: Array | None, training: bool
    ) -> tuple[Array, list[Any]]:
        cell: Any = self.cell
        if not getattr(cell, "reset_after", True):
            return super()._run(steps, states, mask, training)
        batch = steps.shape[1:]
        dropped = cell.factors(cell.dropout, batch, "inputs", training)
        keep = cell.factors(cell.recurrent_dropout, states[0].shape, "states", training)
        own_bias, inner_bias = cell.biases()
        steps = steps if dropped is None else steps * dropped
        own = dense.matmul(steps, cell.kernel.value.astype(steps.dtype)) + own_bias
        own, recurrent, inner_bias = (
            a.astype(steps.dtype) for a in (own, cell.recurrent_kernel.value, inner_bias)
        )
        outputs, after = self._over_steps(own, recurrent, inner_bias, tuple(states), mask, keep)
        if mask is not None:
            # No output came before the first step that counts.
            begun = jnp.cumsum(mask, axis=0) > 0
            outputs = jnp.where(begun[..., None], outputs, 0)
        return outputs, list(after)

    def _over_steps(
        self, own: Array, recurrent: Array, bias: Array, states: tuple[Array, ...],
        mask: Array | None, keep: Array | None,
    ) -> tuple[Array, tuple[Array, ...]]:  # fmt: skip
        """The output of each step, and the states after the last; see `recurrence`."""
        cell: Any = self.cell
        unroll = own.shape[0] if self.unroll else 1
        return recurrence(cell.as_step, unroll, own, recurrent, bias, states, mask, keep)

    def _in_one_call(
        self, own: Array, recurrent: Array, mask: Array | None, keep: Array | None
    ) -> bool:
        """Whether a kernel takes all steps at once: with the usual activations, none left out."""
        cell: Any = self.cell
        activated = (cell.activation, cell.recurrent_activation)
        usual = activated == (activations.tanh, activations.sigmoid) and not self.unroll
        return usual and mask is None and keep is None and lstm.suits(own, recurrent)


class SimpleRNN(Gated):
    """A fully connected recurrent network: `h = activation(x @ kernel + h @ recurrent + bias)`.

    Args:
        units: the size of the outputs, above 0.
        activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed: as for
            `SimpleRNNCell`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.

    Shapes: x `(batch, steps, features)`, y `(batch, units)` or `(batch, steps, units)`.
    """

    _cell = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        self._take(given, kwargs)


class LSTM(Gated):
    """Long short-term memory: an `LSTMCell` over the steps of sequences.

    Args:
        units: the size of the outputs, above 0.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as for `LSTMCell`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`; the states
            are h and c.
        use_cudnn: accepted for Keras's sake.

    Shapes: x `(batch, steps, features)`, y `(batch, units)` or `(batch, steps, units)`.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.
    """

    _cell = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        self._take(given, kwargs)

    def _over_steps(
        self, own: Array, recurrent: Array, bias: Array, states: tuple[Array, ...],
        mask: Array | None, keep: Array | None,
    ) -> tuple[Array, tuple[Array, ...]]:  # fmt: skip
        if self._in_one_call(own, recurrent, mask, keep):
            outputs, c = lstm.lstm(own, recurrent, bias, *states)
            return outputs, (outputs[-1], c)
        return super()._over_steps(own, recurrent, bias, states, mask, keep)


class GRU(Gated):
    """A gated recurrent unit: a `GRUCell` over the steps of sequences.

    Args:
        units: the size of the outputs, above 0.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            seed, reset_after: as for `GRUCell`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        use_cudnn: accepted for Keras's sake.

    Shapes: x `(batch, steps, features)`, y `(batch, units)` or `(batch, steps, units)`.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """

    _cell = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        self._take(given, kwargs)

    def _over_steps(
        self, own: Array, recurrent: Array, bias: Array, states: tuple[Array, ...],
        mask: Array | None, keep: Array | None,
    ) -> tuple[Array, tuple[Array, ...]]:  # fmt: skip
        if self._in_one_call(own, recurrent, mask, keep):
            outputs = gru.gru(own, recurrent, bias, *states)
            return outputs, (outputs[-1],)
        return super()._over_steps(own, recurrent, bias, states, mask, keep)
