"""Ensembles against separate calls of `fit`, and the one model they become."""

from __future__ import annotations

import numpy as np
import pytest

import myelin as keras
from myelin.errors import InputError
from tests.evaluation.fixtures import alone, classified, classifier, measured, regressor


def test_members_are_those_of_separate_fits_and_answer_as_their_mean():
    x, y = classified()
    model = classifier([keras.layers.Dropout(0.2)])
    found = keras.ensemble(model, 2, seed=4).fit(x, y, epochs=2, verbose=0)
    each = [
        alone(model, 4 + index, x, y, np.arange(len(x)), epochs=2)[0].predict(x, verbose=0)
        for index in range(2)
    ]
    np.testing.assert_allclose(found.predict_each(x), each, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(found.predict(x), np.mean(each, axis=0), rtol=2e-4, atol=2e-5)
    hits = np.mean(np.mean(each, axis=0).argmax(-1) == y)
    scores = found.evaluate(x, y, return_dict=True, verbose=0)
    assert scores["accuracy"] == pytest.approx(hits, abs=1e-6)


def test_as_one_model_that_can_be_saved(tmp_path):
    x, y = measured()
    found = keras.ensemble(regressor(), 2).fit(x, y, epochs=1, verbose=0)
    model = found.as_model()
    model.save(tmp_path / "ensemble.keras")
    loaded = keras.models.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), found.predict(x), rtol=1e-5, atol=1e-6)


def test_bagging_draws_rows_with_replacement():
    x, y = measured()
    model = regressor()
    found = keras.ensemble(model, 2, bootstrap=True).fit(x, y, epochs=1, verbose=0)
    rows = np.random.default_rng([0, 1]).integers(0, len(x), len(x))
    own, _ = alone(model, 1, x, y, rows, epochs=1)
    np.testing.assert_allclose(
        found.models[1].predict(x, verbose=0), own.predict(x, verbose=0), rtol=2e-4, atol=2e-5
    )


def test_bad_use():
    with pytest.raises(InputError, match="whole number of at least 1"):
        keras.ensemble(regressor(), 0)
    with pytest.raises(InputError, match="call fit first"):
        keras.ensemble(regressor(), 2).predict(np.zeros((1, 4)))


def test_a_function_that_gives_the_same_model_again():
    x, y = measured()
    shared = regressor()
    with pytest.raises(InputError, match="share layers"):
        keras.ensemble(lambda: shared, 2).fit(x, y, verbose=0)
