"""The estimators: scikit-learn's checks, its tools around them, its networks beside them."""

import copy
import pickle

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits, make_classification
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

import myelin
from myelin import callbacks, layers, models
from myelin.errors import InputError
from myelin.sklearn import MyelinClassifier, MyelinRegressor
from tests.interop.estimators import IRIS, NAMES, small, small_regressor


def momentum():
    """What comes near the minimum of a smooth convex loss in few steps."""
    return myelin.optimizers.SGD(momentum=0.9)


def differences(estimator):
    why = "float32 rounds sums over other numbers of rows otherwise, and the check allows 1e-7"
    return {"check_sample_weight_equivalence_on_dense_data": why}


@parametrize_with_checks(
    [
        MyelinClassifier(epochs=20, learning_rate=0.01),
        MyelinRegressor(epochs=20, learning_rate=0.01),
    ],
    expected_failed_checks=differences,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


class TestBesideScikitLearnsNetworks:
    def test_digits(self):
        X, y = load_digits(return_X_y=True)
        parts = train_test_split(X, y, train_size=1000, stratify=y, random_state=0)
        X_train, X_test, y_train, y_test = parts
        theirs = make_pipeline(StandardScaler(), MLPClassifier(max_iter=30, random_state=0))
        ours = MyelinClassifier(epochs=20, random_state=0)
        with pytest.warns(UserWarning, match="converged"):
            reached = theirs.fit(X_train, y_train).score(X_test, y_test)
        assert ours.fit(X_train, y_train).score(X_test, y_test) > reached - 0.01 > 0.92

    def test_diabetes(self):
        X, y = (part[:400] for part in load_diabetes(return_X_y=True))
        theirs = TransformedTargetRegressor(
            make_pipeline(
                StandardScaler(), MLPRegressor(hidden_layer_sizes=16, max_iter=300, random_state=0)
            ),
            transformer=StandardScaler(),
        )
        ours = MyelinRegressor(hidden_layer_sizes=(16,), epochs=40, random_state=0)
        with pytest.warns(UserWarning, match="converged"):
            reached = cross_val_score(theirs, X, y, cv=2).mean()
        assert cross_val_score(ours, X, y, cv=2).mean() > reached - 0.03 > 0.35

    def test_without_hidden_layers_it_is_logistic_regression(self):
        X, y = make_classification(200, 4, n_redundant=0, flip_y=0.2, random_state=0)
        scaled = StandardScaler().fit_transform(X)
        theirs = LogisticRegression(C=np.inf).fit(scaled, y)
        ours = small(
            hidden_layer_sizes=(), optimizer=momentum(), learning_rate=1, epochs=300,
            batch_size=200,
        ).fit(X, y)  # fmt: skip
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(scaled), atol=2e-3)

    def test_l2_without_hidden_layers_is_ridge(self):
        X, y = load_diabetes(return_X_y=True)
        # The loss is a mean over rows and of standardised targets, Ridge's a sum.
        scaled = StandardScaler().fit_transform(X)
        target = (y - y.mean()) / y.std()
        theirs = Ridge(alpha=0.1 * len(y)).fit(scaled, target).predict(scaled)
        ours = small_regressor(
            hidden_layer_sizes=(), l2=0.1, optimizer=momentum(), learning_rate=0.1, epochs=300,
            batch_size=len(y),
        )  # fmt: skip
        predicted = (ours.fit(X, y).predict(X) - y.mean()) / y.std()
        np.testing.assert_allclose(predicted, theirs, atol=2e-3)


