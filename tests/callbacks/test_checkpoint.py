"""Checkpoints of a run: kept, found again, never half, and nobody else's."""

import multiprocessing
import os
import resource
import signal
import warnings

import numpy as np
import pytest

import myelin as mn
from myelin import callbacks, layers
from myelin.callbacks import Checkpoint
from myelin.errors import FileFormatError, InputError
from myelin.saving import load_tree, save_tree

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3)).astype("float32")
Y = (X @ RNG.normal(size=(3, 1))).astype("float32")


def make(units=4, optimizer=None):
    mn.utils.set_random_seed(7)
    model = mn.Sequential([layers.Input((3,)), layers.Dense(units), layers.Dense(1)])
    model.compile(optimizer or mn.optimizers.SGD(0.01, 0.9), "mse")
    return model


def fit(model, resume=None, epochs=4, listed=(), **arguments):
    given = {"batch_size": 5, "verbose": 0, **arguments}
    return model.fit(X, Y, epochs=epochs, callbacks=list(listed), resume=resume, **given)


def every_epoch(folder, **arguments):
    return Checkpoint(folder, every_seconds=None, every_epochs=1, **arguments)


def same(model, history, other, others):
    assert history.history == others.history
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def straight():
    """A run of four epochs that nothing ended."""
    model = make()
    return model, fit(model)


@pytest.fixture
def half(tmp_path):
    """The folder of a run of which two epochs are done, and the third was."""
    fit(make(), every_epoch(tmp_path / "run"), epochs=3)
    return tmp_path / "run"


def checkpoints(folder):
    return sorted(folder.glob("checkpoint-*.safetensors"))


def test_the_last_few_and_the_best_are_kept(tmp_path):
    values = iter([3.0, 1.0, 2.0, float("nan"), 1.5])
    told = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(quality=next(values))
    )
    checkpoint = every_epoch(tmp_path, keep=2, best="quality", mode="min")
    history = fit(make(), checkpoint, epochs=5, listed=[told])
    names = ["best.safetensors", "checkpoint-000004.safetensors", "checkpoint-000005.safetensors"]
    assert sorted(os.listdir(tmp_path)) == names
    assert checkpoint.best == 1.0
    best, newest = make(), make()
    checkpoint.load_best(best)
    checkpoint.load_newest(newest)
    same(newest, history, fit_model(5), history)
    np.testing.assert_array_equal(best.get_weights()[0], fit_model(2).get_weights()[0])


def fit_model(epochs):
    model = make()
    fit(model, epochs=epochs)
    return model


def test_only_the_end_is_kept_where_nothing_else_is_due(tmp_path):
    fit(make(), Checkpoint(tmp_path, every_seconds=None))
    assert os.listdir(tmp_path) == ["checkpoint-000001.safetensors"]
    assert load_tree(tmp_path / "checkpoint-000001.safetensors")[0]["epoch"] == 4


def test_a_run_at_its_end_goes_on_with_more_epochs(half, straight, capsys):
    model = make()
    history = fit(model, half, verbose=2)
    same(model, history, *straight)
    out = capsys.readouterr().out
    assert "Goes on from" in out
    assert "3 epochs and 0 steps are done" in out
    assert "Epoch 4/4" in out
    assert "Epoch 3/4" not in out


def test_a_run_that_a_callback_stopped_stays_stopped(tmp_path):
    def run():
        early = callbacks.EarlyStopping("loss", patience=0, mode="max")
        return fit(make(), every_epoch(tmp_path), listed=[early]).epoch, early.stopped_epoch

    assert run() == run() == ([0, 1], 1)


@pytest.mark.parametrize(
    ("hook", "place"), [("train_batch_end", (1, 3)), ("test_end", (2, 0)), ("epoch_end", (2, 0))]
)
def test_ctrl_c_keeps_what_it_waited_for(tmp_path, hook, place):
    def press(number_or_logs, *args, **logs):
        in_the_second = len(model.history.epoch) == 1 or hook == "epoch_end"
        if in_the_second and (hook == "test_end" or number_or_logs == 1):
            signal.raise_signal(signal.SIGINT)

    held_out = {"validation_data": (X[:5], Y[:5])}
    model = make()
    straight = model, fit(model, **held_out)
    pressed = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    setattr(pressed, f"on_{hook}", press)
    model = make()
    fit(model, Checkpoint(tmp_path, every_seconds=None), listed=[pressed], **held_out)
    saved, _ = load_tree(checkpoints(tmp_path)[-1])
    # A chunk, here a step, that follows on the press is the last.
    assert (saved["epoch"], saved["step"]) == place
    model = make()
    same(model, fit(model, tmp_path, **held_out), *straight)


class ValidationKilledError(Exception):
    pass


def test_a_run_killed_in_its_validation_does_not_train_the_epoch_again(tmp_path):
    class Kill(callbacks.Callback):
        def on_test_begin(self, logs=None):
            if len(self.model.history.epoch) == 2:
                raise ValidationKilledError

    held_out = {"validation_data": (X[:5], Y[:5])}
    model = make()
    straight = model, fit(model, **held_out)
    checkpoint = Checkpoint(tmp_path, every_seconds=0)
    checkpoint._background.beside = False
    with pytest.raises(ValidationKilledError):
        fit(make(), checkpoint, listed=[Kill()], **held_out)
    saved, _ = load_tree(checkpoints(tmp_path)[-1])
    assert (saved["epoch"], saved["step"]) == (2, 4)
    model, steps = make(), []
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    same(model, fit(model, tmp_path, listed=[count], **held_out), *straight)
    assert steps == [0, 1, 2, 3]


