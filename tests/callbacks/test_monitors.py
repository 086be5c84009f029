"""Early stopping, learning rates and their direction, by hand and against Keras."""

import warnings

import numpy as np
import pytest

from myelin.callbacks import (
    CallbackList,
    EarlyStopping,
    History,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from myelin.callbacks.monitor import rises_by_name
from myelin.errors import InputError
from tests.callbacks.fakes import FakeModel, run


def losses(*values):
    return [{"val_loss": float(np.float32(value))} for value in values]


def random_rows(seed, epochs=12):
    """A value that tends to fall and then to rise, in steps coarse enough to repeat."""
    rng = np.random.default_rng(seed)
    trend = np.abs(np.arange(epochs) - rng.integers(2, epochs)) * 0.1
    values = np.round(trend + rng.normal(scale=0.15, size=epochs), 1)
    return [{"val_loss": float(np.float32(v)), "loss": 1.0} for v in values]


# Early stopping.


def test_it_stops_after_patience_epochs_and_restores_the_best():
    callback = EarlyStopping(patience=2, restore_best_weights=True)
    model = FakeModel()
    last, _ = run(CallbackList([callback], model=model), model, losses(3, 1, 2, 2, 2, 0))
    assert (last, callback.stopped_epoch, callback.best_epoch, callback.best) == (3, 3, 1, 1.0)
    assert model.weight == 1


def test_the_best_weights_come_back_when_training_runs_to_its_end(capsys):
    callback = EarlyStopping(patience=9, restore_best_weights=True, verbose=1)
    model = FakeModel()
    run(CallbackList([callback], model=model), model, losses(3, 1, 2, 2))
    assert model.weight == 1
    assert callback.stopped_epoch == 0
    printed = capsys.readouterr().out
    assert printed == "Restoring model weights from the end of the best epoch: 2.\n"


def test_the_best_weights_come_back_after_a_fault():
    def fail():
        raise RuntimeError

    callback = EarlyStopping(patience=9, restore_best_weights=True)
    model = FakeModel()
    with pytest.raises(RuntimeError):
        run(CallbackList([callback], model=model), model, [*losses(1, 2, 3), fail])
    assert model.weight == 0


def test_a_second_run_begins_anew():
    callback = EarlyStopping(patience=1, restore_best_weights=True)
    model = FakeModel()
    listed = CallbackList([callback], model=model)
    run(listed, model, losses(0.1, 0.2, 0.3))
    last, _ = run(listed, model, losses(5, 4, 3, 4, 5))
    assert (last, callback.best, model.weight) == (3, 3.0, 2)


def test_nan_is_never_better():
    callback = EarlyStopping(patience=5, restore_best_weights=True)
    model = FakeModel()
    run(CallbackList([callback], model=model), model, losses(np.nan, 3, np.nan, 4))
    assert (callback.best, callback.best_epoch, model.weight) == (3.0, 1, 1)


def test_a_missing_value_warns_once_and_names_what_there_is():
    callback = EarlyStopping("val_acuracy")
    model = FakeModel()
    rows = [{"loss": 1.0, "val_accuracy": 0.5}] * 3
    with pytest.warns(UserWarning, match="loss,val_accuracy") as caught:
        run(CallbackList([callback], model=model), model, rows)
    assert len(caught) == 1
    assert "Early stopping conditioned on metric `val_acuracy`" in str(caught[0].message)


SETTINGS = [
    {},
    {"patience": 1},
    {"patience": 3},
    {"patience": 2, "min_delta": 0.15},
    {"patience": 1, "start_from_epoch": 4},
    {"patience": 2, "baseline": 0.2},
    {"patience": 3, "baseline": 0.5, "min_delta": 0.05, "mode": "max"},
    {"patience": 2, "mode": "max"},
    {"patience": 0, "start_from_epoch": 2, "mode": "min"},
]


@pytest.fixture(scope="module")
def keras_model(keras):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def drive_keras(keras, callback, model, rows):
    """The same run through Keras; the weight says after which epoch it was taken."""
    model.set_weights([np.full((1, 1), -1.0)])
    model.optimizer.learning_rate = 0.1
    listed = keras.callbacks.CallbackList([callback], model=model)
    last, rates = run(
        listed, model, rows, set_weight=lambda epoch: model.set_weights([np.full((1, 1), epoch)])
    )
    return last, rates, float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize("restore", [False, True])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_early_stopping_decides_as_keras_does(keras, keras_model, settings, restore, capsys):
    for seed in range(15):
        rows = random_rows(seed)
        given = {**settings, "restore_best_weights": restore, "verbose": 1}
        theirs = keras.callbacks.EarlyStopping(**given)
        last, _, weight = drive_keras(keras, theirs, keras_model, rows)
        printed = capsys.readouterr().out
        ours, model = EarlyStopping(**given), FakeModel()
        assert run(CallbackList([ours], model=model), model, rows)[0] == last
        assert capsys.readouterr().out == printed
        assert model.weight == weight
        for name in ("stopped_epoch", "best", "best_epoch", "wait"):
            assert getattr(ours, name) == getattr(theirs, name), (seed, name)


# The learning rate.


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 1, "factor": 0.5, "cooldown": 2},
        {"patience": 2, "factor": 0.5, "min_delta": 0.2},
        {"patience": 0, "factor": 0.3, "min_lr": 0.01},
        {"patience": 1, "factor": 0.5, "mode": "max", "min_lr": 0.05},
    ],
    ids=str,
)
def test_reduce_lr_on_plateau_decides_as_keras_does(keras, keras_model, settings, capsys):
    for seed in range(15):
        rows = random_rows(seed)
        theirs = keras.callbacks.ReduceLROnPlateau(verbose=1, **settings)
        _, rates, _ = drive_keras(keras, theirs, keras_model, rows)
        printed = capsys.readouterr().out
        ours, model = ReduceLROnPlateau(verbose=1, **settings), FakeModel()
        model.optimizer = Float32Rate()
        assert run(CallbackList([ours], model=model), model, rows)[1] == rates
        assert capsys.readouterr().out == printed
        for name in ("best", "wait", "cooldown_counter"):
            assert getattr(ours, name) == getattr(theirs, name), (seed, name)


