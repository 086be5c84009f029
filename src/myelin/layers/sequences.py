"""Layers for sequences: Embedding, Masking, and what applies a layer along time or both ways."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import constraints, initializers, registry, regularizers
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.recurrent import RNN
from myelin.layers.shapes import Shape, is_shape, positive_int
from myelin.layers.wrapper import Wrapper

Array = jax.Array


class Embedding(Layer):
    """A vector for each whole number: `y = embeddings[x]`.

    Args:
        input_dim: how many numbers there are: x is from 0 to `input_dim - 1`, above 0.
        output_dim: the size of a vector, above 0.
        embeddings_initializer: first values.
        embeddings_regularizer: a penalty that joins the loss.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 stands for no entry, which the layers behind leave out.
        weights: the embeddings to begin with, `(input_dim, output_dim)` or a list of it.
        input_length: accepted for the sake of older programs.

    Shapes: x `(…)` of whole numbers, y `(…, output_dim)`.

    Raises:
        InputError: sizes below 1.
    """

    supports_masking = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        input_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        if input_length is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (input_length,)
        # Numbers of words must not be rounded to a short float.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.input_dim = positive_int(input_dim, "Embedding", "input_dim")
        self.output_dim = positive_int(output_dim, "Embedding", "output_dim")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self._given = weights

    def build(self, input_shape: Any = None) -> None:
        """Makes the embeddings."""
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )
        self.embeddings.is_table = True
        if self._given is not None:
            given = self._given[0] if isinstance(self._given, list) else self._given
            self.embeddings.assign(given)

    def call(self, inputs: Array) -> Array:
        """`embeddings[inputs]`; numbers above the last give NaN."""
        return self.embeddings.rows(inputs.astype(jnp.int32))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where x is not 0, with `mask_zero`."""
        return inputs != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """That of x with the size of a vector behind it."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; the weights are no part of them."""
        config = super().get_config()
        for name in ("weights", "input_length", "autocast"):
            config.pop(name, None)
        return {**config, "input_dim": self.input_dim}


class Masking(Layer):
    """Masks the steps all of whose numbers are `mask_value`: the layers behind leave them out.

    Args:
        mask_value: what a step without an entry is filled with.

    Shapes: x `(batch, steps, features)`, y alike, with zeros in the masked steps.
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Array, mask: Any = None) -> Array:
        """Which steps hold another number."""
        return jnp.any(inputs != self.mask_value, axis=-1)

    def call(self, inputs: Array) -> Array:
        """x with zeros in the masked steps."""
        return inputs * self.compute_mask(inputs)[..., None].astype(inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x."""
        return input_shape


