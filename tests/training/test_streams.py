"""Batches from anywhere train as arrays do, beside the device, and leave no thread behind."""

import os
import signal
import threading
import time
import traceback

import numpy as np
import pytest

import myelin as mn
from myelin import random
from myelin.errors import InputError
from myelin.training import feed
from myelin.utils import PyDataset
from myelin.utils.dataset import Dataset
from tests.training.conftest import make_data, make_model

X, Y = make_data()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [t.name for t in set(threading.enumerate()) - before if t.name.startswith("myelin")]
    assert not left


def batches(times=1, size=16):
    for _ in range(times):
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]


def weights_after(x, y=None, **arguments):
    random.set_random_seed(3)
    model = make_model()
    history = model.fit(x, y, **({"epochs": 3, "verbose": 0} | arguments))
    return model.get_weights(), history.history


def assert_same(one, other):
    for a, b in zip(one[0], other[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert one[1]["loss"] == pytest.approx(other[1]["loss"], rel=1e-5)


@pytest.fixture(scope="module")
def wanted():
    return weights_after(X, Y, batch_size=16, shuffle=False)


class Numbered(PyDataset):
    def __len__(self):
        return -(-len(X) // 16)

    def __getitem__(self, index):
        time.sleep(0.002 * (index % 2))  # so that they are done in another order
        return X[16 * index : 16 * index + 16], Y[16 * index : 16 * index + 16]


class Lists:
    """As PyTorch's loaders: lists in the place of tuples."""

    def __iter__(self):
        return iter([list(batch) for batch in batches()])


PLAIN = Dataset.from_tensor_slices((X, Y))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Numbered(workers=4),
        lambda: Numbered(workers=2, use_multiprocessing=True, max_queue_size=2),
        lambda: PLAIN.batch(16),
        lambda: PLAIN.map(lambda x, y: (x * 2, y)).map(lambda x, y: (x / 2, y)).batch(16),
        lambda: PLAIN.filter(lambda x, y: True).batch(16).prefetch(1),
        lambda: PLAIN.batch(16).map(lambda x, y: {"x": x, "y": y}).map(lambda d: (d["x"], d["y"])),
        lambda: Dataset.from_generator(batches),
        Lists,
    ],
    ids=["threads", "processes", "plain", "mapped", "streamed", "batches mapped", "generator",
         "lists"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*fork")
def test_as_the_arrays(make, wanted):
    assert_same(weights_after(make()), wanted)


def test_slow_batches_come_in_smaller_blocks(monkeypatch, wanted):
    monkeypatch.setattr(feed, "SECONDS_A_BLOCK", 0.0)
    assert_same(weights_after(Lists()), wanted)


def test_plain_rows_are_never_taken_batch_by_batch(monkeypatch):
    monkeypatch.setattr(feed.Streamed, "__init__", None)
    dataset = PLAIN.shuffle(1000, seed=0).map(lambda x, y: (x + 1, y)).batch(16).prefetch(-1)
    model = make_model()
    model.fit(dataset, validation_data=PLAIN.batch(8), epochs=2, verbose=0)
    wanted = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(PLAIN.batch(7), verbose=0) == pytest.approx(wanted, rel=1e-5)
    assert model.evaluate(PLAIN.shuffle(99).batch(7), verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_a_shuffled_data_set_takes_its_own_order():
    mixed = PLAIN.shuffle(len(X), seed=7).batch(16)
    again = PLAIN.shuffle(len(X), seed=7).filter(lambda x, y: True).batch(16)
    assert_same(weights_after(mixed), weights_after(again))


def test_without_end():
    endless = PLAIN.batch(16, drop_remainder=True).repeat()
    with pytest.raises(InputError, match="steps_per_epoch"):
        weights_after(endless)
    one = weights_after(endless, steps_per_epoch=2)
    other = weights_after(endless.filter(lambda x, y: True), steps_per_epoch=2)
    assert_same(one, other)


def test_single_rows_are_no_batches():
    for call in ("fit", "evaluate"):
        with pytest.raises(InputError, match=r"\.batch\(32\)"):
            getattr(make_model(), call)(PLAIN.shuffle(10))


def test_validation_without_end_takes_its_steps():
    endless = PLAIN.batch(16).repeat()
    history = weights_after(X, Y, validation_data=PLAIN.repeat().batch(20), validation_steps=3)[1]
    assert history["val_loss"] == pytest.approx(
        weights_after(X, Y, validation_data=(X, Y))[1]["val_loss"], rel=1e-5
    )
    model = make_model()
    wanted = model.evaluate(X[:32], Y[:32], verbose=0)
    assert model.evaluate(endless, steps=2, verbose=0) == pytest.approx(wanted, rel=1e-5)


def test_class_weights_reach_a_stream():
    table = {0: 2.0, 1: 0.5}
    wanted = weights_after(X, Y, batch_size=16, shuffle=False, class_weight=table)
    for make in (Lists(), PLAIN.batch(16)):
        assert_same(weights_after(make, class_weight=table), wanted)
    weights_after(PLAIN.batch(16), class_weight="balanced", epochs=1)
    with pytest.raises(InputError, match="all labels at once"):
        weights_after(Lists(), class_weight="balanced")


def test_predict_takes_a_data_set():
    model = make_model()
    wanted = model.predict(X, verbose=0)
    np.testing.assert_allclose(model.predict(PLAIN.batch(7), verbose=0), wanted, rtol=1e-5)
    alone = Dataset.from_tensor_slices(X).batch(9).map(lambda x: x)
    np.testing.assert_allclose(model.predict(alone, verbose=0), wanted, rtol=1e-5)


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("at", [1, 3])
def test_an_error_in_a_batch_keeps_its_traceback(workers, at):
    class Failing(Numbered):
        def __getitem__(self, index):
            if index == at:
                return self.fail()
            return super().__getitem__(index)

        def fail(self):
            raise ZeroDivisionError("in the batch")

    def failing():
        data = Failing()
        yield from (data[index] for index in range(4))

    stream = Failing(workers=workers) if workers else failing()
    with pytest.raises(ZeroDivisionError, match="in the batch") as caught:
        make_model().fit(stream, verbose=0, epochs=2)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fail"


def test_a_run_that_is_stopped_ends_the_thread_at_once():
    def endless():
        while True:
            yield X[:16], Y[:16]

    class Stop(mn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 5

    model = make_model()
    model.fit(endless(), steps_per_epoch=10**6, epochs=9, verbose=0, callbacks=[Stop()])
    assert int(model.optimizer.iterations) == 6


def test_ctrl_c_ends_a_stream_and_leaves_the_model_usable(capsys):
    def interrupting():
        for step in range(10**6):
            if step == 40:
                os.kill(os.getpid(), signal.SIGINT)
            yield X[:16], Y[:16]

    model = make_model()
    model.fit(interrupting(), steps_per_epoch=10**6, verbose=0)
    assert "Interrupted" in capsys.readouterr().out
    assert np.isfinite(model.predict(X, verbose=0)).all()


class TestOnDisk:
    @pytest.fixture
    def mapped(self, tmp_path, monkeypatch):
        """Arrays on disk, on a device that is too small for them."""
        monkeypatch.setattr(feed, "LARGEST_MAPPED", 0.0)

        def save(name, array):
            np.save(tmp_path / f"{name}.npy", array)
            return np.load(tmp_path / f"{name}.npy", mmap_mode="r")

        return save

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_as_the_arrays(self, mapped, monkeypatch, shuffle):
        monkeypatch.setattr("myelin.training.buffers.BLOCK_BYTES", 1000)
        x, y = mapped("x", X.astype("float64")), mapped("y", Y.astype("int64"))
        wanted = weights_after(X, Y, batch_size=16, shuffle=shuffle)
        assert_same(weights_after(x, y, batch_size=16, shuffle=shuffle), wanted)
        model = make_model()
        assert model.evaluate(x, y, verbose=0) == pytest.approx(
            model.evaluate(X, Y, verbose=0), rel=1e-5
        )
        np.testing.assert_allclose(
            model.predict(x, verbose=0), model.predict(X, verbose=0), rtol=1e-5
        )

    def test_numbers_too_large_are_an_error(self, mapped):
        x = np.zeros((40, 4), "int64")
        x[35, 1] = 2**40
        with pytest.raises(InputError, match="32 bits"):
            weights_after(mapped("x", x), Y[:40])


class TestTables:
    def test_arrow(self):
        pa = pytest.importorskip("pyarrow")
        table = pa.table({name: X[:, i] for i, name in enumerate("abcd")})
        one = weights_after(table, pa.array(Y), batch_size=16, shuffle=False)
        assert_same(one, weights_after(X, Y, batch_size=16, shuffle=False))

    def test_a_loader_without_end_says_so_by_its_length(self):
        class Grain:
            def __len__(self):
                return 2**63 - 1

            def __getitem__(self, index):
                start = 16 * (index % 4)
                return X[start : start + 16], Y[start : start + 16]

            def __iter__(self):
                return (self[index] for index in range(10**9))

        one = weights_after(Grain(), steps_per_epoch=4, epochs=1)
        assert_same(one, weights_after(X, Y, batch_size=16, shuffle=False, epochs=1))
