"""Numbers into categories and categories into vectors, compiled: CategoryEncoding, Discretization.

These take no text, so they compute in jax and may stand anywhere in a model.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.preprocessing import encoding as vectors
from myelin.layers.shapes import Shape, positive_int

Summary = np.ndarray


class CategoryEncoding(Layer):
    """Makes vectors of whole numbers from 0 up to `num_tokens`.

    Args:
        num_tokens: how many there are, above 0.
        output_mode: "one_hot", "multi_hot" or "count"; see `encoding.encoded`.
        sparse: accepted as False only.

    Raises:
        InputError: no `num_tokens`, or weights in another mode than "count".

    Numbers out of range count nowhere.
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        vectors.refuse_sparse(sparse, "CategoryEncoding")
        self.num_tokens = positive_int(num_tokens, "CategoryEncoding", "num_tokens")
        self.output_mode = vectors.output_mode(output_mode, vectors.VECTORS, "CategoryEncoding")

    def call(self, inputs: jax.Array, count_weights: Any = None) -> jax.Array:
        """The vectors; in "count" mode each number may count as much as `count_weights` says."""
        if count_weights is not None and self.output_mode != "count":
            raise InputError(f'{self.title}: count_weights are for output_mode="count"')
        return _vectors(
            inputs, self.output_mode, self.num_tokens, self.compute_dtype, count_weights
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the vectors."""
        return vectors.encoded_shape(tuple(input_shape), self.output_mode, self.num_tokens)


class Discretization(Layer):
    """Says between which boundaries each number lies: `boundaries[i - 1] <= x < boundaries[i]`.

    Args:
        bin_boundaries: the boundaries, in order.
        num_bins: how many bins of as many numbers each `adapt` is to find, in their place.
        epsilon: the share of the data by which their sizes may differ, from 0 to 1.
        output_mode: "int" gives bins of the shape of the inputs; "one_hot", "multi_hot" and
            "count" give vectors, see `encoding.encoded`.
        sparse: accepted as False only.
        dtype, name: as for `Layer`.

    Raises:
        InputError: neither or both of `bin_boundaries` and `num_bins`, or a call before `adapt`.
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, name=name, **kwargs)
        # Of the data as they are: as whole numbers, the type of what comes out, some would be lost.
        self.autocast = False
        vectors.refuse_sparse(sparse, "Discretization")
        if (bin_boundaries is None) == (num_bins is None):
            raise InputError("Discretization wants either bin_boundaries or num_bins")
        self.output_mode = vectors.output_mode(
            output_mode, ("int", *vectors.VECTORS), "Discretization"
        )
        self.num_bins = num_bins
        self.epsilon = float(epsilon)
        self.bin_boundaries: list[float] | None = (
            None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        )
        # What was given is not learned anew, neither here nor in cross-validation.
        self._given = self.bin_boundaries
        self.reset_state()

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Finds boundaries that leave as many numbers in each bin, to within `epsilon`.

        Args:
            data: an array, or an iterable of batches; of `(x, y)` the x.
            steps: the most batches to take.

        Raises:
            InputError: the boundaries were given.
        """
        if self.num_bins is None:
            raise InputError(f"{self.title}: has the bin_boundaries it was given; to adapt, make "
                             "it with num_bins")  # fmt: skip
        self.reset_state()
        batches = [data] if hasattr(data, "__array__") else itertools.islice(data, steps)
        for batch in batches:
            self.update_state(batch[0] if isinstance(batch, tuple) else batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forgets the numbers seen, though not the boundaries."""
        self.summary: Summary = np.zeros((2, 0), np.float32)

    def update_state(self, data: Any) -> None:
        """Takes a batch into account."""
        found = _summary(np.asarray(data, np.float32), self.epsilon)
        merged = np.concatenate([found, self.summary], axis=1)
        self.summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Sets the boundaries by what was seen."""
        if self.num_bins is not None and self.summary.size:
            self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def missing(self) -> str | None:
        """That it has no boundaries yet."""
        if self.bin_boundaries is None:
            return "has no boundaries yet: call adapt(data), or give bin_boundaries=…"
        return None

    def call(self, inputs: jax.Array) -> jax.Array:
        """The bins, or vectors of them."""
        if self.bin_boundaries is None:
            raise InputError(f"{self.title}: {self.missing()}")
        bins = jnp.digitize(inputs, jnp.asarray(self.bin_boundaries))
        if self.output_mode == "int":
            return bins.astype(jnp.int32)
        return _vectors(bins, self.output_mode, len(self.bin_boundaries) + 1, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape of the inputs, or that of the vectors."""
        known = self.bin_boundaries is not None
        depth = len(self.bin_boundaries or []) + 1 if known else self.num_bins
        return vectors.encoded_shape(tuple(input_shape), self.output_mode, depth)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The promise for a promise; bins are whole numbers also before they are known."""
        promise = super().compute_output_spec(*args, **kwargs)
        if self.output_mode == "int":
            promise.dtype = "int32"
        return promise

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, with the boundaries that `adapt` found."""
        config = {**super().get_config(), "bin_boundaries": self.bin_boundaries}
        # Keras does not take it, and there is nothing here to train.
        del config["trainable"]
        return config

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A new layer from what `get_config` gave; learned boundaries stay learned."""
        config = dict(config)
        if config.get("num_bins") is None:
            return super().from_config(config)
        learned = config.pop("bin_boundaries", None)
        made = super().from_config(config)
        made.bin_boundaries = learned
        return made


def _vectors(
    indices: jax.Array, mode: str, depth: int, dtype: Any, weights: Any = None
) -> jax.Array:
    if indices.ndim == 0:
        indices = indices[None]
    if mode == "one_hot" and indices.ndim > 1 and indices.shape[-1] == 1:
        indices = indices[..., 0]
    each = jax.nn.one_hot(indices.astype(jnp.int32), depth, dtype=dtype)
    if mode == "one_hot":
        return each
    if mode == "multi_hot":
        return each.max(-2)
    return each.sum(-2) if weights is None else (each * jnp.asarray(weights)[..., None]).sum(-2)


def _summary(values: np.ndarray, epsilon: float) -> Summary:
    """At most `1 / epsilon` of the numbers, at even distances in their order, and how many each is.

    Source: the sketch of Keras, after Greenwald and Khanna's quantile summaries, 2001.
    """
    values = np.sort(values.ravel())
    step = max(values.size * epsilon, 1)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def _compressed(summary: Summary, epsilon: float) -> Summary:
    """A summary of `1 / epsilon` numbers, found between the given ones by their weights."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    total = summary[1].cumsum()
    values = np.interp(shares, total / total[-1], summary[0])
    reached = np.interp(shares, total / total[-1], total)
    return np.stack([values, np.diff(reached, prepend=0)]).astype(np.float32)
