"""Attention with several heads: each step of one sequence looks at all steps of another."""

from __future__ import annotations

import functools
import math
import operator
import string
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import constraints, initializers, regularizers
from myelin.errors import InputError
from myelin.kernels import dense
from myelin.layers.base import Layer
from myelin.layers.einsum_dense import EinsumDense
from myelin.layers.regularization import Dropout
from myelin.layers.shapes import Shape, positive_int


class _WithHeads(Layer):
    """Projects three sequences to heads, lets the first look at the others, and projects back."""

    supports_masking = True

    # How many heads share a key and a value, and the axes of the steps.
    _sharing = 1
    _axes: tuple[int, ...] = (1,)

    _ARGUMENTS = ("kernel_initializer", "bias_initializer", "kernel_regularizer",
                  "bias_regularizer", "kernel_constraint", "bias_constraint")  # fmt: skip

    def _prepare(self, given: dict[str, Any]) -> None:
        """Keeps the arguments that both layers have."""
        self.dropout = given["dropout"]
        self.use_bias = given["use_bias"]
        self.use_gate = given["use_gate"]
        self.seed = given["seed"]
        window = given["sliding_window"]
        self.sliding_window = None
        if window is not None:
            self.sliding_window = positive_int(window, type(self).__name__, "sliding_window")
        kinds = {
            "initializer": initializers,
            "regularizer": regularizers,
            "constraint": constraints,
        }
        for name in self._ARGUMENTS:
            setattr(self, name, kinds[name.rpartition("_")[2]].get(given[name]))
        if given["flash_attention"] and self.dropout > 0:
            raise InputError(f"{self.title}: flash_attention goes without dropout")
        self.dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)

    def _projection(
        self, name: str, shape: Shape, sizes: Sequence[int], bound: int = 1, activation: Any = None
    ) -> EinsumDense:
        """A dense layer from the last `bound` axes of inputs of `shape` to axes of `sizes`."""
        letters = string.ascii_lowercase
        free, own = letters[: len(shape) - bound], letters[len(shape) - bound : len(shape)]
        new = letters[len(shape) : len(shape) + len(sizes)]
        made = EinsumDense(
            f"{free}{own},{own}{new}->{free}{new}",
            output_shape=(*[None] * (len(free) - 1), *sizes),
            activation=activation,
            bias_axes=new if self.use_bias else None,
            activity_regularizer=self.activity_regularizer,
            dtype=self.dtype_policy,
            name=name,
            **{argument: getattr(self, argument) for argument in self._ARGUMENTS},
        )
        made._build_for(shape)
        return made

    def _project(
        self, shapes: Sequence[Shape], *, queries: Any, keys: Any, values: Any, outputs: Any
    ) -> None:
        """Makes the projections.

        Args:
            shapes: of query, value and key.
            queries, keys, values: heads, and the size of each.
            outputs: the sizes of the last axes of the outputs.
        """
        query, value, key = shapes
        if tuple(value[1:-1]) != tuple(key[1:-1]):
            raise self.wants(f"a key as long as the value {value}", key)
        found = (queries[0], values[1])
        self.query_dense = self._projection("query", query, queries)
        self.key_dense = self._projection("key", key, keys)
        self.gate_dense = None
        if self.use_gate:
            self.gate_dense = self._projection("gate", query, found, activation="sigmoid")
        self.value_dense = self._projection("value", value, values)
        looked = (*query[:-1], *found)
        self.output_dense = self._projection("attention_output", looked, outputs, bound=2)

    def call(
        self,
        query: jax.Array,
        value: jax.Array,
        key: jax.Array | None = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """The outputs, and with `return_attention_scores` the scores after the softmax.

        Args:
            query: what looks.
            value: what it finds.
            key: by what it finds it; `value` when None.
            query_mask, value_mask, key_mask: `(batch, steps)`, which steps count; those that
                belong to the arrays when None.
            attention_mask: `(batch, T, S)`, who may look at whom.
            return_attention_scores: whether to return them too.
            training: whether dropout is on.
            use_causal_mask: whether no step looks at later ones.
        """
        masks = (query_mask, value_mask, key_mask)
        mask = self._joint_mask(query, value, masks, attention_mask, use_causal_mask)
        keys = self.key_dense(value if key is None else key)
        values = self.value_dense(value)
        if self._sharing > 1:
            keys, values = (jnp.repeat(a, self._sharing, axis=-2) for a in (keys, values))
        found, scores = self._attend(
            self.query_dense(query), keys, values, mask, training, return_attention_scores
        )
        if self.gate_dense is not None:
            found = found * self.gate_dense(query)
        outputs = self.output_dense(found)
        return (outputs, scores) if return_attention_scores else outputs

    def _joint_mask(
        self, query: Any, value: Any, masks: Sequence[Any], attention_mask: Any, causal: bool
    ) -> Any:
        """Who may look at whom, `(batch or 1, T, S)`, or None for everyone at everything.

        Args:
            query, value: what looks, and what is looked at.
            masks: of the steps of query, value and key; None where all count.
            attention_mask: further `(…, T, S)`, or None.
            causal: whether no step looks at later ones.
        """
        parts = [] if attention_mask is None else [jnp.asarray(attention_mask).astype(bool)]
        for place, mask in enumerate(masks):
            if mask is not None:
                flags = jnp.asarray(mask).astype(bool)
                parts.append(flags[..., :, None] if place == 0 else flags[..., None, :])
        rows = jnp.arange(query.shape[1])[:, None]
        columns = jnp.arange(value.shape[1])[None, :]
        if causal:
            parts.append((rows >= columns)[None])
        if self.sliding_window is not None:
            parts.append((jnp.abs(rows - columns) < self.sliding_window)[None])
        return functools.reduce(operator.and_, parts) if parts else None

    def _attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: Any, shown: bool
    ) -> tuple[Any, Any]:
        """What each step of the query finds, and how much it looked at each step.

        Args:
            query, key, value: `(batch, …, heads, size)`.
            mask: as `_joint_mask` gives it.
            training: whether dropout is on.
            shown: whether the weights go out too.
        """
        axes = self._axes
        query = query * (1 / math.sqrt(query.shape[-1]))
        # One product of matrices for each example and head, all steps side by side.
        queries, keys, values = (_steps_as_rows(a, axes) for a in (query, key, value))
        rest = queries.shape[:-2]
        targets, sources = ([a.shape[axis] for axis in axes] for a in (query, key))
        scores = dense.product(queries, keys, form="nt").reshape(*rest, *targets, *sources)
        if mask is not None:
            heads = scores.ndim - mask.ndim
            place = mask.ndim - 2 * len(axes)
            mask = mask.reshape(*mask.shape[:place], *[1] * heads, *mask.shape[place:])
            scores = jnp.where(mask, scores, jnp.finfo(scores.dtype).min)
        weights = jax.nn.softmax(scores, axis=tuple(range(-len(axes), 0)))
        if mask is not None and (shown or self.dropout > 0):
            # A step that may look at nothing looks at nothing. Elsewhere it looks at everything
            # alike, which saves a pass; Keras draws the same line, and gives the same numbers.
            weights = jnp.where(mask, weights, 0)
        kept = self.dropout_layer(weights, training=training) if self.dropout > 0 else weights
        found = dense.product(kept.reshape(*rest, queries.shape[-2], -1), values)
        found = found.reshape(*rest, *targets, found.shape[-1])
        return jnp.moveaxis(found, range(len(rest), found.ndim - 1), axes), weights


