"""Writes `docs/interop.md`: what becomes of each layer and network in the other systems.

    python docs/list_interop.py            writes the page, in ten minutes or so
    python docs/list_interop.py NAME …     prints the lines of these cases

The cases are those of `tests/interop/cases.py`; a number is the largest difference between outputs
there and here, by the scale of the outputs, and a refusal is given with its reason. The tests hold
the page to the cases: `tests/interop/test_page.py`.
"""

from __future__ import annotations

import os
import pathlib
import re
import sys
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "interop.md"
SYSTEMS = ("Keras", "PyTorch", "TensorFlow", "ONNX")

# Where an installed Keras cannot be compared with, and why.
OF_KERAS = {
    "RandomCrop": "goes there and back; Keras's own crops in training alone",
    "Resizing": "goes there and back; Keras's own does not enlarge by area on JAX",
    "Wrapper": "a class of the tests, which Keras does not have",
    "the transformer, of examples/": "it has a layer of its own, which Keras does not have",
    "the transformer behind its text, of examples/": (
        "it has a layer of its own, which Keras does not have"
    ),
    "the network of a table, of examples/": (
        "goes there and back; Keras's own models take no text on JAX"
    ),
}

HEAD = """# To other systems and back

Written by `docs/list_interop.py`; the tests hold it to what they compare.

Each line is a model of one layer, or a network, with weights that were drawn. It goes to Keras as a
`.keras` file, which Keras reads and writes again and Myelin reads; to PyTorch as the module that
`to_torch` gives; to TensorFlow as a SavedModel that TensorFlow serves; to ONNX as a file that
onnxruntime runs. A number is the largest difference between outputs there and here, divided by the
largest output: below 1e-5 everywhere. A dash is a refusal, before anything is written, or a layer
which Keras itself cannot be compared in; the reasons stand below.

"""


def differences() -> tuple[Callable[[str], float], ...]:
    """For each of the systems, the function that measures a case."""
    from tests.interop.differences import keras_difference
    from tests.interop.onnx_differences import onnx_difference, tensorflow_difference
    from tests.interop.torch_differences import torch_difference

    return keras_difference, torch_difference, tensorflow_difference, onnx_difference


def measure(name: str) -> list[float | str]:
    """The numbers of a case, with the reason in the place of one that was refused."""
    from myelin.errors import InputError

    found: list[float | str] = []
    for system, difference in zip(SYSTEMS, differences(), strict=True):
        if system == "Keras" and name in OF_KERAS:
            found.append(OF_KERAS[name])
            continue
        try:
            found.append(difference(name))
        except InputError as error:
            found.append(" ".join(str(error).split()))
    return found


def line(name: str, found: list[float | str]) -> str:
    """A row of the table."""
    cells = ["–" if isinstance(value, str) else f"{value:.0e}" for value in found]
    return f"| {name} | {' | '.join(cells)} |"


def page(names: list[str]) -> str:
    """The whole page."""
    measured = {}
    for name in names:
        measured[name] = measure(name)
        print(line(name, measured[name]), flush=True)
    rows = [line(name, found) for name, found in measured.items()]
    text = HEAD + f"| case | {' | '.join(SYSTEMS)} |\n| --- |{' ---: |' * len(SYSTEMS)}\n"
    text += "\n".join(rows) + "\n\n## What the dashes stand for\n\n"
    for place, system in enumerate(SYSTEMS):
        reasons = {
            n: found[place] for n, found in measured.items() if isinstance(found[place], str)
        }
        text += f"### {system}\n\n"
        text += "".join(f"- {name}: {reason}\n" for name, reason in reasons.items()) or "Nothing.\n"
        text += "\n"
    # Layers are numbered on from case to case, and functions stand somewhere else each time.
    return re.sub(r'_\d+(?="|_preprocessor)| at 0x[0-9a-f]+', "", text).rstrip() + "\n"


def main() -> None:
    """Writes the page, or prints some lines of it."""
    sys.path[:0] = [str(ROOT)]
    from tests.interop.cases import CASES

    if sys.argv[1:]:
        for name in sys.argv[1:]:
            print(line(name, measure(name)))
        return
    PAGE.write_text(page(list(CASES)), encoding="utf-8")


if __name__ == "__main__":
    main()
