import warnings

import numpy as np
import pytest
from sklearn import model_selection

from myelin.errors import InputError, RiskWarning
from myelin.evaluation import (
    constant_target,
    duplicate_rows,
    missing_classes,
    single_class,
    target_among_features,
    warn_of,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
CLASSES = RNG.integers(0, 3, 120)


class TestDuplicateRows:
    @pytest.mark.parametrize(
        ("train", "test"),
        [
            (X[:100], X[90:]),
            (X[:100].astype("f"), X[90:].astype("f")),
            ((X * 100).astype(int)[:100], (X * 100).astype(int)[90:]),
            ((X * 100).astype(int)[:100], (X * 100).astype(int)[90:].astype(float)),
            (X[:100].astype(str), X[90:].astype(str)),
            (X[:100].astype(object), X[90:].astype(object)),
            (X[:100].reshape(100, 2, 2), X[90:].reshape(30, 2, 2)),
            (X[:100, 0], X[90:, 0]),
        ],
    )
    def test_rows_in_both_are_found(self, train, test):
        risk = duplicate_rows(train, test)
        np.testing.assert_array_equal(risk.details["test_rows"], np.arange(10))
        np.testing.assert_array_equal(risk.details["train_rows"], np.arange(90, 100))
        assert "10 of 30 test rows (33.3%)" in risk.sentence

    def test_nothing_is_found_where_nothing_is(self):
        assert duplicate_rows(X[:100], X[100:]) is None
        assert duplicate_rows(X[:100], X[:0]) is None
        # The same numbers in another order are another row.
        assert duplicate_rows(X[:100], X[:100, ::-1]) is None

    @pytest.mark.parametrize("kind", [float, object])
    def test_equal_numbers_are_equal_however_they_are_written(self, kind):
        train = np.array([[1.0, np.nan], [0.0, 2.0]], kind)
        risk = duplicate_rows(train, np.array([[-0.0, 2.0], [1.0, np.nan]], kind))
        np.testing.assert_array_equal(risk.details["train_rows"], [1, 0])

    def test_frames_with_names_and_numbers(self):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"name": ["a", "b", "c", "a"], "age": [1, 2, 3, 1]})
        risk = duplicate_rows(frame[:3], frame[3:])
        np.testing.assert_array_equal(risk.details["train_rows"], [0])

    def test_rows_of_other_shapes_are_refused(self):
        with pytest.raises(InputError, match="one shape"):
            duplicate_rows(X, X[:, :2])
        nested = np.empty((2, 1), object)
        nested[:, 0] = [[1, 2], [3]]
        with pytest.raises(InputError, match="compare"):
            duplicate_rows(nested, nested)


class TestMissingClasses:
    def test_folds_that_lack_a_class(self):
        y = np.array(["a"] * 5 + ["b"] * 5 + ["c"] * 5)
        folds = list(model_selection.KFold(3).split(y))
        risk = missing_classes(y, folds)
        assert risk.details["missing"] == [
            (0, "training", ["a"]), (0, "test", ["b", "c"]),
            (1, "training", ["b"]), (1, "test", ["a", "c"]),
            (2, "training", ["c"]), (2, "test", ["a", "b"]),
        ]  # fmt: skip
        assert "The training part of fold 1 lacks class 'a'" in risk.sentence
        assert "1 more" in risk.sentence

    @pytest.mark.parametrize("y", [CLASSES, CLASSES[:, None], np.eye(3)[CLASSES]])
    def test_stratified_folds_lack_none(self, y):
        folds = list(model_selection.StratifiedKFold(5).split(X, CLASSES))
        assert missing_classes(y, folds) is None

    def test_no_labels(self):
        with pytest.raises(InputError):
            missing_classes(X, [])


class TestConstantTarget:
    @pytest.mark.parametrize(
        ("y", "columns"), [([3, 3, 3], [0]), ([["a"], ["a"]], [0]), (np.full((4, 2), 0.5), [0, 1])]
    )
    def test_is_found(self, y, columns):
        assert constant_target(y).details["columns"] == columns

    def test_of_one_output_among_several(self):
        risk = constant_target([[1, 0.5], [2, 0.5]])
        assert risk.details["columns"] == [1]
        assert "Output 1 of the target is 0.5 in all 2 rows" in risk.sentence

    def test_one_hot_rows_of_one_class(self):
        assert constant_target(np.eye(3)[[1, 1, 1]]) is not None
        assert constant_target(np.eye(3)[[1, 0, 1]]) is None

    def test_a_target_that_varies_is_none(self):
        assert constant_target(CLASSES) is None
        assert constant_target(X) is None

    def test_no_rows(self):
        with pytest.raises(InputError):
            constant_target([])


