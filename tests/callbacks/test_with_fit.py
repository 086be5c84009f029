"""The callbacks inside a real `fit`."""

import os
import re

import numpy as np
import pytest

import myelin as mn
from myelin import callbacks
from myelin.errors import InputError, NonFiniteError, OptimisticScoreWarning

N, FEATURES = 96, 5


def make_data(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, FEATURES)).astype("float32")
    y = (x @ rng.normal(size=(FEATURES, 1)) + rng.normal(size=(N, 1))).astype("float32")
    return x, y


X, Y = make_data()


def make_model(optimizer="adam", seed=3, **compile_arguments):
    mn.random.set_random_seed(seed)
    model = mn.Sequential([
        mn.Input((FEATURES,)),
        mn.layers.Dense(8, activation="relu"),
        mn.layers.BatchNormalization(),
        mn.layers.Dropout(0.3, name="dropout"),
        mn.layers.Dense(1),
    ])  # fmt: skip
    model.compile(optimizer, "mse", metrics=["mae"], **compile_arguments)
    return model


def fit(model, given, epochs=4, **arguments):
    arguments = {"batch_size": 16, "verbose": 0, "validation_split": 0.25, **arguments}
    return model.fit(X, Y, epochs=epochs, callbacks=given, **arguments)


class Weights(callbacks.Callback):
    """Remembers the weights after every epoch."""

    def __init__(self):
        super().__init__()
        self.after = []

    def on_epoch_end(self, epoch, logs=None):
        self.after.append(self.model.get_weights())


class Dies(callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise RuntimeError("killed")


def assert_same_bits(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


# Batches.


def test_a_batch_hook_sees_every_batch_of_every_epoch():
    seen = []
    hook = callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append((b, logs)))
    history = fit(make_model(), [hook], epochs=2)
    assert [batch for batch, _ in seen] == [*range(5)] * 2  # 72 rows, 16 at a time
    assert seen[4][1]["loss"] == history.history["loss"][0]
    assert set(seen[0][1]) == {"loss", "mae"}


def test_watching_batches_changes_no_bit():
    plain = make_model()
    fit(plain, [])
    watched = make_model()
    fit(watched, [callbacks.LambdaCallback(on_batch_end=lambda b, logs: None)])
    assert_same_bits(watched.get_weights(), plain.get_weights())


def test_stop_training_within_an_epoch_ends_it():
    class Stops(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                self.model.stop_training = True

    model = make_model("sgd")
    history = fit(model, [Stops()])
    assert history.epoch == [0]
    assert int(np.asarray(model.optimizer.iterations)) == 3


def test_hooks_of_evaluate_and_predict_see_their_batches():
    model = make_model()
    fit(model, [], epochs=1)
    calls = []
    watch = callbacks.LambdaCallback(
        on_test_begin=lambda logs: calls.append("begin"),
        on_test_batch_end=lambda batch, logs: calls.append(batch),
        on_test_end=lambda logs: calls.append(sorted(logs)),
        on_predict_batch_end=lambda batch, logs: calls.append(logs["outputs"].shape),
    )
    model.evaluate(X, Y, batch_size=40, verbose=0, callbacks=[watch])
    assert calls == ["begin", 0, 1, 2, ["loss", "mae"]]
    calls.clear()
    model.predict(X, batch_size=40, verbose=0, callbacks=[watch])
    assert calls == [(40, 1), (40, 1), (16, 1)]


# Early stopping and learning rates.


@pytest.mark.parametrize("epochs", [4, 30])
def test_the_weights_of_the_best_epoch_are_put_back(epochs):
    weights = Weights()
    early = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = make_model(mn.optimizers.SGD(0.05))
    history = fit(model, [early, weights], epochs=epochs)
    best = int(np.argmin(history.history["val_loss"]))
    assert early.best_epoch == best
    assert_same_bits(model.get_weights(), weights.after[best])
    with pytest.warns(OptimisticScoreWarning, match="EarlyStopping"):
        loss = model.evaluate(X[72:], Y[72:], batch_size=16, verbose=0)[0]
    assert loss == pytest.approx(history.history["val_loss"][best], rel=1e-6)


def test_the_learning_rate_that_a_callback_sets_is_the_one_that_trains():
    weights = Weights()
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 2 else 0.0)
    model = make_model("sgd")
    history = fit(model, [schedule, weights], validation_split=0.0)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.1, 0, 0], rtol=1e-6)
    kernel = [after[0] for after in weights.after]
    assert not np.array_equal(kernel[0], kernel[1])
    np.testing.assert_array_equal(kernel[1], kernel[3])


def test_reduce_lr_lowers_the_rate_of_the_optimizer():
    lower = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)
    model = make_model(mn.optimizers.Adam(0.125))
    history = fit(model, [lower], epochs=4)
    assert history.history["learning_rate"] == [0.125, 0.125, 0.0625, 0.03125]
    assert float(np.asarray(model.optimizer.learning_rate)) == 0.015625


# NaN.


