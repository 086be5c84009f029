"""The caps of `myelin.config` on epochs and steps, for trying a program out."""

from __future__ import annotations

import warnings
from typing import Any

from myelin import config
from myelin.training.data import is_stream, stream_length


def epochs(wanted: int) -> int:
    """The epochs that `fit` runs of those that are wanted; warns where they are fewer."""
    cap = config.max_epochs()
    if cap is None or wanted <= cap:
        return wanted
    warnings.warn(f"Limiting epochs to {cap}", stacklevel=3)
    return cap


def unlimited() -> bool:
    """Whether data are gone through as far as is asked for."""
    return config.max_steps_per_epoch() is None


def steps(wanted: int | None, data: Any) -> int | None:
    """The steps to take of the data in one go, None for all; warns where they are fewer.

    Args:
        wanted: the steps that were asked for, or None.
        data: the inputs, or an iterable of batches.
    """
    cap = config.max_steps_per_epoch()
    if cap is None:
        return wanted
    if wanted is None and is_stream(data):
        wanted = stream_length(data)
    if wanted is not None and wanted <= cap:
        return wanted
    warnings.warn(f"Limiting steps_per_epoch to {cap}", stacklevel=3)
    return cap
