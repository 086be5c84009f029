"""The cells of SimpleRNN, LSTM and GRU.

A cell says what becomes of a step: `step(own, inner, states)`, where `own` is what the input
gives and `inner` what the state before gives, both for all gates at once. A layer multiplies the
inputs of all steps in one product, and hands the rest to `kernels.recurrence`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, constraints, initializers, random, regularizers
from myelin.kernels import dense
from myelin.layers.base import Layer
from myelin.layers.regularization import share
from myelin.layers.shapes import Shape, positive_int

Array = jax.Array


def arguments(names: dict[str, Any]) -> dict[str, Any]:
    """Those that an `__init__` spells out, of the names it sees at its beginning."""
    return {k: v for k, v in names.items() if k not in ("self", "kwargs", "__class__")}


class GatedCell(Layer):
    """What the three cells share: a kernel, a recurrent kernel and a bias for all gates."""

    gates = 1
    # The states after a step, of what its input gives, what the state gives, and the states; the
    # first is the output.
    step: Any
    kernel: Any
    recurrent_kernel: Any
    bias_initializer: Any
    bias_regularizer: Any
    bias_constraint: Any

    def _prepare(self, given: dict[str, Any]) -> None:
        """Takes the arguments of `__init__`, which all three cells spell alike."""
        self.units = positive_int(given["units"], type(self).__name__, "units")
        self.activation = activations.get(given["activation"])
        self.recurrent_activation = activations.get(given.get("recurrent_activation"))
        self.use_bias = given["use_bias"]
        for part in ("kernel", "recurrent", "bias"):
            for kind, module in (("initializer", initializers), ("regularizer", regularizers),
                                 ("constraint", constraints)):  # fmt: skip
                name = f"{part}_{kind}"
                setattr(self, name, module.get(given[name]))
        self.dropout = share(given["dropout"], type(self).__name__)
        self.recurrent_dropout = share(given["recurrent_dropout"], type(self).__name__)
        self.seed = given["seed"]

    @property
    def state_size(self) -> Any:
        """How many numbers the state has."""
        return self.units

    @property
    def output_size(self) -> int:
        """How many numbers the output has."""
        return self.units

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _first_bias(self) -> Any:
        return self.bias_initializer

    def build(self, input_shape: Shape) -> None:
        """Makes kernel, recurrent kernel and bias."""
        width = self.gates * self.units
        for name, shape in (("kernel", (int(input_shape[-1] or 0), width)),
                            ("recurrent", (self.units, width))):  # fmt: skip
            own = "kernel" if name == "kernel" else "recurrent_kernel"
            made = self.add_weight(
                shape, getattr(self, f"{name}_initializer"), name=own,
                regularizer=getattr(self, f"{name}_regularizer"),
                constraint=getattr(self, f"{name}_constraint"),
            )  # fmt: skip
            setattr(self, own, made)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(), self._first_bias(), name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [jnp.zeros((batch_size or 1, size), self.compute_dtype) for size in sizes]

    def factors(self, rate: float, shape: tuple[int, ...], what: str, training: bool) -> Any:
        """Factors of dropout for all steps of a batch, or None."""
        if not training or not rate:
            return None
        key = random.key_for(f"{self.place}/{what}", self.seed)
        kept = jax.random.bernoulli(key, 1 - rate, shape)
        return jnp.where(kept, 1 / (1 - rate), 0).astype(self.compute_dtype)

    def biases(self) -> tuple[Any, Any]:
        """What is added to what the input gives, and to what the state gives."""
        none = jnp.zeros((self.gates * self.units,), self.compute_dtype)
        return (none if self.bias is None else self.bias.value), none

    @property
    def as_step(self) -> Any:
        """`step` as a function that is the same for equal settings."""
        return _Step(type(self), self.activation, self.recurrent_activation)

    def call(self, inputs: Array, states: Any, training: bool = False) -> Any:
        """The output of one step `(batch, units)`, and the states after it."""
        single = not isinstance(states, list | tuple)
        states = (states,) if single else tuple(states)
        dropped = self.factors(self.dropout, inputs.shape, "inputs", training)
        keep = self.factors(self.recurrent_dropout, states[0].shape, "states", training)
        x = inputs if dropped is None else inputs * dropped
        own_bias, inner_bias = self.biases()
        own = dense.matmul(x, self.kernel.value) + own_bias
        after = self._advance(own, inner_bias, states, keep)
        return after[0], (after[0] if single else list(after))

    def _advance(self, own: Array, bias: Array, states: Any, keep: Any) -> tuple[Array, ...]:
        h = states[0] if keep is None else states[0] * keep
        return self.step(own, dense.matmul(h, self.recurrent_kernel.value) + bias, states)


class _Step:
    """A cell's `step` that jax can compare: it depends on the class and the activations alone."""

    def __init__(self, cell: type[GatedCell], activation: Any, recurrent_activation: Any) -> None:
        self._key = cell, activation, recurrent_activation

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Step) and self._key == other._key

    @cached_property
    def _settings(self) -> Any:
        settings = object.__new__(self._key[0])
        _, settings.activation, settings.recurrent_activation = self._key
        return settings

    def __call__(self, own: Array, inner: Array, states: Any) -> tuple[Array, ...]:
        stepped: tuple[Array, ...] = self._key[0].step(self._settings, own, inner, states)
        return stepped


