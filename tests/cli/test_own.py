"""`--model FILE.py:FUNCTION`."""

import csv
import io
import json
import sys

import numpy as np
import pytest

from tests.cli.conftest import QUICK, write_people

PLAIN = """
import keras

def build(input_shape, outputs):
    return keras.Sequential([
        keras.layers.Input(input_shape),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(outputs, activation="softmax"),
    ])
"""
OWN_LAYER = """
from tensorflow import keras
from beside import WIDTH

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def swish(x):
    return x * keras.ops.sigmoid(x)

def build(num_classes, input_shape, width=WIDTH):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(width, activation=swish)(inputs)
    x = Twice()(x)
    model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))
    model.compile(
        keras.optimizers.Nadam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model
"""


@pytest.fixture
def net(tmp_path):
    """Writes a file with a network."""

    def write(text, name="net.py"):
        (tmp_path / name).write_text(text)
        return f"{name}:build"

    return write


def test_a_plain_network_is_compiled_trained_and_used(command, net, tmp_path):
    ended = command("train", "iris", "--model", net(PLAIN), "--epochs", 40, "-o", "out", *QUICK)
    assert ended.code == 0, ended.err
    assert "Network: net.py:build, 131 parameters; adam" in ended.out
    scores = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert scores["accuracy"] > 0.85
    assert scores["options"]["model"] == "net.py:build"
    again = command("evaluate", "out", "iris", "-o", "scores.json")
    assert again.code == 0, again.err
    assert json.loads((tmp_path / "scores.json").read_text())["accuracy"] == scores["accuracy"]
    assert "keras" not in sys.modules or sys.modules["keras"].__spec__.origin != "myelin"


def test_layers_of_ones_own_need_their_file_again(command, fails, net, tmp_path):
    (tmp_path / "beside.py").write_text("WIDTH = 12\n")
    ended = command("train", "iris", "--model", net(OWN_LAYER), "--epochs", 40, "-v", 0, "-o", "o")
    assert ended.code == 0, ended.err
    assert "nadam" in ended.out
    message = fails("predict", "o", "iris")
    assert "--code FILE.py" in message
    ended = command("predict", "o", "iris", "--code", "net.py")
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert len(rows) == 30
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in rows)
    assert command("evaluate", "o", "iris", "--code", "net.py").code == 0


def test_values_come_out_in_their_own_units(command, net, tmp_path):
    write_people(tmp_path / "v.csv", 300, target="spends")
    plain = PLAIN.replace(', activation="softmax"', "")
    functional = """
import myelin
def build(input_shape, outputs):
    x = myelin.Input(input_shape)
    hidden = myelin.layers.Dense(16, activation="relu")(x)
    return myelin.Model(x, myelin.layers.Dense(outputs)(hidden))
"""
    for i, text in enumerate((plain, functional)):
        ended = command(
            "train", "v.csv", "--target", "spends", "--model", net(text, f"net{i}.py"),
            "--epochs", 40, "-o", f"out{i}", *QUICK,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        scores = json.loads((tmp_path / f"out{i}" / "metrics.json").read_text())
        assert scores["r2"] > 0.8
        command("evaluate", f"out{i}", "v.csv", "-o", "s.json")
        assert json.loads((tmp_path / "s.json").read_text())["rmse"] < 40


_FUNCTION = "def build(input_shape, outputs):\n"
BAD = {
    "raises": (_FUNCTION + "    return 1 / 0\n", "ZeroDivisionError in line 2"),
    "syntax": ("def build(:\n", "SyntaxError"),
    "unknown": ("import keras\nkeras.layers.Dens\n", "AttributeError in line 2"),
    "nothing": (_FUNCTION + "    pass\n", "wants a Keras model back, got None"),
    "arguments": ("def build(a, b, c):\n    pass\n", "a function of (input_shape, outputs)"),
    "width": (
        PLAIN.replace("Dense(outputs", "Dense(7"),
        "(None, 3), got outputs of shape (None, 7)",
    ),
    "logits": (PLAIN.replace(', activation="softmax"', ""), "the outputs are no probabilities"),
    "inputs": (PLAIN.replace("Input(input_shape)", "Input((5,))"), "inputs of shape (None, 5)"),
    "name": (PLAIN.replace("build", "built"), 'no function "build". Did you mean "built"'),
}


@pytest.mark.parametrize("kind", BAD)
def test_networks_that_cannot_be_used(fails, net, tmp_path, kind):
    text, message = BAD[kind]
    assert message in fails("train", "iris", "--model", net(text))
    assert not list((tmp_path / "runs").glob("*"))


def test_files_that_are_not_there(fails, net, tmp_path):
    assert 'no Python file "gone.py"' in fails("train", "iris", "--model", "gone.py:build")
    assert "wants FILE.py:FUNCTION" in fails("train", "iris", "--model", "gone.py")
    (tmp_path / "net.txt").write_text(PLAIN)
    assert "must end in .py" in fails("train", "iris", "--model", "net.txt:build")


@pytest.mark.parametrize(
    "options", [["--hidden", 8], ["--dropout", 0.1], ["--l2", 0.1], ["--augment", "light"]]
)
def test_options_for_other_networks(fails, net, options):
    assert f"{options[0]} is for the networks that train makes" in fails(
        "train", "iris", "--model", net(PLAIN), *options
    )


@pytest.mark.parametrize("options", [["--optimizer", "sgd"], ["--learning-rate", 0.1]])
def test_a_compiled_model_has_its_optimizer(fails, net, tmp_path, options):
    (tmp_path / "beside.py").write_text("WIDTH = 12\n")
    message = fails("train", "iris", "--model", net(OWN_LAYER), *options)
    assert "is compiled with an optimizer of its own" in message


def test_what_keras_was_before_it_is_again(net, tmp_path, monkeypatch):
    from myelin.cli.own import own_network

    monkeypatch.chdir(tmp_path)
    before = dict(sys.modules), list(sys.path)
    with own_network(net(PLAIN)) as own:
        assert own.make((4,), 3, np.zeros((2, 4), np.float32), True).output_shape == (None, 3)
    assert "keras" not in set(sys.modules) - set(before[0])
    assert sys.path == before[1]