class TestInsideScikitLearn:
    def test_pipeline_and_cross_validation(self):
        pipeline = make_pipeline(StandardScaler(), small())
        assert cross_val_score(pipeline, *IRIS, cv=2).min() > 0.9

    def test_grid_search_reaches_the_function_that_makes_the_model(self):
        def build(n_features, n_classes, units=1):
            return models.Sequential([
                layers.Input((n_features,)), layers.Dense(units, "relu"),
                layers.Dense(n_classes, "softmax"),
            ])  # fmt: skip

        network = small(model=build, model__units=2, batch_size=75)
        pipeline = make_pipeline(StandardScaler(), network)
        step = "myelinclassifier__"
        grid = {f"{step}model__units": [1, 32], f"{step}learning_rate": [0.01]}
        search = GridSearchCV(pipeline, grid, cv=2).fit(*IRIS)
        assert search.best_params_[f"{step}model__units"] == 32
        best = search.best_estimator_[-1]
        assert best.model_.layers[0].units == 32
        assert best.get_params()["model__units"] == 32

    def test_randomized_search(self):
        search = RandomizedSearchCV(
            small(), {"learning_rate": [1e-6, 0.01], "epochs": [40]}, n_iter=2, cv=2
        ).fit(*IRIS)
        assert search.best_score_ > 0.9
        assert search.best_params_["learning_rate"] == 0.01

    def test_calibration_and_voting(self):
        calibrated = CalibratedClassifierCV(small(), cv=2).fit(*IRIS)
        assert calibrated.score(*IRIS) > 0.9
        vote = VotingClassifier(
            [("network", small()), ("line", LogisticRegression(max_iter=500))], voting="soft"
        ).fit(*IRIS)
        both = [member.predict_proba(IRIS[0]) for member in vote.estimators_]
        np.testing.assert_allclose(vote.predict_proba(IRIS[0]), np.mean(both, axis=0))

    def test_other_processes(self):
        alone = small(epochs=5).fit(*IRIS)
        with Parallel(n_jobs=2) as workers:
            fitted = workers(delayed(clone(alone).fit)(*IRIS) for _ in range(2))
            shares = workers(delayed(alone.predict_proba)(IRIS[0]) for _ in range(2))
        for member, own in zip(fitted, shares, strict=True):
            np.testing.assert_allclose(
                member.predict_proba(IRIS[0]), alone.predict_proba(IRIS[0]), rtol=1e-5
            )
            np.testing.assert_array_equal(own, alone.predict_proba(IRIS[0]))

    def test_threads_take_turns(self):
        alone = small(epochs=5).fit(*IRIS).predict_proba(IRIS[0])
        members = Parallel(n_jobs=4, backend="threading")(
            delayed(small(epochs=5).fit)(*IRIS) for _ in range(4)
        )
        for member in members:
            np.testing.assert_array_equal(member.predict_proba(IRIS[0]), alone)


