"""TensorFlow's functions give what TensorFlow gives."""

import inspect

import numpy as np
import pytest

from myelin.keras_script.names import TENSORFLOW
from tests.keras_script.tensorflow_cases import CASES
from tests.keras_script.test_tensorflow_names import ours

tf = pytest.importorskip("tensorflow")


def parts(result):
    return list(result) if isinstance(result, tuple | list) else [result]


@pytest.mark.parametrize("name", CASES)
def test_gives_the_same(name):
    mine, its = parts(CASES[name](ours)), parts(CASES[name](tf))
    assert len(mine) == len(its)
    for index, (one, other) in enumerate(zip(mine, its, strict=True)):
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape, index
        assert one.dtype.kind == other.dtype.kind, index
        tolerance = 2e-3 if name in ("linear algebra", "resizing") else 2e-5
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=str(index))


# How TensorFlow runs a loop, and what only its other devices know.
_EXECUTION = {
    "back_prop", "bad_indices_policy", "grad_a", "grad_b", "half_pixel_centers", "infer_shape",
    "layout", "parallel_iterations", "swap_memory", "use_locking",
}  # fmt: skip
# Arguments that no program for Keras was seen to use.
_LEFT_OUT = {
    "linalg.diag": {"align", "k", "num_cols", "num_rows", "padding_value"},
    "linalg.diag_part": {"align", "padding_value"},
    "linalg.set_diag": {"align", "k"},
    "math.bincount": {"axis", "binary_output"},
    "math.l2_normalize": {"dim"},
    "nn.l2_normalize": {"dim"},
    ".meshgrid": {"kwargs"},
}


def test_functions_take_the_arguments_of_tensorflow():
    missing = {}
    for path, names in TENSORFLOW.items():
        for name, target in names.items():
            if not target.startswith("keras_script.tensorflow"):
                continue
            mine, theirs = ours, tf
            for part in filter(None, f"{path}.{name}".split(".")):
                mine, theirs = getattr(mine, part), getattr(theirs, part)  # All are TensorFlow's.
            known = inspect.signature(mine, follow_wrapped=False).parameters
            if inspect.isclass(theirs) or any(p.kind is p.VAR_KEYWORD for p in known.values()):
                continue
            lacks = set(inspect.signature(theirs).parameters) - set(known) - _EXECUTION
            if lacks != _LEFT_OUT.get(f"{path}.{name}", set()):
                missing[f"{path}.{name}"] = sorted(lacks)
    assert not missing, str(missing)
