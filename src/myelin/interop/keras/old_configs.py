"""Configurations as Keras 2 wrote them, in the form of Keras 3: names, arguments, calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from myelin import registry
from myelin.errors import FileFormatError, UnknownNameError

Config = dict[str, Any]

_CLASSES = {
    "Model": "Functional",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
}
_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
# Arguments that mean nothing here, or nothing at the values given; None for any value.
_IDLE: dict[str, tuple[Any, ...] | None] = {
    "implementation": None, "input_length": None, "query_shape": None, "key_shape": None,
    "value_shape": None, "fused": None, "virtual_batch_size": (None,), "adjustment": (None,),
    "time_major": (False,), "ragged": (False,), "sparse": (False,), "groups": (1,),
    "kernel_initializer": None, "kernel_regularizer": (None,), "kernel_constraint": (None,),
    "softmax_robust_masking": (False,), "interpolation_mode": None, "standardize_mode": None,
}  # fmt: skip
_OF_ALL_LAYERS = {
    "name", "trainable", "dtype", "activity_regularizer", "batch_input_shape", "input_shape",
    "input_dim", "autocast",
}  # fmt: skip
# TensorFlow's functions in the place of layers, as classes of operations with the names of what
# they are called with.
_FUNCTIONS = {
    "add": "Add", "subtract": "Subtract", "sub": "Subtract", "multiply": "Multiply",
    "mul": "Multiply", "truediv": "TrueDivide", "divide": "TrueDivide", "maximum": "Maximum",
    "minimum": "Minimum", "pow": "Power", "matmul": "Matmul", "abs": "Absolute", "exp": "Exp",
    "log": "Log", "sqrt": "Sqrt", "square": "Square", "negative": "Negative", "tanh": "Tanh",
    "sigmoid": "Sigmoid", "relu": "Relu", "softplus": "Softplus",
}  # fmt: skip
_OPERANDS = ("y", "b")
_REDUCTIONS = {"auto": "sum_over_batch_size", "sum_over_batch": "sum_over_batch_size"}
# What reading a damaged configuration ends in.
_DAMAGE = (KeyError, TypeError, IndexError, ValueError, AttributeError, RecursionError)
_ACCURACIES = {"binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}


def model(config: Any, where: str) -> Config:
    """The configuration of a model, and of all in it, in the form of Keras 3.

    Raises:
        FileFormatError: it is none, or has what does not exist here, by name.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise FileFormatError(f"{where} holds no configuration of a model")
    try:
        made: Config = _object(config)
    except _DAMAGE as error:
        raise FileFormatError(
            f"{where}: the configuration of its model is damaged: {error!r}"
        ) from error
    return made


def compiled(config: Any, where: str) -> Config:
    """The arguments of `compile` in a training configuration.

    Raises:
        FileFormatError: it is damaged.
    """
    try:
        return _compiled(config)
    except _DAMAGE as error:
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


# Layers.


