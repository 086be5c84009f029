import numpy as np
import pytest
from scipy import stats

from myelin.errors import InputError
from myelin.evaluation import bootstrap_interval, wilson_interval


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 50), (7, 9), (349, 360), (5, 5)])
def test_wilson_is_scipys(successes, n, confidence):
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose(
        wilson_interval(successes, n, confidence), (expected.low, expected.high), atol=1e-12
    )


def test_wilson_covers_the_truth_as_often_as_it_says():
    n, p = 40, 0.9
    chances = stats.binom.pmf(range(n + 1), n, p)
    held = [low <= p <= high for low, high in (wilson_interval(k, n) for k in range(n + 1))]
    assert 0.93 < chances[held].sum() < 0.99


@pytest.mark.parametrize(
    ("successes", "n", "confidence"), [(1, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)]
)
def test_wilson_refuses_what_is_out_of_range(successes, n, confidence):
    with pytest.raises(InputError):
        wilson_interval(successes, n, confidence)


def test_bootstrap_is_close_to_scipys_and_repeatable():
    values = np.random.default_rng(0).exponential(3.0, 400)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    given = bootstrap_interval(values, resamples=4000, seed=2)
    np.testing.assert_allclose(given, (expected.low, expected.high), rtol=0.01)
    assert given == bootstrap_interval(values, resamples=4000, seed=2)
    assert given != bootstrap_interval(values, resamples=4000, seed=3)


def test_bootstrap_of_equal_values_has_no_width():
    assert bootstrap_interval([2.0] * 5) == (2.0, 2.0)


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [[1.0]]])
def test_bootstrap_refuses_what_has_no_mean(values):
    with pytest.raises(InputError):
        bootstrap_interval(values)
