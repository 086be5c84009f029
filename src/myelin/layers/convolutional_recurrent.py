"""ConvLSTM1D to ConvLSTM3D: an LSTM whose inputs and states are sequences, images or volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin import ops
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.cells import LSTMCell, arguments
from myelin.layers.convolution import ImageLayer
from myelin.layers.gated import Gated
from myelin.layers.shapes import Shape, positive_int

Array = jax.Array


class ConvLSTMCell(LSTMCell, ImageLayer):
    """One step of an LSTM with convolutions in the place of its products.

        i, f, o = recurrent_activation(x * kernel + h * recurrent_kernel + bias), each its own
        c = f · c + i · activation(…)
        h = o · activation(c)

    Args:
        rank: how many spatial axes there are, 1 to 3.
        filters: the channels of h and c, above 0.
        kernel_size: of both kernels.
        strides, padding, data_format, dilation_rate: of the convolution of x, as for `Conv2D`; that
            of h has neither strides nor dilation and keeps the size.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, seed: as for
            `LSTMCell`.
        dropout, recurrent_dropout: shares of x and of h that are dropped in training, for each gate
            others, the same at every step.

    Shapes: x `(batch, *image, channels)`, h and c `(batch, *new image, filters)`, or with the
    channels first; kernel `(*kernel_size, channels, 4 · filters)`, recurrent kernel
    `(*kernel_size, filters, 4 · filters)`, bias `(4 · filters,)`.

    Raises:
        InputError: an argument out of range, or both strides and dilation_rate above 1.

    Source: Shi et al., Convolutional LSTM Network, 2015, without the terms of c in the gates.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        Layer.__init__(self, **kwargs)
        owner = type(self).__name__
        self.filters = positive_int(filters, owner, "filters")
        self._prepare({**given, "units": filters})
        self.unit_forget_bias = unit_forget_bias
        self.rank = rank
        self.kernel_size = self._sizes(kernel_size, "kernel_size")
        self.strides = self._sizes(strides, "strides")
        self.padding = self._one_of(padding, "padding", "valid", "same")
        self.data_format = self._order(data_format)
        self.dilation_rate = self._sizes(dilation_rate, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                f"{owner}: strides and dilation_rate cannot both be above 1, got {self.strides} "
                f"and {self.dilation_rate}"
            )

    def build(self, input_shape: Shape) -> None:
        """Makes kernel, recurrent kernel and bias, and learns the size of the states."""
        image, channels = self.split(input_shape)
        if channels is None or None in image:
            raise self.wants(f"inputs {self.axes} with all sizes but the batch known", input_shape)
        self.image = self._counts(input_shape)
        width = self.gates * self.filters
        for own, part, depth in (("kernel", "kernel", channels),
                                 ("recurrent_kernel", "recurrent", self.filters)):  # fmt: skip
            made = self.add_weight(
                (*self.kernel_size, depth, width), getattr(self, f"{part}_initializer"), name=own,
                regularizer=getattr(self, f"{part}_regularizer"),
                constraint=getattr(self, f"{part}_constraint"),
            )  # fmt: skip
            setattr(self, own, made)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (width,), self._first_bias(), name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def _counts(self, input_shape: Shape) -> tuple[int | None, ...]:
        return self.windows_over(
            input_shape, self.kernel_size, self.strides, self.padding, self.dilation_rate
        )

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros, of the size of the outputs."""
        shape: Any = self.joined((batch_size or 1,), self.image, self.filters)
        return [jnp.zeros(shape, self.compute_dtype)] * 2

    def call(self, inputs: Array, states: Any, training: bool = False) -> Any:
        """The output of one step, and the states after it."""
        own, inner_kernel = self.projected(inputs[None], training)[0], self.recurrent_kernel.value
        keep = self.gate_factors(self.recurrent_dropout, states[0].shape, "states", training)
        after = self.stepped(own, inner_kernel, tuple(states), keep)
        return after[0], list(after)

    def projected(self, steps: Array, training: bool) -> Array:
        """What the inputs of all steps give for all gates, `(steps, batch, *image, 4 · filters)`.

        With the channels last, whatever the order of the inputs.
        """
        steps = steps if self.data_format == "channels_last" else jnp.moveaxis(steps, 2, -1)
        dropped = self.gate_factors(self.dropout, steps.shape[1:], "inputs", training)
        steps = _for_each_gate(steps, dropped)
        flat = steps.reshape(-1, *steps.shape[2:])
        y = ops.conv(
            flat, self.kernel.value, self.strides, self.padding, None, self.dilation_rate
        )  # fmt: skip
        y = y if self.bias is None else y + self.bias.value
        return y.reshape(*steps.shape[:2], *y.shape[1:])

    def stepped(self, own: Array, kernel: Array, states: Any, keep: Any) -> tuple[Array, ...]:
        """h and c after a step, in the order that they came in."""
        first = self.data_format == "channels_first"
        if first:
            states = [jnp.moveaxis(state, 1, -1) for state in states]
            keep = None if keep is None else jnp.moveaxis(keep, 2, -1)
        h = _for_each_gate(states[0], keep)
        after = self.step(own, ops.conv(h, kernel, padding="same"), states)
        return tuple(jnp.moveaxis(s, -1, 1) for s in after) if first else after

    def gate_factors(self, rate: float, shape: Any, what: str, training: bool) -> Any:
        """Factors of dropout for each gate, `(4, batch, …)`, or None."""
        return self.factors(rate, (self.gates, *shape), what, training)


def _for_each_gate(x: Array, factors: Any) -> Array:
    """x times the factors of each gate, side by side; a convolution takes them for groups."""
    if factors is None:
        return x
    return jnp.concatenate([x * own for own in factors], axis=-1)


class _ConvLSTM(Gated):
    """A `ConvLSTMCell` over the steps of sequences."""

    rank: int
    _cell = ConvLSTMCell
    _cell_name = "conv_lstm_cell"

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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
        activity_regularizer: Any = None,
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
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        kwargs["activity_regularizer"] = given.pop("activity_regularizer")
        self._take({"rank": self.rank, **given}, kwargs)

    def _run(
        self, steps: Array, states: list[Any], mask: Array | None, training: bool
    ) -> tuple[Array, list[Any]]:
        cell: Any = self.cell
        own = cell.projected(steps, training).astype(steps.dtype)
        kernel = cell.recurrent_kernel.value.astype(steps.dtype)
        keep = cell.gate_factors(cell.recurrent_dropout, states[0].shape, "states", training)
        counts = None if mask is None else mask.reshape(*mask.shape, *[1] * (self.rank + 1))

        def step(before: Any, at: Any) -> Any:
            (states, last), (own, counts) = before, at
            after = cell.stepped(own, kernel, states, keep)
            output = after[0]
            if counts is not None:
                pairs = zip(after, states, strict=True)
                after = tuple(jnp.where(counts, new, old) for new, old in pairs)
                # No output came before the first step that counts.
                output = jnp.where(counts, output, last)
            return (after, output), output

        first = tuple(states), jnp.zeros_like(states[0])
        unroll = steps.shape[0] if self.unroll else 1
        (after, _), outputs = lax.scan(step, first, (own, counts), unroll=unroll)
        return outputs, list(after)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Builds the cell, and makes the states that stay."""
        shape = _sequences(sequences_shape)
        if len(shape) != self.rank + 3 or None in shape[2:]:
            cell: Any = self.cell
            axes = cell.axes.replace("(batch, steps", "(batch, points").replace("(batch", "")
            raise self.wants(f"sequences (batch, steps{axes} of known sizes", shape)
        super().build(sequences_shape, initial_state_shape)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """That of the outputs, and of the states where they are returned."""
        cell: Any = self.cell
        batch, steps, *image = _sequences(sequences_shape)
        inputs = (batch, *image)
        state = cell.joined(inputs, cell._counts(inputs), cell.filters)
        outputs = (batch, steps, *state[1:]) if self.return_sequences else state
        return (outputs, state, state) if self.return_state else outputs