def _object(value: Any) -> Any:
    """A value of a configuration, with the objects in it in the form of Keras 3."""
    if isinstance(value, list):
        return [_object(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("class_name"), str) and "config" in value:
        return _named(value)
    return {key: _object(item) for key, item in value.items()}


def _named(value: Config) -> Any:
    name, inner = value["class_name"], value["config"]
    name = _CLASSES.get(name, name)
    if name == "Policy":
        return inner["name"]
    if name == "TFOpLambda":
        return _operation(value)
    if name == "Sequential" and isinstance(inner, list):
        inner = {"layers": inner}
    if name == "Functional" and _calls_are_lists(inner):
        inner = _renumbered(inner)
        ends = {key: _end(inner[key]) for key in ("input_layers", "output_layers")}
        inner = {**inner, **ends}
    if _has_inputs(inner):
        inner = {**inner, "layers": [_behind_an_input(layer) for layer in inner["layers"]]}
    entry = {**value, "class_name": name}
    if name in _MODULES:
        entry["module"] = _MODULES[name]
    if "inbound_nodes" in value:
        entry["inbound_nodes"] = [_call(node) for node in value["inbound_nodes"]]
        if set(inner) == {"name"} or ("name" in inner and not _OF_ALL_LAYERS & set(inner) - {"name"}
                                      and "layers" not in inner):  # fmt: skip
            # Keras 3 writes its operations so, in this form of file.
            return entry | {"module": "keras.src.ops.numpy"}
    if isinstance(inner, dict):
        entry["config"] = _arguments(name, {k: _lambda_or(k, v) for k, v in inner.items()}, entry)
    return entry


def _has_inputs(config: Any) -> bool:
    """Whether a configuration is that of a model, which has inputs."""
    layers = config.get("layers") if isinstance(config, dict) else None
    return isinstance(layers, list) and any(layer["class_name"] == "InputLayer" for layer in layers)


def _behind_an_input(layer: Config) -> Config:
    """A layer without the shape of a batch, which only first ones need, and some kept."""
    if layer["class_name"] == "InputLayer" or not isinstance(layer["config"], dict):
        return layer
    return {**layer, "config": _without(layer["config"], "batch_input_shape")}


def _calls_are_lists(config: Config) -> bool:
    """Whether Keras 2 wrote a graph: Keras 3 writes the arguments of each call by name."""
    nodes = (node for layer in config["layers"] for node in layer.get("inbound_nodes", []))
    return any(isinstance(node, list) for node in nodes)


def _renumbered(config: Config) -> Config:
    """A graph whose calls of models in it count from 0, as those of layers.

    Keras 2 counted from 1 there: what leads from the inputs of a model to its outputs was the first.
    """
    models = {layer["name"] for layer in config["layers"] if _has_inputs(layer["config"])}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if not isinstance(value, list):
            return value
        if len(value) > 2 and isinstance(value[0], str) and value[0] in models:
            value = [value[0], value[1] - 1, *value[2:]]
        return [moved(item) for item in value]

    layers = [
        {**layer, "inbound_nodes": moved(layer["inbound_nodes"])} for layer in config["layers"]
    ]
    return {**config, "layers": layers, "output_layers": moved(config["output_layers"])}


def _end(places: Any) -> Any:
    """The place of a single input or output alone, which stands in a list in Keras 2."""
    return places[0] if isinstance(places, list) and len(places) == 1 else places


def _lambda_or(key: str, value: Any) -> Any:
    """An argument; a lambda, which Keras 2 wrote as a list, in the form of Keras 3."""
    if key == "function" and isinstance(value, list) and len(value) == 3:
        code, defaults, closure = value
        parts = {"code": code, "defaults": defaults, "closure": closure}
        return {"class_name": "__lambda__", "config": parts}
    return value if key == "inbound_nodes" else _object(value)


def _arguments(name: str, config: Config, entry: Config) -> Config:
    """The arguments of a class under the names they have today."""
    if name == "InputLayer":
        shape = config.pop("batch_input_shape", None)
        return {**config, "batch_shape": shape} if shape is not None else config
    if name == "ThresholdedReLU":
        entry["class_name"] = "ReLU"
        return {**_without(config, "theta"), "threshold": float(config["theta"])}
    if name == "Lambda":
        for old in ("module", "function_type", "output_shape_type", "output_shape_module"):
            config.pop(old, None)
        if config.get("output_shape") == []:
            config.pop("output_shape")
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        (config["axis"],) = config["axis"]
    if name == "VarianceScaling" and config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"
    if config.get("activation") == "softmax_v2":
        config["activation"] = "softmax"
    return _without_idle(name, config)


def _without_idle(name: str, config: Config) -> Config:
    try:
        cls = registry.find_class(name)
    except UnknownNameError:
        return config
    known = _OF_ALL_LAYERS | set(inspect.signature(cls.__init__).parameters)
    idle = {
        key for key, value in config.items()
        if key not in known and key in _IDLE and _means_nothing(value, _IDLE[key])
    }  # fmt: skip
    return _without(config, *idle)


def _means_nothing(value: Any, values: tuple[Any, ...] | None) -> bool:
    return values is None or value in values


def _without(config: Config, *names: str) -> Config:
    return {key: value for key, value in config.items() if key not in names}


# Calls.


def _call(node: Any) -> Config:
    """A call as Keras 2 wrote it, a list of tensors, as its arguments."""
    if isinstance(node, dict) and "args" in node:
        return node
    if isinstance(node, dict):
        return {"args": [{key: _tensor(item) for key, item in node.items()}], "kwargs": {}}
    if node and isinstance(node[0], str):
        node = [node]
    tensors = [_tensor(item) for item in node]
    kwargs = node[0][3] if len(node[0]) > 3 else {}
    return {
        "args": tensors if len(tensors) == 1 else [tensors],
        "kwargs": {key: _argument(item) for key, item in kwargs.items() if key != "name"},
    }


def _tensor(item: Any) -> Any:
    if item[0] == "_CONSTANT_VALUE":
        return item[2]
    shape = {"shape": [], "dtype": "float32", "keras_history": list(item[:3])}
    return {"class_name": "__keras_tensor__", "config": shape}


def _argument(value: Any) -> Any:
    """A further argument of a call, which may be a tensor by its place."""
    if isinstance(value, list):
        if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
            return _tensor(value)
        return [_argument(item) for item in value]
    return value


def _operation(value: Config) -> Config:
    """A function of TensorFlow's as the operation that it is.

    Raises:
        UnknownNameError: one that is not translated.
    """
    function = value["config"]["function"]
    kind = _FUNCTIONS.get(function.rpartition(".")[2])
    if kind is None:
        raise UnknownNameError(f'There is no operation for TensorFlow\'s function "{function}".')
    calls = []
    for node in value["inbound_nodes"]:
        call = _call(node)
        others = [call["kwargs"][key] for key in _OPERANDS if key in call["kwargs"]]
        calls.append({"args": [*call["args"], *others], "kwargs": {}})
    name = value["config"].get("name", value.get("name"))
    return {"module": "keras.src.ops.numpy", "class_name": kind, "name": value.get("name", name),
            "config": {"name": name}, "inbound_nodes": calls}  # fmt: skip


# Compilation.


def _optimizer(value: Config) -> Config:
    name = value["class_name"].rpartition(">")[2]
    config = _without(_object(value["config"]), "jit_compile", "is_legacy_optimizer", "use_locking")
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
        inner = _without(config["config"], "fn")
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