def test_terminate_on_nan_ends_the_run_without_an_error(capsys):
    stops = callbacks.TerminateOnNaN()
    model = make_model(mn.optimizers.SGD(1e30))
    history = fit(model, [stops])
    assert np.isnan(history.history["loss"][-1])
    assert re.search(r"Batch \d: Invalid loss, terminating training", capsys.readouterr().out)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_a_backup_outlives_a_loss_of_nan(tmp_path):
    model = make_model(mn.optimizers.SGD(0.1))
    explode = callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 1 else 1e30)
    with pytest.raises(NonFiniteError):
        fit(model, [callbacks.BackupAndRestore(tmp_path), explode])
    assert os.listdir(tmp_path) == ["checkpoint-000001.safetensors"]


# Going on.


@pytest.mark.parametrize(("optimizer", "killed_in"), [("adam", 1), ("sgd", 2), ("adam", 3)])
def test_a_resumed_run_ends_in_the_same_bits(optimizer, killed_in, tmp_path):
    def watchers():
        return [
            callbacks.EarlyStopping(patience=9, restore_best_weights=True),
            callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.5),
            callbacks.History(),
        ]

    straight = make_model(optimizer)
    expected = fit(straight, watchers())
    backup = tmp_path / "backup"
    with pytest.raises(RuntimeError, match="killed"):
        fit(
            make_model(optimizer),
            [callbacks.BackupAndRestore(backup), *watchers(), Dies(killed_in)],
        )
    # Another seed: nothing of this model may show in the end.
    resumed = make_model(optimizer, seed=99)
    history = fit(resumed, [callbacks.BackupAndRestore(backup), *watchers()])
    assert_same_bits(resumed.get_weights(), straight.get_weights())
    assert history.history == expected.history
    assert history.epoch == [0, 1, 2, 3]
    assert not backup.exists()
    again = fit(resumed, [], epochs=1)
    assert again.epoch == [0]


def test_a_run_resumed_twice_ends_in_the_same_bits(tmp_path):
    straight = make_model()
    fit(straight, [])
    for epoch in (1, 3):
        with pytest.raises(RuntimeError, match="killed"):
            fit(
                make_model(seed=3 if epoch == 1 else 50),
                [callbacks.BackupAndRestore(tmp_path), Dies(epoch)],
            )
    resumed = make_model(seed=60)
    history = fit(resumed, [callbacks.BackupAndRestore(tmp_path)])
    assert history.epoch == [0, 1, 2, 3]
    assert_same_bits(resumed.get_weights(), straight.get_weights())


def test_a_backup_of_a_model_of_another_shape_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="killed"):
        fit(make_model(), [callbacks.BackupAndRestore(tmp_path), Dies(1)])
    other = make_model("sgd")
    with pytest.raises(InputError, match="another model or optimizer"):
        fit(other, [callbacks.BackupAndRestore(tmp_path)])


# What is written.


def test_a_checkpoint_holds_the_best_weights(tmp_path):
    path = tmp_path / "best.safetensors"
    weights = Weights()
    keep = callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
    history = fit(make_model(mn.optimizers.SGD(0.05)), [keep, weights], epochs=6)
    best = int(np.argmin(history.history["val_loss"]))
    other = make_model(seed=8)
    other.load_weights(path)
    assert_same_bits(other.get_weights(), weights.after[best])


@pytest.mark.parametrize("ending", [".keras", ".myelin"])
def test_a_whole_model_is_written_and_read(ending, tmp_path):
    path = str(tmp_path / ("{epoch}" + ending))
    model = make_model()
    fit(model, [callbacks.ModelCheckpoint(path)], epochs=2)
    assert sorted(os.listdir(tmp_path)) == [f"1{ending}", f"2{ending}"]
    back = mn.load_model(tmp_path / f"2{ending}")
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_bar_of_a_real_run(capsys):
    lower = callbacks.ReduceLROnPlateau()
    fit(make_model(), [lower], epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    number = r"\d\.\d{4}(e-\d\d)?"
    names = ["loss", "mae", "val_loss", "val_mae", "learning_rate"]
    shown = " - ".join(f"{name}: {number}" for name in names)
    assert re.fullmatch(rf"5/5 - \d+s - \S+/step - {shown}", lines[1]), lines[1]


def test_the_rows_of_the_file_are_those_of_the_history(tmp_path):
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    history = fit(make_model(), [log])
    table = np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True)
    for name, values in history.history.items():
        assert table[name].tolist() == values


def test_tensorboard_in_a_real_run(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def
    from tensorboard.util.tensor_util import make_ndarray

    from tests.callbacks.test_tensorboard import events, scalars

    board = callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True)
    model = make_model()
    history = fit(model, [board], epochs=2)
    train = scalars(tmp_path / "train")
    assert [value for _, value in train["epoch_loss"]] == history.history["loss"]
    validation = scalars(tmp_path / "validation")
    assert [value for _, value in validation["epoch_mae"]] == history.history["val_mae"]
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [5, 10]
    found = events(tmp_path / "train")
    assert len(found.PluginTagToContent("histograms")) == len(model.weights)
    import json

    text = make_ndarray(found.Tensors("keras")[0].tensor_proto).item()
    names = [node.name for node in keras_model_to_graph_def(json.loads(text)).node]
    assert [name.rpartition("/")[2] for name in names][-1] == model.layers[-1].name
