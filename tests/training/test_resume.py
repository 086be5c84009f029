"""A run that was ended anywhere goes on to the same bits as one that never was."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

import myelin as mn
from myelin import callbacks, layers, utils
from myelin.callbacks import Checkpoint
from myelin.training import trainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(42, 3)).astype("float32")
Y = RNG.integers(0, 2, 42)
STEPS, EPOCHS = 6, 4


class KilledError(Exception):
    pass


class Kill(callbacks.Callback):
    """Ends the run after so many steps in all; makes the chunks one step long."""

    def __init__(self, after=None):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledError


class Shaken(layers.Layer):
    """Noise from a generator of its own, whose state is a variable."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = mn.random.SeedGenerator(3)

    def call(self, inputs, training=False):
        noise = mn.random.normal(mn.ops.shape(inputs), stddev=0.1, seed=self.seeds)
        return inputs + noise if training else inputs


def make_small():
    """A model whose bits tell in which order the rows came."""
    utils.set_random_seed(7)
    model = mn.Sequential([layers.Input((3,)), layers.Dense(2, "softmax")])
    model.compile(mn.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def make():
    """A model with all that a step can change: noise, moving averages, a state of its own."""
    utils.set_random_seed(7)
    model = mn.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            Shaken(),
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile(
        mn.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.5), "sparse_categorical_crossentropy",
        metrics=["accuracy"], weighted_metrics=["accuracy"],
    )  # fmt: skip
    return model


def watchers(folder):
    return [
        callbacks.EarlyStopping(patience=9, restore_best_weights=True, monitor="val_accuracy"),
        callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.5),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        callbacks.ModelCheckpoint(folder / "best.myelin", save_best_only=True),
        callbacks.CSVLogger(folder / "rows.csv"),
    ]


def every_step(folder, **arguments):
    """Checkpoints after every step, each before the next."""
    checkpoint = Checkpoint(folder, every_seconds=0, **arguments)
    checkpoint._background.beside = False
    return checkpoint


def arrays(model, **rest):
    return model.fit(X, Y, batch_size=7, **rest)


def weighted(model, **rest):
    weights = np.linspace(0.5, 2, len(X))
    return arrays(model, class_weight={0: 1.0, 1: 3.0}, sample_weight=weights, **rest)


class Batches(utils.PyDataset):
    """Batches by number, in an order that is shuffled after every epoch."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(42)

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = self.order[index * 7 : index * 7 + 7]
        return X[rows], Y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)


def numbered(model, **rest):
    return model.fit(Batches(), **rest)


def endless(model, **rest):
    def batches():
        rng = np.random.default_rng(5)
        while True:
            rows = rng.integers(0, 42, 7)
            yield X[rows], Y[rows]

    return model.fit(batches(), steps_per_epoch=STEPS, **rest)


def passes(model, **rest):
    """An iterable that draws from NumPy's numbers in each pass, and does not say how long it is."""

    class Passes:
        def __iter__(self):
            for rows in np.random.permutation(42).reshape(6, 7):
                yield X[rows] + np.random.normal(), Y[rows]

    return model.fit(Passes(), **rest)


def dataset_in_memory(model, **rest):
    given = utils.Dataset.from_tensor_slices((X, Y)).shuffle(42).batch(7)
    return model.fit(given, **rest)


def dataset_in_parts(model, **rest):
    """Epochs that end within a pass."""
    given = utils.Dataset.from_tensor_slices((X, Y)).shuffle(42, seed=1).repeat().batch(7)
    return model.fit(given, steps_per_epoch=4, **rest)


def dataset_stream(model, **rest):
    given = utils.Dataset.from_generator(lambda: zip(X, Y, strict=True)).shuffle(42).batch(7)
    return model.fit(given, **rest)


def fed_by_host(model, **rest):
    """Arrays too large for the device."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trainer, "fits_on_device", lambda arrays: False)
        return arrays(model, **rest)


FITS = [
    numbered, endless, passes, dataset_in_memory, dataset_in_parts, dataset_stream, fed_by_host,
]  # fmt: skip


def run(way, folder, *more, **rest):
    """Trains; gives the model, the history and what the callbacks know."""
    folder.mkdir(exist_ok=True)
    if way is not weighted:
        model = make_small()
        return model, way(model, epochs=EPOCHS, callbacks=[*more], verbose=0, **rest), []
    model, listed = make(), watchers(folder)
    history = way(
        model, epochs=EPOCHS, callbacks=[*listed, *more], verbose=0,
        validation_data=(X[:14], Y[:14]), **rest,
    )  # fmt: skip
    early, lower, _, best, _ = listed
    rows = list(csv.reader((folder / "rows.csv").open()))
    known = [early.best, early.best_epoch, early.wait, lower.best, lower.wait, best.best, rows]
    return model, history, known


def same(one, two):
    """Equal to the bit: weights, optimizer, history, callbacks."""
    (model, history, known), (other, others, theirs) = one, two
    assert history.history == others.history
    assert history.epoch == others.epoch
    assert known == theirs
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_all_that_a_run_consists_of_goes_on(tmp_path):
    straight = run(weighted, tmp_path / "straight", Kill())
    for after in (9, 5):
        with pytest.raises(KilledError):
            run(weighted, tmp_path / "killed", Kill(after), resume=every_step(tmp_path / "run"))
    saved = every_step(tmp_path / "run")._files.newest()[1]
    assert (saved["epoch"], saved["step"]) == (2, 2)
    same(run(weighted, tmp_path / "killed", resume=tmp_path / "run"), straight)
    # Nothing is left to train, and the end is the same.
    same(run(weighted, tmp_path / "killed", Kill(0), resume=tmp_path / "run"), straight)


@pytest.mark.parametrize("way", FITS, ids=lambda way: way.__name__)
def test_data_of_every_kind_go_on(tmp_path, way):
    straight = run(way, tmp_path / "straight", Kill())
    with pytest.raises(KilledError):
        run(way, tmp_path / "killed", Kill(15), resume=every_step(tmp_path / "run"))
    same(run(way, tmp_path / "killed", resume=every_step(tmp_path / "run")), straight)


def test_processes_that_are_killed(tmp_path):
    """Twice, at random moments; `killed_runs` says how to have it harder."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.training.killed_runs", str(tmp_path / "runs"), "3", "2"],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    ended = json.loads(process.stdout)
    assert ended["kills"] == 2
    assert ended["same"]
    assert len(ended["files"]) == 3
