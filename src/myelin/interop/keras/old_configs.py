"""Configurations as Keras 2 wrote them, in the form of Keras 3: names, arguments, calls."""

from __future__ import annotations

import inspect
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
# What reading a damaged configuration ends in.
DAMAGE = (KeyError, TypeError, IndexError, ValueError, AttributeError, RecursionError)


def model(config: Any, where: str) -> Config:
    """The configuration of a model, and of all in it, in the form of Keras 3.

    Raises:
        FileFormatError: it is none, or has what does not exist here, by name.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise FileFormatError(f"{where} holds no configuration of a model")
    try:
        made: Config = as_today(config)
    except DAMAGE as error:
        raise FileFormatError(
            f"{where}: the configuration of its model is damaged: {error!r}"
        ) from error
    return made


def as_today(value: Any) -> Any:
    """A value of a configuration, with the objects in it in the form of Keras 3."""
    if isinstance(value, list):
        return [as_today(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("class_name"), str) and "config" in value:
        return _named(value)
    return {key: as_today(item) for key, item in value.items()}


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
    return {**layer, "config": without(layer["config"], "batch_input_shape")}


def _calls_are_lists(config: Config) -> bool:
    """Whether Keras 2 wrote a graph: Keras 3 writes the arguments of each call by name."""
    nodes = (node for layer in config["layers"] for node in layer.get("inbound_nodes", []))
    return any(isinstance(node, list) for node in nodes)


def _renumbered(config: Config) -> Config:
    """A graph whose calls of models in it count from 0, as those of layers.

    Keras 2 counted from 1 there: the way from a model's inputs to its outputs was its call 0.
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
    return value if key == "inbound_nodes" else as_today(value)


def _arguments(name: str, config: Config, entry: Config) -> Config:
    """The arguments of a class under the names they have today."""
    if name == "InputLayer":
        shape = config.pop("batch_input_shape", None)
        return {**config, "batch_shape": shape} if shape is not None else config
    if name == "ThresholdedReLU":
        entry["class_name"] = "ReLU"
        return {**without(config, "theta"), "threshold": float(config["theta"])}
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
    return without(config, *idle)


def _means_nothing(value: Any, values: tuple[Any, ...] | None) -> bool:
    return values is None or value in values


def without(config: Config, *names: str) -> Config:
    """A configuration without some of its entries."""
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
