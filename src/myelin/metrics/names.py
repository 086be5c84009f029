"""Which metric a name, a function or a configuration means."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from myelin import errors, losses, naming, registry, variable
from myelin.metrics import accuracy as hits
from myelin.metrics import (
    auc,
    confusion,
    correlation,
    f_score,
    hinges,
    iou,
    matrix,
    operating,
    probabilistic,
    reduction,
    regression,
)
from myelin.metrics.base import Metric

CLASSES: tuple[type[Metric], ...] = (
    reduction.Mean, reduction.Sum, reduction.MeanMetricWrapper,
    regression.MeanSquaredError, regression.RootMeanSquaredError, regression.MeanAbsoluteError,
    regression.MeanAbsolutePercentageError, regression.MeanSquaredLogarithmicError,
    regression.LogCoshError, regression.R2Score,
    correlation.CosineSimilarity, correlation.PearsonCorrelation,
    correlation.ConcordanceCorrelation,
    auc.AUC,
    confusion.FalseNegatives, confusion.FalsePositives, confusion.TrueNegatives,
    confusion.TruePositives, confusion.Precision, confusion.Recall,
    operating.PrecisionAtRecall, operating.RecallAtPrecision,
    operating.SensitivityAtSpecificity, operating.SpecificityAtSensitivity,
    hinges.Hinge, hinges.SquaredHinge, hinges.CategoricalHinge,
    probabilistic.KLDivergence, probabilistic.Poisson, probabilistic.BinaryCrossentropy,
    probabilistic.CategoricalCrossentropy, probabilistic.SparseCategoricalCrossentropy,
    hits.Accuracy, hits.BinaryAccuracy, hits.CategoricalAccuracy,
    hits.SparseCategoricalAccuracy, hits.TopKCategoricalAccuracy,
    hits.SparseTopKCategoricalAccuracy,
    f_score.F1Score, f_score.FBetaScore,
    iou.IoU, iou.BinaryIoU, iou.MeanIoU, iou.OneHotIoU, iou.OneHotMeanIoU,
    matrix.ConfusionMatrix,
)  # fmt: skip

_ALIASES: dict[str, type[Metric]] = {
    "bce": probabilistic.BinaryCrossentropy,
    "mse": regression.MeanSquaredError,
    "mae": regression.MeanAbsoluteError,
    "mape": regression.MeanAbsolutePercentageError,
    "msle": regression.MeanSquaredLogarithmicError,
}

NAMES: dict[str, Any] = {
    **{cls.__name__: cls for cls in CLASSES},
    **{naming.snake_case(cls.__name__): cls for cls in CLASSES},
    **_ALIASES,
    **{alias.upper(): cls for alias, cls in _ALIASES.items()},
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    made.__name__: made
    for made in (
        hits.accuracy, hits.binary_accuracy, hits.categorical_accuracy,
        hits.sparse_categorical_accuracy, hits.top_k_categorical_accuracy,
        hits.sparse_top_k_categorical_accuracy, correlation.cosine_similarity,
        correlation.pearson_correlation, correlation.concordance_correlation,
    )
}  # fmt: skip

_BY_SHAPE: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
    "accuracy": (hits.BinaryAccuracy, hits.SparseCategoricalAccuracy, hits.CategoricalAccuracy),
    "crossentropy": (
        probabilistic.BinaryCrossentropy,
        probabilistic.SparseCategoricalCrossentropy,
        probabilistic.CategoricalCrossentropy,
    ),
}
_BY_SHAPE["acc"], _BY_SHAPE["ce"] = _BY_SHAPE["accuracy"], _BY_SHAPE["crossentropy"]


def get(identifier: Any) -> Any:
    """The metric meant by a name, a class, a configuration, or the thing itself; None for None.

    Args:
        identifier: such as `"mse"`, `"AUC"`, `AUC`, `{"class_name": "AUC", "config": {}}`, a
            function or a `Metric`.

    Returns:
        A `Metric`, or the function that was given.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
        InputError: a metric that cannot be made without arguments.
    """
    cls = NAMES.get(identifier) if isinstance(identifier, str) else identifier
    if inspect.isclass(cls):
        _check_no_arguments(cls)
    return registry.resolve(identifier, NAMES, "metric")


def function(name: str) -> Any:
    """The function of a metric or loss by its name, as configurations hold it.

    Raises:
        UnknownNameError: no function is called that.
    """
    known = {**losses.NAMES, **FUNCTIONS, **registry.get_custom_objects()}
    if name not in known:
        raise errors.unknown_name("metric function", name, known)
    return known[name]


def serialize(metric: Any) -> Any:
    """A metric as plain JSON values."""
    return registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that `serialize` wrote.

    Args:
        config: a configuration or a name.
        custom_objects: further classes and functions, by name.

    Raises:
        UnknownNameError: what it names is not known.
    """
    with registry.custom_object_scope(custom_objects or {}):
        if isinstance(config, str) and config in FUNCTIONS:
            return FUNCTIONS[config]
        return get(config)


