import inspect

import pytest

from myelin.callbacks import Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from myelin.callbacks.base import Callback as Base
from myelin.errors import InputError, UnknownNameError
from tests.callbacks.fakes import FakeModel

HOOKS = sorted(name for name in vars(Callback) if name.startswith("on_"))
PLACE = {"epoch": 3, "batch": 5}


class Recorder(Callback):
    def __init__(self):
        super().__init__()
        self.calls = []


for _name in HOOKS:

    def _hook(self, *args, _name=_name, **kwargs):
        self.calls.append((_name, args, kwargs))

    setattr(Recorder, _name, _hook)


class OnlyEpochs(Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


class OldBatches(Callback):
    def on_batch_end(self, batch, logs=None):
        self.seen = batch


class Chunks(Callback):
    every_chunk = True

    def on_train_batch_end(self, batch, logs=None):
        self.seen = batch


class ChunksMadeBatches(Chunks):
    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)


class ChunksStill(Chunks):
    def on_epoch_end(self, epoch, logs=None):
        pass


def test_every_hook_of_the_list_reaches_every_callback_with_the_same_logs():
    first, second = Recorder(), Recorder()
    listed = CallbackList([first, [second]], model=FakeModel())
    logs = {"loss": 1.0}
    for hook in HOOKS:
        parameters = list(inspect.signature(getattr(Base, hook)).parameters)
        place = [PLACE[name] for name in parameters if name in PLACE]
        getattr(listed, hook)(*place, logs)
    assert [name for name, _, _ in first.calls] == HOOKS
    assert first.calls == second.calls
    for name, args, kwargs in first.calls:
        place = [3] if "epoch" in name else [5] if "batch" in name else []
        # Batch hooks get logs by name, as Keras gives them.
        assert (list(args), kwargs) == (
            (place, {"logs": logs}) if "batch" in name else ([*place, logs], {})
        )


def test_what_one_callback_adds_to_the_logs_the_next_ones_see_and_the_caller_does_not():
    seen = {}
    adds = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(mine=1))
    reads = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.update(logs))
    logs = {"loss": 2.0}
    CallbackList([adds, reads]).on_epoch_end(0, logs)
    assert seen == {"loss": 2.0, "mine": 1}
    assert logs == {"loss": 2.0}


def test_without_logs_the_hooks_get_an_empty_dictionary():
    seen = []
    listed = CallbackList([LambdaCallback(on_train_begin=seen.append)])
    listed.on_train_begin()
    assert seen == [{}]


def test_the_names_and_signatures_are_those_of_keras(keras):
    theirs = keras.callbacks.Callback
    ours = {name for name in dir(Callback) if not name.startswith("_")}
    named = {name for name in vars(theirs) if not name.startswith("_")}
    assert named <= ours
    for hook in HOOKS:
        assert list(inspect.signature(getattr(Callback, hook)).parameters) == list(
            inspect.signature(getattr(theirs, hook)).parameters
        ), hook


def test_every_keras_callback_of_ours_has_its_signature(keras):
    from myelin import callbacks

    without = {"RemoteMonitor": {"headers"}}
    for name in set(callbacks.__all__) - {"Checkpoint"}:
        ours = inspect.signature(getattr(callbacks, name)).parameters
        theirs = inspect.signature(getattr(keras.callbacks, name)).parameters
        for key in theirs:
            assert key in ours, (name, key)
            if key not in without.get(name, ()):
                assert ours[key].default == theirs[key].default, (name, key)
        assert list(ours) == list(theirs), name


@pytest.mark.parametrize(
    ("callback", "needs"),
    [
        (OnlyEpochs(), False),
        (OldBatches(), True),
        (Chunks(), False),
        (ChunksStill(), False),
        (ChunksMadeBatches(), True),
        (ProgbarLogger(), False),
        (History(), False),
        (LambdaCallback(on_epoch_end=print), False),
        (LambdaCallback(on_train_batch_begin=print), True),
        (LambdaCallback(on_batch_end=print), True),
        (LambdaCallback(on_test_batch_end=print), False),
    ],
)
def test_only_callbacks_that_look_at_batches_need_batches(callback, needs):
    assert CallbackList([History(), callback]).needs_batches is needs


