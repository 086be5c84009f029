import numpy as np
import pytest
from sklearn import metrics

from myelin.errors import InputError
from myelin.evaluation import mean_absolute_error, r2_score, root_mean_squared_error

RNG = np.random.default_rng(0)
TRUE = RNG.normal(1000, 3, 200)
PREDICTED = TRUE + RNG.normal(0, 1, 200)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mean_absolute_error, metrics.mean_absolute_error),
        (root_mean_squared_error, metrics.root_mean_squared_error),
        (r2_score, metrics.r2_score),
    ],
)
def test_scores_are_sklearns(ours, theirs):
    assert ours(TRUE, PREDICTED) == pytest.approx(theirs(TRUE, PREDICTED), rel=1e-12)


def test_r2_of_one_true_value_is_nan():
    assert np.isnan(r2_score([2.0, 2.0], [1.0, 3.0]))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(InputError):
        mean_absolute_error(TRUE, PREDICTED[:, None])
    with pytest.raises(InputError):
        r2_score([], [])
