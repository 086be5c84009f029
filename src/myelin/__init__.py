"""Myelin: deep learning in Python, with Keras's names and the epoch as one compiled program.

    import myelin as keras

    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=5)

Every name is imported when it is first used, so that the command's help does not load jax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

__version__ = "0.1.0"

# The public names, in the groups a reader would look for, and the module each comes from.
_MODULES = {
    "build a model": ("layers", "models", "applications", "activations", "initializers",
                      "regularizers", "constraints"),
    "train it": ("losses", "metrics", "optimizers", "callbacks"),
    "feed it": ("datasets", "utils"),
    "judge it": ("evaluation", "plots"),
    "keep it": ("saving",),
    "use it in scikit-learn": ("sklearn",),
    "look under it": ("backend", "config", "dtypes", "errors", "mixed_precision", "ops",
                      "random", "registry", "testing", "tree", "variable"),
    "run somebody's Keras script": ("keras_script",),
}  # fmt: skip
_NAMES = {
    "Sequential": "models", "Model": "models", "Layer": "layers", "Input": "layers",
    "KerasTensor": "layers", "InputSpec": "layers", "Variable": "variable", "bind": "variable",
    "StatelessScope": "scopes", "device": "scopes", "name_scope": "scopes",
    "Function": "models", "remat": "layers.rematerialization", "FloatDTypePolicy": "dtypes",
    "Initializer": "initializers", "Regularizer": "regularizers", "Loss": "losses",
    "Metric": "metrics", "Optimizer": "optimizers", "GradientTape": "tape", "DTypePolicy": "dtypes",
    "cross_validate": "evaluation.cross_validation", "compare": "evaluation.comparison",
    "sweep": "evaluation.sweeping", "ensemble": "evaluation.ensemble",
    "report": "evaluation.report", "load_model": "saving",
    "debug": "training.debugging", "inspect": "evaluation.inspection",
    "install": "keras_script", "uninstall": "keras_script",
    "load_ipython_extension": "keras_script", "unload_ipython_extension": "keras_script",
}  # fmt: skip

if TYPE_CHECKING:
    from myelin import activations as activations
    from myelin import applications as applications
    from myelin import backend as backend
    from myelin import callbacks as callbacks
    from myelin import config as config
    from myelin import constraints as constraints
    from myelin import datasets as datasets
    from myelin import evaluation as evaluation
    from myelin import initializers as initializers
    from myelin import layers as layers
    from myelin import losses as losses
    from myelin import metrics as metrics
    from myelin import models as models
    from myelin import optimizers as optimizers
    from myelin import plots as plots
    from myelin import regularizers as regularizers
    from myelin import saving as saving
    from myelin import sklearn as sklearn
    from myelin import utils as utils
    from myelin.dtypes import DTypePolicy as DTypePolicy
    from myelin.dtypes import FloatDTypePolicy as FloatDTypePolicy
    from myelin.evaluation.comparison import compare as compare
    from myelin.evaluation.cross_validation import cross_validate as cross_validate
    from myelin.evaluation.ensemble import ensemble as ensemble
    from myelin.evaluation.inspection import inspect as inspect
    from myelin.evaluation.report import report as report
    from myelin.evaluation.sweeping import sweep as sweep
    from myelin.initializers import Initializer as Initializer
    from myelin.layers import Input as Input
    from myelin.layers import InputSpec as InputSpec
    from myelin.layers import KerasTensor as KerasTensor
    from myelin.layers import Layer as Layer
    from myelin.layers.rematerialization import remat as remat
    from myelin.losses import Loss as Loss
    from myelin.metrics import Metric as Metric
    from myelin.models import Function as Function
    from myelin.models import Model as Model
    from myelin.models import Sequential as Sequential
    from myelin.optimizers import Optimizer as Optimizer
    from myelin.regularizers import Regularizer as Regularizer
    from myelin.saving import load_model as load_model
    from myelin.scopes import StatelessScope as StatelessScope
    from myelin.scopes import device as device
    from myelin.scopes import name_scope as name_scope
    from myelin.tape import GradientTape as GradientTape
    from myelin.training.debugging import debug as debug
    from myelin.variable import Variable as Variable
    from myelin.variable import bind as bind

__all__ = sorted([*(name for group in _MODULES.values() for name in group), *_NAMES])


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(load(f"myelin.{_NAMES[name]}"), name)
    elif name in __all__:
        value = load(f"myelin.{name}")
    else:
        from myelin.errors import nearest

        raise AttributeError(f'Myelin has no "{name}". {nearest(name, __all__)}'.strip())
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
