"""`ProgbarLogger`: the progress bar of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

from typing import Any

import numpy as np

from myelin.callbacks.base import Callback, Logs
from myelin.console import say
from myelin.utils.progress import Progbar


class ProgbarLogger(Callback):
    """Prints a bar with the metrics; `fit`, `evaluate` and `predict` add one by themselves.

    With `verbose=1` the bar moves while an epoch goes on; with `verbose=2` there is one line
    an epoch. The metrics of the validation come at the end of the epoch.
    """

    every_chunk = True

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes the run's `verbose`, `epochs` and `steps`."""
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """From here on a validation is silent."""
        self._in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """A later `evaluate` shows its bar again."""
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Prints which epoch begins."""
        self._begin()
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar."""
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Ends the line."""
        self._end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Begins a bar, outside `fit`."""
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar, outside `fit`."""
        if not self._in_fit:
            self._move(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Ends the line, outside `fit`."""
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Begins a bar."""
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar; the outputs are not shown."""
        self._move(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Ends the line."""
        self._end(None)

    def _begin(self) -> None:
        self.seen = 0
        # Logs are means over the epoch already: none is to be averaged again.
        self.progbar = Progbar(
            target=self.target, verbose=self.verbose, unit_name="step", stateless_metrics=()
        )

    def _move(self, batch: int, logs: Logs | None) -> None:
        if self.progbar is None:
            self._begin()
        assert self.progbar is not None
        self.seen = batch + 1
        if self.verbose == 1:
            self.progbar.update(self.seen, _shown(logs), finalize=False)

    def _end(self, logs: Logs | None) -> None:
        if self.progbar is None:
            self._begin()
        assert self.progbar is not None
        if self.target is None:
            # Whoever feeds batches without a known number has now shown how many there are.
            self.target = self.seen
            self.progbar.target = self.target
        # A run that was stopped has seen fewer steps than it aimed at.
        self.progbar.update(self.seen or self.target, _shown(logs), finalize=True)


def _shown(logs: Logs | None) -> list[tuple[str, Any]]:
    # A confusion matrix has no place on one line.
    return [(name, value) for name, value in (logs or {}).items() if np.ndim(value) == 0]
