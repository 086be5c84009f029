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
    BackupAndRestore          goes on exactly where a killed run was
"""

from __future__ import annotations

from myelin.callbacks.backup_and_restore import BackupAndRestore
from myelin.callbacks.base import Callback
from myelin.callbacks.callback_list import CallbackList
from myelin.callbacks.csv_logger import CSVLogger
from myelin.callbacks.early_stopping import EarlyStopping
from myelin.callbacks.history import History
from myelin.callbacks.lambda_callback import LambdaCallback
from myelin.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from myelin.callbacks.model_checkpoint import ModelCheckpoint
from myelin.callbacks.progbar_logger import ProgbarLogger
from myelin.callbacks.remote_monitor import RemoteMonitor
from myelin.callbacks.swap_ema_weights import SwapEMAWeights
from myelin.callbacks.tensorboard import TensorBoard
from myelin.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
