import numpy as np
import pytest
from scipy import stats

from myelin.errors import InputError
from myelin.evaluation import corrected_interval, corrected_paired_test, wilson_interval

SCORES = np.array([0.91, 0.88, 0.93, 0.90, 0.87])


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 50), (7, 9), (349, 360), (5, 5)])
def test_wilson_is_scipys(successes, n, confidence):
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose(
        wilson_interval(successes, n, confidence), (expected.low, expected.high), atol=1e-12
    )


@pytest.mark.parametrize(
    ("successes", "n", "confidence"), [(1, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)]
)
def test_wilson_refuses_what_is_out_of_range(successes, n, confidence):
    with pytest.raises(InputError):
        wilson_interval(successes, n, confidence)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_corrected_interval_is_the_papers_formula(confidence):
    error = np.sqrt((1 / 5 + 40 / 160) * SCORES.var(ddof=1))
    expected = stats.t.interval(confidence, 4, SCORES.mean(), error)
    np.testing.assert_allclose(corrected_interval(SCORES, 160, 40, confidence), expected)
    a_fold = corrected_interval(SCORES, [160, 158, 162, 160, 160], [40, 42, 38, 40, 40], confidence)
    np.testing.assert_allclose(a_fold, expected)


def test_without_test_rows_to_speak_of_it_is_students():
    """1/k alone is left of the correction: the textbook's interval and test of a mean."""
    expected = stats.ttest_1samp(SCORES, 0)
    found = corrected_paired_test(SCORES, 1, 1e-15)
    np.testing.assert_allclose(found.interval, expected.confidence_interval(0.95))
    np.testing.assert_allclose(corrected_interval(SCORES, 1, 1e-15), found.interval)
    assert found.t == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.degrees == expected.df
    assert found.difference == SCORES.mean()


def test_paired_test_takes_the_correction():
    differences = SCORES - SCORES[::-1] + 0.01
    found = corrected_paired_test(differences, 160, 40)
    t = differences.mean() / np.sqrt((1 / 5 + 40 / 160) * differences.var(ddof=1))
    assert found.t == pytest.approx(t)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 4))
    assert found.interval == corrected_interval(differences, 160, 40)


def test_paired_test_of_equal_differences():
    none = corrected_paired_test([0.0, 0.0, 0.0], 80, 20)
    assert (none.t, none.p_value, none.interval) == (0, 1, (0, 0))
    sure = corrected_paired_test([-0.1, -0.1, -0.1], 80, 20)
    assert (sure.t, sure.p_value) == (-np.inf, 0)
    np.testing.assert_allclose(sure.interval, (-0.1, -0.1))


@pytest.mark.parametrize(
    ("values", "n_train", "n_test", "confidence"),
    [
        ([0.9], 80, 20, 0.95),
        ([0.9, np.nan], 80, 20, 0.95),
        ([[0.9, 0.8]], 80, 20, 0.95),
        ([0.9, 0.8], 0, 20, 0.95),
        ([0.9, 0.8], 80, [20, 20, 20], 0.95),
        ([0.9, 0.8], 80, 20, 1.0),
    ],
)
def test_corrections_refuse_what_is_out_of_range(values, n_train, n_test, confidence):
    for function in (corrected_interval, corrected_paired_test):
        with pytest.raises(InputError):
            function(values, n_train, n_test, confidence)
