import numpy as np
import pytest
from scipy import stats

from myelin.errors import InputError
from myelin.evaluation import bootstrap, bootstrap_interval, resampling

RNG = np.random.default_rng(0)
VALUES = RNG.exponential(3.0, 400)
X, Y = RNG.exponential(size=(2, 60))


def scipys(data, statistic, method, resamples=4000):
    found = stats.bootstrap(
        data, statistic, n_resamples=resamples, method=method, paired=True, vectorized=False,
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    return found.low, found.high


def test_interval_of_a_mean_is_close_to_scipys_and_repeatable():
    expected = scipys((VALUES,), np.mean, "percentile")
    given = bootstrap_interval(VALUES, resamples=4000, seed=2)
    np.testing.assert_allclose(given, expected, rtol=0.01)
    assert given == bootstrap_interval(VALUES, resamples=4000, seed=2)
    assert given != bootstrap_interval(VALUES, resamples=4000, seed=3)


def test_interval_of_equal_values_has_no_width():
    assert bootstrap_interval([2.0] * 5) == (2.0, 2.0)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_any_statistic_of_several_arrays_is_close_to_scipys(method):
    def ratio(x, y):
        return x.sum() / y.sum()

    found = bootstrap(ratio, X, Y, method=method, resamples=6000, seed=5)
    scipys_name = {"percentile": "percentile", "bca": "BCa"}[method]
    expected = scipys((X, Y), ratio, scipys_name, 6000)
    np.testing.assert_allclose(found, expected, rtol=0.02)
    few = [bootstrap(ratio, X, Y, method=method, resamples=20, seed=seed) for seed in (5, 5, 6)]
    assert few[0] == few[1] != few[2]


def test_corrected_interval_of_sums_is_close_to_scipys():
    """The spread of a skewed variable, where the correction matters."""
    terms = np.stack([np.ones_like(VALUES), VALUES, VALUES**2])

    def deviation(sums):
        return np.sqrt(sums[2] / sums[0] - (sums[1] / sums[0]) ** 2)

    found = resampling.Resampled.of(terms, 0.95, 4000, 0).estimate(deviation)
    assert found.value == pytest.approx(VALUES.std())
    expected = scipys((VALUES,), np.std, "BCa")
    np.testing.assert_allclose(found.interval, expected, rtol=0.015)
    percentile = scipys((VALUES,), np.std, "percentile")
    assert np.abs(np.subtract(percentile, expected)).max() > 0.1  # So the two can be told apart.


def test_resamples_are_draws_with_replacement(monkeypatch):
    monkeypatch.setattr(resampling, "_DRAWN_AT_ONCE", 7000)  # So that there are blocks.
    counts = np.concatenate(list(resampling.resamples_of(50, 3000, 0)), 1)
    assert counts.shape == (50, 3000)
    np.testing.assert_array_equal(counts.sum(0), 50)
    chances = stats.binom.pmf(range(4), 50, 1 / 50)
    np.testing.assert_allclose([(counts == i).mean() for i in range(4)], chances, atol=0.005)


def test_resamples_where_a_statistic_is_undefined_do_not_count():
    def first_of_two(values):
        return 1.0 if len(np.unique(values)) > 1 else np.nan

    assert bootstrap(first_of_two, [0, 1], resamples=50) == (1, 1)
    assert np.isnan(bootstrap(lambda values: np.nan, [0, 1], resamples=5)).all()


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [[1.0]]])
def test_a_mean_that_does_not_exist_is_refused(values):
    with pytest.raises(InputError):
        bootstrap_interval(values)


@pytest.mark.parametrize(
    ("arrays", "extra"),
    [
        ([], {}),
        ([[]], {}),
        ([1.0], {}),
        ([[1.0, 2.0], [1.0]], {}),
        ([[1.0, 2.0]], {"method": "normal"}),
        ([[1.0, 2.0]], {"resamples": 0}),
        ([[1.0, 2.0]], {"confidence": 95}),
    ],
)
def test_bootstrap_refuses_what_it_cannot_draw(arrays, extra):
    with pytest.raises(InputError):
        bootstrap(np.mean, *arrays, **extra)
