"""The estimators: models of one's own inside them, programs that equal models share, errors."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss

import myelin
from myelin import layers, models, naming
from myelin.errors import InputError
from myelin.interop.sklearn import programs
from myelin.sklearn import MyelinClassifier
from tests.interop.estimators import IRIS, NAMES, small, small_regressor


def softmax_model(n_features, n_classes):
    return models.Sequential([layers.Input((n_features,)), layers.Dense(n_classes, "softmax")])


class TestOwnModels:
    BINARY = IRIS[0][:100], IRIS[1][:100]

    @pytest.mark.parametrize(
        ("units", "last", "loss"),
        [
            (1, "sigmoid", None),
            (1, "sigmoid", "binary_crossentropy"),
            (1, None, myelin.losses.BinaryCrossentropy(from_logits=True)),
            (2, "softmax", None),
            (2, "softmax", "categorical_crossentropy"),
            (2, None, myelin.losses.SparseCategoricalCrossentropy(from_logits=True)),
            (2, None, myelin.losses.CategoricalCrossentropy(from_logits=True)),
        ],
    )
    def test_every_usual_ending(self, units, last, loss):
        def build(n_features):
            model = models.Sequential([layers.Input((n_features,)), layers.Dense(units, last)])
            if loss is not None:
                model.compile(myelin.optimizers.Adam(0.05), loss)
            return model

        X, y = self.BINARY
        fitted = small(model=build, learning_rate=0.05, epochs=20).fit(X, y)
        shares = fitted.predict_proba(X)
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        assert fitted.score(X, y) == 1
        # The loss of the last epoch, taken before each of its steps.
        assert log_loss(y, shares) == pytest.approx(fitted.loss_curve_[-1], rel=0.2)

    def test_a_pattern_keeps_its_weights_to_itself(self):
        pattern = softmax_model(4, 3)
        pattern.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        before = pattern.get_weights()
        fitted = clone(small(model=pattern)).fit(*IRIS)
        assert fitted.model is pattern
        assert fitted.model_ is not pattern
        assert fitted.score(*IRIS) == pytest.approx(fitted.history_["accuracy"][-1], abs=0.05)
        for own, was in zip(pattern.get_weights(), before, strict=True):
            np.testing.assert_array_equal(own, was)

    def test_layers_that_adapt_learn_from_the_training_rows(self):
        def build(n_features, n_classes):
            return models.Sequential([
                layers.Input((n_features,)), layers.Normalization(),
                layers.Dense(n_classes, "softmax"),
            ])  # fmt: skip

        fitted = small(model=build, epochs=2).fit(*IRIS)
        np.testing.assert_allclose(
            np.ravel(fitted.model_.layers[0].mean), IRIS[0].mean(axis=0), rtol=1e-5
        )

    def test_the_optimizer_can_be_chosen_for_any_model(self):
        optimizer = myelin.optimizers.SGD(0.5, momentum=0.9)
        fitted = small(model=softmax_model, optimizer=optimizer, learning_rate=None, epochs=2)
        fitted.fit(*IRIS)
        assert type(fitted.model_.optimizer) is myelin.optimizers.SGD
        assert fitted.model_.optimizer is not optimizer
        assert not optimizer.built
        fitted.set_params(learning_rate=0.125).fit(*IRIS)
        assert float(fitted.model_.optimizer.learning_rate) == 0.125

    def test_regression_model_from_a_function(self):
        def build(n_features, n_outputs, units):
            return models.Sequential([
                layers.Input((n_features,)), layers.Dense(units, "relu"), layers.Dense(n_outputs),
            ])  # fmt: skip

        X, y = load_diabetes(return_X_y=True)
        X, y = X * 20, y / 100
        fitted = small_regressor(model=build, model__units=8, batch_size=34).fit(X, y)
        assert fitted.score(X, y) > 0.4


class TestSharedPrograms:
    def test_equal_networks_compile_once_and_compute_the_same_as_alone(self):
        programs._kept.clear()
        first = small(epochs=3, random_state=1).fit(*IRIS)
        second = small(epochs=3, random_state=2, learning_rate=0.02).fit(*IRIS)
        assert second.model_._programs.train is first.model_._programs.train
        assert second.model_._programs.task.model is second.model_
        shared = second.predict_proba(IRIS[0])
        programs._kept.clear()
        alone = small(epochs=3, random_state=2, learning_rate=0.02).fit(*IRIS)
        assert alone.model_._programs.train is not first.model_._programs.train
        np.testing.assert_array_equal(alone.predict_proba(IRIS[0]), shared)
        np.testing.assert_array_equal(second.predict_proba(IRIS[0]), shared)

    def test_other_networks_do_not_share(self):
        others = ({}, {"activation": "tanh"}, {"l2": 0.1}, {"dropout": 0.5}, {"optimizer": "sgd"},
                  {"hidden_layer_sizes": (16, 16)})  # fmt: skip
        keys = set()
        for arguments in others:
            estimator = small(**arguments)
            with naming.anew():
                model = estimator._dense_network(4, 3, "softmax")
                model.compile(arguments.get("optimizer", "adam"), "mse")
            keys.add(programs._key(model))
        assert None not in keys
        assert len(keys) == len(others)

    def test_a_model_that_was_changed_since_does_not_share(self):
        programs._kept.clear()
        first = small(epochs=1).fit(*IRIS)
        first.model_.layers[0].trainable = False
        second = small(epochs=1).fit(*IRIS)
        assert second.model_._programs.train is not first.model_._programs.train

    def test_functions_of_the_user_s_do_not_share(self):
        def one(x):
            return x

        def build(n_features, n_classes, activation):
            hidden = layers.Dense(8, activation)
            return models.Sequential([layers.Input((n_features,)), hidden,
                                      layers.Dense(n_classes, "softmax")])  # fmt: skip

        fitted = [small(model=build, model__activation=one, epochs=1).fit(*IRIS) for _ in range(2)]
        assert fitted[0].model_._programs.train is not fitted[1].model_._programs.train


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"epochs": 0}, "epochs wants a whole number"),
            ({"batch_size": 2.5}, "batch_size wants a whole number"),
            ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes wants a whole number"),
            ({"hidden_layer_sizes": "large"}, "hidden_layer_sizes wants"),
            ({"activation": "relo"}, "relu"),
            ({"optimizer": "adan"}, "adam"),
            ({"model": 3}, "model wants None, a function"),
            ({"model": lambda: 3}, "must give a model"),
            ({"model": lambda units: 3}, "nothing fills the argument units"),
            ({"model": lambda: 3, "model__depth": 1}, "takes no argument depth"),
            ({"model__units": 3}, "for a function that makes the model"),
            ({"model": lambda n_features: softmax_model(n_features, 5)}, "y has 3 classes"),
            ({"callbacks": ["stop"]}, "callbacks wants"),
            ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction wants"),
        ],
    )
    def test_parameters(self, arguments, says):
        with pytest.raises(ValueError, match=says):
            small(**arguments).fit(*IRIS)

    def test_unknown_parameters(self):
        with pytest.raises(InputError, match="no parameter is called 'epoch'"):
            MyelinClassifier(epoch=3)
        with pytest.raises(ValueError, match="Invalid parameter 'epoch'"):
            MyelinClassifier().set_params(epoch=3)

    def test_outputs_that_are_no_probabilities(self):
        def build(n_features, n_classes):
            return models.Sequential([layers.Input((n_features,)), layers.Dense(n_classes)])

        fitted = small(model=build, epochs=1).fit(*IRIS)
        with pytest.raises(InputError, match="no probabilities"):
            fitted.predict(IRIS[0])

    def test_weights(self):
        with pytest.raises(InputError, match="at least 0"):
            small().fit(*IRIS, sample_weight=-np.ones(150))
        with pytest.raises(InputError, match="no example a weight"):
            small(class_weight={0: 0, 1: 0, 2: 0}).fit(*IRIS)

    def test_partial_fit_wants_nothing_that_needs_all_data(self):
        with pytest.raises(InputError, match="early_stopping"):
            small(early_stopping=True).partial_fit(*IRIS)
        with pytest.raises(InputError, match="balanced"):
            small(class_weight="balanced").partial_fit(*IRIS)

    def test_targets(self):
        with pytest.raises(InputError, match="MultiOutputClassifier"):
            small().fit(IRIS[0], np.stack([IRIS[1], IRIS[1]], axis=1))
        fitted = small_regressor(warm_start=True, epochs=1).fit(*IRIS)
        with pytest.raises(InputError, match="1 columns"):
            fitted.fit(IRIS[0], IRIS[0][:, :2])
        with pytest.raises(InputError, match="wants numbers"):
            small_regressor().fit(IRIS[0], NAMES[IRIS[1]])

    def test_before_fit(self):
        with pytest.raises(NotFittedError):
            small().predict(IRIS[0])
