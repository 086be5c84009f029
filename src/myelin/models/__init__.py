"""Layers put together: `Sequential` and the `Model` it is one of."""

from myelin.models.cloning import clone_model
from myelin.models.model import Model
from myelin.models.sequential import Sequential
from myelin.saving import load_model, model_from_json, save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
