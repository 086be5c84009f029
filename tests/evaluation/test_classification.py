import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from myelin.errors import InputError
from myelin.evaluation import classification_scores

RNG = np.random.default_rng(0)
TRUE = RNG.choice(4, 300, p=[0.4, 0.3, 0.2, 0.1])
PREDICTED = np.where(RNG.random(300) < 0.7, TRUE, RNG.integers(0, 4, 300))
FRACTIONS, TIMES = RNG.random(300) + 0.1, RNG.integers(1, 4, 300)


@pytest.mark.parametrize("weights", [None, FRACTIONS, TIMES])
def test_scores_are_sklearns(weights):
    found = classification_scores(TRUE, PREDICTED, sample_weight=weights, resamples=20)
    extra = {"sample_weight": weights}
    given = metrics.precision_recall_fscore_support(TRUE, PREDICTED, **extra)
    ours = [(s.precision.value, s.recall.value, s.f1.value, s.support) for s in found.by_class]
    np.testing.assert_allclose(np.transpose(ours), given, rtol=1e-12)
    for kind in ("macro", "micro", "weighted"):
        *wanted, _ = metrics.precision_recall_fscore_support(TRUE, PREDICTED, average=kind, **extra)
        average = getattr(found, kind)
        got = [average.precision.value, average.recall.value, average.f1.value]
        np.testing.assert_allclose(got, wanted, rtol=1e-12)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(TRUE, PREDICTED, **extra))
    balanced = metrics.balanced_accuracy_score(TRUE, PREDICTED, **extra)
    assert found.balanced_accuracy.value == pytest.approx(balanced)
    wanted = metrics.confusion_matrix(TRUE, PREDICTED, **extra)
    np.testing.assert_allclose(found.matrix, wanted)
    assert found.examples == 300


def wilson(right, n):
    found = stats.binomtest(int(right), int(n)).proportion_ci(0.95, method="wilson")
    return found.low, found.high


def test_proportions_have_wilsons_interval():
    found = classification_scores(TRUE, PREDICTED)
    hit = TRUE == PREDICTED
    np.testing.assert_allclose(found.accuracy.interval, wilson(hit.sum(), 300))
    for own in found.by_class:
        mine, called = own.label == TRUE, own.label == PREDICTED
        right = (mine & called).sum()
        np.testing.assert_allclose(own.recall.interval, wilson(right, mine.sum()))
        np.testing.assert_allclose(own.precision.interval, wilson(right, called.sum()))
        low, high = wilson(right, (mine | called).sum())
        np.testing.assert_allclose(own.f1.interval, (2 * low / (1 + low), 2 * high / (1 + high)))


def test_weights_that_repeat_examples_leave_the_sample_as_small_as_it_is():
    """All weighted alike: as without weights; the counts alone are doubled."""
    plain = classification_scores(TRUE, PREDICTED)
    doubled = classification_scores(TRUE, PREDICTED, sample_weight=np.full(300, 2))
    np.testing.assert_allclose(doubled.accuracy.interval, plain.accuracy.interval)
    np.testing.assert_allclose(doubled.macro.f1.interval, plain.macro.f1.interval)
    np.testing.assert_array_equal(doubled.matrix, 2 * plain.matrix)
    uneven = classification_scores(TRUE, PREDICTED, sample_weight=FRACTIONS)
    assert np.ptp(uneven.accuracy.interval) > np.ptp(plain.accuracy.interval)


def plain_macro_f1(true, predicted):
    shared = [2 * ((true == i) & (predicted == i)).sum() for i in range(4)]
    return np.mean(
        np.divide(shared, [(true == i).sum() + (predicted == i).sum() for i in range(4)])
    )


def plain_weighted_precision(true, predicted):
    hit = [(true[predicted == i] == i).mean() for i in range(4)]
    return np.dot(hit, [(true == i).mean() for i in range(4)])


def test_resampled_averages_are_close_to_scipys_bootstrap():
    found = classification_scores(TRUE, PREDICTED, resamples=4000)
    for ours, statistic in (
        (found.macro.f1, plain_macro_f1),
        (found.weighted.precision, plain_weighted_precision),
    ):
        assert ours.value == pytest.approx(statistic(TRUE, PREDICTED))
        given = stats.bootstrap(
            (TRUE, PREDICTED), statistic, paired=True, vectorized=False, n_resamples=1000,
            method="percentile", rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        np.testing.assert_allclose(ours.interval, (given.low, given.high), atol=0.01)


def test_a_perfect_score_is_not_certain():
    found = classification_scores(np.arange(3).repeat(20), np.arange(3).repeat(20))
    for average in (found.macro, found.weighted, found.micro):
        for score in (average.precision, average.recall, average.f1):
            assert score.value == score.interval.high == 1
            assert 0.8 < score.interval.low < 0.97


def test_undefined_scores_are_nan_and_count_as_zero_in_averages():
    found = classification_scores(["a", "a", "b"], ["a", "b", "b"], labels=["a", "b", "c"])
    missing = found.by_class[2]
    assert missing.support == 0
    for score in (missing.precision, missing.recall, missing.f1):
        assert np.isnan([score.value, *score.interval]).all()
    wanted = metrics.f1_score(["a", "a", "b"], ["a", "b", "b"], labels=["a", "b", "c"],
                              average="macro", zero_division=0)  # fmt: skip
    assert found.macro.f1.value == pytest.approx(wanted)
    assert found.balanced_accuracy.value == 0.75
    assert np.isfinite(found.macro.f1.interval).all()


def test_tables_show_what_was_found():
    pandas = pytest.importorskip("pandas")
    names = np.array(["ant", "bee", "cow", "dog"])
    found = classification_scores(names[TRUE], names[PREDICTED])
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == [*names, "macro", "micro", "weighted"]
    assert frame.loc["cow", "f1_high"] == found.by_class[2].f1.interval.high
    assert frame.loc["micro", "recall"] == found.accuracy.value
    assert frame["support"].iloc[:4].sum() == frame.loc["macro", "support"] == 300
    text = str(found)
    assert f"{found.macro.f1.value:.3f}" in text
    assert len(text.splitlines()) == 9
    assert "undefined" in str(classification_scores([0], [0], labels=[0, 1]))


def test_many_classes_are_quick_enough_to_resample():
    """A thousand classes: a full matrix for each resample would be 16 GB."""
    true = np.random.default_rng(0).integers(0, 1000, 3000)
    found = classification_scores(true, np.where(np.arange(3000) % 3, true, 0), resamples=100)
    low, high = found.macro.f1.interval
    assert 0 < low < high < 1


@pytest.mark.parametrize(
    ("true", "predicted", "extra"),
    [
        ([], [], {}),
        ([0], [0, 1], {}),
        ([0, 1], [0, 1], {"sample_weight": [0.0, 0.0]}),
        ([0, 1], [0, 1], {"labels": [0]}),
        ([0, 1], [0, 1], {"confidence": 1.0}),
        ([0, 1], [0, 1], {"resamples": 0}),
    ],
)
def test_what_cannot_be_scored_is_refused(true, predicted, extra):
    with pytest.raises(InputError):
        classification_scores(true, predicted, **extra)
