"""`Callback`: the hooks that `fit`, `evaluate` and `predict` call."""

from __future__ import annotations

from typing import Any

Logs = dict[str, Any]

TRAIN_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)
TEST_BATCH_HOOKS = ("on_test_batch_begin", "on_test_batch_end")
PREDICT_BATCH_HOOKS = ("on_predict_batch_begin", "on_predict_batch_end")
_BATCH_HOOKS = (*TRAIN_BATCH_HOOKS, *TEST_BATCH_HOOKS, *PREDICT_BATCH_HOOKS)


class Callback:
    """Something that is told how a run goes, and may act on it.

    A subclass overrides the hooks it needs. Hooks of epochs cost no speed. A class that
    overrides a hook of batches makes the compiled chunks one step long, so that the hook sees
    every batch, which is slower; one with `every_chunk = True` is content with a call a chunk.

    Attributes:
        params: of the run: `"verbose"`, `"epochs"` and `"steps"` (a count or None).
        model: the model that trains; `model.stop_training = True` ends the run.
        every_chunk: whether the batch hooks want one call for each chunk of many steps, with
            the index of its last step, rather than one for each step. It stands beside the
            hooks: a subclass that overrides a batch hook has to set it anew.
        runs_last: whether its hooks come after those of the others in the list, whatever its
            place; it is then given `beside`, the list's callbacks.
    """

    every_chunk: bool = False
    runs_last: bool = False
    beside: list[Callback] = []
    params: dict[str, Any] | None = None
    _model: Any = None

    def __init__(self) -> None:
        self.params = None
        self._model = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "every_chunk" not in own and any(hook in own for hook in _BATCH_HOOKS):
            cls.every_chunk = False

    @property
    def model(self) -> Any:
        """The model that trains."""
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes the run's `verbose`, `epochs` and `steps`."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Takes the model, before the run begins."""
        self._model = model

    # Batches.

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A training batch begins.

        Args:
            batch: its index in the epoch, from 0.
            logs: empty or None.
        """
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A training batch has ended.

        Args:
            batch: its index in the epoch, from 0.
            logs: the loss and metrics over the epoch so far.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of `evaluate`, or of the validation in `fit`, begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of `evaluate`, or of the validation in `fit`, has ended.

        Args:
            batch: its index, from 0.
            logs: the loss and metrics so far.
        """

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of `predict` begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of `predict` has ended.

        Args:
            batch: its index, from 0.
            logs: `"outputs"` of the batch.
        """

    # Epochs.

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch begins.

        Args:
            epoch: its index, from 0.
            logs: empty or None.
        """

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch has ended.

        Args:
            epoch: its index, from 0.
            logs: the loss and metrics of the epoch, those of the validation with `"val_"`
                before their names. What is added here, later callbacks and the history see.
        """

    # Runs.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """`fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` ends, also after a fault.

        Args:
            logs: those of the last epoch.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """`evaluate`, or a validation in `fit`, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """`evaluate`, or a validation in `fit`, ends; `logs` has its results."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """`predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """`predict` ends."""


def overrides(callback: Callback, hooks: tuple[str, ...]) -> bool:
    """Whether `callback` has a hook of its own, by class or set on the object."""
    return any(
        getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)
        for hook in hooks
    )
