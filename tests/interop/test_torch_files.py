"""`.pt` files that are read without torch: what they say, and damage."""

import json
import sys
import zipfile

import numpy as np
import pytest

from myelin import Input, Sequential, layers
from myelin.errors import FileFormatError
from myelin.interop.torch import load_model, save_model
from tests.interop.torch_programs import BIAS, WEIGHT, program, write


def test_a_program_is_read_without_torch(tmp_path):
    before = "torch" in sys.modules
    model = load_model(write(tmp_path / "m.pt", program()))
    assert ("torch" in sys.modules) == before
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    np.testing.assert_allclose(model(x), np.maximum(x @ WEIGHT.T + BIAS, 0), atol=1e-6)
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "ReLU"]
    assert model.layers[0].name == "0"


def test_numbers_lie_as_the_table_says(tmp_path):
    def turned(graph, weights):
        # The weight is a view that goes through the same numbers in another order.
        weights["0.weight"]["tensor_meta"]["strides"] = [{"as_int": 1}, {"as_int": 2}]
        weights["0.bias"]["tensor_meta"]["requires_grad"] = False

    model = load_model(write(tmp_path / "m.pt", program(turned)))
    kernel = WEIGHT.ravel()[np.add.outer([0, 1], [0, 2, 4])].T
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)


def _bad(change):
    return program(change)


def _pickled(graph, weights):
    weights["0.weight"]["use_pickle"] = True


def _too_large(graph, weights):
    weights["0.weight"]["tensor_meta"]["sizes"] = [{"as_int": 1 << 40}, {"as_int": 3}]


def _outside(graph, weights):
    weights["0.weight"]["tensor_meta"]["storage_offset"] = {"as_int": 5}


def _backwards(graph, weights):
    weights["0.weight"]["tensor_meta"]["strides"] = [{"as_int": -3}, {"as_int": 1}]


def _elsewhere(graph, weights):
    weights["0.weight"]["path_name"] = "../../../byteorder"


def _unknown(graph, weights):
    graph["graph_module"]["graph"]["nodes"][1]["target"] = "torch.ops.aten.frobnicate.default"


def _another_space(graph, weights):
    graph["graph_module"]["graph"]["nodes"][1]["target"] = "os.system"


def _newer(graph, weights):
    graph["schema_version"]["major"] = 9


def _no_weight(graph, weights):
    del weights["0.weight"]


def _nothing_makes_it(graph, weights):
    graph["graph_module"]["graph"]["nodes"].pop(0)


def _wide_inputs(graph, weights):
    values = graph["graph_module"]["graph"]["tensor_values"]
    values["x"]["sizes"][1] = {"as_int": 1 << 40}


def _zeros_without_end(graph, weights):
    node = graph["graph_module"]["graph"]["nodes"][1]
    size = {"name": "size", "arg": {"as_ints": [1 << 20, 1 << 20]}, "kind": 1}
    zeros = {**node, "target": "torch.ops.aten.zeros.default", "inputs": [size]}
    zeros["outputs"] = [{"as_tensor": {"name": "zeros"}}]
    other = {"name": "other", "arg": {"as_tensor": {"name": "zeros"}}, "kind": 1}
    graph["graph_module"]["graph"]["nodes"].insert(1, zeros)
    node["target"] = "torch.ops.aten.add.Tensor"
    node["inputs"].append(other)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_pickled, "as a pickle, which could run code"),
        (_too_large, "not those of shape"),
        (_outside, "not those of shape"),
        (_backwards, "not those of shape"),
        (_elsewhere, "lacks archive/data/weights/../../../byteorder"),
        (_unknown, r'aten.frobnicate.default in "0" \(ReLU\) has no form in Myelin'),
        (_another_space, "os.system.* has no form in Myelin"),
        (_newer, "a graph of format 9, and Myelin reads 8"),
        (_no_weight, "damaged"),
        (_nothing_makes_it, "linear"),
        (_wide_inputs, "no room for the shape"),
        (_zeros_without_end, "numbers that no file brings"),
    ],
)
def test_forged_programs_are_refused(tmp_path, change, why):
    path = write(tmp_path / "m.pt", program(change))
    with pytest.raises(FileFormatError, match=why):
        load_model(path)


def test_other_files_are_refused_by_what_they_are(tmp_path):
    script = {"m/code/__torch__.py": b"", "m/data.pkl": b"\x80\x02.", "m/constants.pkl": b"."}
    others = {
        "TorchScript": write(tmp_path / "script.pt", script),
        "torch.save": write(tmp_path / "saved.pt", {"m/data.pkl": b"\x80\x02."}),
        "no model of torch.export": write(tmp_path / "zip.pt", {"a.txt": b"a"}),
        "no zip archive": tmp_path / "old.pt",
    }
    (tmp_path / "old.pt").write_bytes(b"\x80\x02}q\x00.")
    for what, path in others.items():
        with pytest.raises(FileFormatError, match=what):
            load_model(path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.pt")
    bomb = program() | {"archive/data/weights/weight_0": bytes(1 << 26)}
    with pytest.raises(FileFormatError, match="made to do harm"):
        load_model(write(tmp_path / "bomb.pt", bomb, zipfile.ZIP_DEFLATED))


def test_damage_anywhere_is_a_file_format_error(tmp_path):
    members = program()
    rng = np.random.default_rng(0)
    for round_ in range(60):
        name = list(members)[round_ % 3 and 1]
        content = bytearray(members[name])
        for place in rng.integers(0, len(content), 2):
            content[place] = rng.integers(32, 127)
        path = write(tmp_path / "m.pt", members | {name: bytes(content)})
        try:
            load_model(path)
        except FileFormatError:
            continue
    whole = write(tmp_path / "m.pt", members).read_bytes()
    for cut in (0, 3, 100, len(whole) // 2, len(whole) - 5):
        (tmp_path / "cut.pt").write_bytes(whole[:cut])
        with pytest.raises(FileFormatError):
            load_model(tmp_path / "cut.pt")


def test_leaves_of_other_types_are_damage(tmp_path):
    members = program()
    name = "archive/models/model.json"
    graph = json.loads(members[name])

    def places(tree, path=()):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in items:
            yield (*path, key)
            if isinstance(value, dict | list):
                yield from places(value, (*path, key))

    every = list(places(graph))
    rng = np.random.default_rng(1)
    for place in rng.permutation(len(every))[:40]:
        changed = json.loads(members[name])
        *way, last = every[place]
        spot = changed
        for key in way:
            spot = spot[key]
        spot[last] = [None, -1, "", {}, [[]]][place % 5]
        path = write(tmp_path / "m.pt", members | {name: json.dumps(changed).encode()})
        try:
            load_model(path)
        except FileFormatError:
            continue


def test_saving_wants_torch(tmp_path, monkeypatch):
    from myelin.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "torch", None)
    model = Sequential([Input((3,)), layers.Dense(2)])
    with pytest.raises(MissingExtraError, match=r"myelin\[torch\]"):
        save_model(model, tmp_path / "m.pt")
    assert not list(tmp_path.iterdir())
