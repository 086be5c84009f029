"""What each operation of torch's becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin.interop.torch.inward import functions, layers, recurrent

TABLE: dict[str, Callable[..., Any]] = {
    **functions.TABLE, **layers.TABLE, **recurrent.TABLE,
}  # fmt: skip