class TimeDistributed(Wrapper):
    """Applies a layer to every step of a sequence, as if the steps were examples.

    Args:
        layer: what to apply.

    Shapes: x `(batch, steps, …)`, y `(batch, steps, …)` as the layer gives it.

    Raises:
        InputError: `layer` is no layer.
    """

    supports_masking = True

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside for a step."""
        if len(input_shape) < 3:
            raise self.wants("sequences (batch, steps, …)", input_shape)
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Array, training: bool | None = None, mask: Any = None) -> Any:
        """What the layer gives for each step."""
        batch, steps = inputs.shape[:2]
        flat = inputs.reshape(batch * steps, *inputs.shape[2:])
        outputs = self.layer(flat, training=training)
        return jax.tree.map(lambda y: y.reshape(batch, steps, *y.shape[1:]), outputs)

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """That of the layer inside, with the steps behind the batch axis."""
        one = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return jax.tree.map(
            lambda shape: (shape[0], input_shape[1], *shape[1:]), one, is_leaf=is_shape
        )


_MERGES = ("sum", "mul", "concat", "ave", None)


class Bidirectional(Layer):
    """Reads sequences forwards and backwards, with a layer for each way.

    Args:
        layer: an RNN; the other way has one of the same configuration.
        merge_mode: what becomes of the two outputs: "concat", "sum", "mul", "ave", or None for
            both.
        weights: those to begin with, in the order of `weights`.
        backward_layer: the layer for the other way, with `go_backwards` the other way round.

    Shapes: x `(batch, steps, features)`, y as the layers give it, twice as wide for "concat";
        where all steps are returned, zeros in those that are masked.
        Outputs of all steps of the other way are turned round, so that both are those of one
        step. The states, where they are returned, are those of both.

    Raises:
        InputError: no RNN, an unknown `merge_mode`, or layers that go the same way.
    """

    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, RNN):
            raise InputError(f"Bidirectional: wants a recurrent layer, got {layer!r}")
        if merge_mode not in _MERGES:
            raise InputError(
                f'Bidirectional: merge_mode wants "concat", "sum", "mul", "ave" or None, got '
                f"{merge_mode!r}"
            )
        super().__init__(**kwargs)
        self.layer = layer
        self.merge_mode = merge_mode
        self.forward_layer = _like(layer, f"forward_{layer.name}", layer.go_backwards)
        if backward_layer is None:
            self.backward_layer = _like(layer, f"backward_{layer.name}", not layer.go_backwards)
        else:
            self.backward_layer = backward_layer
        if self.backward_layer.go_backwards == layer.go_backwards:
            raise InputError("Bidirectional: the two layers must go different ways")
        for way in (self.forward_layer, self.backward_layer):
            # As in Keras: what one way repeats is not what the other has there.
            way.zero_output_for_mask = layer.return_sequences
        self._given = weights
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state

    def _children(self) -> list[Any]:
        return [self.forward_layer, self.backward_layer]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Builds both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer._build_for(sequences_shape)
        if self._given is not None:
            self.set_weights(self._given)

    def call(
        self, sequences: Array, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """The outputs of both ways, merged."""
        ways = (self.forward_layer, self.backward_layer)
        first: list[Any] = [None, None]
        if initial_state is not None:
            half = len(initial_state) // 2
            first = [list(initial_state[:half]), list(initial_state[half:])]
        found = [
            way(sequences, initial_state=states, mask=mask, training=training)
            for way, states in zip(ways, first, strict=True)
        ]
        states: list[Any] = []
        if self.return_state:
            states = [state for _, *own in found for state in own]
            found = [outputs for outputs, *_ in found]
        there, back = found
        if self.return_sequences:
            back = jnp.flip(back, 1)
        merged = _merged(self.merge_mode, there, back)
        if not states:
            return merged
        return (*merged, *states) if isinstance(merged, tuple) else (merged, *states)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the steps where all outputs are returned."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        own = mask if self.return_sequences else None
        outputs = [own, own] if self.merge_mode is None else [own]
        states = 2 * len(self.layer.state_size) if self.return_state else 0
        every = [*outputs, *[None] * states]
        return every[0] if len(every) == 1 else every

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """That of the merged outputs, and of the states where they are returned."""
        one = self.forward_layer.compute_output_shape(sequences_shape)
        outputs, *states = one if self.return_state else (one,)
        if self.merge_mode == "concat":
            outputs = (*outputs[:-1], outputs[-1] * 2)
        every = (outputs, outputs) if self.merge_mode is None else (outputs,)
        every = (*every, *states, *states)
        return every[0] if len(every) == 1 else every

    def reset_state(self) -> None:
        """Sets the states that stay to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; the weights are no part of them."""
        config = super().get_config()
        config.pop("weights", None)
        if self._made_with[1].get("backward_layer") is None:
            config.pop("backward_layer", None)
        return config


def _like(layer: RNN, name: str, go_backwards: bool) -> RNN:
    """A layer of the same configuration, which shares nothing."""
    config = layer.get_config()
    config |= {"name": name, "go_backwards": go_backwards}
    if "cell" in config:
        config["cell"] = registry.serialize(layer.cell)
    made: RNN = type(layer).from_config(config)
    return made


def _merged(mode: str | None, there: Array, back: Array) -> Any:
    if mode == "concat":
        return jnp.concatenate([there, back], axis=-1)
    if mode == "sum":
        return there + back
    if mode == "ave":
        return (there + back) / 2
    return (there, back) if mode is None else there * back