class TestKeeping:
    @pytest.mark.parametrize("through", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
    def test_a_copy_predicts_and_goes_on_alike(self, through):
        first = small(epochs=5, dropout=0.2).fit(*IRIS)
        second = through(first)
        for _ in range(2):
            np.testing.assert_array_equal(
                first.predict_proba(IRIS[0]), second.predict_proba(IRIS[0])
            )
            first.partial_fit(*IRIS)
            second.partial_fit(*IRIS)
        assert first.loss_curve_ == second.loss_curve_

    def test_with_callbacks_and_a_pattern(self):
        pattern = models.Sequential([layers.Input((4,)), layers.Dense(3, "softmax")])
        pattern.compile("adam", "sparse_categorical_crossentropy")
        stop = callbacks.EarlyStopping("loss", patience=2)
        first = small(model=pattern, callbacks=[stop], epochs=3).fit(*IRIS)
        second = pickle.loads(pickle.dumps(first))
        np.testing.assert_array_equal(first.predict_proba(IRIS[0]), second.predict_proba(IRIS[0]))
        again = second.fit(*IRIS).predict_proba(IRIS[0])
        np.testing.assert_array_equal(again, first.predict_proba(IRIS[0]))

    def test_the_model_can_be_written_to_a_file(self, tmp_path):
        fitted = small(epochs=3).fit(*IRIS)
        fitted.model_.save(tmp_path / "model.keras")
        loaded = myelin.load_model(tmp_path / "model.keras")
        scaled = StandardScaler().fit_transform(IRIS[0])
        np.testing.assert_allclose(
            loaded.predict(scaled, verbose=0), fitted.predict_proba(IRIS[0]), atol=1e-6
        )


class TestData:
    def test_predictions_are_those_of_its_weights(self):
        fitted = small(epochs=5).fit(*IRIS)
        a, b, c, d = (w.astype(np.float64) for w in fitted.model_.get_weights())
        hidden = np.maximum(StandardScaler().fit_transform(IRIS[0]) @ a + b, 0)
        raised = np.exp(hidden @ c + d)
        np.testing.assert_allclose(
            fitted.predict_proba(IRIS[0]), raised / raised.sum(1, keepdims=True), atol=1e-6
        )

    def test_probabilities_sum_to_one_in_float64(self):
        shares = small(epochs=3).fit(*IRIS).predict_proba(IRIS[0])
        assert shares.dtype == np.float64
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-15)
        log = small(epochs=3).fit(*IRIS).predict_log_proba(IRIS[0])
        np.testing.assert_allclose(log, np.log(shares))

    def test_a_row_gets_the_same_bits_alone_and_in_any_company(self):
        X, y = load_digits(return_X_y=True)
        fitted = MyelinClassifier(epochs=2, random_state=0).fit(X[:1000], y[:1000])
        shares = fitted.predict_proba(X)
        np.testing.assert_array_equal(shares[:1], fitted.predict_proba(X[:1]))
        np.testing.assert_array_equal(shares[40:75], fitted.predict_proba(X[40:75]))
        order = np.random.default_rng(0).permutation(len(X))
        np.testing.assert_array_equal(shares[order], fitted.predict_proba(X[order]))

    def test_text_labels(self):
        labels = NAMES[IRIS[1]]
        fitted = small().fit(IRIS[0], labels)
        assert list(fitted.classes_) == sorted(NAMES)
        assert fitted.score(IRIS[0], labels) > 0.9
        numbers = small().fit(*IRIS)
        np.testing.assert_array_equal(fitted.predict(IRIS[0]), NAMES[numbers.predict(IRIS[0])])

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_frames(self, library):
        frames = pytest.importorskip(library)
        columns = dict(zip("abcd", IRIS[0].T, strict=True))
        X, y = frames.DataFrame(columns), frames.Series(list(NAMES[IRIS[1]]))
        fitted = small(epochs=5).fit(X, y)
        assert list(fitted.feature_names_in_) == list("abcd")
        plain = small(epochs=5).fit(IRIS[0], NAMES[IRIS[1]])
        np.testing.assert_array_equal(fitted.predict(X), plain.predict(IRIS[0]))
        with pytest.raises(ValueError, match="feature names"):
            fitted.predict(frames.DataFrame({name[0]: v for name, v in columns.items()})[
                ["b", "a", "c", "d"]
            ])  # fmt: skip

    def test_inputs_far_from_zero_lose_no_digits(self):
        near = small(epochs=5).fit(*IRIS).predict_proba(IRIS[0])
        far = IRIS[0] * 1000.0 + 1e9
        np.testing.assert_allclose(small(epochs=5).fit(far, IRIS[1]).predict_proba(far), near,
                                   atol=1e-3)  # fmt: skip

    def test_a_constant_column_is_one_of_zeros(self):
        X = np.hstack([np.full((150, 1), 0.1), IRIS[0][:, 1:]])
        fitted = small(epochs=5).fit(X, IRIS[1])
        zeros = small(epochs=5).fit(np.hstack([np.zeros((150, 1)), IRIS[0][:, 1:]]), IRIS[1])
        assert fitted.loss_curve_ == pytest.approx(zeros.loss_curve_)

    def test_several_targets(self):
        X, y = load_diabetes(return_X_y=True)
        several = np.stack([y, -3 * y + 1e4], axis=1)
        fitted = small_regressor().fit(X, several)
        predicted = fitted.predict(X)
        assert predicted.shape == several.shape
        assert fitted.score(X, several) > 0.4
        correlation = np.corrcoef(predicted.T)[0, 1]
        assert correlation < -0.9

    def test_several_labels_a_row(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(200, 3))
        y = (X > 0).astype(int)
        fitted = small().fit(X, y)
        assert fitted.predict(X).shape == y.shape
        assert fitted.score(X, y) > 0.85
        shares = fitted.predict_proba(X)
        np.testing.assert_array_equal(fitted.predict(X), shares > 0.5)

    def test_images(self):
        def build(meta):
            assert meta["X_shape_"][1:] == (8, 8, 1)
            return models.Sequential([
                layers.Input(meta["X_shape_"][1:]), layers.Rescaling(1 / 16),
                layers.Conv2D(8, 3, activation="relu"), layers.Flatten(),
                layers.Dense(meta["n_classes_"], "softmax"),
            ])  # fmt: skip

        X, y = load_digits(return_X_y=True)
        X = X.reshape(-1, 8, 8, 1)[:600]
        fitted = MyelinClassifier(build, epochs=10, batch_size=40, random_state=0).fit(X, y[:600])
        assert fitted.score(X, y[:600]) > 0.9


