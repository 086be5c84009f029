"""What a user may write for a metric, and what is refused, with which words."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import errors, losses, metrics, saving
from myelin.metrics.base import Metric


class Lazy(Metric):
    """Makes its variable on the first batch, as some Keras programs do."""

    def __init__(self, name="lazy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        if self.total is None:
            self.total = self.add_weight(shape=y_pred.shape[1:], initializer="zeros", name="total")
        self.total.assign_add(jnp.sum(y_pred, axis=0))

    def result(self):
        return self.total.value


def test_get():
    assert metrics.get(None) is None
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)
    made = metrics.get({"class_name": "AUC", "config": {"curve": "PR"}})
    assert made.curve == "PR"
    assert metrics.get(made) is made
    assert metrics.get(metrics.binary_accuracy) is metrics.binary_accuracy


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(errors.UnknownNameError, match='"recall"'):
        metrics.get("Recal")
    with pytest.raises(errors.UnknownNameError, match="metric"):
        metrics.resolve_for("nonsense", np.zeros(2), np.zeros(2))


def test_a_metric_that_wants_arguments_says_which():
    with pytest.raises(errors.InputError, match="num_classes, target_class_ids"):
        metrics.get("IoU")


def test_names_of_losses_serve_too():
    y = np.zeros((4, 2), "f")
    for name in ("huber", "kld", "log_cosh"):
        metric = metrics.resolve_for(name, y, y)
        assert isinstance(metric, metrics.MeanMetricWrapper)
        assert metric.name == name
        assert metric._direction == "down"
    metric = metrics.resolve_for("huber", y, y)
    assert float(metric(y, y + 3)) == pytest.approx(2.5)


@pytest.mark.parametrize("name", ["ce", "crossentropy"])
def test_cross_entropy_goes_by_the_shapes(name):
    y = np.zeros((4, 3), "f")
    for target, kind in [
        (y, metrics.CategoricalCrossentropy),
        (y[:, 0], metrics.SparseCategoricalCrossentropy),
    ]:
        metric = metrics.resolve_for(name, target, y)
        assert type(metric) is kind
        assert metric.name == name
    assert type(metrics.resolve_for(name, y[:, 0], y[:, :1])) is metrics.BinaryCrossentropy


def test_a_metric_that_sizes_itself_has_its_variables_once_resolved():
    y = np.ones((4, 3), "f")
    for given in (metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True), Lazy()):
        metric = metrics.resolve_for(given, y, y)
        held = [v.shape[-1:] for v in metric.variables]
        assert (3,) in held
        assert all(not np.any(v.numpy()) for v in metric.variables)
    assert np.asarray(metric(y, y)).tolist() == [4, 4, 4]


def test_serialize_and_deserialize():
    metric = metrics.AUC(curve="PR", thresholds=[0.2, 0.4], multi_label=True, num_labels=2)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.get_config() == metric.get_config()
    assert again.num_thresholds == 4
    assert metrics.deserialize("binary_accuracy") is metrics.binary_accuracy


def test_a_wrapped_function_comes_back_by_its_name():
    metric = metrics.MeanMetricWrapper(losses.huber, name="h", delta=2.0)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.fn is losses.huber
    y = np.zeros((2, 1), "f")
    assert float(again(y, y + 4)) == float(metric(y, y + 4)) == 6


def test_a_custom_metric_comes_back_when_it_is_named():
    config = metrics.serialize(Lazy(name="mine"))
    again = metrics.deserialize(config, custom_objects={"Lazy": Lazy})
    assert isinstance(again, Lazy)
    assert again.name == "mine"
    assert saving.get_registered_name(Lazy) == "Lazy"


def test_own_metrics_hold_variables_and_other_metrics():
    class Two(Metric):
        def __init__(self):
            super().__init__()
            self.inner = [metrics.Mean(), metrics.Sum()]
            self.most = self.add_variable((), initializer="ones", name="most")

        def update_state(self, values):
            for inner in self.inner:
                inner.update_state(values)
            self.most.assign(jnp.maximum(self.most.value, jnp.max(values)))

        def result(self):
            return {"mean": self.inner[0].result(), "sum": self.inner[1].result()}

    metric = Two()
    assert metric.name.startswith("two")
    names = [v.name for v in metric.variables]
    assert names[0] == "most"
    assert names.count("total") == 2
    state = metric.stateless_update_state([v.value for v in metric.variables], jnp.arange(4.0))
    assert float(metric.stateless_result(state)["sum"]) == 6
    assert float(metric.result()["sum"]) == 0
    assert [float(value) for value in metric.stateless_reset_state()] == [0] * len(names)
    with pytest.raises(errors.InputError, match="variables"):
        metric.stateless_result(state[:-1])


def test_forgetting_super_says_so():
    class Forgets(Metric):
        def __init__(self):
            self.total = self.add_variable(())

    with pytest.raises(errors.InputError, match="super"):
        Forgets()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.Precision(thresholds=1.5), "thresholds"),
        (lambda: metrics.TruePositives(thresholds=[0.1, None]), "thresholds"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds"),
        (lambda: metrics.AUC(curve="ROK"), "ROC"),
        (lambda: metrics.AUC(summation_method="major"), "majoring"),
        (lambda: metrics.AUC(num_labels=3), "multi_label"),
        (lambda: metrics.AUC(thresholds=[2.0]), "thresholds"),
        (lambda: metrics.RecallAtPrecision(1.2), "precision"),
        (lambda: metrics.SpecificityAtSensitivity(-0.1), "sensitivity"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), "num_thresholds"),
        (lambda: metrics.FBetaScore(beta=0.0), "beta"),
        (lambda: metrics.FBetaScore(average="mean"), "average"),
        (lambda: metrics.F1Score(threshold=1.1), "threshold"),
        (lambda: metrics.R2Score(class_aggregation="sum"), "class_aggregation"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors"),
        (lambda: metrics.IoU(3, [3]), "target_class_ids"),
        (lambda: metrics.ConfusionMatrix(1), "num_classes"),
        (lambda: metrics.ConfusionMatrix(3, normalize="rows"), "normalize"),
    ],
)
def test_wrong_arguments(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert isinstance(caught.value, errors.MyelinError)


@pytest.mark.parametrize(
    ("metric", "y", "y_pred"),
    [
        (metrics.CategoricalAccuracy, (4,), (4, 3)),
        (metrics.SparseCategoricalAccuracy, (4, 3), (4, 3)),
        (metrics.BinaryAccuracy, (4, 1), (4, 3)),
        (metrics.Recall, (4,), (4, 2)),
        (metrics.F1Score, (4,), (4,)),
        (metrics.R2Score, (4, 2), (4, 3)),
        (lambda: metrics.Precision(class_id=3), (4, 3), (4, 3)),
        (lambda: metrics.AUC(multi_label=True), (4,), (4,)),
        (lambda: metrics.MeanIoU(2), (4,), (5,)),
    ],
)
def test_shapes_that_do_not_go_together(metric, y, y_pred):
    with pytest.raises(errors.ShapeError):
        metric()(np.zeros(y, "f"), np.zeros(y_pred, "f"))


def test_weights_that_do_not_fit():
    with pytest.raises(errors.ShapeError, match="sample_weight"):
        metrics.Recall()(np.zeros(4), np.zeros(4), sample_weight=np.ones(3))