class Float32Rate:
    """Keeps the learning rate in float32, as real optimizers do."""

    _rate = np.float32(0.1)

    @property
    def learning_rate(self):
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._rate = np.float32(value)


def test_reduce_lr_writes_the_learning_rate_into_the_logs():
    history, model = History(), FakeModel(0.5)
    listed = CallbackList([ReduceLROnPlateau(patience=1, factor=0.5), history], model=model)
    run(listed, model, losses(1, 2, 3))
    assert history.history["learning_rate"] == [0.5, 0.5, 0.25]


def test_reduce_lr_refuses_a_factor_of_one_and_unknown_arguments():
    with pytest.raises(InputError, match=r"factor >= 1\.0"):
        ReduceLROnPlateau(factor=1.0)
    with pytest.raises(InputError, match="epsilon"):
        ReduceLROnPlateau(epsilon=1e-4)


def test_reduce_lr_says_when_the_optimizer_has_no_learning_rate():
    model = FakeModel()
    model.optimizer = object()
    with pytest.raises(InputError, match="learning_rate"):
        run(CallbackList([ReduceLROnPlateau()], model=model), model, losses(1))


def test_the_scheduler_takes_epoch_and_rate_or_epoch_alone(capsys):
    model = FakeModel(0.5)
    listed = CallbackList([LearningRateScheduler(lambda epoch, lr: lr * 0.5)], model=model)
    assert run(listed, model, losses(1, 1, 1))[1] == [0.25, 0.125, 0.0625]
    listed = CallbackList([LearningRateScheduler(lambda e: 1 / (1 + e), verbose=1)], model=model)
    assert run(listed, model, losses(1, 1))[1] == [1.0, 0.5]
    assert capsys.readouterr().out == (
        "\nEpoch 1: LearningRateScheduler setting learning rate to 1.0.\n"
        "\nEpoch 2: LearningRateScheduler setting learning rate to 0.5.\n"
    )


def test_the_scheduler_does_as_keras_does(keras, keras_model, capsys):
    def schedule(epoch, rate):
        return rate if epoch < 2 else float(rate * np.exp(-0.1))

    rows = random_rows(0)
    theirs = keras.callbacks.LearningRateScheduler(schedule, verbose=1)
    _, rates, _ = drive_keras(keras, theirs, keras_model, rows)
    printed = capsys.readouterr().out
    model = FakeModel()
    model.optimizer = Float32Rate()
    ours = LearningRateScheduler(schedule, verbose=1)
    assert run(CallbackList([ours], model=model), model, rows)[1] == rates
    assert capsys.readouterr().out == printed


