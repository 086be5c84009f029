"""What holds for one pass through a model, for all layers inside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from myelin.layers.base import Layer


class Watch:
    """Sees each call of a layer on arrays, and may put others in the place of its outputs."""

    def enter(self, layer: Layer, inputs: Any) -> None:
        """A layer is about to compute."""

    def leave(self, layer: Layer, outputs: Any) -> Any:
        """The layer has computed: gives its outputs as they go on."""
        return outputs


class CallContext:
    """What holds for one pass.

    Attributes:
        training: whether layers behave as in training; None where each follows its own default.
        penalties: what `add_loss` and activity regularizers added so far, and by which layer.
        watch: sees each call of a layer, or None.
    """

    def __init__(self, training: bool | None, watch: Watch | None = None) -> None:
        self.training = training
        self.penalties: list[tuple[Layer, Any]] = []
        self.watch = watch


# The passes under way, the innermost last.
contexts: list[CallContext] = []


@contextlib.contextmanager
def call_context(training: bool | None, watch: Watch | None = None) -> Iterator[CallContext]:
    """Inside the block, layers called without `training=` take this one; yields the context."""
    context = CallContext(training, watch)
    contexts.append(context)
    try:
        yield context
    finally:
        contexts.pop()
