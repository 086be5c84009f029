"""A sweep as one program against separate calls of `fit` with each setting."""

from __future__ import annotations

import numpy as np
import pytest

import myelin as keras
from myelin.errors import InputError, UnknownNameError
from myelin.training import cohort
from tests.evaluation.fixtures import alone, classified, classifier, measured, regressor


def regularized(rate: float = 0.5, l2: float = 0.01, learning_rate: float = 0.01):
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(l2)),
            keras.layers.Dropout(rate),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    adam = keras.optimizers.Adam(learning_rate)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def programs(monkeypatch):
    """How many members each program had."""
    sizes = []
    fit = cohort.Cohort.fit

    def noted(self, *arguments):
        sizes.append(len(self.members))
        return fit(self, *arguments)

    monkeypatch.setattr(cohort.Cohort, "fit", noted)
    return sizes


def test_numbers_vary_in_one_program_and_give_what_separate_fits_give(programs):
    x, y = classified()
    grid = {"learning_rate": [0.01, 0.03], "l2": [0.0, 0.1], "dropout": [0.0, 0.4]}
    found = keras.sweep(regularized(), x, y, grid, epochs=2, batch_size=16, verbose=0)
    assert programs == [8]
    for trial in (found.trials[0], found.trials[3], found.trials[6]):
        own = trial.settings
        model = regularized(own["dropout"], own["l2"], own["learning_rate"])
        fold = trial.folds[0]
        separate, history = alone(model, fold.seed, x, y, fold.train, epochs=2, batch_size=16)
        np.testing.assert_allclose(fold.history["loss"], history["loss"], rtol=1e-4)
        expected = separate.evaluate(x[fold.test], y[fold.test], verbose=0, return_dict=True)
        assert fold.scores == pytest.approx(expected, rel=1e-3, abs=1e-4)
        assert fold.model.layers[1].rate == own["dropout"]
        assert fold.model.layers[0].kernel_regularizer.l2 == own["l2"]


def test_what_changes_shapes_runs_as_programs_of_its_own(programs):
    x, y = measured()

    def make(units):
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        return model

    found = keras.sweep(make, x, y, {"units": [2, 3], "seed": [0, 1, 2]}, verbose=0)
    assert programs == [3, 3]
    assert [t.settings["units"] for t in found.trials] == [2, 2, 2, 3, 3, 3]
    assert [t.folds[0].seed for t in found.trials] == [0, 1, 2, 0, 1, 2]
    assert [t.folds[0].model.layers[0].units for t in found.trials] == [2, 2, 2, 3, 3, 3]


def test_the_best_by_the_mean_over_folds_and_its_mark():
    x, y = measured()
    grid = {"learning_rate": [1e-6, 0.05]}
    found = keras.sweep(regressor(), x, y, grid, cv=3, epochs=5, verbose=0)
    assert found.best_settings == {"learning_rate": 0.05}
    means = [np.mean([fold.scores["mae"] for fold in t.folds]) for t in found.trials]
    assert found.score == "mae"
    assert not found.rises
    assert found.best.score("mae") == pytest.approx(min(means))
    assert "optimistic" in str(found)
    assert found.to_frame().iloc[0]["learning_rate"] == 0.05
    with pytest.raises(InputError, match="nested"):
        found.interval()


def test_a_learning_rate_that_diverges_does_not_end_the_sweep():
    x, y = measured()
    grid = {"learning_rate": [1e30, 0.05]}
    found = keras.sweep(regressor(), x, y, grid, epochs=3, verbose=0)
    assert np.isnan(found.trials[0].score("mae"))
    assert found.best_settings == {"learning_rate": 0.05}


def test_successive_halving_drops_the_worst_and_spares_their_epochs():
    x, y = measured()
    rates = [1e-6, 1e-5, 1e-4, 0.001, 0.02, 0.05, 0.03, 0.01, 0.002]
    found = keras.sweep(
        regressor(), x, y, {"learning_rate": rates}, epochs=9, halving=3, score="loss", verbose=0
    )
    lengths = [len(trial.folds[0].history["loss"]) for trial in found.trials]
    assert sorted(lengths) == [1] * 6 + [3] * 2 + [9]
    assert [t.dropped for t in found.trials] == [None if n == 9 else n for n in lengths]
    assert found.best.dropped is None


def test_the_nested_score_is_that_of_what_the_inner_rows_chose():
    x, y = measured()
    grid = {"learning_rate": [1e-6, 0.05]}
    found = keras.sweep(regressor(), x, y, grid, epochs=4, nested=3, score="loss", verbose=0)
    outer = keras.cross_validate(regressor(), x, y, cv=3, epochs=4, verbose=0)
    assert found.nested.shape == (3,)
    # 0.05 is what every inner search chooses, and the seed of a chosen model is the sweep's.
    first = outer.folds[0]
    assert found.nested[0] == pytest.approx(first.scores["loss"], rel=1e-3)
    low, high = found.interval()
    assert low < found.nested.mean() < high


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({}, InputError, "wants settings"),
        ({"l2": [0.1]}, InputError, 'has a "l2"'),
        ({"dropout": [0.1]}, InputError, "Dropout layer"),
        ({"units": [1]}, InputError, "give a function"),
        ({"learning_rate": [-1.0]}, InputError, "at least 0"),
        ({"dense_9.rate": [0.1]}, UnknownNameError, "dense_9"),
    ],
)
def test_bad_settings(grid, error, message):
    x, y = measured()
    with pytest.raises(error, match=message):
        keras.sweep(regressor(), x, y, grid, verbose=0)


def test_dropout_out_of_range():
    x, y = classified()
    with pytest.raises(InputError, match="from 0 to 1"):
        keras.sweep(classifier([keras.layers.Dropout(0.1)]), x, y, {"dropout": [1.5]}, verbose=0)
