import os

import numpy as np
import pytest

from myelin.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from myelin.errors import FileFormatError, InputError
from myelin.saving import load_tree, save_tree
from tests.callbacks.fakes import FakeModel, run


class KilledError(Exception):
    pass


def kill():
    raise KilledError


def newest(folder):
    return load_tree(max(folder.glob("*.safetensors")))[0]


def losses(*values):
    return [{"val_loss": float(value)} for value in values]


VALUES = (5, 3, 4, 1, 2, 2.5, 2.6, 2.7)


def watchers(tmp_path):
    return [
        EarlyStopping(patience=4, restore_best_weights=True),
        ReduceLROnPlateau(patience=1, factor=0.5, cooldown=1),
        ModelCheckpoint(tmp_path / "m.myelin", save_best_only=True),
        History(),
    ]


def state_of(callbacks, model):
    early, lower, checkpoint, history = callbacks
    return {
        "early": [early.best, early.best_epoch, early.wait, early.stopped_epoch],
        "lower": [lower.best, lower.wait, lower.cooldown_counter],
        "checkpoint": checkpoint.best,
        "history": history.history,
        "epochs": history.epoch,
        "weight": float(model.weight),
        "rate": float(model.optimizer.learning_rate),
    }


@pytest.mark.parametrize("killed_in", range(1, len(VALUES)))
@pytest.mark.parametrize("place", [0, -1])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(killed_in, place, tmp_path):
    straight, model = watchers(tmp_path), FakeModel()
    last, _ = run(CallbackList(straight, model=model), model, losses(*VALUES))
    assert last == 7
    expected = state_of(straight, model)

    def start(rows):
        callbacks, model = watchers(tmp_path), FakeModel()
        listed = [*callbacks]
        backup = BackupAndRestore(tmp_path / "backup")
        listed.insert(len(listed) if place else 0, backup)
        run(CallbackList(listed, model=model), model, rows, epochs=len(VALUES))
        return state_of(callbacks, model)

    rows = losses(*VALUES)
    with pytest.raises(KilledError):
        start([*rows[:killed_in], kill])
    assert len(os.listdir(tmp_path / "backup")) == 1
    assert start(rows) == expected
    assert not (tmp_path / "backup").exists()


def test_the_backup_comes_after_the_other_callbacks_whatever_its_place(tmp_path):
    order = []
    backup = BackupAndRestore(tmp_path)
    backup.on_epoch_end = lambda epoch, logs: order.append("backup")
    other = LambdaCallback(on_epoch_end=lambda epoch, logs: order.append("other"))
    CallbackList([backup, other]).on_epoch_end(0)
    assert order == ["other", "backup"]


def test_the_next_fit_without_it_begins_at_the_beginning(tmp_path):
    model = FakeModel()
    with pytest.raises(KilledError):
        run(CallbackList([BackupAndRestore(tmp_path)], model=model), model, [*losses(1), kill])
    model = FakeModel()
    listed = CallbackList([BackupAndRestore(tmp_path)], model=model)
    listed.set_params({"epochs": 3})
    listed.on_train_begin()
    assert model.resume_from.epoch == 1
    listed.on_train_end()
    assert model.resume_from.epoch == 0


def test_a_run_that_a_callback_stopped_is_over(tmp_path):
    model = FakeModel()
    callbacks = [BackupAndRestore(tmp_path / "backup"), EarlyStopping(patience=1)]
    run(CallbackList(callbacks, model=model), model, losses(1, 2, 3, 4))
    assert not (tmp_path / "backup").exists()


def test_an_interrupted_epoch_is_run_again(tmp_path):
    model = FakeModel()
    listed = CallbackList([BackupAndRestore(tmp_path)], model=model)
    listed.set_params({"epochs": 3, "steps": 10})
    listed.on_train_begin()
    for epoch, batches in ((0, 10), (1, 4)):
        listed.on_epoch_begin(epoch)
        listed.on_train_batch_end(batches - 1, {})
        listed.on_epoch_end(epoch, {})
    listed.on_train_end()
    assert newest(tmp_path)["epoch"] == 1


