"""Published holes in torch's loading: the same attacks on `load_model`, which runs nothing."""

import io
import json
import pickle
import tarfile

import pytest

from myelin.errors import FileFormatError
from myelin.interop.torch import load_model
from tests.interop.torch_programs import program, write


class Attack:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def mark(tmp_path):
    """What an attack would leave behind; the attack is shown to work where it is let in."""
    path = tmp_path / "attacked"
    pickle.loads(pickle.dumps(Attack(path))).close()
    assert path.exists()
    path.unlink()
    yield path
    assert not path.exists()


def test_cve_2025_32434_a_pickle_behind_weights_only(tmp_path, mark):
    # Up to torch 2.5, torch.load(weights_only=True) let TorchScript archives and old tar files
    # through to loaders that unpickle anything.
    evil = pickle.dumps(Attack(mark), protocol=2)
    script = {
        "m/data.pkl": evil, "m/constants.pkl": evil, "m/version": b"3\n",
        "m/code/__torch__.py": f"open({str(mark)!r}, 'w')".encode(),
    }  # fmt: skip
    with pytest.raises(FileFormatError, match="TorchScript file, which holds code and pickles"):
        load_model(write(tmp_path / "script.pt", script))
    with tarfile.open(tmp_path / "old.pt", "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            info = tarfile.TarInfo(name)
            info.size = len(evil)
            archive.addfile(info, io.BytesIO(evil))
    with pytest.raises(FileFormatError, match="Myelin never loads one"):
        load_model(tmp_path / "old.pt")
    with pytest.raises(FileFormatError, match="a pickle that could run code"):
        load_model(write(tmp_path / "saved.pt", {"m/data.pkl": evil, "m/byteorder": b"little"}))


def test_cve_2025_32434_pickles_beside_a_program(tmp_path, mark):
    # torch.export.load unpickles example inputs and constants; here they are never opened.
    evil = pickle.dumps(Attack(mark))
    beside = {"archive/data/sample_inputs/model.pt": evil, "archive/data.pkl": evil}
    load_model(write(tmp_path / "beside.pt", program() | beside))

    def pickled(graph, weights):
        weights["0.weight"]["use_pickle"] = True

    inside = program(pickled) | {"archive/data/weights/weight_0": evil}
    with pytest.raises(FileFormatError, match=r"0\.weight as a pickle"):
        load_model(write(tmp_path / "inside.pt", inside))


def test_cve_2026_24747_numbers_beyond_their_storage(tmp_path, mark):
    # Before torch 2.10, the weights-only unpickler let a file set items of what is no dictionary
    # and claim more numbers than a storage has, and so wrote outside of memory.
    unpickled = b"\x80\x02" + b"K\x01K\x02K\x03s."
    with pytest.raises(FileFormatError, match="never loads one"):
        load_model(write(tmp_path / "items.pt", {"m/data.pkl": unpickled}))
    for claim in (
        {"sizes": [{"as_int": 2}, {"as_int": 300}]},
        {"storage_offset": {"as_int": 1 << 62}},
        {"storage_offset": {"as_int": -1}},
        {"strides": [{"as_int": 1 << 62}, {"as_int": 1}]},
        {"dtype": 8},
    ):

        def claimed(graph, weights, claim=claim):
            weights["0.weight"]["tensor_meta"] |= claim

        with pytest.raises(FileFormatError, match=r"0\.weight has \d numbers, not those"):
            load_model(write(tmp_path / "claim.pt", program(claimed)))


def test_cve_2022_45907_text_that_is_evaluated(tmp_path, mark):
    # torch.jit evaluated the type comments of functions; torch.export's sizes are evaluated as
    # expressions to this day. Here a text is compared with names, and never evaluated.
    code = f"__import__('builtins').open({str(mark)!r}, 'w')"

    def sizes(graph, weights):
        inner = graph["graph_module"]["graph"]
        for value in inner["tensor_values"].values():
            value["sizes"][0] = {"as_expr": {"expr_str": code, "hint": None}}
        inner["sym_int_values"] = {"s0": {"as_expr": {"expr_str": code, "hint": None}}}
        graph["guards_code"] = [code]
        graph["range_constraints"] = {code: {"min_val": code, "max_val": code}}
        for node in inner["nodes"]:
            node["metadata"] |= {"stack_trace": code, "torch_fn": code}

    load_model(write(tmp_path / "sizes.pt", program(sizes)))
    for where in ("target", "argument", "spec", "module"):

        def named(graph, weights, where=where):
            module = graph["graph_module"]
            node = module["graph"]["nodes"][0]
            if where == "target":
                node["target"] = f"torch.ops.aten.{code}"
            elif where == "argument":
                node["inputs"][2]["arg"] = {"as_string": code}
            elif where == "spec":
                spec = [1, {"type": "builtins.dict", "context": code, "children_spec": []}]
                module["module_call_graph"][0]["signature"]["out_spec"] = json.dumps(spec)
            else:
                node["inputs"][0]["arg"] = {"as_custom_obj": {"name": code, "class_fqn": code}}

        path = write(tmp_path / "named.pt", program(named))
        if where == "spec":
            load_model(path)
        else:
            with pytest.raises(FileFormatError):
                load_model(path)
