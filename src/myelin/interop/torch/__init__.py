"""Models that go to PyTorch and come from there."""

from __future__ import annotations

from typing import Any

from myelin.errors import require


def to_torch(model: Any) -> Any:
    """TODO."""
    require("torch", "torch", "to_torch")
    from myelin.interop.torch.outward.module import to_module

    return to_module(model)
