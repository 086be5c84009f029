"""How far the outputs of exported models are from Myelin's, for each of the cases.

`python -m tests.interop.onnx_differences` prints a line for each case: minutes, for TensorFlow.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from myelin.errors import InputError
from myelin.interop import onnx, tensorflow
from myelin.interop.exporting import difference
from myelin.interop.inference import Inference
from tests.interop.cases import CASES, case

BATCHES = (1, 2, 5)


def onnx_difference(name):
    """The largest difference in onnxruntime at several batch sizes, relative to the scale.

    Raises InputError where the case is refused.
    """
    return _difference(name, "onnx", lambda model, path: onnx.save_model(model, path))


def tensorflow_difference(name):
    """As `onnx_difference`, for the outputs of a SavedModel in TensorFlow."""
    return _difference(name, "tensorflow", lambda model, path: tensorflow.export_model(model, path))


def _difference(name, system, save):
    model, x = case(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exported"
        save(model, path)
        return largest_difference(system, path, model, x)


def largest_difference(system, path, model, x):
    """The largest difference at several batch sizes, of what was exported for a system."""
    inference = _Once(Inference(model), [_repeated(array) for array in as_list(x)])
    samples = [[array[:batch] for array in inference.arrays] for batch in BATCHES]
    return max(difference(system, path, inference, sample)[1] for sample in samples)


class _Once:
    """An inference whose outputs for the largest batch are computed once, and cut for others."""

    def __init__(self, inference, arrays):
        self._inference = inference
        self.arrays = arrays
        self._outputs = inference.predicted(arrays)

    def __getattr__(self, name):
        return getattr(self._inference, name)

    def predicted(self, arrays):
        whole, batch = len(self.arrays[0]), len(arrays[0])
        alike = [len(output) == whole for output in self._outputs]
        if not all(alike):
            return self._inference.predicted(arrays)
        return [output[:batch] for output in self._outputs]


def as_list(x):
    return x if isinstance(x, list) else [x]


def _repeated(array):
    return np.concatenate([array] * max(BATCHES))[: max(BATCHES)]


def _shown(function, name):
    try:
        return f"{function(name):.1e}"
    except InputError as error:
        return str(error)


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        print(name, _shown(onnx_difference, name), _shown(tensorflow_difference, name), sep=" | ")
