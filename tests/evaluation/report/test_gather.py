from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from myelin.evaluation import corrected_interval
from myelin.evaluation.report import Run, gather
from myelin.evaluation.report.content import curves_of


def of(trained, part, run=None, **given):
    x, y = part
    outputs = trained.model.predict(x, verbose=0)
    given = {"train": None, "validation": None, **given}
    return gather.of_model(trained.model, outputs, x, y, run or Run(), None, **given)


def test_rows_that_did_nothing_else_judge_honestly(classifier):
    found = of(
        classifier, classifier.test, train=classifier.train, validation=classifier.validation
    )
    assert found.mark.kind == "honest"
    used = [(part.name, part.rows, part.learned, part.chose, part.judged) for part in found.parts]
    assert used == [
        ("training", 200, True, False, False),
        ("validation", 80, False, True, False),
        ("test", 120, False, False, True),
    ]


def test_rows_that_chose_the_epoch_are_told(classifier):
    found = of(classifier, classifier.validation, train=classifier.train)
    assert found.mark.kind == "optimistic"
    assert "chose the epoch (EarlyStopping on val_loss)" in found.mark.sentence
    assert found.parts[-1].chose is True


def test_rows_that_trained_the_model_are_told(classifier):
    found = of(classifier, classifier.train, train=classifier.train)
    assert found.mark.kind == "optimistic"
    assert "learned from these very rows" in found.mark.sentence
    assert found.parts[-1].learned is True


def test_what_is_not_known_is_not_called_honest(classifier):
    found = of(classifier, classifier.test)
    assert found.mark.kind == "unknown"
    assert "pass train=(x, y)" in found.mark.sentence
    assert found.parts[-1].learned is None


def test_the_caller_knows_best(classifier):
    flattering = Run(judged_on="validation", optimistic="the same rows chose the epoch", epoch=2)
    found = of(classifier, classifier.test, flattering, validation=classifier.test)
    assert found.mark.kind == "optimistic"
    assert found.mark.sentence == "This score is optimistic: the same rows chose the epoch."
    assert [part.name for part in found.parts] == ["validation"]
    honest = of(classifier, classifier.test, Run(optimistic="", why="a reason"))
    assert (honest.mark.kind, honest.mark.sentence) == ("honest", "A reason.")
    assert found.kept == [2]


def test_the_epoch_that_the_validation_liked_best_is_marked(classifier):
    found = of(classifier, classifier.test)
    losses = classifier.model.history.history["val_loss"]
    assert found.kept == [int(np.argmin(losses)) + 1]
    assert found.marked == "best val_loss"


def test_the_headline_of_classes(classifier):
    x, y = classifier.test
    headline = of(classifier, classifier.test).scored.headline
    said = classifier.model.predict(x, verbose=0).argmax(1)
    assert headline.value == metrics.accuracy_score(y, said)
    assert headline.interval.low < headline.value < headline.interval.high
    assert headline.baseline[0] == np.bincount(y).max() / len(y)
    assert headline.words == "accuracy on 120 test examples"


def test_the_headline_of_numbers(regressor):
    x, y = regressor.test
    headline = of(regressor, regressor.test, train=regressor.train).scored.headline
    said = regressor.model.predict(x, verbose=0)[:, 0]
    assert headline.value == pytest.approx(metrics.mean_absolute_error(y, said))
    median = np.full(len(y), np.median(regressor.train[1]))
    assert headline.baseline[0] == pytest.approx(metrics.mean_absolute_error(y, median))


def test_risks_are_found(classifier):
    x, y = classifier.test
    again = (
        np.concatenate([classifier.train[0], x[:7]]),
        np.concatenate([classifier.train[1], y[:7]]),
    )
    found = of(classifier, classifier.test, train=again)
    assert [risk.name for risk in found.risks] == ["duplicate rows"]
    outputs = np.eye(3)[np.zeros(len(y), int)]
    stuck = gather.of_model(classifier.model, outputs, x, y, Run(), None, None, None)
    assert [risk.name for risk in stuck.risks] == ["predictions all of one class"]


def test_features_of_a_table_are_named_in_risks(regressor):
    x, y = regressor.test
    told = np.concatenate([x[:, :2], y[:, None]], 1)
    outputs = regressor.model.predict(x, verbose=0)
    run = Run(features=["a", "b", "answer"], optimistic="")
    found = gather.of_model(regressor.model, outputs, told, y, run, None, None, None)
    assert "answer" in found.risks[0].sentence


