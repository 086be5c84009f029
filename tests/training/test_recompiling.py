"""Compiling anew for changed shapes is said once, with the reason."""

import warnings

import numpy as np
import pytest

import myelin as mn
from myelin.errors import RecompilationWarning


def model():
    made = mn.Sequential(
        [mn.Input((None, 3)), mn.layers.GlobalAveragePooling1D(), mn.layers.Dense(1)]
    )
    made.compile("sgd", "mse")
    return made


def batch(steps, n=8):
    return np.ones((n, steps, 3), "float32"), np.ones((n, 1), "float32")


def warnings_of(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [w for w in caught if issubclass(w.category, RecompilationWarning)]


def test_batches_of_other_shapes_are_said_once_with_both_shapes():
    made = model()
    said = warnings_of(
        lambda: made.fit((batch(t) for t in (5, 7, 5, 9)), steps_per_epoch=4, verbose=0)
    )
    assert len(said) == 1
    assert "x: (8, 5, 3) before, (8, 7, 3) now" in str(said[0].message)
    assert "pad_sequences" in str(said[0].message)
    assert made.name in str(said[0].message)
    assert said[0].filename == __file__
    assert not warnings_of(lambda: made.train_on_batch(*batch(11)))


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_one_batch_at_a_time(method):
    made = model()
    getattr(made, method)(*batch(4))
    assert len(warnings_of(lambda: getattr(made, method)(*batch(6)))) == 1


def test_predict_of_other_shapes():
    made = model()
    assert not warnings_of(lambda: [made.predict(batch(4, n)[0], verbose=0) for n in (1, 3, 9)])
    said = warnings_of(lambda: made.predict(batch(6)[0], verbose=0))
    assert len(said) == 1
    assert "predict is compiled anew" in str(said[0].message)


def test_a_last_smaller_batch_and_data_of_another_length_are_nothing_to_speak_of():
    made = model()
    x, y = batch(4, 21)

    def run():
        made.fit(x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x[:5], y[:5]))
        made.fit(x[:13], y[:13], batch_size=8, verbose=0)
        made.fit(batch(4, n) for n in (8, 8, 3))

    assert not warnings_of(run)


def test_batches_of_ever_new_sizes_are_said():
    from myelin.training.recompiling import Shapes

    shapes = Shapes('Model "m"', "training")
    for n in range(32, 24, -1):
        assert not warnings_of(lambda n=n: shapes.see(batch(4, n), n))
    said = warnings_of(lambda: shapes.see(batch(4, 24), 24))
    assert len(said) == 1
    assert "x: (25, 4, 3) before, (24, 4, 3) now" in str(said[0].message)
    assert "drop_remainder" in str(said[0].message)


def test_nothing_is_said_where_nothing_is_compiled():
    made = model()
    with mn.debug():
        assert not warnings_of(lambda: [made.train_on_batch(*batch(t)) for t in (3, 4)])
