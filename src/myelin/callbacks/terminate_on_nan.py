"""`TerminateOnNaN`: ends training when the loss is no longer a number."""

from __future__ import annotations

import math

import numpy as np

from myelin.callbacks.base import Callback, Logs
from myelin.console import say


class TerminateOnNaN(Callback):
    """Ends training, without an error, when the loss becomes NaN or infinite.

    Without it `fit` raises `NonFiniteError`, which says where the loss was lost. With either,
    the model keeps the weights from before that step.

    Args:
        raise_error: raises a `RuntimeError` instead of ending quietly.
    """

    every_chunk = True
    handles_non_finite = True

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks at the loss.

        Raises:
            RuntimeError: it is not finite, and `raise_error` is set.
        """
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(float(np.asarray(loss))):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. "
                "Terminating training immediately."
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