def _sequences(shape: Any) -> Any:
    """The shape of the sequences, where those of states may stand behind it."""
    return tuple(shape[0]) if isinstance(shape[0], list | tuple) else tuple(shape)


class ConvLSTM1D(_ConvLSTM):
    """An LSTM over sequences of sequences, with convolutions for products.

    Args:
        filters: the channels of the outputs, above 0.
        kernel_size: of the convolutions of inputs and of states.
        strides, padding, data_format, dilation_rate: of the convolution of the inputs, as for
            `Conv1D`.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as for `LSTM`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful: as for `RNN`; the states are h
            and c.

    Shapes: x `(batch, steps, points, channels)`, y `(batch, new points, filters)`, with
    `return_sequences` `(batch, steps, new points, filters)`; or with the channels before the
    points.

    Raises:
        InputError: an argument out of range, or both strides and dilation_rate above 1.
        ShapeError: sizes of the inputs, but for batch and steps, are unknown.

    Source: Shi et al., Convolutional LSTM Network, 2015.
    """

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    """An LSTM over sequences of images, such as videos, with convolutions for products.

    Args:
        filters: the channels of the outputs, above 0.
        kernel_size: of the convolutions of inputs and of states.
        strides, padding, data_format, dilation_rate: of the convolution of the inputs, as for
            `Conv2D`.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as for `LSTM`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful: as for `RNN`; the states are h
            and c.

    Shapes: x `(batch, steps, rows, columns, channels)`, y `(batch, new rows, new columns,
    filters)`, with `return_sequences` `(batch, steps, new rows, new columns, filters)`; or with
    the channels before the rows.

    Raises:
        InputError: an argument out of range, or both strides and dilation_rate above 1.
        ShapeError: sizes of the inputs, but for batch and steps, are unknown.

    Source: Shi et al., Convolutional LSTM Network, 2015.
    """

    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """An LSTM over sequences of volumes, with convolutions for products.

    Args:
        filters: the channels of the outputs, above 0.
        kernel_size: of the convolutions of inputs and of states.
        strides, padding, data_format, dilation_rate: of the convolution of the inputs, as for
            `Conv3D`.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as for `LSTM`.
        activity_regularizer: a penalty of the outputs.
        return_sequences, return_state, go_backwards, stateful: as for `RNN`; the states are h
            and c.

    Shapes: x `(batch, steps, depth, rows, columns, channels)`, y `(batch, new depth, new rows,
    new columns, filters)`, with `return_sequences` `(batch, steps, new depth, …)`; or with the
    channels before the depth.

    Raises:
        InputError: an argument out of range, or both strides and dilation_rate above 1.
        ShapeError: sizes of the inputs, but for batch and steps, are unknown.

    Source: Shi et al., Convolutional LSTM Network, 2015.
    """

    rank = 3
