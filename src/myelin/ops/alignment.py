"""Connectionist temporal classification, with `keras.ops`'s names.

A network says at each step of a sequence which label it hears, or none, the blank. A sequence of
labels is heard where steps give it, once repetitions are joined and blanks left out.
Source: Graves et al., 2006.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from myelin.errors import InputError, ShapeError
from myelin.ops.convert import convert_to_tensor
from myelin.promise import lift

Array = jax.Array


def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0
) -> Array:
    """`-log p(target | output)`, over all the ways to hear it.

    Args:
        target: labels `(batch, labels)`.
        output: logits `(batch, steps, classes)`.
        target_length: how many of the labels count, `(batch,)`.
        output_length: how many of the steps count, `(batch,)`.
        mask_index: the class that stands for the blank.

    Returns:
        `(batch,)`.

    Raises:
        ShapeError: arrays of other shapes.
    """
    import optax

    labels, logits = convert_to_tensor(target), convert_to_tensor(output)
    if labels.ndim != 2 or logits.ndim != 3 or len(labels) != len(logits):
        raise ShapeError(
            "ctc_loss: wants target (batch, labels) and output (batch, steps, classes), got "
            f"{tuple(labels.shape)} and {tuple(logits.shape)}"
        )
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    return optax.ctc_loss(
        logits,
        _beyond(output_length, logits.shape[1]).astype(logits.dtype),
        labels.astype(jnp.int32),
        _beyond(target_length, labels.shape[1]).astype(logits.dtype),
        blank_id=mask_index,
    )


def _beyond(lengths: Any, size: int) -> Array:
    """Whether each place is behind the end of its row."""
    return jnp.arange(size) >= convert_to_tensor(lengths).astype(jnp.int32)[:, None]


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Array, Array]:
    """The labels that a network hears.

    Args:
        inputs: logits `(batch, steps, classes)`.
        sequence_lengths: how many steps count, `(batch,)`.
        strategy: "greedy" takes the largest logit of each step; "beam_search" the likeliest
            sequences, summed over the ways to hear them.
        beam_width: how many beginnings the search keeps.
        top_paths: how many sequences it gives.
        merge_repeated: whether "greedy" joins repetitions.
        mask_index: the class that stands for the blank; the last when None.

    Returns:
        The sequences `(top_paths, batch, steps)`, filled up with -1, and their scores: the
        negative sum of the largest logits `(batch, 1)` for "greedy", log-probabilities
        `(batch, top_paths)` for the search.

    Raises:
        InputError: another strategy, or more paths than the search keeps.
        ShapeError: logits of another shape.
    """
    logits = convert_to_tensor(inputs)
    if logits.ndim != 3:
        raise ShapeError(f"ctc_decode: wants (batch, steps, classes), got {tuple(logits.shape)}")
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    blank = logits.shape[2] - 1 if mask_index is None else mask_index
    ended = _beyond(sequence_lengths, logits.shape[1])
    if strategy == "greedy":
        return _greedy(logits, ended, blank, merge_repeated)
    if strategy != "beam_search":
        raise InputError(f'ctc_decode: strategy wants "greedy" or "beam_search", got {strategy!r}')
    if not 0 < top_paths <= beam_width:
        raise InputError(f"ctc_decode: top_paths wants 1 to {beam_width}, got {top_paths!r}")
    search = functools.partial(_search, blank=blank, width=beam_width, paths=top_paths)
    labels, scores = jax.vmap(search)(jax.nn.log_softmax(logits), ended)
    return jnp.swapaxes(labels, 0, 1), scores


def _greedy(logits: Array, ended: Array, blank: int, merge: bool) -> tuple[Array, Array]:
    heard = jnp.where(ended, blank, jnp.argmax(logits, axis=-1))
    scores = -jnp.sum(jnp.where(ended, 0.0, jnp.max(logits, axis=-1)), axis=1, keepdims=True)
    silent = heard == blank
    if merge:
        silent |= jnp.pad(heard[:, 1:] == heard[:, :-1], ((0, 0), (1, 0)))
    # Blanks behind labels, which stay in order.
    order = jnp.argsort(silent, axis=-1, stable=True)
    labels = jnp.take_along_axis(jnp.where(silent, -1, heard), order, axis=-1)
    return labels[None].astype(jnp.int32), scores


def _search(log_p: Array, ended: Array, blank: int, width: int, paths: int) -> tuple[Array, Array]:
    """The likeliest sequences of one example, by prefix beam search.

    The state: sequences `(width, steps)` filled up with -1, their lengths, and for each the
    log-probability of having heard it up to now with a blank, and with its last label, at the end.
    """
    steps = len(log_p)
    never = jnp.finfo(log_p.dtype).min / 4

    def advance(state: Any, now: Any) -> Any:
        log_now, over = now
        after = _one_step(state, log_now, blank, never)
        return jax.tree.map(lambda old, new: jnp.where(over, old, new), state, after), None

    labels = jnp.full((width, steps), -1, jnp.int32)
    first = jnp.full(width, never).at[0].set(0.0)
    start = (labels, jnp.zeros(width, jnp.int32), first, jnp.full(width, never))
    (labels, _, silent, spoken), _ = jax.lax.scan(advance, start, (log_p, ended))
    scores, best = jax.lax.top_k(jnp.logaddexp(silent, spoken), paths)
    return labels[best], jnp.where(scores <= never / 2, -jnp.inf, scores)


def _one_step(state: Any, log_now: Array, blank: int, never: Any) -> Any:
    labels, lengths, silent_before, spoken = state
    width, classes = len(labels), len(log_now)
    rows, every = jnp.arange(width), jnp.arange(classes)
    either = jnp.logaddexp(silent_before, spoken)
    last = labels[rows, jnp.maximum(lengths - 1, 0)]
    # The same sequence again: a blank, or its last label held on.
    silent = either + log_now[blank]
    spoken_on = jnp.where(lengths > 0, spoken + log_now[last], never)
    # One label more; the last label once more needs a blank between.
    repeated = (every == last[:, None]) & (lengths > 0)[:, None]
    longer = jnp.where(repeated, silent_before[:, None], either[:, None]) + log_now
    longer = jnp.where(every == blank, never, longer)
    # A longer one that is kept already is the same one: [i, j] is whether i is j and one more.
    begun = labels.at[rows, jnp.maximum(lengths - 1, 0)].set(-1)
    follows = jnp.all(begun[:, None] == labels, axis=-1) & (lengths > 0)[:, None]
    joined = jnp.where(follows, longer[:, last].T, never)
    spoken_on = jnp.logaddexp(spoken_on, jax.nn.logsumexp(joined, axis=1))
    taken = jnp.zeros(longer.shape, bool).at[:, last].max(follows.T)
    longer = jnp.where(taken, never, longer).ravel()
    _, best = jax.lax.top_k(jnp.concatenate([jnp.logaddexp(silent, spoken_on), longer]), width)
    grown = best >= width
    parent = jnp.where(grown, (best - width) // classes, best)
    place = jnp.minimum(lengths[parent], labels.shape[1] - 1)
    chosen = labels[parent]
    label = jnp.where(grown, (best - width) % classes, chosen[rows, place])
    return (
        chosen.at[rows, place].set(label),
        lengths[parent] + grown,
        jnp.where(grown, never, silent[parent]),
        jnp.concatenate([spoken_on, longer])[best],
    )


__all__ = [
    "ctc_decode",
    "ctc_loss",
]
lift(globals(), __all__)
