"""Attention without projections: one sequence looks at another by products, or by sums."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import random
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape


class Attention(Layer):
    """`softmax(query·keyᵀ)·value`, by Luong's scores.

    Args:
        use_scale: whether the scores have a factor that trains.
        score_mode: `"dot"`, or `"concat"` for `w·Σ tanh(scale·(query + key))`.
        dropout: the share of the weights of attention left out in training, from 0 to 1.
        seed: of the dropout.

    Called on a list `[query, value]` or `[query, value, key]`; the key is the value where it is
    not given. Shapes: query `(batch, T, features)`, value and key `(batch, S, features)`, outputs
    `(batch, T, features)`, scores `(batch, T, S)`.

    Raises:
        InputError: another score mode, or no such list.

    Source: Luong et al., Effective Approaches to Attention-based Neural Machine Translation, 2015.
    """

    supports_masking = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise InputError(f'{self.title}: score_mode is "dot" or "concat", got {score_mode!r}')
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Makes the factors of the scores."""
        self._checked(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _checked(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Query, value and key."""
        if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3):
            raise InputError(f"{self.title}: wants a list [query, value] or [query, value, key]")
        query, value = inputs[:2]
        return query, value, inputs[2] if len(inputs) == 3 else value

    def _scores(self, query: Any, key: Any) -> Any:
        """How much each step of the query looks at each of the key, `(batch, T, S)`."""
        factor = 1.0 if self.scale is None else self.scale.value
        if self.concat_score_weight is None:
            scores = query @ jnp.swapaxes(key, -2, -1)
            return scores if self.scale is None else scores * factor
        sums = jnp.tanh(factor * (query[..., :, None, :] + key[..., None, :, :]))
        return self.concat_score_weight.value * jnp.sum(sums, axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The outputs, and with `return_attention_scores` the scores after the softmax.

        Args:
            inputs: `[query, value]` or `[query, value, key]`.
            mask: `[query_mask, value_mask]`, `(batch, steps)` each, or None.
            training: whether dropout is on.
            return_attention_scores: whether to return them too.
            use_causal_mask: whether no step looks at later ones.
        """
        query, value, key = self._checked(inputs)
        query_mask, value_mask = (mask or [None, None])[:2]
        scores = self._scores(query, key)
        allowed = None if value_mask is None else jnp.asarray(value_mask)[..., None, :]
        if use_causal_mask:
            past = jnp.tri(scores.shape[-2], scores.shape[-1], dtype=bool)[None]
            allowed = past if allowed is None else allowed & past
        if allowed is not None:
            # Not minus infinity: a step that may look at nothing is to give numbers.
            least = 65504.0 if scores.dtype == jnp.float16 else 1e9
            scores = jnp.where(allowed, scores, scores - least)
        weights = kept = jax.nn.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            keep = 1 - self.dropout
            flags = jax.random.bernoulli(random.key_for(self.place, self.seed), keep, weights.shape)
            kept = jnp.where(flags, weights / keep, 0)
        outputs = kept @ value
        if query_mask is not None:
            outputs = jnp.where(jnp.asarray(query_mask)[..., None], outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the query."""
        return mask[0] if mask else None

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The query's shape with the value's last axis."""
        return (*input_shape[0][:-1], input_shape[1][-1])


class AdditiveAttention(Attention):
    """`Attention` whose scores are `Σ scale·tanh(query + key)`, by Bahdanau.

    Args:
        use_scale: whether the features have factors that train.
        dropout: the share of the weights of attention left out in training, from 0 to 1.
        kwargs: `seed` and the arguments of every layer.

    Source: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and
    Translate, 2014.
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the factors of the features."""
        query, _, _ = self._checked(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((query[-1],), "glorot_uniform", name="scale")

    def _scores(self, query: Any, key: Any) -> Any:
        sums = jnp.tanh(query[..., :, None, :] + key[..., None, :, :])
        return jnp.sum(sums if self.scale is None else self.scale.value * sums, axis=-1)
