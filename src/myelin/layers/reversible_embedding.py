"""`ReversibleEmbedding`: vectors for whole numbers, and from vectors back to scores for each."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import dtypes
from myelin.layers import masks, symbolic
from myelin.layers.sequences import Embedding
from myelin.layers.shapes import Shape


class ReversibleEmbedding(Embedding):
    """An `Embedding` that also goes back: with `reverse=True` `y = x @ embeddings.T`.

    Args:
        input_dim: how many numbers there are, above 0.
        output_dim: the size of a vector, above 0.
        tie_weights: whether the way back shares the embeddings; else it has a kernel of its own,
            `(output_dim, input_dim)`.
        embeddings_initializer: first values, of both.
        embeddings_regularizer: a penalty of the embeddings that joins the loss.
        embeddings_constraint: applied to the embeddings after each update.
        mask_zero: whether 0 stands for no entry, which the layers behind leave out.
        reverse_dtype: the type in which the way back computes; that of the layer when None.
        logit_soft_cap: c keeps the scores between -c and c: `y = c·tanh(y / c)`.

    Shapes: x `(…)` of whole numbers gives `(…, output_dim)`; with `reverse=True` x
    `(…, output_dim)` gives `(…, input_dim)`.

    Raises:
        InputError: sizes below 1.

    Source: Press and Wolf, Using the Output Embedding to Improve Language Models, 2017.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim, output_dim, embeddings_initializer, embeddings_regularizer,
            embeddings_constraint, mask_zero, **kwargs,
        )  # fmt: skip
        self.tie_weights = tie_weights
        self.reverse_dtype = None if reverse_dtype is None else dtypes.name_of(reverse_dtype)
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        """Makes the embeddings, and the kernel of the way back where it has one."""
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                self.embeddings_initializer,
                name="reverse_embeddings",
            )

    def call(self, inputs: jax.Array, reverse: bool = False) -> jax.Array:
        """`embeddings[inputs]`, or `inputs @ embeddings.T`."""
        if not reverse:
            outputs = super().call(inputs)
            masks.set_mask(outputs, super().compute_mask(inputs))
            return outputs
        if inputs.shape[-1:] != (self.output_dim,):
            raise self.wants(f"a last axis of {self.output_dim}", inputs.shape)
        dtype = self.reverse_dtype or self.compute_dtype
        kernel = self.embeddings.value.T if self.tie_weights else self.reverse_embeddings.value
        logits = jnp.matmul(inputs.astype(dtype), kernel.astype(dtype))
        cap = self.logit_soft_cap
        return logits if cap is None else jnp.tanh(logits / cap) * cap

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: `call`, which knows the way, gives the outputs their mask."""
        return None

    def compute_output_shape(self, input_shape: Shape, reverse: bool = False) -> Shape:
        """That of x with a vector behind it, or with scores in the place of a vector."""
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return super().compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: Any, reverse: bool = False, **kwargs: Any) -> Any:
        """The promise of vectors, or of scores."""
        shape = self.compute_output_shape(inputs.shape, reverse)
        return symbolic.checked(self, shape, (inputs,), {"reverse": reverse, **kwargs})