def _steps_as_rows(a: Any, axes: tuple[int, ...]) -> Any:
    """`(batch, …, heads, size)` as `(…, heads, steps, size)`, the axes of steps as one."""
    moved = jnp.moveaxis(a, axes, range(a.ndim - 1 - len(axes), a.ndim - 1))
    return moved.reshape(*moved.shape[: -1 - len(axes)], -1, moved.shape[-1])


class MultiHeadAttention(_WithHeads):
    """Looks at `value` through several heads: `softmax(q·kᵀ / √key_dim)·v`, projected.

    Args:
        num_heads: how many heads.
        key_dim: the size of a head's queries and keys.
        value_dim: that of its values; `key_dim` when None.
        dropout: the share of the weights of attention left out in training, from 0 to 1.
        use_bias: whether projections have a bias.
        output_shape: the size, or sizes, of the last axis of the outputs; that of the query's
            when None.
        attention_axes: the axes of the steps; all but batch and features when None.
        sliding_window: a step looks at those less than so many steps away; at all when None.
        flash_attention: accepted for Keras's sake; the compiler decides.
        kernel_initializer, bias_initializer: first values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: multiplies what was found by a sigmoid of the query, head by head.
        seed: of the dropout.

    Shapes: query `(batch, T, …, features)`, value and key `(batch, S, …, features)`, outputs
    `(batch, T, …, output)`, scores `(batch, heads, T, S)`.

    Raises:
        InputError: sizes that are not whole numbers above 0.
        ShapeError: keys and values of different lengths.

    Source: Vaswani et al., Attention Is All You Need, 2017, equation 1 and section 3.2.2.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = dict(locals())
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.num_heads = positive_int(num_heads, "MultiHeadAttention", "num_heads")
        self.key_dim = positive_int(key_dim, "MultiHeadAttention", "key_dim")
        self.value_dim = positive_int(value_dim or key_dim, "MultiHeadAttention", "value_dim")
        self._output_sizes = (output_shape,) if isinstance(output_shape, int) else output_shape
        axes = attention_axes
        self.attention_axes = (axes,) if isinstance(axes, int) else axes and tuple(axes)
        self._prepare(given)

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        """Makes the projections of queries, keys, values and outputs."""
        rank = len(query_shape)
        self._axes = tuple(axis % rank for axis in self.attention_axes or range(1, rank - 1))
        self._project(
            (query_shape, value_shape, key_shape or value_shape),
            queries=(self.num_heads, self.key_dim),
            keys=(self.num_heads, self.key_dim),
            values=(self.num_heads, self.value_dim),
            outputs=self._output_sizes or query_shape[-1:],
        )

    def compute_output_shape(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> Shape:
        """The query's shape, with the output's sizes in the place of the last axis."""
        return (*query_shape[:-1], *(self._output_sizes or query_shape[-1:]))


class GroupedQueryAttention(_WithHeads):
    """`MultiHeadAttention` whose heads share keys and values in groups.

    Args:
        head_dim: the size of a head.
        num_query_heads: how many heads look.
        num_key_value_heads: how many keys and values there are for them; divides the above.
        dropout, use_bias, sliding_window, flash_attention, use_gate, seed: as for
            `MultiHeadAttention`.
        kernel_initializer, bias_initializer: first values of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.

    Shapes: query `(batch, T, features)`, value and key `(batch, S, features)`, outputs
    `(batch, T, features)`, scores `(batch, heads, T, S)`.

    Raises:
        InputError: heads that do not divide evenly.
        ShapeError: keys and values of different lengths.

    Source: Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models, 2023.
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = dict(locals())
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        own = type(self).__name__
        self.head_dim = positive_int(head_dim, own, "head_dim")
        self.num_query_heads = positive_int(num_query_heads, own, "num_query_heads")
        self.num_key_value_heads = positive_int(num_key_value_heads, own, "num_key_value_heads")
        if num_query_heads % num_key_value_heads:
            raise InputError(
                f"{self.title}: {num_query_heads} heads cannot share {num_key_value_heads} keys "
                "evenly: num_query_heads wants to be a multiple of num_key_value_heads"
            )
        self._sharing = num_query_heads // num_key_value_heads
        self._prepare(given)

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        """Makes the projections of queries, keys, values and outputs."""
        few = (self.num_key_value_heads, self.head_dim)
        self._project(
            (query_shape, value_shape, key_shape or value_shape),
            queries=(self.num_query_heads, self.head_dim),
            keys=few,
            values=few,
            outputs=query_shape[-1:],
        )

    def compute_output_shape(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> Shape:
        """The query's shape."""
        return query_shape
