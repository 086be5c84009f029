import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from myelin.errors import InputError
from myelin.evaluation import (
    explained_variance,
    mean_absolute_error,
    mean_absolute_percentage_error,
    median_absolute_error,
    normal_quantiles,
    r2_score,
    regression_scores,
    residuals,
    root_mean_squared_error,
)

RNG = np.random.default_rng(0)
TRUE = RNG.normal(1000, 3, 200)
PREDICTED = TRUE + RNG.normal(0.4, 1, 200)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mean_absolute_error, metrics.mean_absolute_error),
        (root_mean_squared_error, metrics.root_mean_squared_error),
        (median_absolute_error, metrics.median_absolute_error),
        (mean_absolute_percentage_error, metrics.mean_absolute_percentage_error),
        (r2_score, metrics.r2_score),
        (explained_variance, metrics.explained_variance_score),
    ],
)
def test_scores_are_sklearns(ours, theirs):
    assert ours(TRUE, PREDICTED) == pytest.approx(theirs(TRUE, PREDICTED), rel=1e-12)


def of_squares(true, predicted, axis):
    return np.square(true - predicted).mean(axis)


FORMULAS = {
    "mae": lambda t, p, axis: np.abs(t - p).mean(axis),
    "rmse": lambda t, p, axis: np.sqrt(of_squares(t, p, axis)),
    "r2": lambda t, p, axis: 1 - of_squares(t, p, axis) / t.var(axis),
    "explained_variance": lambda t, p, axis: 1 - (t - p).var(axis) / t.var(axis),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_intervals_are_close_to_scipys(name):
    found = getattr(regression_scores(TRUE, PREDICTED, resamples=4000), name)
    assert found.value == pytest.approx(FORMULAS[name](TRUE, PREDICTED, -1), rel=1e-9)
    expected = stats.bootstrap(
        (TRUE, PREDICTED), FORMULAS[name], paired=True, vectorized=True, method="BCa",
        n_resamples=4000, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    np.testing.assert_allclose(found.interval, (expected.low, expected.high), rtol=0.02)


@pytest.mark.parametrize("n", [6, 25, 200])
def test_median_lies_between_ranks_that_hold_it_often_enough(n):
    """Against SciPy's interval of a quantile, which inverts the same binomial test."""
    errors = np.abs(TRUE - PREDICTED)[:n]
    found = regression_scores(TRUE[:n], PREDICTED[:n], resamples=10).median_absolute_error
    assert found.value == np.median(errors)
    expected = stats.quantile_test(errors, q=found.value, p=0.5).confidence_interval(0.95)
    np.testing.assert_allclose(found.interval, (expected.low, expected.high))


def test_scores_of_one_true_value():
    assert np.isnan(r2_score([2.0, 2.0], [1.0, 3.0]))
    assert np.isnan(explained_variance([2.0, 2.0], [1.0, 3.0]))
    found = regression_scores([2.0] * 9, np.arange(9.0), resamples=50)
    assert np.isnan([found.r2.value, *found.r2.interval]).all()
    assert np.isfinite(found.mae.interval).all()
    assert "R²" in str(found)


def test_one_example_has_a_score():
    found = regression_scores([1.0], [3.0], resamples=10)
    assert found.mae.value == found.rmse.value == 2
    assert found.mae.interval == found.median_absolute_error.interval == (2, 2)


def test_residuals_are_what_is_left():
    np.testing.assert_array_equal(residuals([1.0, 2.0], [0.5, 4.0]), [0.5, -2.0])


def test_normal_quantiles_are_scipys():
    left = RNG.standard_t(3, 100)
    (normal, ordered), (slope, intercept, correlation) = stats.probplot(left)
    found = normal_quantiles(left)
    np.testing.assert_array_equal(found.normal, normal)
    np.testing.assert_array_equal(found.ordered, ordered)
    np.testing.assert_allclose(
        (found.slope, found.intercept, found.correlation), (slope, intercept, correlation)
    )
    flat = normal_quantiles([2.0, 2.0, 2.0])
    assert (flat.slope, flat.intercept) == (0, 2)


def test_what_has_no_error_is_refused():
    with pytest.raises(InputError, match="same shape"):
        mean_absolute_error(TRUE, PREDICTED[:, None])
    with pytest.raises(InputError, match="same shape"):
        r2_score([], [])
    with pytest.raises(InputError, match="row 1"):
        regression_scores([1.0, 2.0], [1.0, np.inf])
    with pytest.raises(InputError, match="numbers"):
        mean_absolute_error(["a"], ["b"])
    with pytest.raises(InputError, match="row 1 is 0"):
        mean_absolute_percentage_error([1.0, 0.0], [1.0, 1.0])
    with pytest.raises(InputError, match="2 or more"):
        normal_quantiles([1.0])
    with pytest.raises(InputError, match="resamples"):
        regression_scores(TRUE, PREDICTED, resamples=0)
