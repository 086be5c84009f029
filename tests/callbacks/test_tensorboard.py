import sys

import numpy as np
import pytest

from myelin import callbacks
from myelin.callbacks import CallbackList, TensorBoard
from myelin.errors import InputError, MissingExtraError
from tests.callbacks.fakes import FakeModel, run

ROWS = [
    {"loss": 1.5, "accuracy": 0.25, "val_loss": 2.0},
    {"loss": 0.5, "accuracy": 0.75, "val_loss": 1.0},
]


class Weight:
    def __init__(self, path, value):
        self.path, self.value = path, np.asarray(value, np.float32)


class Layer:
    def __init__(self, *weights):
        self.weights = weights


@pytest.fixture
def model():
    pytest.importorskip("tensorboard")
    model = FakeModel(0.125)
    kernel = Weight("dense/kernel", np.arange(6).reshape(2, 3))
    model.layers = [Layer(kernel, Weight("dense/bias", np.zeros(3)))]
    return model


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def scalars(folder):
    """`{tag: [(step, value), …]}`"""
    from tensorboard.util.tensor_util import make_ndarray

    found = events(folder)
    return {
        tag: [(e.step, float(make_ndarray(e.tensor_proto))) for e in found.Tensors(tag)]
        for tag in found.PluginTagToContent("scalars")
    }


def test_epochs_go_to_two_folders_under_the_names_of_keras(model, tmp_path):
    listed = CallbackList([TensorBoard(tmp_path, write_graph=False)], model=model)
    assert listed.needs_batches is False
    run(listed, model, ROWS)
    assert scalars(tmp_path / "train") == {
        "epoch_loss": [(0, 1.5), (1, 0.5)],
        "epoch_accuracy": [(0, 0.25), (1, 0.75)],
        "epoch_learning_rate": [(0, 0.125), (1, 0.125)],
    }
    assert scalars(tmp_path / "validation") == {"epoch_loss": [(0, 2.0), (1, 1.0)]}


def test_an_evaluation_goes_by_the_steps_of_the_optimizer(model, tmp_path):
    model.optimizer.iterations = 40
    listed = CallbackList([TensorBoard(tmp_path)], model=model)
    listed.on_test_begin()
    listed.on_test_end({"loss": 0.5, "matrix": np.eye(2)})
    assert scalars(tmp_path / "validation") == {"evaluation_loss_vs_iterations": [(40, 0.5)]}


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6])])
def test_batches_are_written_every_so_often(model, tmp_path, update_freq, steps):
    listed = CallbackList([TensorBoard(tmp_path, update_freq=update_freq)], model=model)
    assert listed.needs_batches is True
    run(listed, model, ROWS, batches=3)
    found = scalars(tmp_path / "train")["batch_accuracy"]
    assert found == [(step, 0.25 if step <= 3 else 0.75) for step in steps]


def test_weights_are_written_as_histograms_and_pictures(model, tmp_path):
    from PIL import Image
    from tensorboard.util.tensor_util import make_ndarray

    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True)
    run(CallbackList([board], model=model), model, ROWS * 2)
    found = events(tmp_path / "train")
    assert set(found.PluginTagToContent("histograms")) == {
        "dense/kernel/histogram", "dense/bias/histogram",
    }  # fmt: skip
    written = found.Tensors("dense/kernel/histogram")
    assert [event.step for event in written] == [0, 2]
    buckets = make_ndarray(written[0].tensor_proto)
    assert buckets.shape == (30, 3)
    assert (buckets[0, 0], buckets[-1, 1], buckets[:, 2].sum()) == (0.0, 5.0, 6.0)
    zeros = make_ndarray(found.Tensors("dense/bias/histogram")[0].tensor_proto)
    assert zeros[-1].tolist() == [0.0, 0.0, 3.0]
    width, height, png = make_ndarray(found.Tensors("dense/kernel/image")[0].tensor_proto)
    assert (int(width), int(height)) == (3, 2)
    path = tmp_path / "kernel.png"
    path.write_bytes(png)
    assert np.asarray(Image.open(path)).tolist() == [[0, 51, 102], [153, 204, 255]]


