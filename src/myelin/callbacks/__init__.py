"""Callbacks: what is told how `fit`, `evaluate` and `predict` go, and may act on it.

Hooks of epochs cost no speed; one of batches makes the compiled chunks one step long.

    Callback                  the base, with every hook
    LambdaCallback            hooks from plain functions
    CallbackList              many called as one

    History                   records every epoch; `fit` returns it
    ProgbarLogger             the progress bar
    CSVLogger                 a row of a file for every epoch
    TensorBoard               files that TensorBoard shows (an extra)
    RemoteMonitor             sends every epoch to a server

    EarlyStopping             ends training when a value no longer gets better
    TerminateOnNaN            ends training when the loss is no longer a number
    ReduceLROnPlateau         lowers the learning rate when a value no longer gets better
    LearningRateScheduler     sets the learning rate of every epoch
    SwapEMAWeights            evaluates with the moving averages of the weights

    ModelCheckpoint           writes the model to a file
    Checkpoint                keeps a run, so that it goes on exactly where it was killed
    BackupAndRestore          the same by Keras's name, deleted at the end
    OrbaxCheckpoint           keeps the last few states of a run, written beside it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each name and the module that is loaded when it is first used.
_HOMES = {
    "BackupAndRestore": "backup_and_restore",
    "CSVLogger": "csv_logger",
    "Callback": "base",
    "CallbackList": "callback_list",
    "Checkpoint": "checkpoint",
    "EarlyStopping": "early_stopping",
    "History": "history",
    "LambdaCallback": "lambda_callback",
    "LearningRateScheduler": "learning_rate",
    "ModelCheckpoint": "model_checkpoint",
    "OrbaxCheckpoint": "orbax_checkpoint",
    "ProgbarLogger": "progbar_logger",
    "ReduceLROnPlateau": "learning_rate",
    "RemoteMonitor": "remote_monitor",
    "SwapEMAWeights": "swap_ema_weights",
    "TensorBoard": "tensorboard",
    "TerminateOnNaN": "terminate_on_nan",
}

if TYPE_CHECKING:
    from myelin.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
    from myelin.callbacks.base import Callback as Callback
    from myelin.callbacks.callback_list import CallbackList as CallbackList
    from myelin.callbacks.checkpoint import Checkpoint as Checkpoint
    from myelin.callbacks.csv_logger import CSVLogger as CSVLogger
    from myelin.callbacks.early_stopping import EarlyStopping as EarlyStopping
    from myelin.callbacks.history import History as History
    from myelin.callbacks.lambda_callback import LambdaCallback as LambdaCallback
    from myelin.callbacks.learning_rate import LearningRateScheduler as LearningRateScheduler
    from myelin.callbacks.learning_rate import ReduceLROnPlateau as ReduceLROnPlateau
    from myelin.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
    from myelin.callbacks.orbax_checkpoint import OrbaxCheckpoint as OrbaxCheckpoint
    from myelin.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
    from myelin.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
    from myelin.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
    from myelin.callbacks.tensorboard import TensorBoard as TensorBoard
    from myelin.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from myelin.errors import nearest

        raise AttributeError(f'myelin.callbacks has no "{name}". {nearest(name, __all__)}'.strip())
    value = getattr(load(f"myelin.callbacks.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
