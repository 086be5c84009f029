"""`SwapEMAWeights`: evaluates with the moving averages of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.callbacks.base import Callback, Logs
from myelin.errors import InputError
from myelin.placing import owned


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages into the model while it is evaluated or asked.

    Training goes on from the weights themselves. The optimizer keeps averages with `use_ema=True`.

    Args:
        swap_on_epoch: whether the averages also stand in the model from the end of each epoch to
            the beginning of the next, so that a `ModelCheckpoint` further down the list saves
            them.

    Raises:
        InputError: when a run begins, where the optimizer keeps no averages.

    Source: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._weights: list[tuple[Any, Any]] | None = None

    def _swap_in(self) -> None:
        if self._weights is not None:
            return
        optimizer = self.model.optimizer
        averaging = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(averaging, "use_ema", False) or averaging.state is None:
            raise InputError(
                "SwapEMAWeights wants an optimizer that keeps averages: make it with "
                "use_ema=True, and train before you evaluate"
            )
        variables = self.model.trainable_variables
        # Nothing trains, and so nothing gives this memory away, until they are put back.
        self._weights = [(v, v._value) for v in variables]
        optimizer.finalize_variable_values(variables)

    def _swap_out(self) -> None:
        for variable, value in self._weights or []:
            variable._value = value
        self._weights = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begins anew, so that one object serves several runs."""
        self._weights = None

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Leaves what the optimizer put in: after training the averages are the weights."""
        self._weights = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Puts the weights back."""
        if self.swap_on_epoch:
            self._swap_out()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Puts the averages in."""
        if self.swap_on_epoch:
            self._swap_in()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Puts the averages in."""
        self._swap_in()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Puts the weights back."""
        self._swap_out()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Puts the averages in."""
        self._swap_in()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Puts the weights back."""
        self._swap_out()

    def get_state(self) -> dict[str, Any]:
        """What is kept for a run that goes on: the weights that the averages stand in for."""
        held = self._weights
        return {"weights": None if held is None else [np.asarray(value) for _, value in held]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` gave."""
        held, variables = state["weights"], self.model.trainable_variables
        self._weights = None
        if held is not None:
            values = [owned(value) for value in held]
            self._weights = list(zip(variables, values, strict=True))