@dataclass
class Result:
    """What a cross-validation gives, with known numbers."""

    folds: list
    y: Any
    predictions: Any
    scores: dict
    seconds: float = 1.5
    optimistic: str | None = None
    sizes: tuple = field(default=((), ()))

    def mean(self, name):
        return float(self.scores[name].mean())

    def interval(self, name, confidence=0.95):
        return corrected_interval(self.scores[name], 80, 20, confidence)

    def predict(self, x):
        return np.eye(2)[(np.asarray(x)[:, 0] > 0).astype(int)]


def crossed(model, optimistic=None):
    """Five folds of 100 rows of two classes; the last two rows are tested by none."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 100)
    p = np.clip(0.5 + 0.4 * (2 * y - 1) + rng.normal(0, 0.25, 100), 0.02, 0.98)
    predictions = np.stack([1 - p, p], 1)
    predictions[98:] = np.nan
    folds = []
    for i, test in enumerate(np.array_split(np.arange(98), 5)):
        train = np.setdiff1d(np.arange(100), test)
        history = {"loss": [1.0, 0.5 + i / 10, 0.4], "val_loss": [1.1, 0.6, 0.7],
                   "accuracy": [0.5, 0.7, 0.8], "val_accuracy": [0.5, 0.6, 0.6]}  # fmt: skip
        folds.append(SimpleNamespace(train=train[8:], validation=train[:8], test=test, seed=i,
                                     history=history, epoch=2, scores={}, model=model))  # fmt: skip
    right = np.array([(p[fold.test] > 0.5) == y[fold.test] for fold in folds], dtype=object)
    scores = {"loss": np.array([0.5, 0.4, 0.6, 0.5, 0.45]),
              "accuracy": np.array([np.mean(each) for each in right])}  # fmt: skip
    return Result(folds, y, predictions, scores, optimistic=optimistic)


def test_a_cross_validation_is_told_by_its_folds(classifier):
    result = crossed(classifier.model)
    x = np.random.default_rng(0).normal(size=(100, 4))
    found = gather.of_folds(result, Run(), ["no", "yes"], (x, result.y), None)
    headline = found.scored.headline
    assert headline.name == "accuracy"
    assert headline.value == pytest.approx(result.scores["accuracy"].mean())
    assert headline.interval == corrected_interval(result.scores["accuracy"], 80, 20)
    assert found.mark.kind == "honest"
    assert found.folds.untested == 2
    assert [row.test for row in found.folds.rows] == [20, 20, 20, 19, 19]
    assert (found.folds.rows[0].kept, found.folds.rows[0].epochs) == (2, 3)
    said = result.predictions[:98].argmax(1)
    expected = metrics.confusion_matrix(result.y[:98], said)
    np.testing.assert_array_equal(found.scored.measured.scores.matrix, expected)
    assert len(found.curves[0].training) == 5
    assert len(found.scored.x) == 98
    assert found.risks == []


def test_a_flattering_cross_validation_says_so_and_lacking_classes_are_a_risk(classifier):
    result = crossed(classifier.model, "The same folds chose the learning rate.")
    result.folds[0].test = np.flatnonzero(result.y == 1)[:10]
    found = gather.of_folds(result, Run(), None, None, None)
    assert (found.mark.kind, found.mark.sentence) == ("optimistic", result.optimistic)
    assert [risk.name for risk in found.risks] == ["a class missing from a fold"]


def test_held_out_rows_are_judged_by_all_models_together(classifier):
    result = crossed(classifier.model)
    x = np.random.default_rng(4).normal(size=(30, 4))
    y = (x[:, 0] + x[:, 1] > 0).astype(int)
    found = gather.of_folds(result, Run(), None, None, (result.predict(x), x, y))
    assert found.held_out.headline.value == metrics.accuracy_score(y, x[:, 0] > 0)


def test_curves_pair_training_with_validation():
    history = {
        "accuracy": [0.5, 0.6],
        "loss": [2, 1],
        "val_loss": [3, 2],
        "matrix": [np.eye(2)] * 2,
    }
    loss, accuracy = curves_of([history])
    assert (loss.name, loss.training, loss.validation) == ("loss", [[2, 1]], [[3, 2]])
    assert (accuracy.name, accuracy.training, accuracy.validation) == ("accuracy", [[0.5, 0.6]], [])
