"""`CallbackList`: many callbacks called as one."""

from __future__ import annotations

import inspect
from typing import Any

from myelin.callbacks.base import (
    PREDICT_BATCH_HOOKS,
    TEST_BATCH_HOOKS,
    TRAIN_BATCH_HOOKS,
    Callback,
    Logs,
    overrides,
)
from myelin.callbacks.history import History
from myelin.callbacks.progbar_logger import ProgbarLogger
from myelin.errors import InputError


class CallbackList(Callback):
    """Calls the hooks of all its callbacks, in their order.

    Each hook gets one dictionary of logs that all callbacks share: what one adds to it, the
    next ones see; the caller's own stays as it was.

    Args:
        callbacks: `Callback`s, in lists as deep as one likes; None for none.
        add_history: whether to add a `History` where there is none.
        add_progbar: whether to add a `ProgbarLogger` where there is none.
        model: the model they are told of.
        **params: what they are told with `set_params`.

    Attributes:
        callbacks: the callbacks, in the order given.

    Raises:
        InputError: something in the list is no `Callback`.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = []
        for callback in _flat(callbacks):
            self.append(callback)
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.append(History())
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.append(ProgbarLogger())
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Adds a callback at the end.

        Raises:
            InputError: it is no `Callback`.
        """
        self.callbacks.append(_checked(callback))
        if callback.runs_last:
            callback.beside = self.callbacks

    def set_params(self, params: dict[str, Any]) -> None:
        """Tells all of them the run's `verbose`, `epochs` and `steps`."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tells all of them the model."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    @property
    def needs_batches(self) -> bool:
        """Whether a callback wants to see every single training batch."""
        return self._any_overrides(TRAIN_BATCH_HOOKS)

    @property
    def needs_test_batches(self) -> bool:
        """Whether a callback wants to see every single batch of `evaluate` and validation."""
        return self._any_overrides(TEST_BATCH_HOOKS)

    @property
    def needs_predict_batches(self) -> bool:
        """Whether a callback wants to see every single batch of `predict`."""
        return self._any_overrides(PREDICT_BATCH_HOOKS)

    @property
    def handles_non_finite(self) -> bool:
        """Whether a callback deals with a loss that is not finite, so that `fit` need not raise."""
        return any(getattr(callback, "handles_non_finite", False) for callback in self.callbacks)

    def _any_overrides(self, hooks: tuple[str, ...]) -> bool:
        return any(not c.every_chunk and overrides(c, hooks) for c in self.callbacks)

    def _in_turn(self) -> list[Callback]:
        return sorted(self.callbacks, key=lambda callback: callback.runs_last)

    def _call(self, hook: str, logs: Logs | None, *place: int) -> None:
        shared = dict(logs or {})
        for callback in self._in_turn():
            getattr(callback, hook)(*place, shared)

    def _call_batch(self, hook: str, batch: int, logs: Logs | None) -> None:
        # By keyword, as Keras does it: users' functions may rely on the name.
        shared = dict(logs or {})
        for callback in self._in_turn():
            getattr(callback, hook)(batch, logs=shared)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_batch_begin", batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_batch_end", batch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call_batch("on_predict_batch_end", batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_epoch_end", logs, epoch)

    def on_interrupted(self, epoch: int) -> None:
        """Tells those who want to know that Ctrl-C came at the very end of an epoch."""
        for callback in self.callbacks:
            if hasattr(callback, "on_interrupted"):
                callback.on_interrupted(epoch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_train_end", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Calls this hook of all."""
        self._call("on_predict_end", logs)


def _flat(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, list | tuple):
        return [leaf for part in callbacks for leaf in _flat(part)]
    return [callbacks]


def _checked(callback: Any) -> Callback:
    """The callback itself, or an error that says what was given in its place."""
    if isinstance(callback, CallbackList):
        raise InputError(
            "callbacks got a CallbackList inside the list: give its .callbacks instead"
        )
    if isinstance(callback, Callback):
        return callback
    if inspect.isclass(callback) and issubclass(callback, Callback):
        raise InputError(
            f"callbacks got the class {callback.__name__}: give an object of it, "
            f"{callback.__name__}(...)"
        )
    given = f"{type(callback).__module__}.{type(callback).__qualname__}"
    hint = "derive it from myelin.callbacks.Callback"
    if callable(callback):
        hint = "wrap a function as LambdaCallback(on_epoch_end=function)"
    elif given.startswith("keras."):
        hint = "take the one of the same name from myelin.callbacks"
    raise InputError(f"callbacks wants Callback objects, got {callback!r} ({given}): {hint}")