# With a number that does not divide an epoch's batches, Keras loses the numbers of some epochs.
@pytest.mark.parametrize("update_freq", ["epoch", "batch", 3])
def test_the_events_are_those_that_keras_writes(model, keras, tmp_path, update_freq):
    pytest.importorskip("tensorflow")
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(0.125), "mse")
    theirs = keras.callbacks.TensorBoard(str(tmp_path / "theirs"), update_freq=update_freq)
    listed = keras.callbacks.CallbackList([theirs], model=network)
    run(listed, network, ROWS, batches=3)
    ours = TensorBoard(str(tmp_path / "ours"), update_freq=update_freq)
    run(CallbackList([ours], model=model), model, ROWS, batches=3)
    for part in ("train", "validation"):
        assert scalars(tmp_path / "ours" / part) == scalars(tmp_path / "theirs" / part)


def test_the_histograms_are_those_that_keras_writes(model, keras, tmp_path):
    pytest.importorskip("tensorflow")
    from tensorboard.util.tensor_util import make_ndarray

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="dense")])
    network.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(2, 3)).astype("float32"), np.zeros(3, "float32")]
    network.set_weights(values)
    for weight, value in zip(model.layers[0].weights, values, strict=True):
        weight.value = value
    theirs = keras.callbacks.TensorBoard(str(tmp_path / "theirs"), histogram_freq=1)
    run(keras.callbacks.CallbackList([theirs], model=network), network, ROWS[:1])
    ours = TensorBoard(tmp_path / "ours", histogram_freq=1)
    run(CallbackList([ours], model=model), model, ROWS[:1])
    for name in ("kernel", "bias"):
        spread = [
            make_ndarray(found.Tensors(tag)[0].tensor_proto)
            for found in (events(tmp_path / "ours/train"), events(tmp_path / "theirs/train"))
            for tag in found.PluginTagToContent("histograms")
            if f"/{name}/" in tag
        ]
        np.testing.assert_allclose(*spread, rtol=1e-6)


def test_the_pace_is_written_where_asked(model, tmp_path):
    board = TensorBoard(tmp_path, write_steps_per_second=True, update_freq="batch")
    run(CallbackList([board], model=model), model, ROWS, batches=1)
    found = scalars(tmp_path / "train")
    assert len(found["epoch_steps_per_second"]) == 2
    assert all(value > 0 for _, value in found["batch_steps_per_second"])


def test_the_layers_are_written_for_the_page_of_graphs(model, tmp_path):
    from tensorboard.util.tensor_util import make_ndarray

    model.to_json = lambda: '{"class_name": "Sequential"}'
    run(CallbackList([TensorBoard(tmp_path)], model=model), model, ROWS)
    found = events(tmp_path / "train")
    assert list(found.PluginTagToContent("graph_keras_model")) == ["keras"]
    text = make_ndarray(found.Tensors("keras")[0].tensor_proto).item()
    assert text == b'{"class_name": "Sequential"}'


def test_the_profiler_watches_the_batches_it_was_told(model, tmp_path, monkeypatch):
    import jax

    steps = []
    listed = CallbackList([board := TensorBoard(tmp_path, profile_batch=(2, 3))], model=model)
    assert listed.needs_batches is True
    monkeypatch.setattr(jax.profiler, "start_trace", lambda to: steps.append(board._train_step))
    monkeypatch.setattr(jax.profiler, "stop_trace", lambda: steps.append(board._train_step))
    run(listed, model, ROWS, batches=4)
    assert steps == [2, 3]


@pytest.mark.parametrize(
    "given", [{"update_freq": 0}, {"update_freq": "often"}, {"profile_batch": -1},
              {"profile_batch": (3, 2)}, {"profile_batch": "a"}, {"profile_batch": None}],
)  # fmt: skip
def test_bad_arguments_are_refused(model, given):
    with pytest.raises(InputError, match=next(iter(given))):
        TensorBoard(**given)


def test_without_tensorboard_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [name for name in sys.modules if name.startswith("tensorboard.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"myelin\[tensorboard\]"):
        callbacks.TensorBoard()


def test_neither_tensorboard_nor_tensorflow_is_loaded_before_it_is_needed(tmp_path):
    import subprocess

    pytest.importorskip("tensorboard")
    program = (
        "import sys, myelin.callbacks as c\n"
        "assert 'tensorboard' not in sys.modules\n"
        f"c.TensorBoard({str(tmp_path)!r})._file('train').scalar('a', 1.0, 0)\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
