"""What each operation of torch's becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin.interop.torch.inward import (
    activation,
    arithmetic,
    making,
    normalization,
    pooling,
    products,
    recurrent,
    shaping,
    signals,
)

_PARTS = (
    products, normalization, pooling, activation, recurrent, arithmetic, shaping, making,
    signals,
)  # fmt: skip
TABLE: dict[str, Callable[..., Any]] = {
    name: entry for part in _PARTS for name, entry in part.TABLE.items()
}