class SimpleRNNCell(GatedCell):
    """One step of `h = activation(x @ kernel + h @ recurrent_kernel + bias)`.

    Args:
        units: the size of h, above 0.
        activation: a name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties that join the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: shares of x and of h that are dropped in training, the same
            ones at every step.
        seed: folded into the run's key.

    Shapes: x `(batch, features)`, h `(batch, units)`.
    """

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
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        super().__init__(**kwargs)
        self._prepare(given)

    def step(self, own: Array, inner: Array, states: Any) -> tuple[Array, ...]:
        """`(h,)`."""
        return (self.activation(own + inner),)


class LSTMCell(GatedCell):
    """One step of a long short-term memory, with the gates i, f, c, o side by side in the kernels.

        i, f, o = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias), each its own
        c = f · c + i · activation(…)
        h = o · activation(c)

    Args:
        units: the size of h and c, above 0.
        activation, recurrent_activation: names or functions.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values.
        unit_forget_bias: whether the bias of f begins at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties that join the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: shares of x and of h that are dropped in training, the same
            ones at every step.
        seed: folded into the run's key.

    Shapes: x `(batch, features)`, h and c `(batch, units)`.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Gers et al., Learning to
    Forget, 2000.
    """

    gates = 4

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
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        super().__init__(**kwargs)
        self._prepare(given)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """Those of h and c."""
        return [self.units, self.units]

    def _first_bias(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer

        def first(shape: Any, dtype: Any = None) -> Array:
            bias = self.bias_initializer(shape, dtype=dtype)
            return bias.at[self.units : 2 * self.units].set(1)

        return first

    def biases(self) -> tuple[Any, Any]:
        """All of it to what the state gives: there the kernel adds it without a pass of its own."""
        return super().biases()[::-1]

    def step(self, own: Array, inner: Array, states: Any) -> tuple[Array, ...]:
        """`(h, c)`."""
        i, f, c, o = jnp.split(own + inner, 4, axis=-1)
        gate = self.recurrent_activation
        memory = gate(f) * states[1] + gate(i) * self.activation(c)
        return gate(o) * self.activation(memory), memory


class GRUCell(GatedCell):
    """One step of a gated recurrent unit, with the gates z, r, h side by side in the kernels.

        z, r = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias), each its own
        h = z · h + (1 - z) · activation(x @ kernel_h + r · (h @ recurrent_kernel_h + bias_h))

    Args:
        units: the size of h, above 0.
        activation, recurrent_activation: names or functions.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties that join the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: shares of x and of h that are dropped in training, the same
            ones at every step.
        seed: folded into the run's key.
        reset_after: whether r scales the product, as above, rather than the h that goes into it.

    Shapes: x `(batch, features)`, h `(batch, units)`; the bias has two rows with `reset_after`.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """

    gates = 3

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
        reset_after: bool = True,
        **kwargs: Any,
    ) -> None:
        given = arguments(locals())
        super().__init__(**kwargs)
        self._prepare(given)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        width = self.gates * self.units
        return (2, width) if self.reset_after else (width,)

    def biases(self) -> tuple[Any, Any]:
        """As of any cell; with `reset_after` each its own row."""
        if self.bias is None or not self.reset_after:
            return super().biases()
        return self.bias.value[0], self.bias.value[1]

    def step(self, own: Array, inner: Array, states: Any) -> tuple[Array, ...]:
        """`(h,)`, with `reset_after`."""
        own_z, own_r, own_h = jnp.split(own, 3, axis=-1)
        z, r, h = jnp.split(inner, 3, axis=-1)
        z = self.recurrent_activation(own_z + z)
        r = self.recurrent_activation(own_r + r)
        return (z * states[0] + (1 - z) * self.activation(own_h + r * h),)

    def _advance(self, own: Array, bias: Array, states: Any, keep: Any) -> tuple[Array, ...]:
        if self.reset_after:
            return super()._advance(own, bias, states, keep)
        h = states[0] if keep is None else states[0] * keep
        own_z, own_r, own_h = jnp.split(own, 3, axis=-1)
        kernel = self.recurrent_kernel.value
        z, r = jnp.split(dense.matmul(h, kernel[:, : 2 * self.units]), 2, axis=-1)
        z = self.recurrent_activation(own_z + z)
        r = self.recurrent_activation(own_r + r)
        found = self.activation(own_h + dense.matmul(r * h, kernel[:, 2 * self.units :]))
        return (z * states[0] + (1 - z) * found,)
