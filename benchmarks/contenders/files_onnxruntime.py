"""onnxruntime: predictions of the small model, written as a graph by hand."""

import files_protocol as protocol
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

options = protocol.options()
rng = np.random.default_rng(0)
sizes = {"w1": (784, 128), "b1": (128,), "w2": (128, 10), "b2": (10,)}
weights = [
    numpy_helper.from_array(rng.normal(size=shape).astype("float32") / 20, name)
    for name, shape in sizes.items()
]
nodes = [
    helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
    helper.make_node("Relu", ["h"], ["r"]),
    helper.make_node("Gemm", ["r", "w2", "b2"], ["l"]),
    helper.make_node("Softmax", ["l"], ["y"]),
]
graph = helper.make_graph(
    nodes, "small",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 784])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
    weights,
)  # fmt: skip
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString())
protocol.finish(protocol.predicted(lambda x: session.run(None, {"x": x})))