def test_batches_of_evaluate_and_predict_are_needed_apart():
    testing = CallbackList([LambdaCallback(on_test_batch_begin=print)])
    assert (testing.needs_test_batches, testing.needs_predict_batches) == (True, False)
    asking = CallbackList([LambdaCallback(on_predict_batch_end=print)])
    assert (asking.needs_test_batches, asking.needs_predict_batches) == (False, True)
    bar = CallbackList([ProgbarLogger()])
    assert (bar.needs_test_batches, bar.needs_predict_batches) == (False, False)


def test_the_old_batch_hooks_are_called_by_the_new_ones():
    old = OldBatches()
    CallbackList([old]).on_train_batch_end(8)
    assert old.seen == 8


def test_a_callback_whose_init_forgets_super_still_works():
    class Forgets(Callback):
        def __init__(self):
            self.ended = []

        def on_epoch_end(self, epoch, logs=None):
            self.ended.append((epoch, self.model.optimizer.learning_rate, self.params))

    callback = Forgets()
    listed = CallbackList([callback], model=FakeModel(0.5))
    listed.on_epoch_end(2)
    assert callback.ended == [(2, 0.5, None)]


def test_set_model_and_params_reach_all():
    inner = Recorder()
    model = FakeModel()
    listed = CallbackList([inner], model=model, epochs=3, steps=2, verbose=0)
    assert inner.model is listed.model is model
    assert inner.params == {"epochs": 3, "steps": 2, "verbose": 0}
    other = FakeModel()
    inner.model = other
    assert inner.model is other


def test_history_and_bar_are_added_where_asked_and_missing():
    history = History()
    listed = CallbackList([history], add_history=True, add_progbar=True)
    assert [type(c) for c in listed.callbacks] == [History, ProgbarLogger]
    assert listed.callbacks[0] is history


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (CallbackList([]), "CallbackList"),
        (History, r"History\(\.\.\.\)"),
        ("early_stopping", "early_stopping"),
        (print, "LambdaCallback"),
        (3, "3"),
    ],
)
def test_what_is_no_callback_is_named(given, says):
    with pytest.raises(InputError, match=says):
        CallbackList([History(), given])
    with pytest.raises(InputError, match=says):
        CallbackList([]).append(given)


def test_a_real_keras_callback_is_pointed_to_ours(keras):
    with pytest.raises(InputError, match=r"myelin\.callbacks"):
        CallbackList([keras.callbacks.EarlyStopping()])


def test_lambda_callback_calls_each_hook_it_was_given():
    calls = []
    given = {
        hook: (lambda *args, _hook=hook, **kwargs: calls.append((_hook, args, kwargs)))
        for hook in HOOKS
    }
    listed = CallbackList([LambdaCallback(**given)])
    listed.on_epoch_end(1, {"loss": 0.5})
    listed.on_test_batch_end(4, {"loss": 0.25})
    assert calls == [
        ("on_epoch_end", (1, {"loss": 0.5}), {}),
        ("on_test_batch_end", (4,), {"logs": {"loss": 0.25}}),
    ]


def test_lambda_callback_refuses_unknown_hooks_and_what_is_no_function():
    with pytest.raises(UnknownNameError, match="on_epoch_end"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(InputError, match="on_train_end"):
        LambdaCallback(on_train_end=3)
    assert CallbackList([LambdaCallback(on_train_batch_end=None)]).needs_batches is False


def test_history_keeps_a_list_a_name():
    history = History()
    model = FakeModel()
    listed = CallbackList([history], model=model)
    listed.on_train_begin()
    listed.on_epoch_end(0, {"loss": 2.0})
    listed.on_epoch_end(1, {"loss": 1.0, "val_loss": 3.0})
    assert history.history == {"loss": [2.0, 1.0], "val_loss": [3.0]}
    assert history.epoch == [0, 1]
    assert model.history is history
    listed.on_train_begin()
    assert history.epoch == []
