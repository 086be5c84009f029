"""A small program of torch.export, written by hand: `relu(x @ weight.T + bias)`."""

import json
import zipfile

import numpy as np

WEIGHT = np.arange(6, dtype="f4").reshape(2, 3) / 4 - 0.5
BIAS = np.array([0.25, -0.5], "f4")


def _tensor(shape, dtype=7):
    sizes = [
        {"as_int": size} if size else {"as_expr": {"expr_str": "Symbol('s0')", "hint": None}}
        for size in shape
    ]
    strides = [{"as_int": int(np.prod(shape[i + 1 :] or 1))} for i in range(len(shape))]
    return {
        "dtype": dtype, "sizes": sizes, "requires_grad": True, "device": {"type": "cpu"},
        "strides": strides, "storage_offset": {"as_int": 0}, "layout": 7,
    }  # fmt: skip


def _named(name, kind, value):
    return {"name": name, "arg": {kind: value}, "kind": 1}


def _call(target, inputs, output, module):
    return {
        "target": f"torch.ops.aten.{target}", "inputs": inputs,
        "outputs": [{"as_tensor": {"name": output}}],
        "metadata": {"nn_module_stack": f"L__self__,,m.M;L__self__0,0,torch.nn.modules.{module}"},
    }  # fmt: skip


def _input(kind, name, **more):
    return {kind: {"arg": {"name": name}, **more}}


def _graph():
    nodes = [
        _call("linear.default", [
            _named("input", "as_tensor", {"name": "x"}),
            _named("weight", "as_tensor", {"name": "p_weight"}),
            _named("bias", "as_tensor", {"name": "p_bias"}),
        ], "linear", "linear.Linear"),
        _call("relu.default", [_named("self", "as_tensor", {"name": "linear"})], "relu",
              "activation.ReLU"),
    ]  # fmt: skip
    values = {"x": _tensor((0, 3)), "linear": _tensor((0, 2)), "relu": _tensor((0, 2))}
    inputs = [
        _input("parameter", "p_weight", parameter_name="0.weight"),
        _input("parameter", "p_bias", parameter_name="0.bias"),
        {"user_input": {"arg": {"as_tensor": {"name": "x"}}}},
    ]
    outputs = [{"user_output": {"arg": {"as_tensor": {"name": "relu"}}}}]
    spec = json.dumps([1, {"type": None, "context": None, "children_spec": []}])
    return {
        "graph_module": {
            "graph": {"nodes": nodes, "tensor_values": values, "sym_int_values": {}},
            "signature": {"input_specs": inputs, "output_specs": outputs},
            "module_call_graph": [{"fqn": "", "signature": {"out_spec": spec}}],
        },
        "schema_version": {"major": 8, "minor": 20}, "guards_code": [],
    }  # fmt: skip


def program(change=lambda graph, weights: None):
    """The members of such a file; `change` may alter the graph and the table of weights."""
    graph = _graph()
    weights = {
        name: {"path_name": path, "use_pickle": False, "tensor_meta": _tensor(array.shape)}
        for name, path, array in (("0.weight", "weight_0", WEIGHT), ("0.bias", "weight_1", BIAS))
    }
    change(graph, weights)
    return {
        "archive/models/model.json": json.dumps(graph).encode(),
        "archive/data/weights/model_weights_config.json": json.dumps({"config": weights}).encode(),
        "archive/data/weights/weight_0": WEIGHT.tobytes(),
        "archive/data/weights/weight_1": BIAS.tobytes(),
        "archive/data/constants/model_constants_config.json": b'{"config": {}}',
        "archive/byteorder": b"little",
    }


def write(path, members, method=zipfile.ZIP_STORED):
    """A zip archive of these members."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