def test_callbacks_of_the_weights_themselves(tmp_path):
    def run(folder, epochs):
        model = make(optimizer=mn.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
        swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
        rows = callbacks.CSVLogger(folder / "rows.csv", append=True)
        history = fit(model, every_epoch(folder / "run"), epochs=epochs, listed=[swap, rows])
        return model, history

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text("epoch,loss\n9,9.0\n")
    straight = run(tmp_path / "one", 4)
    run(tmp_path / "two", 2)
    # As if killed after a row that is in no checkpoint.
    with (tmp_path / "two" / "rows.csv").open("a") as file:
        file.write("2,0.5,NA\r\n")
    same(*run(tmp_path / "two", 4), *straight)
    texts = [(tmp_path / name / "rows.csv").read_text() for name in ("one", "two")]
    assert texts[0] == texts[1]


# Damage.


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "another"])
def test_the_one_before_a_damaged_one_is_taken(half, straight, damage):
    newest = checkpoints(half)[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) * 2 // 3] ^= 4
    contents = {"cut": content[:-1], "flipped": content, "emptied": b""}
    if damage == "another":
        save_tree(newest, {"a": 1})
    else:
        newest.write_bytes(contents[damage])
    model = make()
    with pytest.warns(UserWarning, match="000003.*Taking checkpoint-000002.safetensors in its"):
        history = fit(model, every_epoch(half, keep=2))
    same(model, history, *straight)
    # The damaged one is gone, and does not count as one that is kept.
    assert [int(path.stem[-6:]) for path in checkpoints(half)] == [4, 5]


def test_nothing_begins_anew_where_all_are_damaged(half):
    for path in checkpoints(half):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FileFormatError, match=r"delete .* to begin anew"):
        fit(make(), half)
    with pytest.raises(FileFormatError, match="delete"):
        Checkpoint(half).load_newest(make())


def test_what_killed_writers_left_goes_away_and_other_files_stay(half):
    (half / ".0123456789abcdef.tmp").write_bytes(b"half")
    (half / ".mine.tmp").touch()
    (half / "notes.txt").touch()
    (half / "lock").touch()
    fit(make(), half)
    names = {name for name in os.listdir(half) if not name.startswith("checkpoint-")}
    assert names == {".mine.tmp", "notes.txt"}


# Disks.


@pytest.mark.filterwarnings("ignore:Checkpoint. the end of the run")
def test_a_full_disk_is_said_at_once_and_training_goes_on(tmp_path, straight):
    """With a real limit on the size of files, which the second and third checkpoint meet."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Full(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                checkpoint._background.wait()
                resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))

    checkpoint, model = every_epoch(tmp_path), make()
    try:
        with pytest.warns(UserWarning, match="nothing can be written .*too large.* goes on") as w:
            history = fit(model, checkpoint, listed=[Full()], epochs=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "end of the run was not written" in str(w.list[-1].message)
    assert os.listdir(tmp_path) == ["checkpoint-000001.safetensors"]
    assert history.epoch == [0, 1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make()
        same(model, fit(model, checkpoint), *straight)
    assert len(checkpoints(tmp_path)) == 3


def test_a_fault_of_the_program_itself_is_raised(tmp_path):
    class Odd(callbacks.Callback):
        def get_state(self):
            return {"value": object()}

        def set_state(self, state):
            pass

    with pytest.raises(InputError, match="no array or plain value"):
        fit(make(), every_epoch(tmp_path), listed=[Odd()])


# Whose folder it is.


def _take(folder, taken):
    Checkpoint(folder)._files.claim("Checkpoint")
    taken.set()
    signal.pause()


def test_a_folder_serves_one_run_at_a_time(tmp_path):
    class Another(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(InputError, match="another run is writing to"):
                Checkpoint(tmp_path)._files.claim("Checkpoint")

    fit(make(), Checkpoint(tmp_path), listed=[Another()], epochs=1)
    context = multiprocessing.get_context("fork")
    taken = context.Event()
    with warnings.catch_warnings():
        # jax has threads; the child runs nothing of it.
        warnings.simplefilter("ignore")
        child = context.Process(target=_take, args=(tmp_path, taken))
        child.start()
    assert taken.wait(20)
    with pytest.raises(InputError, match="another run is writing to"):
        fit(make(), tmp_path)
    child.kill()
    child.join()
    assert fit(make(), tmp_path, epochs=2).epoch == [0, 1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": make(units=5)}, r"float32 \(5,\), the backup has float32 \(4,\)"),
        ({"model": make(optimizer="adam")}, "of another model or optimizer"),
        ({"batch_size": 4}, "has batch_size 5, and this one has 4"),
        ({"shuffle": False}, "has shuffle True"),
        ({"sample_weight": np.ones(20)}, "has training data .*…, and this one has"),
        ({"validation_data": (X, Y)}, "has validation data"),
        ({"steps_per_epoch": 2}, "has steps an epoch 4, and this one has 2"),
    ],
)
def test_the_run_of_others_is_refused(half, change, says):
    there = {path: path.read_bytes() for path in half.iterdir()}
    model = change.pop("model", None) or make()
    with pytest.raises(InputError, match=says):
        fit(model, half, **change)
    assert {path: path.read_bytes() for path in half.iterdir()} == there


@pytest.mark.parametrize(
    "bad", [{"keep": 0}, {"keep": True}, {"every_epochs": 0}, {"every_seconds": -1}]
)
def test_bad_arguments(tmp_path, bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        Checkpoint(tmp_path, **bad)
    with pytest.raises(InputError, match="wants a folder"):
        Checkpoint("")
    with pytest.raises(InputError, match="there is no checkpoint"):
        Checkpoint(tmp_path).load_newest(make())
    with pytest.raises(InputError, match="no best checkpoint"):
        Checkpoint(tmp_path).load_best(make())
