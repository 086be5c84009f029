"""Checkpoints of the whole state: the last few are kept, and training goes on to the same bits."""

import os
import threading

import numpy as np
import pytest

import myelin as mn
from myelin import layers
from myelin.callbacks import EarlyStopping, LambdaCallback, OrbaxCheckpoint
from myelin.errors import FileFormatError, InputError
from myelin.saving import load_tree, save_tree

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 3)).astype("float32")
Y = (X @ RNG.normal(size=(3, 1))).astype("float32")


def make():
    mn.utils.set_random_seed(7)
    model = mn.Sequential(
        [layers.Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.3), layers.Dense(1)]
    )
    model.compile(mn.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return model


def fit(model, *callbacks, epochs=4, **arguments):
    given = {"batch_size": 16, "validation_data": (X[:16], Y[:16]), "verbose": 0, **arguments}
    return model.fit(X, Y, epochs=epochs, callbacks=list(callbacks), **given)


@pytest.mark.parametrize("background", [True, False])
def test_training_goes_on_to_the_same_bits(tmp_path, background):
    straight = make()
    wanted = fit(straight, EarlyStopping(patience=9)).history
    arguments = {"save_on_background": background, "max_to_keep": 2}
    fit(make(), EarlyStopping(patience=9), OrbaxCheckpoint(tmp_path, **arguments), epochs=2)

    model, early = make(), EarlyStopping(patience=9)
    model.layers[0].kernel.assign(np.zeros((3, 4)))
    checkpoint = OrbaxCheckpoint(tmp_path, **arguments)
    assert checkpoint.load_checkpoint(model=model) == 1
    assert np.any(model.layers[0].kernel.numpy())
    got = fit(model, early, checkpoint)
    assert got.history == wanted
    assert got.epoch == [0, 1, 2, 3]
    assert early.best == min(wanted["val_loss"])
    for one, other in zip(model.get_weights(), straight.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(model.optimizer.variables, straight.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    # The next fit begins at the beginning.
    assert fit(model, epochs=1).epoch == [0]


def test_the_newest_are_kept_and_other_files_stay(tmp_path):
    for name in ("notes.txt", "x1.safetensors", "01.safetensors"):
        (tmp_path / name).write_text("mine")
    checkpoint = OrbaxCheckpoint(tmp_path, max_to_keep=2)
    fit(make(), checkpoint, epochs=5)
    assert checkpoint.steps() == [3, 4]
    fit(make(), checkpoint, epochs=1)
    assert checkpoint.steps() == [4, 0]
    assert {"notes.txt", "x1.safetensors", "01.safetensors"} < set(os.listdir(tmp_path))
    assert checkpoint.load_checkpoint(4) == 4
    everything = OrbaxCheckpoint(tmp_path / "all", max_to_keep=None)
    fit(make(), everything, epochs=3)
    assert everything.steps() == [0, 1, 2]


def test_batches_are_counted_over_the_epochs(tmp_path, capsys):
    checkpoint = OrbaxCheckpoint(tmp_path, save_freq=2, max_to_keep=None, verbose=1)
    model = make()
    fit(model, checkpoint, epochs=2)
    assert checkpoint.steps() == [2, 4, 6]
    assert f"saved {tmp_path / '2.safetensors'}" in capsys.readouterr().out
    fit(model, checkpoint, epochs=1)
    assert checkpoint.steps() == [2, 4, 6, 8]


def test_only_the_best_and_only_weights(tmp_path):
    losses = iter([3.0, 1.0, 2.0, 0.5])
    told = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=next(losses)))
    checkpoint = OrbaxCheckpoint(
        tmp_path, save_best_only=True, initial_value_threshold=2.5, max_to_keep=None,
        save_weights_only=True,
    )  # fmt: skip
    fit(make(), told, checkpoint)
    assert checkpoint.steps() == [1, 3]
    assert checkpoint.best == 0.5
    saved, _ = load_tree(tmp_path / "3.safetensors")
    assert list(saved) == ["model"]
    assert all(place.startswith(("trainable", "other")) for place in saved["model"])
    model = make()
    before = model.get_weights()
    checkpoint.load_checkpoint(model=model)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert fit(model, checkpoint, epochs=1, validation_data=None).epoch == [0]


def test_a_thread_writes_and_its_faults_come_out(tmp_path, monkeypatch):
    names = []

    def slow(path, *rest):
        names.append(threading.current_thread().name)
        save_tree(path, *rest)

    monkeypatch.setattr("myelin.callbacks.orbax_checkpoint.save_tree", slow)
    fit(make(), OrbaxCheckpoint(tmp_path), epochs=1)
    fit(make(), OrbaxCheckpoint(tmp_path, save_on_background=False), epochs=1)
    assert names[0].startswith("myelin-checkpoint")
    assert names[1] == "MainThread"

    def broken(path, *rest):
        raise OSError("the disk is full")

    monkeypatch.setattr("myelin.callbacks.orbax_checkpoint.save_tree", broken)
    with pytest.raises(OSError, match="the disk is full"):
        fit(make(), OrbaxCheckpoint(tmp_path), epochs=2)


def test_faults_are_named(tmp_path):
    with pytest.raises(InputError, match="wants directory"):
        OrbaxCheckpoint("")
    with pytest.raises(InputError, match="save_freq wants"):
        OrbaxCheckpoint(tmp_path, save_freq="batch")
    with pytest.raises(InputError, match="max_to_keep wants a number >= 1"):
        OrbaxCheckpoint(tmp_path, max_to_keep=0)
    checkpoint = OrbaxCheckpoint(tmp_path)
    with pytest.raises(InputError, match=r"there is no checkpoint .*\(there are: none\)"):
        checkpoint.load_checkpoint(model=make())
    fit(make(), checkpoint, epochs=1)
    with pytest.raises(InputError, match=r"no checkpoint 7 in .*\(there are: 0\)"):
        checkpoint.load_checkpoint(7)
    other = mn.Sequential([layers.Input((3,)), layers.Dense(1)])
    with pytest.raises(InputError, match="the model has 2 variables, the backup has 4"):
        checkpoint.load_checkpoint(model=other)
    wider = mn.Sequential([layers.Input((3,)), layers.Dense(5), layers.Dense(1)])
    with pytest.raises(InputError, match=r"has dense\w*/kernel, float32 \(3, 5\), the backup"):
        checkpoint.load_checkpoint(model=wider)
    with pytest.raises(InputError, match="wants model="):
        OrbaxCheckpoint(tmp_path).load_checkpoint()
    (tmp_path / "0.safetensors").write_bytes(b"no")
    with pytest.raises(FileFormatError):
        checkpoint.load_checkpoint()
