"""`LambdaCallback`: a callback out of plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin.callbacks.base import Callback
from myelin.errors import InputError, unknown_name

Hook = Callable[..., Any]
_HOOKS = frozenset(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Calls the functions it is given in place of the hooks of their names.

    A function for a hook of batches makes the compiled chunks one step long.

    Args:
        on_epoch_begin, on_epoch_end: functions `(epoch, logs)`.
        on_train_begin, on_train_end: functions `(logs)`.
        on_train_batch_begin, on_train_batch_end: functions `(batch, logs)`.
        **kwargs: functions for the other hooks, by name.

    Raises:
        UnknownNameError: there is no such hook.
        InputError: something given is no function.
    """

    def __init__(
        self,
        on_epoch_begin: Hook | None = None,
        on_epoch_end: Hook | None = None,
        on_train_begin: Hook | None = None,
        on_train_end: Hook | None = None,
        on_train_batch_begin: Hook | None = None,
        on_train_batch_end: Hook | None = None,
        **kwargs: Hook | None,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if name not in _HOOKS:
                raise unknown_name("hook", name, _HOOKS)
            if function is None:
                continue
            if not callable(function):
                raise InputError(f"LambdaCallback: {name} wants a function, got {function!r}")
            setattr(self, name, function)
