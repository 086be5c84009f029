"""Models that go to PyTorch and come from there."""

from __future__ import annotations

from typing import Any

from myelin.errors import require
from myelin.interop.torch.files import load_model, save_model


def to_torch(model: Any) -> Any:
    """TODO."""
    require("torch", "torch", "to_torch")
    from myelin.interop.torch.outward.module import to_module

    return to_module(model)


def from_torch(module: Any, example_input: Any) -> Any:
    """TODO."""
    require("torch", "torch", "from_torch")
    from myelin.interop.torch.inward.exported import program_of
    from myelin.interop.torch.inward.reading import Reading
    from myelin.interop.torch.inward.table import TABLE

    return Reading(program_of(module, example_input), TABLE).model()


__all__ = ["from_torch", "load_model", "save_model", "to_torch"]
