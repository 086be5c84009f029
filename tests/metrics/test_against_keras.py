"""The numbers, names and histories of Keras 3 on its JAX backend."""

import numpy as np
import pytest

from myelin import metrics
from tests.metrics.table import ROWS, VARIANTS, N, maker, title

keras = pytest.importorskip("keras")

WHOLE_WEIGHTS = ("IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")


def weights_for(name, data):
    rng = np.random.default_rng(3)
    if name in WHOLE_WEIGHTS:
        # Keras casts these to whole numbers and wants one for each value.
        shape = data[0].shape if name.startswith(("IoU", "Mean", "Binary")) else (N,)
        return rng.integers(0, 3, shape).astype("int32")
    return rng.random(N).astype("f") * 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("row", ROWS + VARIANTS, ids=title)
def test_values(row, weighted):
    name, arguments, data = row
    ours, theirs = maker(name, arguments)(), getattr(keras.metrics, name)(**arguments)
    weights = weights_for(name, data) if weighted else None
    for start in range(0, N, 8):
        part = slice(start, start + 8)
        batch = [array[part] for array in data]
        extra = {} if weights is None else {"sample_weight": weights[part]}
        ours.update_state(*batch, **extra)
        theirs.update_state(*batch, **extra)
    np.testing.assert_allclose(
        np.asarray(ours.result()), np.asarray(theirs.result()), rtol=2e-5, atol=2e-6
    )


@pytest.mark.parametrize("row", ROWS + VARIANTS, ids=title)
def test_names_of_variables_and_arguments(row):
    name, arguments, _ = row
    ours, theirs = maker(name, arguments)(), getattr(keras.metrics, name)(**arguments)
    assert getattr(metrics, name)(**arguments, name="x").name == "x"
    assert ours.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")
    assert ours.dtype == theirs.dtype
    if not name.startswith(("R2", "KL")):
        assert getattr(ours, "_direction", None) == getattr(theirs, "_direction", None)
    found = [v.name for v in ours.variables if not v.name.endswith("_lost")]
    assert found == [v.name for v in theirs.variables]
    assert set(theirs.get_config()) <= set(ours.get_config())
    again = type(ours).from_config(theirs.get_config())
    assert type(again) is type(ours)


def test_every_name_of_keras_is_known():
    from keras.src.metrics import ALL_OBJECTS_DICT

    theirs = {name: cls.__name__ for name, cls in ALL_OBJECTS_DICT.items()}
    for name in ("Metric", "metric"):
        del theirs[name]
    assert {name: metrics.NAMES[name].__name__ for name in theirs} == theirs
    public = {name for name in dir(keras.metrics) if not name.startswith("_")}
    assert public <= set(metrics.__all__) | {"Metric"}


CHOICES = [
    (metric, y, y_pred)
    for metric in ("accuracy", "acc", "mse", "AUC", "MeanSquaredError", "binary_accuracy")
    for y, y_pred in [((8, 1), (8, 1)), ((8,), (8, 1)), ((8, 1), (8, 3)), ((8,), (8, 3)),
                      ((8, 3), (8, 3)), ((8, 5), (8, 5, 4)), ((8, 5, 4), (8, 5, 4)),
                      ((8, 5, 1), (8, 5, 4)), ((8,), (8,))]
]  # fmt: skip


@pytest.mark.parametrize(("metric", "y", "y_pred"), CHOICES)
def test_a_string_means_what_it_means_in_keras(metric, y, y_pred):
    from keras.src.trainers.compile_utils import get_metric

    y, y_pred = np.zeros(y, "f"), np.zeros(y_pred, "f")
    ours, theirs = metrics.resolve_for(metric, y, y_pred), get_metric(metric, y, y_pred)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.name == theirs.name == metric


def test_functions_and_objects_are_named_as_in_keras():
    from keras.src.trainers.compile_utils import get_metric

    def MyScore(y_true, y_pred):
        return y_true - y_pred

    class Called:
        def __call__(self, y_true, y_pred):
            return y_true - y_pred

    y = np.zeros((8, 1), "f")
    for given in (MyScore, Called(), lambda a, b: a - b):
        assert metrics.resolve_for(given, y, y).name == get_metric(given, y, y).name
    assert metrics.resolve_for(metrics.mean_squared_error, y, y).name == "mean_squared_error"
    assert metrics.resolve_for(metrics.AUC(name="own"), y, y).name == "own"