def test_an_error_inside_the_schedule_is_not_taken_for_one_argument_too_many():
    def schedule(epoch, rate):
        raise TypeError("mine")

    model = FakeModel()
    with pytest.raises(TypeError, match="mine"):
        run(CallbackList([LearningRateScheduler(schedule)], model=model), model, losses(1))


@pytest.mark.parametrize("given", [None, "0.1", -1.0, np.nan, np.inf, [0.1], True])
def test_a_schedule_must_give_a_learning_rate(given):
    model = FakeModel()
    listed = CallbackList([LearningRateScheduler(lambda epoch: given)], model=model)
    with pytest.raises(InputError, match="epoch 0"):
        run(listed, model, losses(1))


def test_the_scheduler_wants_a_function():
    with pytest.raises(InputError, match=r"0\.1"):
        LearningRateScheduler(0.1)


# The direction.


def test_the_direction_of_every_keras_metric_is_told_by_its_name(keras):
    arguments = {
        "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
        "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,), "IoU": (2, [0]),
        "BinaryIoU": (), "OneHotIoU": (2, [0]), "MeanIoU": (2,), "OneHotMeanIoU": (2,),
    }  # fmt: skip
    known = 0
    for name in dir(keras.metrics):
        kind = getattr(keras.metrics, name)
        if not (isinstance(kind, type) and issubclass(kind, keras.metrics.Metric)):
            continue
        try:
            metric = kind(*arguments.get(name, ()))
        except TypeError:
            continue  # The bases, which want a function.
        direction = getattr(metric, "_direction", None)
        if direction is not None:
            known += 1
            assert rises_by_name(metric.name) is (direction == "up"), metric.name
            assert rises_by_name(f"{metric.name}_2") is (direction == "up"), metric.name
    assert known > 30


@pytest.mark.parametrize(
    ("name", "rises"),
    [
        ("acc", True), ("accuracy", True), ("my_acc", True), ("auc_3", True), ("f1", True),
        ("loss", False), ("precision_loss", False), ("dense_1_mae", False), ("mystery", None),
    ],
)  # fmt: skip
def test_directions_by_name(name, rises):
    assert rises_by_name(name) is rises


def test_the_metric_itself_is_asked_first():
    class Metric:
        name = "closeness"
        _direction = "up"

    model = FakeModel()
    model.metrics = [Metric()]
    callback = EarlyStopping("val_closeness", patience=9)
    rows = [{"val_closeness": value} for value in (1.0, 3.0, 2.0)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(CallbackList([callback], model=model), model, rows)
    assert callback.best_epoch == 1


def test_a_name_that_says_nothing_is_taken_to_fall_and_said_so_once():
    callback, model = EarlyStopping("mystery", patience=9), FakeModel()
    rows = [{"mystery": value} for value in (1.0, 3.0, 0.5)]
    with pytest.warns(UserWarning, match='mode="max"') as caught:
        run(CallbackList([callback], model=model), model, rows)
    assert (len(caught), callback.best_epoch) == (1, 2)


def test_an_unknown_mode_warns_and_is_auto():
    with pytest.warns(UserWarning, match="minimum"):
        callback = EarlyStopping(mode="minimum")
    assert callback.mode == "auto"


# NaN.


def test_terminate_on_nan_stops_and_says_so(capsys):
    callback, model = TerminateOnNaN(), FakeModel()
    listed = CallbackList([callback], model=model)
    assert listed.handles_non_finite is True
    assert listed.needs_batches is False
    listed.on_train_batch_end(4, {"loss": 2.0})
    assert model.stop_training is False
    listed.on_train_batch_end(7, {"loss": float("nan")})
    assert model.stop_training is True
    assert capsys.readouterr().out == "Batch 7: Invalid loss, terminating training\n"


def test_terminate_on_nan_can_raise():
    listed = CallbackList([TerminateOnNaN(raise_error=True)], model=FakeModel())
    with pytest.raises(RuntimeError, match="batch 3"):
        listed.on_train_batch_end(3, {"loss": float("inf")})
    assert CallbackList([EarlyStopping()]).handles_non_finite is False
