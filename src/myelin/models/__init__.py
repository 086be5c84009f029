"""Layers put together: in a row (`Sequential`), as a graph (`Functional`), or freely (`Model`)."""

from myelin.models.cloning import clone_model
from myelin.models.functional import Functional
from myelin.models.model import Model
from myelin.models.sequential import Sequential
from myelin.saving import load_model, model_from_json, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
