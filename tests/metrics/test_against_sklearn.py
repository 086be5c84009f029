"""What scikit-learn computes, where Keras's own number is disputable or there is none."""

import numpy as np
import pytest
from sklearn import metrics as sk

from myelin import metrics

rng = np.random.default_rng(11)
y = rng.integers(0, 2, 300)
scores = np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0, 1).astype("f")
classes = rng.integers(0, 4, 300)
votes = rng.random((300, 4)).astype("f") + np.eye(4, dtype="f")[classes] * 0.4
guesses = votes.argmax(axis=1)
targets = rng.normal(50, 2, (300, 2)).astype("f")
outputs = targets + rng.normal(size=(300, 2)).astype("f")
weights = rng.random(300).astype("f")


def fed(metric, y_true, y_pred, weight=None):
    for part in np.split(np.arange(300), [100, 200]):
        extra = {} if weight is None else {"sample_weight": weight[part]}
        metric.update_state(y_true[part], y_pred[part], **extra)
    return np.asarray(metric.result())


@pytest.mark.parametrize("weight", [None, weights])
def test_auc(weight):
    found = fed(metrics.AUC(num_thresholds=1000), y, scores, weight)
    assert found == pytest.approx(sk.roc_auc_score(y, scores, sample_weight=weight), abs=5e-4)


def test_area_under_precision_and_recall():
    found = fed(metrics.AUC(num_thresholds=1000, curve="PR"), y, scores)
    assert found == pytest.approx(sk.average_precision_score(y, scores), abs=1e-2)


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
def test_f1(average):
    found = fed(metrics.F1Score(average=average), np.eye(4, dtype="f")[classes], votes)
    np.testing.assert_allclose(found, sk.f1_score(classes, guesses, average=average), rtol=1e-5)


@pytest.mark.parametrize("weight", [None, weights])
def test_precision_and_recall(weight):
    called = scores > 0.5
    wanted = sk.precision_recall_fscore_support(y, called, average="binary", sample_weight=weight)
    assert fed(metrics.Precision(), y, scores, weight) == pytest.approx(wanted[0], rel=1e-5)
    assert fed(metrics.Recall(), y, scores, weight) == pytest.approx(wanted[1], rel=1e-5)


@pytest.mark.parametrize("weight", [None, weights])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (None, "raw_values"),
        ("uniform_average", "uniform_average"),
        ("variance_weighted_average", "variance_weighted"),
    ],
)
def test_r2(ours, theirs, weight):
    found = fed(metrics.R2Score(class_aggregation=ours), targets, outputs, weight)
    wanted = sk.r2_score(targets, outputs, multioutput=theirs, sample_weight=weight)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_r2_of_constant_targets():
    constant = np.ones((300, 1), "f")
    for output in (constant, constant + 1):
        assert fed(metrics.R2Score(), constant, output) == sk.r2_score(constant, output)


def test_adjusted_r2_counts_examples():
    plain = fed(metrics.R2Score(), targets, outputs)
    adjusted = fed(metrics.R2Score(num_regressors=5), targets, outputs)
    assert adjusted == pytest.approx(1 - (1 - plain) * 299 / 294, rel=1e-6)


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_confusion_matrix(normalize):
    wanted = sk.confusion_matrix(classes, guesses, normalize=normalize)
    for y_true in (classes, classes[:, None], np.eye(4, dtype="f")[classes]):
        found = fed(metrics.ConfusionMatrix(4, normalize=normalize), y_true, votes)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert found.dtype == ("int32" if normalize is None else "float32")


def test_confusion_matrix_of_two_classes_from_one_output():
    found = fed(metrics.ConfusionMatrix(2), y[:, None], scores[:, None])
    np.testing.assert_array_equal(found, sk.confusion_matrix(y, scores > 0.5))


def test_confusion_matrix_with_fractional_weights():
    found = fed(metrics.ConfusionMatrix(4, dtype="float32"), classes, guesses, weights)
    wanted = sk.confusion_matrix(classes, guesses, sample_weight=weights)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_mean_iou_with_fractional_weights():
    found = fed(metrics.MeanIoU(4), classes, guesses, weights)
    wanted = sk.jaccard_score(classes, guesses, average="macro", sample_weight=weights)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_top_k():
    found = fed(metrics.SparseTopKCategoricalAccuracy(k=2), classes, votes)
    assert found == pytest.approx(sk.top_k_accuracy_score(classes, votes, k=2))