class TestWeights:
    def test_a_weight_of_two_is_the_row_twice(self):
        weight = np.random.default_rng(0).integers(0, 3, 150)
        arguments = {"batch_size": 500, "epochs": 20}
        weighted = small(**arguments).fit(*IRIS, sample_weight=weight)
        repeated = small(**arguments).fit(*(part.repeat(weight, axis=0) for part in IRIS))
        np.testing.assert_allclose(
            weighted.predict_proba(IRIS[0]), repeated.predict_proba(IRIS[0]), atol=1e-4
        )
        np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-4)

    @pytest.mark.parametrize("batch_size", [16, 500])
    def test_rows_that_fill_up_the_last_step_do_not_count(self, batch_size):
        X, y = IRIS[0][::4], IRIS[1][::4]
        weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
        still = small(learning_rate=0, epochs=1, batch_size=batch_size)
        shares = still.fit(X, y, sample_weight=weight).predict_proba(X)
        loss = log_loss(y, shares, sample_weight=weight)
        assert still.loss_curve_ == [pytest.approx(loss, rel=1e-5)]

    def test_the_scale_of_weights_does_not_matter(self):
        weight = np.random.default_rng(0).uniform(0.5, 2, 150)
        one = small(epochs=5).fit(*IRIS, sample_weight=weight).predict_proba(IRIS[0])
        other = small(epochs=5).fit(*IRIS, sample_weight=4 * weight).predict_proba(IRIS[0])
        np.testing.assert_array_equal(one, other)

    def test_balanced_is_the_dictionary_that_scikit_learn_computes(self):
        X, y = IRIS[0], NAMES[np.where(np.arange(150) < 30, 1, IRIS[1])]
        weights = compute_class_weight("balanced", classes=np.unique(y), y=y)
        by_hand = dict(zip(np.unique(y), weights, strict=True))
        balanced = small(epochs=5, class_weight="balanced").fit(X, y)
        given = small(epochs=5, class_weight=by_hand).fit(X, y)
        plain = small(epochs=5).fit(X, y)
        np.testing.assert_array_equal(balanced.predict_proba(X), given.predict_proba(X))
        assert np.abs(balanced.predict_proba(X) - plain.predict_proba(X)).max() > 1e-3

    def test_class_and_sample_weights_multiply(self):
        factor = {0: 1.0, 1: 3.0, 2: 0.5}
        by_class = small(epochs=5, class_weight=factor).fit(*IRIS)
        X = IRIS[0]
        weight = np.array([factor[label] for label in IRIS[1]])
        # Class weights are a matter of the loss; sample weights count rows, also for the scales.
        both = small(epochs=5, class_weight=factor).fit(*IRIS, sample_weight=np.full(150, 2.0))
        np.testing.assert_array_equal(by_class.predict_proba(X), both.predict_proba(X))
        loss = log_loss(IRIS[1], by_class.predict_proba(X), sample_weight=weight)
        assert loss == pytest.approx(by_class.loss_curve_[-1], rel=0.2)


