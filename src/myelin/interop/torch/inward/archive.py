"""From a `.pt` file to a `Program`: JSON and raw numbers, read without torch."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from myelin.errors import FileFormatError
from myelin.interop.torch.inward.program import Call, Program, Ref, Weight
from myelin.layers.shapes import Shape
from myelin.saving import sniff, zips
from myelin.saving.atomic import as_path

# The major version of the graphs' format that is read; torch raises it where meanings change.
SCHEMA = 8
_MODEL = "models/model.json"
_WEIGHTS, _CONSTANTS = "data/weights/", "data/constants/"

# torch's numbers of types, as its files have them, and what they are here.
_TYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32",
    8: "float64", 12: "bool", 13: "bfloat16",
}  # fmt: skip
# A graph may hold as many operations as the largest of networks, and not more.
_MOST_CALLS = 1 << 18


def program_in(filepath: Any) -> Program:
    """The program that `torch.export.save` wrote to a file.

    Only two kinds of members are read: the graph, which is JSON, and numbers, which are bytes.
    Whatever else the file holds, such as the pickles of example inputs, is never opened.

    Raises:
        FileNotFoundError: there is no such file.
        FileFormatError: it is of another kind, damaged, or holds weights as pickles.
    """
    path = as_path(filepath)
    sniff.refuse_folder(path)
    where = str(path)
    _check_start(path)
    with zips.opened(path) as archive:
        top = _top(archive.names, where)
        try:
            return _program(archive, top, where)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise FileFormatError(
                f"{where} is damaged, or of another version of PyTorch: {error!r}"
            ) from error


def _check_start(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if not start.startswith(b"PK"):
        raise FileFormatError(
            f"{path} is no zip archive, as torch.export.save writes: older PyTorch files are "
            f"pickles, which could run code, and Myelin never loads one. {_WAY_OUT}"
        )


_WAY_OUT = (
    "In PyTorch, write the model with torch.export.save(torch.export.export(module.eval(), "
    '(example,)), "model.pt")'
)


def _top(names: list[str], where: str) -> str:
    """The folder that all members stand in."""
    found = [name for name in names if name.endswith("/" + _MODEL)]
    if len(found) == 1:
        return found[0].removesuffix(_MODEL)
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        raise FileFormatError(
            f"{where} is a TorchScript file, which holds code and pickles; Myelin runs neither. "
            f"{_WAY_OUT}"
        )
    if any(name.endswith("data.pkl") for name in names):
        raise FileFormatError(
            f"{where} is a file of torch.save, which holds a pickle that could run code; Myelin "
            f"never loads one. {_WAY_OUT}"
        )
    raise FileFormatError(f"{where} is a zip archive, but no model of torch.export. {_WAY_OUT}")


def _program(archive: zips.Archive, top: str, where: str) -> Program:
    said = _parsed(archive.read(top + _MODEL), where)
    version = said["schema_version"]["major"]
    if version != SCHEMA:
        raise FileFormatError(
            f"{where} has a graph of format {version}, and Myelin reads {SCHEMA}: write it with "
            "another version of PyTorch"
        )
    if archive.read(top + "byteorder") != b"little":
        raise FileFormatError(f"{where} has its bytes in the order of another machine")
    module = said["graph_module"]
    graph, values = module["graph"], module["graph"]["tensor_values"]
    if len(graph["nodes"]) > _MOST_CALLS:
        raise FileFormatError(f"{where} has {len(graph['nodes'])} operations: made to do harm")
    arrays = {
        **_Arrays(archive, top + _WEIGHTS, "model_weights_config.json", where).read(),
        **_Arrays(archive, top + _CONSTANTS, "model_constants_config.json", where).read(),
    }
    inputs, weights = [], {}
    for spec in module["signature"]["input_specs"]:
        ((kind, content),) = spec.items()
        if kind == "user_input":
            name = content["arg"]["as_tensor"]["name"]
            inputs.append((name, _shape(values[name]), _TYPES[values[name]["dtype"]]))
        elif kind in _NAMES:
            weights[content["arg"]["name"]] = arrays[content[_NAMES[kind]]]
        else:
            raise FileFormatError(f"{where} wants a {kind} as input, which no model here takes")
    calls = [_call(node, values) for node in graph["nodes"]]
    outputs = [_value(spec["user_output"]["arg"]) for spec in module["signature"]["output_specs"]]
    single = len(outputs) == 1 and _is_bare(module)
    return Program(inputs, weights, calls, outputs[0] if single else outputs)


_NAMES = {"parameter": "parameter_name", "buffer": "buffer_name",
          "tensor_constant": "tensor_constant_name"}  # fmt: skip


def _is_bare(module: Any) -> bool:
    """Whether the module gives its one output itself, not in a list of one."""
    spec = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])
    return spec[1]["type"] is None


def _parsed(content: bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is damaged: {error}") from error


class _Arrays:
    """The numbers of one folder of an archive, by the names that its table gives them."""

    def __init__(self, archive: zips.Archive, folder: str, table: str, where: str) -> None:
        self.archive, self.folder, self.where = archive, folder, where
        self.table = _parsed(archive.read(folder + table), where)["config"]

    def read(self) -> dict[str, Weight]:
        """Every array.

        Raises:
            FileFormatError: a pickle, or numbers that do not fit their shape.
        """
        return {name: self._one(name, said) for name, said in self.table.items()}

    def _one(self, name: str, said: Any) -> Weight:
        if said["use_pickle"] is not False:
            raise FileFormatError(
                f"{self.where} holds {name} as a pickle, which could run code; Myelin never "
                "loads one"
            )
        meta = said["tensor_meta"]
        shape = tuple(size["as_int"] for size in meta["sizes"])
        strides = tuple(size["as_int"] for size in meta["strides"])
        offset = meta["storage_offset"]["as_int"]
        content = self.archive.read(f"{self.folder}{said['path_name']}")
        kind = _TYPES[meta["dtype"]]
        if kind == "bfloat16":
            numbers = (np.frombuffer(content, "<u2").astype("u4") << 16).view("f4")
        else:
            numbers = np.frombuffer(content, np.dtype(kind).newbyteorder("<"))
        array = self._laid_out(name, numbers, shape, strides, offset)
        return Weight(name, array, bool(meta["requires_grad"]))

    def _laid_out(
        self, name: str, numbers: np.ndarray, shape: Any, strides: Any, offset: int
    ) -> np.ndarray:
        """Numbers in a row as an array, whose last place lies among them."""
        plain = all(isinstance(n, int) and n >= 0 for n in (*shape, *strides, offset))
        fits = plain and len(shape) == len(strides)
        if fits and math.prod(shape) > numbers.size:
            fits = False
        last = (
            offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if fits else -1
        )
        if not fits or (math.prod(shape) and last >= numbers.size):
            raise FileFormatError(
                f"{self.where} is damaged: {name} has {numbers.size} numbers, not those of shape "
                f"{shape}"
            )
        step = numbers.itemsize
        laid = np.lib.stride_tricks.as_strided(
            numbers[offset:], shape, tuple(s * step for s in strides), writeable=False
        )
        return np.array(laid)


def _shape(meta: Any) -> Shape:
    return tuple(size.get("as_int") for size in meta["sizes"])


def _call(node: Any, values: Any) -> Call:
    given = {one["name"]: _value(one["arg"]) for one in node["inputs"]}
    names = [_output(one) for one in node["outputs"]]
    outputs = names[0] if len(names) == 1 else names
    stack = node["metadata"].get("nn_module_stack", "")
    path, module = "", ""
    if stack.count(",") >= 2:
        _, path, module = stack.rpartition(";")[2].split(",", 2)
    shape = _shape(values[outputs]) if isinstance(outputs, str) and outputs in values else None
    target = node["target"].removeprefix("torch.ops.").removeprefix("_operator.")
    return Call(target, given, outputs, path, module, shape)


def _output(said: Any) -> Any:
    ((kind, content),) = said.items()
    if kind == "as_tensors":
        return [one["name"] for one in content]
    return content["as_name"] if kind == "as_sym_int" else content.get("name")


def _value(said: Any) -> Any:
    """An argument: a number, a text, a type, or the name of a value."""
    ((kind, content),) = said.items()
    if kind in ("as_tensor", "as_sym_int") and isinstance(content, dict):
        if "as_int" in content:
            return content["as_int"]
        return Ref(str(content.get("name", content.get("as_name"))))
    if kind in ("as_tensors", "as_sym_ints", "as_optional_tensors"):
        return [_member(one) for one in content]
    if kind in ("as_float", "as_floats"):
        # JSON has no infinity: it stands there as text.
        return [float(one) for one in content] if isinstance(content, list) else float(content)
    if kind in ("as_int", "as_ints", "as_bool", "as_bools", "as_string"):
        return content
    if kind == "as_scalar_type":
        return _TYPES[content]
    if kind == "as_optional_tensor":
        return _member(content)
    if kind in ("as_none", "as_device", "as_layout", "as_memory_format"):
        return None
    raise FileFormatError(f"An operation is called with {kind}, which Myelin does not know")


def _member(said: Any) -> Any:
    if "as_int" in said:
        return said["as_int"]
    if "as_tensor" in said:
        return Ref(said["as_tensor"]["name"])
    name = said.get("name", said.get("as_name"))
    return None if name is None else Ref(name)
