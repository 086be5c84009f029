import numpy as np
import pytest
from sklearn import metrics

from myelin.evaluation import ranking

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 200)
SCORES = np.round(RNG.normal(Y, 1.2), 1)  # Rounded, so that there are ties.


@pytest.mark.parametrize(
    ("area", "sklearns"),
    [
        (ranking.roc_area, metrics.roc_auc_score),
        (ranking.average_precision, metrics.average_precision_score),
    ],
)
def test_areas_of_resamples_are_sklearns_areas_of_weighted_examples(area, sklearns):
    counts = RNG.multinomial(200, np.full(200, 1 / 200), 5).T
    positives, negatives = ranking.rank(ranking.Entries(Y == 1, SCORES, np.arange(200)), 200)
    assert positives.shape[0] < len(np.unique(SCORES))  # Groups of negatives are one.
    expected = [sklearns(Y, SCORES, sample_weight=column) for column in counts.T]
    np.testing.assert_allclose(area(positives @ counts, negatives @ counts), expected)