class TestGoingOn:
    def test_partial_fit_is_one_epoch(self):
        part = small().partial_fit(IRIS[0], np.minimum(IRIS[1], 1), classes=[0, 1, 2])
        assert part.n_iter_ == 1
        for _ in range(30):
            part.partial_fit(*IRIS)
        assert part.n_iter_ == len(part.loss_curve_) == 31
        assert part.loss_curve_[-1] < 0.5 * part.loss_curve_[1]
        assert part.score(*IRIS) > 0.85

    def test_partial_fit_refuses_new_classes(self):
        part = small().partial_fit(IRIS[0], np.minimum(IRIS[1], 1))
        with pytest.raises(InputError, match="holds the class 2"):
            part.partial_fit(*IRIS)

    def test_warm_start_goes_on_and_a_cold_one_does_not(self):
        warm = small(epochs=10, warm_start=True).fit(*IRIS).fit(*IRIS)
        cold = small(epochs=10).fit(*IRIS).fit(*IRIS)
        assert warm.n_iter_ == 20
        assert cold.n_iter_ == 10
        assert warm.loss_curve_[10] < cold.loss_curve_[1]

    def test_a_seed_repeats_and_leaves_the_program_s_numbers_alone(self):
        np.random.seed(5)
        before = np.random.get_state()[1].copy()
        one, two, other = (small(epochs=2, random_state=seed).fit(*IRIS) for seed in (1, 1, 2))
        np.testing.assert_array_equal(np.random.get_state()[1], before)
        np.testing.assert_array_equal(one.predict_proba(IRIS[0]), two.predict_proba(IRIS[0]))
        assert np.abs(one.predict_proba(IRIS[0]) - other.predict_proba(IRIS[0])).max() > 1e-3

    def test_early_stopping_puts_the_best_weights_back(self):
        seen = []

        class Recorder(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append((logs["val_loss"], self.model.get_weights()))

        rng = np.random.default_rng(0)
        y = rng.integers(0, 3, 150)
        fitted = small(early_stopping=True, n_iter_no_change=3, epochs=200, callbacks=[Recorder])
        fitted.fit(IRIS[0], y)
        assert 3 < fitted.n_iter_ < 200
        losses = [loss for loss, _ in seen]
        assert losses == fitted.history_["val_loss"]
        best = int(np.argmin(losses))
        assert len(losses) - 1 - best == 3
        for own, recorded in zip(fitted.model_.get_weights(), seen[best][1], strict=True):
            np.testing.assert_array_equal(own, recorded)

    def test_the_scales_come_from_the_training_rows_only(self):
        X = np.zeros((20, 1))
        X[:, 0] = np.arange(20)
        fitted = small_regressor(early_stopping=True, validation_fraction=0.25, epochs=1)
        seed = np.random.default_rng(np.random.RandomState(0).randint(2**31 - 1))
        train, _ = train_test_split(
            np.arange(20), test_size=0.25, random_state=int(seed.integers(2**31 - 1))
        )
        scaler = StandardScaler().fit(X[train])
        fitted.set_params(hidden_layer_sizes=()).fit(X, X[:, 0])
        kernel, bias = fitted.model_.get_weights()
        expected = scaler.transform(X) @ kernel + bias
        expected = expected * scaler.scale_ + scaler.mean_
        np.testing.assert_allclose(fitted.predict(X), expected[:, 0], rtol=1e-5)


def test_the_names_at_the_door():
    assert myelin.sklearn.MyelinClassifier is MyelinClassifier
    assert myelin.sklearn.MyelinRegressor is MyelinRegressor