class TestTargetAmongFeatures:
    Y = RNG.normal(size=120)

    def found(self, feature, y, **extra):
        x = np.column_stack([X[:, 0], feature, X[:, 1]])
        risk = target_among_features(x, y, **extra)
        return risk and risk.details["features"]

    def test_equal_and_affine(self):
        assert self.found(self.Y, self.Y) == [("1", "equal")]
        assert self.found(32 + 1.8 * self.Y, self.Y) == [("1", "affine")]
        in_single_precision = (1e-3 * self.Y - 5).astype("f")
        assert self.found(in_single_precision, self.Y) is None  # The digits it lost are many.
        assert self.found((2 * self.Y).astype("f"), self.Y) == [("1", "affine")]
        noisy = self.Y + 1e-3 * RNG.normal(size=120)
        assert self.found(noisy, self.Y) is None

    def test_codes_of_classes(self):
        assert self.found(np.array([7, 2, 9])[CLASSES], CLASSES) == [("1", "code")]
        names = np.array(["x", "y", "z"])
        assert self.found(CLASSES, names[CLASSES]) == [("1", "code")]
        assert self.found(CLASSES, np.eye(3)[CLASSES]) == [("1", "equal")]
        almost = np.where(np.arange(120) == 119, (CLASSES + 1) % 3, CLASSES)
        assert self.found(almost, CLASSES) is None
        coarser = CLASSES > 0
        assert self.found(coarser, CLASSES) is None

    def test_many_sorted_classes(self):
        """The first rows alone show one class, and later as many as there are rows."""
        y = np.sort(np.arange(3000) % 1000)
        code = RNG.permutation(1000)[y]
        other = RNG.integers(0, 1000, 3000)
        risk = target_among_features(np.column_stack([other, code]), y)
        assert risk.details["features"] == [("1", "code")]

    def test_an_identifier_is_no_code_of_values(self):
        assert self.found(np.arange(120), self.Y) is None

    def test_names(self):
        assert self.found(self.Y, self.Y, names=["a", "b", "c"]) == [("b", "equal")]
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"size": X[:, 0], "kind": ["no", "yes"] * 60})
        risk = target_among_features(frame, frame["kind"].to_numpy())
        assert risk.details["features"] == [("kind", "equal")]
        numbers = frame.assign(twice=2 * self.Y)
        risk = target_among_features(numbers, self.Y)
        assert risk.details["features"] == [("twice", "affine")]
        assert "twice is the target on another scale" in risk.sentence

    def test_images_are_lists_of_pixels(self):
        images = RNG.integers(0, 255, (120, 4, 4, 1))
        assert target_among_features(images, CLASSES) is None
        images[:, 1, 2, 0] = CLASSES
        assert target_among_features(images, CLASSES).details["features"] == [("6", "equal")]

    def test_a_constant_target_is_another_risk(self):
        assert target_among_features(np.ones((9, 1)), np.ones(9)) is None

    def test_what_does_not_fit_is_refused(self):
        with pytest.raises(InputError):
            target_among_features(X, CLASSES[:5])
        with pytest.raises(InputError):
            target_among_features(X, CLASSES, names=["a"])


def test_single_class():
    risk = single_class([2, 2, 2])
    assert risk.details["label"] == 2
    assert "All 3 predictions are 2" in str(risk)
    assert single_class(np.eye(3)[[1, 1]]).details["label"] == 1
    assert single_class(["a", "b"]) is None
    assert single_class(["a"]) is None


def test_risks_warn_by_name():
    risks = [None, single_class([1, 1]), constant_target([1, 1])]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = warn_of(risks)
    assert all(warning.category is RiskWarning for warning in seen)
    assert [str(warning.message) for warning in seen] == [risk.sentence for risk in found]
    assert [risk.name for risk in found] == ["predictions all of one class", "a constant target"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn_of([None]) == []
