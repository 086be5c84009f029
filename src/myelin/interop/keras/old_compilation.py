"""How models were compiled, as Keras 2 wrote it, in the form of Keras 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myelin.errors import FileFormatError
from myelin.interop.keras.old_configs import DAMAGE, Config, as_today, without

_REDUCTIONS = {"auto": "sum_over_batch_size", "sum_over_batch": "sum_over_batch_size"}
_ACCURACIES = {"binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}


def compiled(config: Any, where: str) -> Config:
    """The arguments of `compile` in a training configuration.

    Raises:
        FileFormatError: it is damaged.
    """
    try:
        return _compiled(config)
    except DAMAGE as error:
        raise FileFormatError(
            f"{where}: how its model was compiled is damaged: {error!r}. With compile=False it "
            "loads as it is"
        ) from error


def is_of_keras_2_11(training: Any) -> bool:
    """Whether a training configuration has an optimizer of the kind that Keras 2 got in 2.11."""
    inner = training["optimizer_config"].get("config")
    return isinstance(inner, dict) and inner.get("is_legacy_optimizer") is False


def _compiled(config: Any) -> Config:
    metrics = {key: _metrics(config.get(key)) for key in ("metrics", "weighted_metrics")}
    found = {key: config[key] for key in ("loss_weights", "run_eagerly") if key in config}
    optimizer = _optimizer(config["optimizer_config"])
    return {"optimizer": optimizer, "loss": _loss(config.get("loss")), **metrics, **found}


def _optimizer(value: Config) -> Config:
    name = value["class_name"].rpartition(">")[2]
    config = without(as_today(value["config"]), "jit_compile", "is_legacy_optimizer", "use_locking")
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    decay = config.pop("decay", 0.0)
    # Nadam's was of its momentum.
    if decay and name != "Nadam":
        rates = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1,
                 "decay_rate": decay}  # fmt: skip
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay",
            "config": rates,
        }  # fmt: skip
    if config.get("epsilon", 0) is None:
        del config["epsilon"]
    return {"module": "keras.optimizers", "class_name": name, "config": config}


def _loss(value: Any) -> Any:
    def loss(config: Config) -> Any:
        inner = without(config["config"], "fn")
        reduction = inner.get("reduction")
        if reduction in _REDUCTIONS:
            inner["reduction"] = _REDUCTIONS[reduction]
        return {"module": "keras.losses", **config, "config": inner}

    return _each(value, loss)


def _metrics(value: Any) -> Any:
    def metric(config: Config) -> Any:
        inner = config["config"]
        if config["class_name"] != "MeanMetricWrapper":
            return {"module": "keras.metrics", **config}
        name = inner["name"]
        function = inner.get("fn", name)
        if name == function or (function in _ACCURACIES and name in ("accuracy", "acc")):
            return name
        return {"module": "keras.metrics", **config, "config": {**inner, "fn": function}}

    return _each(value, metric)


def _each(value: Any, read: Callable[[Config], Any]) -> Any:
    """A tree of names and configurations, with `read` of each configuration."""
    if isinstance(value, list):
        return [_each(item, read) for item in value]
    if isinstance(value, dict):
        if "class_name" in value:
            return read(value)
        return {key: _each(item, read) for key, item in value.items()}
    return value
