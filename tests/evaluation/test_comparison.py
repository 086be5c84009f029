"""`compare` against the corrected paired t-test written out, and against two equal models."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import myelin as keras
from myelin.errors import InputError
from tests.evaluation.fixtures import classified, classifier, measured, regressor


def test_the_differences_fold_by_fold_and_their_test():
    x, y = classified()
    models = {"wide": classifier(optimizer=keras.optimizers.Adam(0.02))}
    models["slow"] = classifier(optimizer=keras.optimizers.SGD(1e-6))
    found = keras.compare(models, x, y, cv=3, epochs=5, verbose=0)
    wide, slow = found.results["wide"], found.results["slow"]
    for one, other in zip(wide.folds, slow.folds, strict=True):
        np.testing.assert_array_equal(one.test, other.test)
    assert found.score == "accuracy"
    differences = wide.scores["accuracy"] - slow.scores["accuracy"]
    ratio = np.mean([len(f.test) for f in wide.folds]) / np.mean([len(f.train) for f in wide.folds])
    error = np.sqrt((1 / 3 + ratio) * differences.var(ddof=1))
    pair = found.pairs[0]
    assert pair.test.difference == pytest.approx(differences.mean())
    expected = 2 * stats.t.sf(abs(differences.mean() / error), 2)
    assert pair.test.p_value == pytest.approx(expected, rel=1e-6)
    half = stats.t.ppf(0.975, 2) * error
    assert pair.test.interval.high == pytest.approx(differences.mean() + half)
    assert list(found.to_frame()["first"]) == ["wide"]


def test_equal_models_show_no_difference():
    x, y = measured()
    found = keras.compare([regressor(), regressor()], x, y, cv=3, verbose=0)
    assert found.pairs[0].test.difference == 0
    assert not found.pairs[0].shown
    assert "no difference shown" in str(found)


def test_more_models_have_wider_intervals_for_each_pair():
    x, y = measured()
    models = {"a": regressor(), "b": regressor(), "c": regressor()}
    models["b"].compile(keras.optimizers.SGD(0.01), "mse")
    models["c"].compile(keras.optimizers.SGD(0.001), "mse")
    two = keras.compare({k: models[k] for k in "ab"}, x, y, cv=3, score="loss", verbose=0)
    three = keras.compare(models, x, y, cv=3, score="loss", verbose=0)
    assert len(three.pairs) == 3
    width = [p.test.interval.high - p.test.interval.low for p in (two.pairs[0], three.pairs[0])]
    assert width[1] > width[0]


def test_bad_use():
    x, y = measured()
    with pytest.raises(InputError, match="two models"):
        keras.compare([regressor()], x, y)
    with pytest.raises(InputError, match='called "f1"'):
        keras.compare([regressor(), regressor()], x, y, cv=2, score="f1", verbose=0)
