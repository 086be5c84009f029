"""Models with several inputs and outputs: names, structures, and what is wrong with data."""

import numpy as np
import pytest

import myelin as mn
from myelin.errors import InputError, NonFiniteError, ShapeError, UnknownNameError
from myelin.training.outputs import Outputs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 20).astype("int32")
VALUES = RNG.normal(size=(20, 2)).astype("float32")
BOTH = {"kind": LABELS, "size": VALUES}
LOSSES = {"kind": "sparse_categorical_crossentropy", "size": "mse"}


class Two(mn.Model):
    """Two outputs in a dictionary."""

    def __init__(self):
        super().__init__()
        self.kind = mn.layers.Dense(3, activation="softmax")
        self.size = mn.layers.Dense(2)

    def call(self, x):
        return {"kind": self.kind(x), "size": self.size(x)}


class Pair(mn.Model):
    """Two inputs, known by name."""

    input_names = ["left", "right"]

    def __init__(self):
        super().__init__()
        self.dense = mn.layers.Dense(1)

    def call(self, inputs):
        if isinstance(inputs, dict):
            inputs = [inputs["left"], inputs["right"]]
        return self.dense(inputs[0]) * self.dense(inputs[1])


class Penalised(mn.Model):
    """Its only loss is the mean square of its outputs."""

    def __init__(self):
        super().__init__()
        self.dense = mn.layers.Dense(1)

    def call(self, x):
        y = self.dense(x)
        self.add_loss((y**2).mean())
        return y


def two(**arguments):
    model = Two()
    model.compile(**{"optimizer": "sgd", "loss": LOSSES, **arguments})
    return model


def pair():
    model = Pair()
    model.compile("sgd", "mse")
    return model


def fit(model, x=X, y=BOTH, **arguments):
    return model.fit(x, y, **{"verbose": 0, "batch_size": 8, **arguments})


