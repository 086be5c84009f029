"""What was published against ONNX: files whose data stand elsewhere are not followed."""

import numpy as np
import pytest

from myelin import Sequential, layers, saving
from myelin.errors import FileFormatError
from myelin.interop import onnx as interop

onnx = pytest.importorskip("onnx")
state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")


@pytest.fixture
def forged(tmp_path):
    """Writes a model whose one weight is said to lie in another file."""

    def write(location):
        (tmp_path / "secret.bin").write_bytes(np.arange(4, dtype="f4").tobytes())
        folder = tmp_path / "models" / "inner"
        folder.mkdir(parents=True)
        weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[4])
        weight.data_location = onnx.TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=location)
        weight.external_data.add(key="length", value="16")
        x, y = (onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [4]) for n in "xy")
        nodes = [onnx.helper.make_node("Add", ["x", "w"], ["y"])]
        graph = onnx.helper.make_graph(nodes, "forged", [x], [y], [weight])
        path = folder / "m.onnx"
        path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
        return path

    return write


def is_refused(path):
    model = Sequential([layers.Input((4,)), layers.Dense(4)])
    before = model.get_weights()
    with pytest.raises(FileFormatError, match="ONNX"):
        saving.load_model(path)
    with pytest.raises(FileFormatError, match=r"ONNX|onnx"):
        model.load_weights(path)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    # What runs a file hands it to onnxruntime, which does not leave its folder either.
    with pytest.raises(state.Fail, match="escapes model directory"):
        interop.run(str(path), {"x": np.zeros(4, "f4")})


def test_cve_2022_25882_weights_in_a_file_outside_of_the_folder(forged):
    is_refused(forged("../../secret.bin"))


def test_cve_2024_27318_the_same_by_way_of_a_folder_inside(forged):
    is_refused(forged("inner/../../../secret.bin"))


def test_cve_2025_51480_what_is_written_goes_to_no_place_that_a_model_names(tmp_path):
    # Data go into the file itself, and a layer's name is a name in it.
    model = Sequential([layers.Input((4,)), layers.Dense(4, name="out_there")])
    model.save(tmp_path / "m.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    made = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    assert not any(tensor.external_data for tensor in made.graph.initializer)
