import numpy as np
import pytest

from myelin.callbacks import CallbackList, ModelCheckpoint
from myelin.errors import InputError
from tests.callbacks.fakes import FakeModel, run


def losses(*values):
    return [{"val_loss": float(value), "loss": 1.0} for value in values]


def saved_by(callback, rows, batches=0):
    model = FakeModel()
    run(CallbackList([callback], model=model), model, rows, batches=batches)
    return model.saved


def test_it_fills_in_epoch_and_logs_and_makes_the_folder(tmp_path):
    path = tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.keras"
    saved = saved_by(ModelCheckpoint(path), losses(0.5, 0.25))
    assert saved == [
        ("model", str(tmp_path / "new" / "01-0.50.keras")),
        ("model", str(tmp_path / "new" / "02-0.25.keras")),
    ]


def test_save_best_only_keeps_the_best(tmp_path):
    path = tmp_path / "best.weights.h5"
    callback = ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
    saved = saved_by(callback, losses(3, 1, 2, np.nan, 0.5))
    assert saved == [("weights", str(path))] * 3
    assert float(path.read_text()) == 4
    assert callback.best == 0.5


def test_the_best_outlives_a_run(tmp_path):
    callback = ModelCheckpoint(tmp_path / "m.myelin", save_best_only=True)
    assert len(saved_by(callback, losses(1))) == 1
    assert len(saved_by(callback, losses(2))) == 0


def test_the_threshold_is_to_be_beaten(tmp_path):
    callback = ModelCheckpoint(
        tmp_path / "m.keras", save_best_only=True, initial_value_threshold=0.6
    )
    assert len(saved_by(callback, losses(0.7, 0.65, 0.5))) == 1


def test_a_missing_value_warns_once_and_saves_all_the_same(tmp_path):
    callback = ModelCheckpoint(tmp_path / "m.keras", "val_auc", save_best_only=True)
    with pytest.warns(UserWarning, match="val_loss") as caught:
        saved = saved_by(callback, losses(1, 2, 3))
    assert (len(saved), len(caught)) == (3, 1)


def test_a_number_counts_batches_across_epochs(tmp_path):
    callback = ModelCheckpoint(tmp_path / "{epoch}-{batch}.keras", save_freq=4)
    listed = CallbackList([callback])
    assert listed.needs_batches is True
    saved = saved_by(callback, losses(1, 1, 1), batches=3)
    assert [path.rpartition("/")[2] for _, path in saved] == ["2-1.keras", "3-2.keras"]
    assert CallbackList([ModelCheckpoint(tmp_path / "m.keras")]).needs_batches is False


class Watching(ModelCheckpoint):
    """A subclass of a user that looks at batches."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)


def test_a_subclass_that_looks_at_batches_gets_them(tmp_path):
    assert CallbackList([Watching(tmp_path / "m.keras")]).needs_batches is True


@pytest.mark.parametrize("save_freq", ["epochs", 0, -1, 1.5, True, None])
def test_a_bad_save_freq_is_refused(save_freq):
    with pytest.raises(InputError, match="save_freq"):
        ModelCheckpoint("m.keras", save_freq=save_freq)


@pytest.mark.parametrize(
    ("path", "weights"), [("m.ckpt", False), ("m.h5", True), ("m.keras", True)]
)
def test_a_path_with_another_ending_is_refused(path, weights):
    with pytest.raises(InputError, match=r"must end in \."):
        ModelCheckpoint(path, save_weights_only=weights)


def test_a_field_that_the_logs_do_not_have_is_named(tmp_path):
    with pytest.raises(InputError, match=r"val_acc.*epoch, loss, val_loss"):
        saved_by(ModelCheckpoint(tmp_path / "{val_acc}.keras"), losses(1))


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        saved_by(ModelCheckpoint(tmp_path / "m.keras"), losses(1))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"save_best_only": True},
        {"save_best_only": True, "mode": "max"},
        {"save_best_only": True, "initial_value_threshold": 0.3},
    ],
    ids=str,
)
def test_it_saves_and_prints_as_keras_does(keras, settings, tmp_path, capsys):
    path = str(tmp_path / "{epoch}.weights.h5")
    given = {**settings, "save_weights_only": True, "verbose": 1}
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    for seed in range(4):
        values = np.round(np.random.default_rng(seed).uniform(0, 0.6, 6), 1)
        rows = losses(*np.float32(values))
        theirs = keras.callbacks.ModelCheckpoint(path, **given)
        run(keras.callbacks.CallbackList([theirs], model=network), network, rows)
        printed = capsys.readouterr().out
        ours = ModelCheckpoint(path, **given)
        saved = saved_by(ours, rows)
        assert capsys.readouterr().out == printed
        assert ours.best == theirs.best
        assert len(saved) == printed.count("finished saving")
