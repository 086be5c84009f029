"""Layers put together: `Sequential` and the `Model` it is one of."""

from myelin.models.model import Model
from myelin.models.sequential import Sequential
from myelin.saving import load_model, save_model

__all__ = ["Model", "Sequential", "load_model", "save_model"]
