"""Layers put together: in a row (`Sequential`), as a graph (`Functional`), or freely (`Model`)."""

from typing import Any

from myelin.models.cloning import clone_model
from myelin.models.function import Function
from myelin.models.functional import Functional
from myelin.models.model import Model
from myelin.models.sequential import Sequential
from myelin.saving import load_model, model_from_json, save_model

__all__ = [
    "Function",
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]


def __getattr__(name: str) -> Any:
    # Files name these, and few programs want them.
    if name in ("Cross", "Feature", "FeatureSpace"):
        from myelin.models import feature_space

        return getattr(feature_space, name)
    raise AttributeError(f'myelin.models has no "{name}"')