def test_other_files_in_the_folder_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    model = FakeModel()
    run(CallbackList([BackupAndRestore(tmp_path)], model=model), model, losses(1, 2))
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_the_backup_can_stay_and_then_nothing_is_left_to_train(tmp_path):
    model = FakeModel()
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    run(CallbackList([backup], model=model), model, losses(1, 2))
    model = FakeModel()
    backup = BackupAndRestore(tmp_path)
    last, _ = run(CallbackList([backup], model=model), model, losses(1, 2))
    assert (last, model.weight) == (None, 1)
    assert not os.path.exists(tmp_path)


def test_a_number_counts_batches(tmp_path):
    model = FakeModel()
    listed = CallbackList([BackupAndRestore(tmp_path, save_freq=2)], model=model)
    assert listed.needs_batches is True
    with pytest.raises(KilledError):
        run(listed, model, [*losses(1, 1), kill], batches=3)
    # Six batches: the last backup was made after the third one of epoch 1.
    assert [newest(tmp_path)[part] for part in ("epoch", "step")] == [1, 3]
    assert CallbackList([BackupAndRestore(tmp_path)]).needs_batches is False


def test_a_damaged_backup_says_so_and_the_one_before_it_is_used_where_kept(tmp_path):
    model = FakeModel()
    backup = BackupAndRestore(tmp_path, double_checkpoint=True)
    with pytest.raises(KilledError):
        run(CallbackList([backup], model=model), model, [*losses(1, 2, 3), kill])
    previous, path = sorted(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-10])
    model = FakeModel()
    listed = CallbackList([BackupAndRestore(tmp_path)], model=model)
    with pytest.warns(UserWarning, match=f"damaged.*Taking {previous.name} in its place"):
        listed.on_train_begin()
    assert (model.resume_from.epoch, model.weight) == (2, 1)
    listed.on_train_end()
    previous.unlink()
    with pytest.raises(FileFormatError, match=r"delete .* to begin anew"):
        listed.on_train_begin()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"trainable": {"w": np.zeros(3, np.float32)}}, r"trainable: w, float32 \(3,\)"),
        ({"trainable": {"v": np.zeros((), np.float32)}}, "trainable: v.*has none"),
        ({}, "the backup has 3 arrays, the model has 0"),
    ],
)
def test_the_backup_of_another_model_is_refused(tmp_path, state, says):
    model = FakeModel()
    with pytest.raises(KilledError):
        run(CallbackList([BackupAndRestore(tmp_path)], model=model), model, [*losses(1), kill])
    model.live_state = lambda: state
    with pytest.raises(InputError, match=says):
        CallbackList([BackupAndRestore(tmp_path)], model=model).on_train_begin()


class Counter(Callback):
    """A callback of a user that keeps something."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def on_epoch_end(self, epoch, logs=None):
        self.count += 1

    def get_state(self):
        return {"count": self.count}

    def set_state(self, state):
        self.count = state["count"]


def test_callbacks_of_users_are_kept_too_two_of_a_class_in_their_order(tmp_path):
    first, second = Counter(), Counter()
    second.count = 10
    model = FakeModel()
    listed = CallbackList([first, second, BackupAndRestore(tmp_path)], model=model)
    with pytest.raises(KilledError):
        run(listed, model, [*losses(1, 2), kill])
    third, fourth = Counter(), Counter()
    listed = CallbackList([third, fourth, BackupAndRestore(tmp_path)], model=FakeModel())
    listed.on_train_begin()
    assert (third.count, fourth.count) == (2, 12)


@pytest.mark.parametrize("folder", ["", None])
def test_it_wants_a_folder(folder):
    with pytest.raises(InputError, match="backup_dir"):
        BackupAndRestore(folder)


def test_a_bad_save_freq_is_refused(tmp_path):
    with pytest.raises(InputError, match="save_freq"):
        BackupAndRestore(tmp_path, save_freq=False)


def test_a_file_of_another_kind_is_refused(tmp_path):
    save_tree(tmp_path / "checkpoint-000001.safetensors", {"a": 1})
    with pytest.raises(FileFormatError, match="no checkpoint of a training run"):
        CallbackList([BackupAndRestore(tmp_path)], model=FakeModel()).on_train_begin()
