import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from myelin import Input, Model, Sequential, layers
from myelin.errors import FileFormatError, InputError
from myelin.interop import tensorflow as to_tensorflow
from myelin.interop.exporting import difference
from myelin.interop.inference import Inference
from tests.interop.onnx_differences import tensorflow_difference

tf = pytest.importorskip("tensorflow")


# A few kinds of program; `python -m tests.interop.onnx_differences` runs them all.
@pytest.mark.parametrize(
    "name",
    [
        "Conv2DTranspose",
        "AveragePooling2D",
        "MelSpectrogram",
        "a masked LSTM of words",
        "a transformer",
        "two inputs and two outputs",
    ],
)
def test_tensorflow_gives_the_same_outputs_at_any_batch_size(name):
    assert tensorflow_difference(name) < 1e-5


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder with a model of two inputs and outputs, and the model."""
    folder = tmp_path_factory.mktemp("served") / "model"
    left, right = Input((4,), name="left"), Input((None, 3), name="right")
    seen = layers.GlobalMaxPooling1D()(right)
    hidden = layers.Dense(5, "tanh", name="hidden")(layers.Concatenate()([left, seen]))
    hidden = layers.BatchNormalization(name="normal")(hidden)
    outputs = {"kind": layers.Dense(2, name="kind")(hidden), "size": layers.Dense(1)(hidden)}
    model = Model([left, right], outputs, name="two")
    model.compile("adam", "mse")
    to_tensorflow.save_model(model, folder)
    return folder, model


def test_names_and_weights_are_kept(served):
    folder, model = served
    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures["serving_default"]
    shapes = {k: v.shape.as_list() for k, v in signature.structured_input_signature[1].items()}
    assert shapes == {"left": [None, 4], "right": [None, None, 3]}
    assert set(signature.structured_outputs) == {"kind", "size"}
    assert [v.name for v in loaded.variables] == [f"{v.path}:0" for v in model.weights]
    assert len(loaded.trainable_variables) == len(model.trainable_weights)
    for theirs, own in zip(loaded.variables, model.weights, strict=True):
        np.testing.assert_array_equal(theirs.numpy(), own.numpy())
    arrays = [np.ones((3, 4), "f4"), np.ones((3, 7, 3), "f4")]
    np.testing.assert_allclose(
        loaded.serve(*arrays)["kind"], model(arrays)["kind"], 1e-5, 1e-6
    )  # fmt: skip


PROGRAM = """
    import sys

    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in ("jax", "jaxlib", "myelin"):
                raise ImportError(name)

    sys.meta_path.insert(0, Blocked())
    import numpy as np
    import tensorflow as tf

    served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
    given = np.load(sys.argv[2])
    found = served(**{name: tf.constant(given[name]) for name in given.files})
    np.savez(sys.argv[3], **{name: value.numpy() for name, value in found.items()})
    assert not {"jax", "myelin"} & set(sys.modules)
"""


def test_it_is_served_without_myelin_and_jax(served, tmp_path):
    folder, model = served
    inference = Inference(model)
    inputs = inference.sample(batch=7, size=4)
    np.savez(tmp_path / "in.npz", left=inputs[0], right=inputs[1])
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*command, str(tmp_path / "in.npz"), str(tmp_path / "out.npz")],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "out.npz")
    for name, wanted in zip(["kind", "size"], inference.predicted(inputs), strict=True):
        np.testing.assert_allclose(found[name], wanted, 1e-5, 1e-6)


def test_the_whole_model_comes_back(served):
    folder, model = served
    loaded = to_tensorflow.load_model(folder)
    x = Inference(model).sample()
    np.testing.assert_array_equal(loaded.predict(x)["kind"], model.predict(x)["kind"])
    assert type(loaded.optimizer).__name__ == "Adam"
    assert to_tensorflow.load_model(folder, compile=False).optimizer is None


def small():
    return Sequential(
        [Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.5),
         layers.Dense(2)]
    )  # fmt: skip


def test_weights_are_read_from_what_keras_exports(keras, tmp_path):
    theirs = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization(),
         keras.layers.Dropout(0.5), keras.layers.Dense(2)]
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("f4")
    theirs.compile("sgd", "mse")
    theirs.fit(x, x[:, :2], verbose=0)
    theirs.export(tmp_path / "model", verbose=False)
    model = small()
    to_tensorflow.load_weights(model, tmp_path / "model")
    np.testing.assert_allclose(
        model.predict(x, verbose=0), theirs.predict(x, verbose=0), 1e-5, 1e-6
    )


def test_weights_go_by_the_lists_whatever_the_order_of_all(tmp_path):
    model, other = small(), small()
    saved = tf.train.Checkpoint()
    kept = {v.path: tf.Variable(v.numpy(), name=v.path) for v in model.weights}
    state = tf.Variable([1, 2], name="dropout/seed_generator_state")
    saved.variables = [state, *reversed(list(kept.values()))]
    saved.trainable_variables = [kept[v.path] for v in model.trainable_weights]
    saved.non_trainable_variables = [state, *(kept[v.path] for v in model.non_trainable_weights)]
    tf.saved_model.save(saved, str(tmp_path / "model"))
    to_tensorflow.load_weights(other, tmp_path / "model")
    for one, two in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_other_layers_are_refused_and_change_nothing(tmp_path):
    small().export(tmp_path / "model")
    wide = Sequential([Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(5)])
    before = wide.get_weights()
    with pytest.raises(FileFormatError, match=r"shape \(3, 2\).*wants \(3, 5\)"):
        to_tensorflow.load_weights(wide, tmp_path / "model")
    for one, two in zip(before, wide.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(FileFormatError, match=r"lists 6 trainable_variables.*has 2"):
        to_tensorflow.load_weights(Sequential([Input((4,)), layers.Dense(3)]), tmp_path / "model")
    with pytest.raises(FileFormatError, match="holds a program and variables, but no layers"):
        to_tensorflow.load_model(tmp_path / "model")


def test_damaged_folders_are_said_to_be(tmp_path):
    with pytest.raises(FileNotFoundError):
        to_tensorflow.load_weights(small(), tmp_path / "none")
    with pytest.raises(FileFormatError, match="no SavedModel"):
        to_tensorflow.load_weights(small(), tmp_path)
    small().export(tmp_path / "model")
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"\xff" * 50)
    with pytest.raises(FileFormatError, match="model is damaged"):
        to_tensorflow.load_model(tmp_path / "model")
    next((tmp_path / "model" / "variables").glob("*.index")).unlink()
    with pytest.raises(FileFormatError, match="model is damaged"):
        to_tensorflow.load_weights(small(), tmp_path / "model")


def test_a_refusal_leaves_what_was_there(tmp_path):
    text = layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot", name="words")
    small().export(tmp_path / "model")
    before = sorted(file.name for file in (tmp_path / "model").iterdir())
    with pytest.raises(InputError, match=r"words.*host"):
        Sequential([Input((), dtype="string"), text]).export(tmp_path / "model")
    unnamed = Sequential([Input((2,)), layers.Lambda(lambda x: x + 1)])
    with pytest.raises(InputError, match="lambda"):
        to_tensorflow.save_model(unnamed, tmp_path / "model")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model"]
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == before


def test_names_that_tensorflow_does_not_allow_are_made_plain(tmp_path):
    x = Input((2,), name="what goes in")
    model = Model(x, layers.Identity(name="out-put")(x))
    model.export(tmp_path / "model")
    inference = Inference(model)
    assert difference("tensorflow", tmp_path / "model", inference, inference.sample()) == (0, 0)
    loaded = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    assert set(loaded.structured_outputs) == {"out_put"}