def resolve_for(identifier: Any, y: Any, y_pred: Any) -> Metric:
    """The metric that `compile(metrics=[identifier])` means, for targets and outputs like these.

    `"accuracy"` and `"crossentropy"` (or `"acc"` and `"ce"`) choose by the shapes: binary where
    outputs have a last axis of size 1, sparse where targets are class numbers, else categorical.
    A metric given by a string goes by that string.

    Args:
        identifier: what `get` takes, a name of a loss, or a function `(y_true, y_pred) -> values`.
        y, y_pred: targets and outputs, or what has their `shape` (examples first) and `dtype`.

    Raises:
        UnknownNameError: a name that is not known, with the nearest one that is.
    """
    if isinstance(identifier, str):
        metric = _by_name(identifier, y, y_pred)
        metric.name = identifier
    else:
        metric = get(identifier)
        if not isinstance(metric, Metric):
            metric = reduction.MeanMetricWrapper(metric, name=_name_of(metric))
    _size_variables(metric, y, y_pred)
    return metric


def _by_name(name: str, y: Any, y_pred: Any) -> Metric:
    if name.lower() in _BY_SHAPE:
        return _BY_SHAPE[name.lower()][_place(y, y_pred)](name=name)
    only_a_loss = name in losses.NAMES and name not in NAMES
    found = losses.get(name) if only_a_loss else get(name)
    return found if isinstance(found, Metric) else reduction.MeanMetricWrapper(found, name=name)


def _place(y: Any, y_pred: Any) -> int:
    """0 for binary, 1 for class numbers, 2 for one-hot targets."""
    true, pred = tuple(y.shape), tuple(y_pred.shape)
    if pred[-1] == 1:
        return 0
    return 1 if len(true) < len(pred) or (true[-1] == 1 and pred[-1] > 1) else 2


def _name_of(given: Any) -> str:
    if getattr(given, "name", None):
        return str(given.name)
    return naming.snake_case(getattr(given, "__name__", type(given).__name__))


def _check_no_arguments(cls: type) -> None:
    made_by = inspect.signature(cls.__init__)  # type: ignore[misc]
    needed = [
        p.name
        for p in list(made_by.parameters.values())[1:]
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if needed:
        raise errors.InputError(
            f"metric {cls.__name__} wants {', '.join(needed)}: give an object, such as "
            f"metrics.{cls.__name__}({', '.join(f'{name}=…' for name in needed)})"
        )


def _size_variables(metric: Metric, y: Any, y_pred: Any) -> None:
    """Lets a metric make the variables that it makes on its first batch, without computing one."""
    own = type(metric).__module__.startswith("myelin.")
    if own and getattr(metric, "_built", True):
        return
    batch = [jax.eval_shape(partial(jnp.zeros, a.shape, a.dtype)) for a in (y, y_pred)]
    before = {str(place): v for place, v in enumerate(metric.variables)}
    known = {id(v) for v in before.values()}
    # A metric that runs only eagerly is no error yet; whatever is wrong shows in the first step.
    mendable = contextlib.nullcontext() if own else contextlib.suppress(Exception)
    try:
        with mendable, variable.bind(before, {place: v._value for place, v in before.items()}):
            jax.eval_shape(metric.update_state, *batch)
    finally:
        for made in metric.variables:
            if id(made) not in known:
                made.assign(jnp.zeros(made.shape, made.dtype))
