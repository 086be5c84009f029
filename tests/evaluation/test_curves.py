import warnings

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.preprocessing import label_binarize

from myelin.errors import InputError
from myelin.evaluation import (
    precision_recall_curve,
    precision_recall_curves,
    roc_curve,
    roc_curves,
    wilson_interval,
)

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 200)
SCORES = np.round(RNG.normal(Y, 1.2), 1)  # Rounded, so that there are ties.
CLASSES = RNG.choice(3, 150, p=[0.5, 0.3, 0.2])
TABLE = np.exp(RNG.normal(0, 1, (150, 3)) + 1.2 * np.eye(3)[CLASSES])
TABLE /= TABLE.sum(1, keepdims=True)
HOT = label_binarize(CLASSES, classes=[0, 1, 2])


def test_roc_curve_is_sklearns():
    found = roc_curve(Y, SCORES, resamples=10)
    false, true, thresholds = metrics.roc_curve(Y, SCORES)
    np.testing.assert_array_equal(found.false_positive_rate, false)
    np.testing.assert_array_equal(found.true_positive_rate, true)
    np.testing.assert_array_equal(found.thresholds, thresholds)
    assert found.area.value == pytest.approx(metrics.roc_auc_score(Y, SCORES), rel=1e-12)


def test_precision_recall_curve_is_sklearns():
    found = precision_recall_curve(Y, SCORES, resamples=10)
    precision, recall, thresholds = metrics.precision_recall_curve(Y, SCORES)
    np.testing.assert_array_equal(found.recall, recall[::-1])
    np.testing.assert_array_equal(found.precision, precision[::-1])
    np.testing.assert_array_equal(found.thresholds[1:], thresholds[::-1])
    expected = metrics.average_precision_score(Y, SCORES)
    assert found.average_precision.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("named", [False, True])
def test_curves_by_class_are_sklearns(named):
    labels = np.array(["cow", "ant", "dog"]) if named else None
    y = labels[CLASSES] if named else CLASSES
    roc = roc_curves(y, TABLE, labels, resamples=10)
    pr = precision_recall_curves(y, TABLE, labels, resamples=10)
    np.testing.assert_array_equal(roc.labels, labels if named else [0, 1, 2])
    for i in range(3):
        false, true, _ = metrics.roc_curve(i == CLASSES, TABLE[:, i])
        np.testing.assert_array_equal(roc.by_class[i].false_positive_rate, false)
        np.testing.assert_array_equal(roc.by_class[i].true_positive_rate, true)
    for kind in ("macro", "micro"):
        area = getattr(roc, kind).area.value
        assert area == pytest.approx(metrics.roc_auc_score(HOT, TABLE, average=kind))
        average = getattr(pr, kind).average_precision.value
        assert average == pytest.approx(metrics.average_precision_score(HOT, TABLE, average=kind))
    each = [curve.average_precision.value for curve in pr.by_class]
    np.testing.assert_allclose(each, metrics.average_precision_score(HOT, TABLE, average=None))


def test_one_hot_targets_are_class_numbers():
    assert (
        roc_curves(HOT, TABLE, resamples=10).macro.area
        == roc_curves(CLASSES, TABLE, resamples=10).macro.area
    )


def test_the_mean_curves_have_the_mean_area():
    roc = roc_curves(CLASSES, TABLE, resamples=10).macro
    assert metrics.auc(roc.false_positive_rate, roc.true_positive_rate) == pytest.approx(
        roc.area.value, rel=1e-12
    )
    assert (roc.true_positive_rate[0], roc.true_positive_rate[-1]) == (0, 1)
    assert (np.diff(roc.true_positive_rate) >= 0).all()
    pr = precision_recall_curves(CLASSES, TABLE, resamples=10).macro
    steps = np.diff(pr.recall) @ pr.precision[1:]
    assert steps == pytest.approx(pr.average_precision.value, rel=1e-12)


def test_intervals_are_close_to_scipys_bootstrap():
    for ours, statistic in (
        (roc_curve(Y, SCORES, resamples=3000).area, metrics.roc_auc_score),
        (precision_recall_curve(Y, SCORES, resamples=3000).average_precision,
         metrics.average_precision_score),
    ):  # fmt: skip
        expected = stats.bootstrap(
            (Y, SCORES), statistic, paired=True, vectorized=False, n_resamples=250,
            method="percentile", rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        np.testing.assert_allclose(ours.interval, (expected.low, expected.high), atol=0.025)


def test_intervals_of_averages_draw_examples_not_pairs():
    """The pairs of an example are drawn together, as one row."""
    width = np.ptp(roc_curves(CLASSES, TABLE, resamples=2000).micro.area.interval)
    rows = stats.bootstrap(
        (np.arange(150),), lambda i: metrics.roc_auc_score(HOT[i], TABLE[i], average="micro"),
        vectorized=False, n_resamples=300, method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert width == pytest.approx(rows.high - rows.low, rel=0.2)


def test_a_perfect_area_is_not_certain():
    """Against the closed forms: what is left when a share of one class is on the wrong side."""
    y = np.arange(50) >= 30
    area = roc_curve(y, np.arange(50)).area
    low = wilson_interval(20, 20).low
    np.testing.assert_allclose([area.value, *area.interval], [1, low, 1])
    average = precision_recall_curve(y, np.arange(50)).average_precision
    missed = low + (1 - low) * 20 / 50
    alarms = 30 * (1 - wilson_interval(30, 30).low)
    early = np.mean([found / (found + alarms) for found in range(1, 21)])
    np.testing.assert_allclose([average.value, *average.interval], [1, min(missed, early), 1])


def test_perfect_averages_are_not_certain_either():
    curves = roc_curves(CLASSES, np.eye(3)[CLASSES])
    each = [curve.area.interval.low for curve in curves.by_class]
    assert curves.macro.area.interval == (pytest.approx(np.mean(each)), 1)
    assert curves.micro.area.interval.low == pytest.approx(wilson_interval(150, 150).low)


def test_a_class_that_never_occurs_has_no_area():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        roc = roc_curves(np.where(CLASSES == 2, 1, CLASSES), TABLE, resamples=10)
    assert np.isnan([roc.by_class[2].area.value, *roc.by_class[2].area.interval]).all()
    others = [roc.by_class[i].area.value for i in (0, 1)]
    assert roc.macro.area.value == pytest.approx(np.mean(others))


def test_the_positive_class_can_be_named():
    plain = roc_curve(Y, SCORES, resamples=10).area.value
    names = np.array(["no", "yes"])[Y]
    assert roc_curve(names, SCORES, resamples=10).area.value == plain
    assert roc_curve(names, -SCORES, "no", resamples=10).area.value == pytest.approx(plain)


@pytest.mark.parametrize(
    ("y", "scores", "positive"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], None),
        ([1, 1], [0.1, 0.2], None),
        (["a", "a"], [0.1, 0.2], None),
        ([0, 1], [0.1, np.nan], None),
        ([0, 1], [0.1, 0.2, 0.3], None),
        ([0, 1], [[0.1, 0.9], [0.5, 0.5]], None),
        ([0, 1], [0.1, 0.2], 2),
        ([0, 1], ["low", "high"], None),
    ],
)
def test_what_has_no_curve_is_refused(y, scores, positive):
    with pytest.raises(InputError):
        roc_curve(y, scores, positive)


def test_columns_without_labels_are_refused():
    with pytest.raises(InputError, match="labels"):
        roc_curves(["a", "b"], np.eye(3)[:2])
    with pytest.raises(InputError):
        precision_recall_curves(Y, SCORES)