MISTAKES = {
    "a misspelt target": (
        lambda: fit(two(), y={"kind": LABELS, "sise": VALUES}),
        UnknownNameError, 'y.*"sise".*"size"'),
    "a missing target": (
        lambda: fit(two(), y={"kind": LABELS}), InputError, r'y\["size"\]: the loss "mse" wants'),
    "one array for two outputs": (
        lambda: fit(two(), y=LABELS), InputError, r'outputs "kind", "size"; got one array'),
    "three targets": (
        lambda: fit(two(), y=[LABELS] * 3), InputError, r'outputs "kind", "size"; got a list of 3'),
    "a target of another length": (
        lambda: fit(two(), y={"kind": LABELS, "size": VALUES[:7]}), ShapeError,
        r'x and y\["size"\] differ in length: 20 examples against 7'),
    "NaN in a target": (
        lambda: fit(two(), y={"kind": LABELS, "size": VALUES * np.nan}), InputError,
        r'NaN at y\["size"\]\[0, 0\]'),
    "a label outside the classes": (
        lambda: fit(two(), y={"kind": LABELS + 1, "size": VALUES}), InputError,
        r'y\["kind"\]: label 3 is not one'),
    "a misspelt loss": (lambda: two(loss={"kind": "mze"}), UnknownNameError, "mze"),
    "a loss for no output": (
        lambda: fit(two(loss={"knid": "mse"})), UnknownNameError, '"knid".*"kind"'),
    "too few losses": (lambda: fit(two(loss=["mse"])), InputError, "loss: wants a list of 2"),
    "a metric for all": (
        lambda: fit(two(metrics="mae")), InputError, "metrics: wants a list of 2"),
    "a metric for no output": (
        lambda: fit(two(metrics={"sizes": "mae"})), UnknownNameError, '"sizes".*"size"'),
    "a weight for no output": (
        lambda: fit(two(loss_weights={"sizes": 2.0})), UnknownNameError, '"sizes".*"size"'),
    "class weights": (
        lambda: fit(two(), class_weight={0: 2.0}), InputError, "models with one output"),
    "sample weights of a wrong shape": (
        lambda: fit(two(), sample_weight=np.ones((20, 2))), ShapeError, "wants the shape"),
    "sample weights for no output": (
        lambda: fit(two(), sample_weight={"sizes": np.ones(20)}), UnknownNameError, '"sizes"'),
    "stratify": (
        lambda: fit(two(), validation_split=0.5, stratify=True), InputError, "stratify wants"),
    "inputs of two lengths": (
        lambda: fit(pair(), [X, X[:5]], VALUES), ShapeError,
        r'x\["left"\] and x\["right"\] differ in length: 20 examples against 5'),
    "a misspelt input": (
        lambda: fit(pair(), {"left": X, "rigth": X}, VALUES), UnknownNameError, '"rigth".*"right"'),
    "a missing input": (
        lambda: fit(pair(), {"left": X}, VALUES), InputError, 'also wants the input "right"'),
    "text among the inputs": (
        lambda: fit(pair(), {"left": X, "right": X.astype(str)}, VALUES), InputError,
        r'x\["right"\]: holds text'),
    "infinity in an input": (
        lambda: fit(pair(), [X, X / 0], VALUES[:, :1]), InputError, r'infinity at x\["right"\]\['),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_clear_error(mistake):
    make, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        make()


def test_outputs_are_named_as_keras_names_them():
    shapes = [(None, 3), (None, 2)]
    cases = [
        ((None, 3), None, ["output_0"]),
        (shapes, None, ["output_0", "output_1"]),
        (tuple(shapes), ["b", "a"], ["b", "a"]),
        ({"b": shapes[0], "a": shapes[1]}, ["dense", "dense_1"], ["a", "b"]),
        ({"a": shapes}, None, ["a/0", "a/1"]),
    ]
    for tree, names, wanted in cases:
        assert Outputs(tree, names).names == wanted


def test_weights_left_out_are_one_and_the_whole_loss_is_the_weighted_sum():
    model = two(loss_weights={"size": 3.0})
    logs = model.test_on_batch(X, BOTH, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["kind_loss"] + 3 * logs["size_loss"], rel=1e-5)


def test_penalties_alone_train():
    model = Penalised()
    model.compile("sgd")
    losses = fit(model, y=None, epochs=3).history["loss"]
    assert losses[0] > losses[1] > losses[2] > 0


def test_padding_predict_by_parts_equals_predict_on_batch():
    model = two()
    whole = model.predict_on_batch(X)
    parts = model.predict(X, batch_size=7, verbose=0)
    streamed = model.predict((X[i : i + 6] for i in range(0, 20, 6)), verbose=0)
    for name in ("kind", "size"):
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(streamed[name], whole[name], rtol=1e-5, atol=1e-6)


def test_the_rows_of_one_input_may_come_in_a_list():
    model = mn.Sequential([mn.Input((4,)), mn.layers.Dense(1)])
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(model.predict(list(X), verbose=0), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict([X], verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_callbacks_watch_the_values_of_an_output(tmp_path, capsys):
    callbacks = [
        mn.callbacks.EarlyStopping("val_size_mae", patience=0, min_delta=1e9, verbose=0),
        mn.callbacks.CSVLogger(tmp_path / "log.csv"),
    ]
    model = two(metrics={"size": ["mae"]})
    history = fit(model, epochs=5, verbose=2, validation_split=0.2, callbacks=callbacks).history
    names = ["kind_loss", "loss", "size_loss", "size_mae"]
    assert sorted(history) == sorted([*names, *(f"val_{name}" for name in names)])
    assert len(history["loss"]) == 2
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert header.split(",") == ["epoch", *sorted(history)]
    assert "size_mae: " in capsys.readouterr().out


def test_a_loss_that_overflows_names_its_output():
    model = two()
    with pytest.raises(NonFiniteError, match='loss of the output "size" is not'):
        fit(model, y={"kind": LABELS, "size": np.full_like(VALUES, 3e38)})


def test_compile_goes_through_a_config():
    model = two(metrics={"size": ["mae"]}, loss_weights={"size": 2.0})
    model(X)
    again = Two()
    again(X)
    again.set_weights(model.get_weights())
    again.compile_from_config(model.compile_config())
    got, wanted = (m.test_on_batch(X, BOTH, return_dict=True) for m in (again, model))
    assert got == wanted


def test_scores_on_the_data_that_chose_the_epoch_are_marked():
    model = two()
    stop = mn.callbacks.EarlyStopping("val_loss", restore_best_weights=True)
    fit(model, validation_data=(X, BOTH), callbacks=[stop])
    with pytest.warns(mn.errors.OptimisticScoreWarning):
        model.evaluate(X, BOTH, verbose=0)
