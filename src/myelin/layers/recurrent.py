"""`RNN`: a cell applied to one step of a sequence after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from myelin.errors import InputError, ShapeError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape

Array = jax.Array


class RNN(Layer):
    """Runs a cell over the steps of sequences: `output, states = cell(x[:, t], states)`.

    Args:
        cell: a layer with `state_size` (a number, or one for each state) whose
            `call(inputs, states)` gives an output and the states after it; or a list of such,
            which are stacked. `output_size` and `get_initial_state(batch_size)` are heard.
        return_sequences: whether all outputs are returned, rather than the last.
        return_state: whether the last states are returned behind the outputs.
        go_backwards: whether the last step comes first; outputs then do too.
        stateful: whether a batch begins with the states that the one before has left; the batch
            size must be known.
        unroll: whether the loop is written out when it is compiled.
        zero_output_for_mask: whether a masked step gives zeros, rather than the output before.

    Shapes: x `(batch, steps, …)`, mask `(batch, steps)`, outputs `(batch, steps, units)`, or
    `(batch, units)` without `return_sequences`.

    A masked step is left out: states and output stay what they were, zeros before the first.

    Raises:
        InputError: what is no cell, or stateful without a batch size.
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell
        if not callable(getattr(self.cell, "call", None)) or not hasattr(self.cell, "state_size"):
            raise InputError(
                f"{type(self).__name__}: wants a cell with state_size and call(inputs, states), "
                f"got {cell!r}"
            )
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: list[Any] | None = None

    @property
    def state_size(self) -> list[Any]:
        """How many numbers each state has."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Builds the cell, and makes the states that stay."""
        shape = _sole(sequences_shape)
        if len(shape) < 3 or None in shape[2:]:
            raise self.wants("sequences (batch, steps, features) with features known", shape)
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell._build_for((shape[0], *shape[2:]))
        if not self.stateful:
            return
        if shape[0] is None:
            raise InputError(
                f"{self.title}: stateful=True wants a known batch size: give "
                "Input(batch_shape=(…)), whose first number that is"
            )
        self.states = jax.tree.map(
            lambda state: self.add_weight(
                state.shape, "zeros", str(state.dtype), trainable=False, name="rnn_state"
            ),
            self.get_initial_state(shape[0]),
        )
        for state in jax.tree.leaves(self.states):
            state.is_state = True

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Zeros for each state, or what the cell says."""
        return _initial(self.cell, batch_size, self.compute_dtype)

    def reset_state(self) -> None:
        """Sets the states that stay to zero."""
        for state in jax.tree.leaves(self.states):
            state.assign(jnp.zeros(state.shape, state.dtype))

    reset_states = reset_state

    def call(
        self, sequences: Array, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """The outputs of the cell for all steps, or for the last."""
        states = self._first_states(sequences, initial_state)
        steps = jnp.swapaxes(sequences, 0, 1)
        counts = None if mask is None else jnp.swapaxes(jnp.asarray(mask, bool), 0, 1)
        if self.go_backwards:
            steps = jnp.flip(steps, 0)
            counts = None if counts is None else jnp.flip(counts, 0)
        outputs, states = self._run(steps, states, counts, training)
        return self._returned(outputs, states, counts)

    def _first_states(self, sequences: Array, given: Any) -> list[Any]:
        batch = sequences.shape[0]
        if given is None and self.states is not None:
            given = jax.tree.map(lambda state: state.value, self.states)
        if given is None:
            return self.get_initial_state(batch)
        given = list(given) if isinstance(given, list | tuple) else [given]
        for state in jax.tree.leaves(given):
            if state.shape[0] != batch:
                raise ShapeError(
                    f"{self.title}: wants states of {batch} sequences, got {state.shape}"
                )
        return jax.tree.map(lambda state: jnp.asarray(state, self.compute_dtype), given)

    def _run(
        self, steps: Array, states: list[Any], mask: Array | None, training: bool
    ) -> tuple[Array, list[Any]]:
        """The outputs `(steps, batch, units)` and the states after the last step."""
        cell = self.cell
        takes = isinstance(cell, Layer) and cell._call_takes("training")
        how = {"training": training} if takes else {}
        single = not isinstance(cell.state_size, list | tuple)

        def step(before: tuple[Any, Any], at: Any) -> tuple[Any, Array]:
            states, last = before
            x, counts = at
            output, after = cell(x, states, **how)
            after = [after] if single and not isinstance(after, list | tuple) else list(after)
            if counts is not None:
                after = jax.tree.map(lambda new, old: _chosen(counts, new, old), after, states)
                output = _chosen(counts, output, last)
            return (after, output), output

        first = jax.eval_shape(lambda x, s: cell(x, s, **how)[0], steps[0], states)
        nothing = jnp.zeros(first.shape, first.dtype)
        unroll = steps.shape[0] if self.unroll else 1
        (states, _), outputs = lax.scan(step, (states, nothing), (steps, mask), unroll=unroll)
        return outputs, states

    def _returned(self, outputs: Array, states: list[Any], mask: Array | None) -> Any:
        if self.states is not None:
            pairs = zip(jax.tree.leaves(self.states), jax.tree.leaves(states), strict=True)
            for own, state in pairs:
                own.assign(state)
        if not self.return_sequences:
            result = outputs[-1]
        else:
            if mask is not None and self.zero_output_for_mask:
                shape = (*mask.shape, *[1] * (outputs.ndim - 2))
                outputs = jnp.where(mask.reshape(shape), outputs, 0)
            result = jnp.swapaxes(outputs, 0, 1)
        return (result, *states) if self.return_state else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the steps where all outputs are returned."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        own = mask if self.return_sequences else None
        return [own, *[None] * len(self.state_size)] if self.return_state else own

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """That of the outputs, and of the states where they are returned."""
        batch, steps, *_ = _sole(sequences_shape)
        units = getattr(self.cell, "output_size", None)
        units = _first_size(self.state_size) if units is None else units
        outputs = (batch, steps, units) if self.return_sequences else (batch, units)
        if not self.return_state:
            return outputs
        return (outputs, *(_with_batch(size, batch) for size in self.state_size))


def _sole(shape: Any) -> Shape:
    """The shape of the sequences, where those of states may stand behind it."""
    return tuple(shape[0]) if shape and isinstance(shape[0], list | tuple) else tuple(shape)


def _first_size(sizes: Any) -> int:
    return _first_size(sizes[0]) if isinstance(sizes, list | tuple) else int(sizes)


def _with_batch(size: Any, batch: Any) -> Any:
    if isinstance(size, list | tuple):
        return [_with_batch(one, batch) for one in size]
    return (batch, size)


def _chosen(counts: Array, new: Array, old: Array) -> Array:
    return jnp.where(counts.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def _initial(cell: Any, batch_size: int, dtype: str) -> list[Any]:
    said = getattr(cell, "get_initial_state", None)
    if said is not None:
        given = said(batch_size=batch_size)
        return list(given) if isinstance(given, list | tuple) else [given]
    sizes = cell.state_size
    sizes = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
    return [jnp.zeros((batch_size, size), dtype) for size in sizes]


class StackedRNNCells(Layer):
    """Cells one upon another as one cell: each takes the output of the one before.

    Args:
        cells: see `RNN`.

    Raises:
        InputError: no cells, or what is none.
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = list(cells)
        for cell in self.cells:
            if not callable(getattr(cell, "call", None)) or not hasattr(cell, "state_size"):
                raise InputError(
                    "StackedRNNCells: wants cells with state_size and call(inputs, states), got "
                    f"{cell!r}"
                )
        if not self.cells:
            raise InputError("StackedRNNCells: wants at least one cell")

    @property
    def state_size(self) -> list[Any]:
        """Those of all cells, in order."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """That of the last cell."""
        last = self.cells[-1]
        size = getattr(last, "output_size", None)
        return _first_size(last.state_size) if size is None else int(size)

    def build(self, input_shape: Shape) -> None:
        """Builds each cell for the outputs of the one before."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell._build_for(input_shape)
            size = getattr(cell, "output_size", None)
            size = _first_size(cell.state_size) if size is None else size
            input_shape = (input_shape[0], size)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Those of all cells."""
        found = []
        for cell in self.cells:
            own = _initial(cell, batch_size or 1, self.compute_dtype)
            found.append(own if isinstance(cell.state_size, list | tuple) else own[0])
        return found

    def call(self, inputs: Array, states: Sequence[Any], training: bool = False) -> Any:
        """The output of the last cell, and the states of all."""
        after = []
        for cell, own in zip(self.cells, states, strict=True):
            takes = isinstance(cell, Layer) and cell._call_takes("training")
            several = isinstance(cell.state_size, list | tuple)
            given = list(own) if isinstance(own, list | tuple) else [own]
            inputs, new = cell(inputs, given, **({"training": training} if takes else {}))
            new = list(new) if isinstance(new, list | tuple) else [new]
            after.append(new if several else new[0])
        return inputs, after
