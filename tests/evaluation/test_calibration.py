import numpy as np
import pytest
from scipy import stats
from sklearn import calibration, metrics

from myelin.errors import InputError
from myelin.evaluation import (
    brier_score,
    calibration_curve,
    calibration_scores,
    expected_calibration_error,
    log_loss,
)

RNG = np.random.default_rng(0)
P = RNG.beta(1, 1.5, 400)
Y = (RNG.random(400) < P**1.5).astype(int)
CLASSES = RNG.integers(0, 4, 300)
TABLE = np.exp(RNG.normal(0, 1, (300, 4)) + 1.5 * np.eye(4)[CLASSES])
TABLE /= TABLE.sum(1, keepdims=True)
SURE, RIGHT = TABLE.max(1), TABLE.argmax(1) == CLASSES


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_curve_is_sklearns(strategy):
    curve = calibration_curve(Y, P, 8, strategy)
    observed, predicted = calibration.calibration_curve(Y, P, n_bins=8, strategy=strategy)
    there = curve.count > 0
    np.testing.assert_allclose(curve.observed[there], observed)
    np.testing.assert_allclose(curve.predicted[there], predicted)
    assert curve.count.sum() == 400
    right = round(curve.observed[3] * curve.count[3])
    wilson = stats.binomtest(right, int(curve.count[3])).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose((curve.low[3], curve.high[3]), (wilson.low, wilson.high))


def test_curve_of_several_classes_judges_the_predicted_one():
    curve = calibration_curve(CLASSES, TABLE, 10)
    observed, predicted = calibration.calibration_curve(RIGHT, SURE, n_bins=10)
    np.testing.assert_allclose(curve.observed[curve.count > 0], observed)
    np.testing.assert_allclose(curve.predicted[curve.count > 0], predicted)
    names = np.array(["d", "a", "c", "b"])
    again = calibration_curve(names[CLASSES], TABLE, 10, labels=names)
    np.testing.assert_array_equal(again.observed, curve.observed)


def test_errors_are_those_of_a_plain_loop():
    errors, shares = [], []
    for low, high in zip(np.linspace(0, 0.9, 10), np.linspace(0.1, 1, 10), strict=True):
        inside = (low < P) & (high >= P)
        errors.append(abs(P[inside].mean() - Y[inside].mean()))
        shares.append(inside.mean())
    assert expected_calibration_error(Y, P) == pytest.approx(np.dot(errors, shares))
    found = calibration_scores(Y, P, resamples=50)
    assert found.expected_error.value == pytest.approx(np.dot(errors, shares))
    assert found.maximum_error == pytest.approx(max(errors))


def test_brier_score_is_sklearns():
    expected = metrics.brier_score_loss(Y, P)
    assert brier_score(Y, P) == pytest.approx(expected)
    assert brier_score(Y, P[:, None]) == pytest.approx(expected)
    assert brier_score(Y, np.stack([1 - P, P], 1)) == pytest.approx(expected)


def test_brier_score_of_several_classes_is_the_sum_over_them():
    columns = [metrics.brier_score_loss(i == CLASSES, TABLE[:, i]) for i in range(4)]
    assert brier_score(CLASSES, TABLE) == pytest.approx(sum(columns))
    assert brier_score(np.eye(4)[CLASSES], TABLE) == pytest.approx(sum(columns))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_log_loss_is_sklearns(dtype):
    assert log_loss(Y, P.astype(dtype)) == pytest.approx(metrics.log_loss(Y, P), rel=1e-6)
    table = TABLE.astype(dtype)
    assert log_loss(CLASSES, table) == pytest.approx(metrics.log_loss(CLASSES, TABLE), rel=1e-6)
    certain = np.array([[0, 1], [1, 0]], dtype)
    expected = metrics.log_loss([0, 0], certain, labels=[0, 1])
    assert log_loss([0, 0], certain) == pytest.approx(expected, rel=1e-5)


def test_intervals_are_close_to_scipys():
    found = calibration_scores(Y, P, resamples=4000)
    for ours, values in (
        (found.brier, np.square(P - Y)),
        (found.log_loss, -np.log(np.where(Y, P, 1 - P))),
    ):
        expected = stats.bootstrap(
            (values,), np.mean, method="BCa", n_resamples=4000, rng=np.random.default_rng(0)
        ).confidence_interval
        np.testing.assert_allclose(ours.interval, (expected.low, expected.high), rtol=0.02)


def test_interval_of_the_calibration_error():
    """How often it holds the truth is in test_coverage.py."""
    found = calibration_scores(Y, P).expected_error
    assert 0 < found.interval.low < found.value < found.interval.high
    assert found.interval == calibration_scores(Y, P).expected_error.interval
    # Perfect probabilities: the error found is chance, and the truth, 0, is in the interval.
    chance = calibration_scores(RNG.random(400) < P, P).expected_error
    assert chance.value > 0.02
    assert chance.interval.low == 0
    certain = calibration_scores([0, 1], [0.0, 1.0], resamples=100).expected_error
    assert (certain.value, *certain.interval) == (0, 0, 0)


@pytest.mark.parametrize(
    ("y", "probabilities", "extra"),
    [
        ([0, 1], [0.2, 1.2], {}),
        ([0, 1], [[2.0, -1.0], [0.0, 1.0]], {}),
        ([0, 1], [[0.2, 0.2], [0.5, 0.5]], {}),
        ([0, 1], [0.2, np.nan], {}),
        ([0, 1, 1], [0.2, 0.3], {}),
        ([0, 3], [[0.2, 0.8, 0.0], [0.5, 0.5, 0.0]], {}),
        ([[1, 1], [0, 1]], [[0.2, 0.8], [0.5, 0.5]], {}),
        ([0, 1], [0.2, 0.3], {"bins": 0}),
        ([0, 1], [0.2, 0.3], {"strategy": "even"}),
        ([0, 1], [0.2, 0.3], {"labels": [0, 1, 2]}),
        ([], [], {}),
    ],
)
def test_what_is_no_probability_or_label_is_refused(y, probabilities, extra):
    with pytest.raises(InputError):
        calibration_curve(y, probabilities, **extra)
    with pytest.raises(InputError):
        calibration_scores(y, probabilities, **extra)
