"""The same weights, data and order give Keras's history and weights."""

import numpy as np
import pytest

import myelin as mn
from tests.training.conftest import make_data

pytestmark = pytest.mark.peer

X, Y = make_data(n=70)
ONE_HOT = np.eye(3, dtype="float32")[Y]

# Loss, targets, last layer, metrics, further arguments of fit.
CASES = {
    "sparse": ("sparse_categorical_crossentropy", Y, (3, "softmax"), ["accuracy"], {}),
    "one-hot": ("categorical_crossentropy", ONE_HOT, (3, "softmax"), ["acc", "AUC"], {}),
    "binary": ("binary_crossentropy", (Y > 0) * 1.0, (1, "sigmoid"), ["accuracy"], {}),
    "regression": ("mse", X[:, :2] ** 2, (2, None), ["mae", "RootMeanSquaredError"], {}),
    "class weight": (
        "sparse_categorical_crossentropy", Y, (3, "softmax"), ["accuracy"],
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
    ),
    "sample weight": (
        "mse", X[:, :2] ** 2, (2, None), ["mae"], {"sample_weight": np.linspace(0.1, 2, 70)},
    ),
    "validation split": (
        "sparse_categorical_crossentropy", Y, (3, "softmax"), ["accuracy"],
        {"validation_split": 0.3},
    ),
}  # fmt: skip


def build(module, units, activation):
    return module.Sequential([
        module.Input((4,)),
        module.layers.Dense(8, activation="relu", kernel_regularizer=module.regularizers.L2(0.01)),
        module.layers.BatchNormalization(),
        module.layers.Dense(units, activation=activation),
    ])  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_history_and_weights_are_keras(keras, case, optimizer):
    loss, y, last, metrics, arguments = CASES[case]
    ours, theirs = build(mn, *last), build(keras, *last)
    theirs.set_weights(ours.get_weights())
    histories = []
    for model in (ours, theirs):
        model.compile(optimizer, loss, metrics=list(metrics))
        history = model.fit(
            X, np.asarray(y, y.dtype), epochs=3, batch_size=16, shuffle=False, verbose=0,
            **arguments,
        )  # fmt: skip
        histories.append(history.history)
    got, wanted = histories
    assert set(got) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(got[name], values, rtol=2e-3, atol=2e-4, err_msg=name)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=5e-3, atol=5e-4)
    got, wanted = (m.evaluate(X, y, verbose=0, return_dict=True) for m in (ours, theirs))
    for name, value in wanted.items():
        assert got[name] == pytest.approx(value, rel=2e-3, abs=2e-4)
    np.testing.assert_allclose(
        ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=5e-3, atol=1e-3
    )
