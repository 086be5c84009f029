"""k folds as one program against k separate calls of `fit`, with the same rows and seeds."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import myelin as keras
from myelin.errors import InputError, NonFiniteError, NotCompiledError
from myelin.evaluation.folds import deal
from tests.evaluation.fixtures import alone, classified, classifier, measured, regressor

CLOSE = {"rtol": 2e-4, "atol": 2e-5}


def stopping(patience: int = 2) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)


def check_against_separate_fits(model, result, x, y, **arguments):
    for fold in result.folds:
        own, history = alone(model, fold.seed, x, y, fold.train, fold.validation, **arguments)
        scores = own.evaluate(x[fold.test], y[fold.test], verbose=0, return_dict=True)
        assert fold.scores == pytest.approx(scores, rel=2e-4, abs=2e-5)
        np.testing.assert_allclose(fold.predictions, own.predict(x[fold.test], verbose=0), **CLOSE)
        assert fold.history.keys() == history.keys()
        for name, values in history.items():
            np.testing.assert_allclose(fold.history[name], values, **CLOSE)
        for mine, theirs in zip(fold.model.get_weights(), own.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, **CLOSE)


class TestEqualsSeparateFits:
    def test_with_folds_of_unequal_size_noise_and_batch_statistics(self):
        x, y = classified()
        layers = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
        model = classifier(layers)
        result = keras.cross_validate(model, x, y, cv=4, epochs=3, batch_size=16, verbose=0, seed=5)
        assert sorted(len(fold.test) for fold in result.folds) == [25, 26, 26, 26]
        check_against_separate_fits(model, result, x, y, epochs=3, batch_size=16)

    def test_with_early_stopping_of_each_fold(self):
        x, y = classified()
        model = classifier(optimizer=keras.optimizers.Adam(0.05))
        result = keras.cross_validate(
            model, x, y, cv=3, epochs=30, batch_size=16, callbacks=[stopping()], verbose=0
        )
        lengths = [len(fold.history["loss"]) for fold in result.folds]
        assert min(lengths) < 30
        assert len(set(lengths)) > 1
        assert all(f.epoch <= n for f, n in zip(result.folds, lengths, strict=True))
        for fold in result.folds:
            own, history = alone(
                model, fold.seed, x, y, fold.train, fold.validation, epochs=30, batch_size=16,
                callbacks=[stopping()],
            )  # fmt: skip
            np.testing.assert_allclose(fold.history["val_loss"], history["val_loss"], rtol=1e-3)
            assert int(np.argmin(history["val_loss"])) + 1 == fold.epoch
            scores = own.evaluate(x[fold.test], y[fold.test], verbose=0, return_dict=True)
            assert fold.scores == pytest.approx(scores, rel=1e-3, abs=1e-4)

    def test_with_callbacks_that_set_the_learning_rate(self):
        x, y = measured()
        model = regressor()

        def schedule(epoch, rate):
            return rate * 0.5 if epoch else rate

        result = keras.cross_validate(
            model, x, y, cv=3, epochs=4, verbose=0,
            callbacks=[keras.callbacks.LearningRateScheduler(schedule)],
        )  # fmt: skip
        check_against_separate_fits(
            model, result, x, y, epochs=4,
            callbacks=[keras.callbacks.LearningRateScheduler(schedule)],
        )  # fmt: skip

    def test_with_balanced_classes_and_weights_of_rows(self):
        x, y = classified()
        model = classifier()
        weight = np.random.default_rng(2).uniform(0.5, 2, len(x)).astype("float32")
        result = keras.cross_validate(
            model, x, y, cv=3, epochs=2, class_weight="balanced", sample_weight=weight, verbose=0
        )
        for fold in result.folds:
            keras.utils.set_random_seed(fold.seed)
            own = keras.models.clone_model(model)
            own.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            own.fit(
                x[fold.train], y[fold.train], sample_weight=weight[fold.train], epochs=2,
                class_weight="balanced", verbose=0,
            )  # fmt: skip
            np.testing.assert_allclose(fold.predictions, own.predict(x[fold.test]), **CLOSE)

    def test_of_a_function_and_a_model_of_calls(self):
        x, y = measured()

        def make():
            inputs = keras.Input((4,))
            hidden = keras.layers.Dense(5, activation="relu")(inputs)
            outputs = keras.layers.Dense(1)(keras.layers.Concatenate()([hidden, inputs]))
            model = keras.Model(inputs, outputs)
            model.compile("adam", "mse")
            return model

        result = keras.cross_validate(make, x, y, cv=3, epochs=2, verbose=0)
        for fold in result.folds:
            keras.utils.set_random_seed(fold.seed)
            own = make()
            own.fit(x[fold.train], y[fold.train], epochs=2, verbose=0)
            np.testing.assert_allclose(fold.predictions, own.predict(x[fold.test]), **CLOSE)

    def test_in_groups_as_all_at_once(self):
        x, y = classified()
        together = keras.cross_validate(classifier(), x, y, cv=3, epochs=2, verbose=0)
        apart = keras.cross_validate(classifier(), x, y, cv=3, epochs=2, verbose=0, at_once=2)
        for name, values in together.scores.items():
            np.testing.assert_allclose(values, apart.scores[name], rtol=1e-4)

    def test_when_stopped_folds_leave_the_program(self, monkeypatch):
        x, y = classified()
        from myelin.training import cohort

        sizes = []
        take = cohort.Cohort._take

        def noted(self, members):
            sizes.append(len(members))
            take(self, members)
            self._compiling = 0.0

        monkeypatch.setattr(cohort.Cohort, "_take", noted)
        model = classifier(optimizer=keras.optimizers.Adam(0.05))
        result = keras.cross_validate(
            model, x, y, cv=3, epochs=20, batch_size=16, callbacks=[stopping(1)], verbose=0
        )
        assert min(sizes) < 3
        for fold in result.folds:
            _, history = alone(
                model, fold.seed, x, y, fold.train, fold.validation, epochs=20, batch_size=16,
                callbacks=[stopping(1)],
            )  # fmt: skip
            np.testing.assert_allclose(fold.history["val_loss"], history["val_loss"], rtol=1e-3)


class TestLeakage:
    def test_normalization_learns_from_each_folds_own_training_rows(self):
        x, y = measured()
        norm = keras.layers.Normalization()
        norm.adapt(x * 100)
        model = keras.Sequential([norm, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        result = keras.cross_validate(model, x, y, cv=3, verbose=0)
        for fold in result.folds:
            layer = fold.model.layers[0]
            np.testing.assert_allclose(
                np.asarray(layer.mean).ravel(), x[fold.train].mean(0), atol=1e-5
            )
            np.testing.assert_allclose(
                np.asarray(layer.variance).ravel(), x[fold.train].var(0), rtol=1e-4
            )
        assert not np.allclose(
            result.folds[0].model.layers[0].mean, result.folds[1].model.layers[0].mean
        )

    def test_a_scaler_that_leaks_is_seen_in_the_score_and_ours_does_not(self):
        # The last rows, the only test rows, are far away: who scales by all rows has seen them.
        rng = np.random.default_rng(0)
        x = rng.normal(size=(60, 1)).astype("float32")
        x[50:] += 40
        y = np.zeros(60, "float32")
        folds = [(np.arange(50), np.arange(50, 60))]

        def make():
            norm = keras.layers.Normalization()
            identity = keras.layers.Dense(
                1, use_bias=False, kernel_initializer="ones", trainable=False
            )
            model = keras.Sequential([keras.Input((1,)), norm, identity])
            norm.adapt(x)
            model.compile("sgd", "mse")
            return model

        leaking = make().predict(x[50:], verbose=0)
        ours = keras.cross_validate(make, x, y, folds, verbose=0).folds[0].predictions
        expected = (x[50:] - x[:50].mean()) / x[:50].std()
        np.testing.assert_allclose(ours, expected, rtol=1e-4)
        assert np.abs(ours - leaking).min() > 10

    def test_each_fold_fits_a_transformer_of_its_own_on_its_training_rows(self):
        seen = []

        class Recorder(TransformerMixin, BaseEstimator):
            def fit(self, rows, y=None):
                seen.append(rows)
                self.mean_ = rows.mean(0)
                return self

            def transform(self, rows):
                return rows - self.mean_

        x, y = measured()
        model = regressor()
        result = keras.cross_validate(model, x, y, cv=3, epochs=2, preprocess=Recorder(), verbose=0)
        for fold, rows in zip(result.folds, seen, strict=True):
            np.testing.assert_array_equal(rows, x[fold.train])
            centred = x - x[fold.train].mean(0)
            own, _ = alone(model, fold.seed, centred, y, fold.train, epochs=2)
            expected = own.predict(centred[fold.test], verbose=0)
            np.testing.assert_allclose(fold.predictions, expected, **CLOSE)
        each = [f.model.predict(x - x[f.train].mean(0), verbose=0) for f in result.folds]
        np.testing.assert_allclose(result.predict(x), np.mean(each, 0), **CLOSE)

    def test_a_frame_with_text_is_prepared_by_each_fold(self):
        rng = np.random.default_rng(0)
        city = np.array(["Rome", "Oslo", "Lima"])[rng.integers(0, 3, 60)]
        # Seen by one fold's test rows alone, so that the models of folds take other numbers.
        city[[3, 4]] = ["Bern", "Pisa"]
        frame = pd.DataFrame({"city": city, "height": rng.normal(170, 9, 60)})
        y = (frame.height > 170).astype(int) + (city == "Rome")
        columns = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city"]), (StandardScaler(), ["height"])
        )
        folds = [(np.arange(20, 60), np.arange(20)), (np.arange(40), np.arange(40, 60))]
        model = keras.Sequential(
            [keras.layers.Input((6,)), keras.layers.Dense(3, activation="softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        result = keras.cross_validate(model, frame, y, folds, preprocess=columns, verbose=0)
        for fold, (train, test) in zip(result.folds, folds, strict=True):
            np.testing.assert_array_equal(fold.test, test)
            alone = columns.fit(frame.iloc[train]).transform(frame)
            alone = np.asarray(alone.todense() if hasattr(alone, "todense") else alone, "float32")
            wide = np.pad(alone, [(0, 0), (0, 6 - alone.shape[1])])
            np.testing.assert_allclose(fold.transformer(frame), wide, rtol=1e-6)
            expected = fold.model.predict(wide[test], verbose=0)
            np.testing.assert_allclose(fold.predictions, expected, **CLOSE)
        assert result.predict(frame.iloc[:5]).shape == (5, 3)
        with pytest.raises(InputError, match="validation_data: with preprocess"):
            keras.cross_validate(model, frame, y, folds, preprocess=columns, verbose=0,
                                 validation_data=(frame, y))  # fmt: skip
        with pytest.raises(InputError, match="wants a transformer"):
            keras.cross_validate(model, frame, y, folds, preprocess=len, verbose=0)

    def test_validation_data_validate_every_fold(self):
        x, y = classified()
        other = np.random.default_rng(5).normal(size=(30, x.shape[1])).astype("float32")
        labels = np.arange(30) % 2
        model = classifier()
        result = keras.cross_validate(
            model, x, y, cv=3, epochs=4, callbacks=[stopping(1)], validation_data=(other, labels),
            verbose=0,
        )  # fmt: skip
        assert len(result.y) == len(result.predictions) == len(x)
        for fold in result.folds:
            assert fold.validation is None
            assert len(fold.train) + len(fold.test) == len(x)
            # The model was put back to its best epoch, which the validation rows chose.
            best = fold.model.evaluate(other, labels, verbose=0)[0]
            assert best == pytest.approx(min(fold.history["val_loss"]), rel=1e-4)
        with pytest.raises(InputError, match="validation_data"):
            keras.cross_validate(model, x, y, cv=3, validation_data=(other[:, :1], labels))

    def test_early_stopping_never_sees_the_test_rows(self):
        x, y = classified()
        result = keras.cross_validate(
            classifier(), x, y, cv=3, epochs=2, callbacks=[stopping()], verbose=0
        )
        for fold in result.folds:
            parts = np.concatenate([fold.train, fold.validation, fold.test])
            assert sorted(parts) == list(range(len(x)))
            assert len(fold.validation) == pytest.approx(0.1 * (len(x) - len(fold.test)), abs=1)


class TestFolds:
    def test_a_number_deals_every_class_out_evenly(self):
        labels = np.random.default_rng(0).choice(3, 107, p=[0.7, 0.2, 0.1])
        for given in (labels, None):
            found = deal(5, 107, given, seed=3)
            tested = np.concatenate([fold.test for fold in found])
            assert sorted(tested) == list(range(107))
            for fold in found:
                assert sorted([*fold.train, *fold.test]) == list(range(107))
                assert len(fold.test) in (21, 22)
                if given is not None:
                    own = np.bincount(labels[fold.test], minlength=3)
                    assert (np.abs(own - np.bincount(labels) / 5) < 1).all()
        other = deal(5, 107, labels, seed=4)
        assert set(other[0].test) != set(deal(5, 107, labels, seed=3)[0].test)

    def test_a_number_of_folds_brings_no_scikit_learn(self):
        program = (
            "import sys, numpy as np, myelin as keras\n"
            "model = keras.Sequential([keras.layers.Dense(2, activation='softmax')])\n"
            "model.compile('sgd', 'sparse_categorical_crossentropy')\n"
            "stop = keras.callbacks.EarlyStopping(patience=1)\n"
            "x, y = np.ones((20, 3), 'float32'), np.arange(20) % 2\n"
            "keras.cross_validate(model, x, y, cv=2, callbacks=[stop], verbose=0)\n"
            "print('sklearn' in sys.modules)"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert ended.stdout.strip() == "False", ended.stderr

    @pytest.mark.parametrize(
        "cv",
        [
            model_selection.TimeSeriesSplit(3),
            model_selection.RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
            model_selection.ShuffleSplit(2, test_size=0.3, random_state=0),
        ],
    )
    def test_splitters_of_scikit_learn(self, cv):
        x, y = measured()
        result = keras.cross_validate(regressor(), x, y, cv, verbose=0)
        for fold, (train, test) in zip(result.folds, cv.split(x), strict=True):
            np.testing.assert_array_equal(fold.train, train)
            np.testing.assert_array_equal(fold.test, test)
        tested = np.unique(np.concatenate([fold.test for fold in result.folds]))
        expected = np.zeros(len(x), bool)
        expected[tested] = True
        np.testing.assert_array_equal(np.isfinite(result.predictions[:, 0]), expected)

    def test_groups_stay_together(self):
        x, y = measured()
        groups = np.arange(len(x)) // 10
        result = keras.cross_validate(regressor(), x, y, 3, groups=groups, verbose=0)
        for fold in result.folds:
            assert not set(groups[fold.train]) & set(groups[fold.test])

    def test_leave_one_out(self):
        x, y = measured(12)
        result = keras.cross_validate(
            regressor(), x, y, model_selection.LeaveOneOut(), verbose=0, epochs=1
        )
        assert len(result.folds) == 12
        assert np.isfinite(result.predictions).all()

    def test_every_fold_has_its_share_of_each_class(self):
        x, y = classified()
        result = keras.cross_validate(classifier(), x, y, cv=4, verbose=0)
        for fold in result.folds:
            expected = np.bincount(y) / 4
            assert np.abs(np.bincount(y[fold.test], minlength=3) - expected).max() <= 1

    def test_masks_are_row_numbers(self):
        x, y = measured()
        mask = np.arange(len(x)) < 60
        result = keras.cross_validate(regressor(), x, y, [(mask, ~mask)], verbose=0)
        np.testing.assert_array_equal(result.folds[0].test, np.arange(60, len(x)))


class TestResult:
    def test_means_frame_and_text(self):
        x, y = classified()
        result = keras.cross_validate(classifier(), x, y, cv=3, epochs=1, verbose=0)
        scores = np.array([fold.scores["accuracy"] for fold in result.folds])
        assert result.mean("accuracy") == pytest.approx(scores.mean())
        low, high = result.interval("accuracy")
        assert low <= scores.mean() <= high
        frame = result.to_frame()
        assert list(frame["accuracy"]) == pytest.approx(list(scores))
        assert "accuracy" in str(result)
        assert "3 folds" in str(result)
        with pytest.raises(InputError, match='no score is called "f1"'):
            result.mean("f1")

    def test_out_of_fold_predictions_and_the_mean_of_the_models(self):
        x, y = classified()
        result = keras.cross_validate(classifier(), x, y, cv=3, epochs=1, verbose=0)
        for fold in result.folds:
            np.testing.assert_allclose(result.predictions[fold.test], fold.predictions, rtol=1e-6)
        each = [fold.model.predict(x, verbose=0) for fold in result.folds]
        np.testing.assert_allclose(result.predict(x), np.mean(each, axis=0), rtol=1e-5)

    def test_curves(self):
        x, y = classified()
        result = keras.cross_validate(classifier(), x, y, cv=3, epochs=2, verbose=0)
        axes = result.plot("accuracy").axes[0]
        assert axes.get_ylabel() == "accuracy"
        assert len(axes.lines) == 3 + 1 + 3

    def test_the_programs_own_random_numbers_go_on_as_if_nothing_had_been(self):
        x, y = measured()
        model = regressor()
        keras.utils.set_random_seed(3)
        before = np.random.rand(), keras.random.next_seed()
        keras.utils.set_random_seed(3)
        keras.cross_validate(model, x, y, cv=2, verbose=0)
        assert (np.random.rand(), keras.random.next_seed()) == before

    def test_the_bar_shows_the_means(self, capsys):
        x, y = classified()
        result = keras.cross_validate(classifier(), x, y, cv=3, epochs=1, verbose=2)
        mean = np.mean([fold.history["loss"][0] for fold in result.folds])
        assert f"loss: {mean:.4f}" in capsys.readouterr().out

    def test_the_bar_counts_the_steps_of_the_longest_fold(self, capsys):
        x, y = measured()
        n = len(x)
        folds = [(range(20, n), range(20)), (range(17), range(17, n)), (range(23), range(23, n))]
        keras.cross_validate(regressor(), x, y, folds, epochs=1, batch_size=8, verbose=2)
        most = -(-(n - 20) // 8)
        assert f"{most}/{most} - " in capsys.readouterr().out


class TestBadInput:
    @pytest.mark.parametrize(
        ("cv", "message"),
        [
            (1, "from 2 folds"),
            (1000, "from 2 folds"),
            ([], "no folds"),
            ([([0, 1], [1, 2])], "trains on 1 of the rows that it tests, such as row 1"),
            ([([0, 1], [])], "fold 1 has no test rows"),
            ([([0, 1], [500])], "out of range"),
            (3.5, "a number of folds"),
        ],
    )
    def test_folds(self, cv, message):
        x, y = measured()
        with pytest.raises(InputError, match=message):
            keras.cross_validate(regressor(), x, y, cv, verbose=0)

    def test_a_class_with_fewer_examples_than_folds(self):
        x, y = classified()
        rare = np.where(np.arange(len(y)) < 2, 2, np.minimum(y, 1))
        with pytest.raises(InputError, match="the rarest class has 2 examples"):
            keras.cross_validate(classifier(), x, rare, cv=3, verbose=0)

    def test_models(self):
        x, y = measured()
        bare = keras.Sequential([keras.layers.Dense(1)])
        with pytest.raises(NotCompiledError, match="not compiled"):
            keras.cross_validate(bare, x, y, verbose=0)
        with pytest.raises(NotCompiledError, match="is not compiled"):
            keras.cross_validate(lambda: bare, x, y, verbose=0)
        with pytest.raises(InputError, match="a compiled model"):
            keras.cross_validate("mlp", x, y, verbose=0)
        shared = regressor()
        with pytest.raises(InputError, match="share layers"):
            keras.cross_validate(lambda: shared, x, y, verbose=0)

    def test_a_loss_that_is_not_finite(self):
        x, y = measured()
        model = regressor()
        model.compile(keras.optimizers.SGD(1e30), "mse")
        with pytest.raises(NonFiniteError, match=r"fold 1 became NaN or infinite"):
            keras.cross_validate(model, x, y, cv=2, epochs=5, verbose=0)
