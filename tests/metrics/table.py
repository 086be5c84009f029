"""A row for every metric: how it is made, and data that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from myelin import metrics

rng = np.random.default_rng(7)
N = 24

binary = (rng.integers(0, 2, (N, 1)).astype("f"), rng.random((N, 1)).astype("f"))
labels = (rng.integers(0, 2, (N, 4)).astype("f"), rng.random((N, 4)).astype("f"))
scores = rng.random((N, 6)).astype("f")
scores /= scores.sum(axis=1, keepdims=True)
sparse = (rng.integers(0, 6, N), scores)
one_hot = (np.eye(6, dtype="f")[sparse[0]], scores)
real = (rng.normal(3, 2, (N, 3)).astype("f"), rng.normal(3, 2, (N, 3)).astype("f"))
positive = (rng.random((N, 3)).astype("f") + 0.5, rng.random((N, 3)).astype("f") + 0.5)
classes = (rng.integers(0, 4, (N, 5)), rng.integers(0, 4, (N, 5)))
ids = (rng.integers(0, 4, N), rng.integers(0, 4, N))
ranked = (rng.integers(0, 6, N), np.stack([rng.permutation(6) for _ in range(N)]))
one = (rng.normal(size=(N, 3)).astype("f"),)

Row = tuple[str, dict[str, Any], tuple[Any, ...]]

# Those that Keras has too, with the arguments of both.
ROWS: list[Row] = [
    ("Sum", {}, one),
    ("Mean", {}, one),
    ("Accuracy", {}, classes),
    ("BinaryAccuracy", {}, binary),
    ("BinaryAccuracy", {"threshold": 0.3}, labels),
    ("CategoricalAccuracy", {}, one_hot),
    ("SparseCategoricalAccuracy", {}, sparse),
    ("TopKCategoricalAccuracy", {"k": 2}, one_hot),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, sparse),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, ranked),
    ("TruePositives", {}, binary),
    ("TrueNegatives", {"thresholds": [0.2, 0.7]}, labels),
    ("FalsePositives", {"thresholds": [0.0, 0.5, 1.0]}, labels),
    ("FalseNegatives", {"thresholds": 0.4}, binary),
    ("Precision", {}, binary),
    ("Precision", {"class_id": 2, "thresholds": [0.1, 0.9]}, labels),
    ("Recall", {}, labels),
    ("Recall", {"top_k": 2, "class_id": 1}, labels),
    ("PrecisionAtRecall", {"recall": 0.5}, binary),
    ("RecallAtPrecision", {"precision": 0.6}, binary),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 50}, binary),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "num_thresholds": 1}, binary),
    ("AUC", {}, binary),
    ("AUC", {"multi_label": True, "label_weights": [1.0, 2.0, 0.0, 0.5]}, labels),
    ("AUC", {"thresholds": [0.1, 0.8, 0.3]}, labels),
    ("FBetaScore", {"beta": 0.5, "average": "weighted"}, labels),
    ("F1Score", {}, one_hot),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, classes),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 1], "ignore_class": 0}, ids),
    ("BinaryIoU", {"threshold": 0.3}, labels),
    ("MeanIoU", {"num_classes": 4}, classes),
    ("OneHotIoU", {"num_classes": 6, "target_class_ids": [1, 4]}, one_hot),
    ("OneHotMeanIoU", {"num_classes": 6}, one_hot),
    ("MeanSquaredError", {}, real),
    ("RootMeanSquaredError", {}, real),
    ("MeanAbsoluteError", {}, real),
    ("MeanAbsolutePercentageError", {}, positive),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("LogCoshError", {}, real),
    ("CosineSimilarity", {}, real),
    ("PearsonCorrelation", {}, real),
    ("ConcordanceCorrelation", {}, real),
    ("R2Score", {"class_aggregation": None}, real),
    ("R2Score", {"num_regressors": 3}, (real[0][:, :1], real[1][:, :1])),
    ("Hinge", {}, (2 * labels[0] - 1, labels[1])),
    ("SquaredHinge", {}, (2 * labels[0] - 1, labels[1])),
    ("CategoricalHinge", {}, one_hot),
    ("KLDivergence", {}, positive),
    ("Poisson", {}, positive),
    ("BinaryCrossentropy", {}, labels),
    ("CategoricalCrossentropy", {}, one_hot),
    ("SparseCategoricalCrossentropy", {}, sparse),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, sparse),
]

# Further arguments, to be compared with Keras only.
VARIANTS: list[Row] = [
    ("AUC", {"multi_label": True, "num_labels": 4}, labels),
    ("AUC", {"label_weights": [1.0, 2.0, 0.0, 0.5]}, labels),
    ("AUC", {"thresholds": [0.1, 0.8, 0.3], "multi_label": True}, labels),
    ("AUC", {"thresholds": [0.25, 0.5, 0.75]}, binary),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "class_id": 1}, labels),
    ("AUC", {"from_logits": True}, (binary[0], real[0][:, :1])),
    ("Precision", {"top_k": 2}, labels),
    ("R2Score", {}, real),
    ("F1Score", {"average": "macro", "threshold": 0.3}, labels),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, real),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, one_hot),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, labels),
    *[
        ("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 40}, binary)
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
    ],
    *[
        ("FBetaScore", {"average": average, "beta": 2.0, "threshold": threshold}, labels)
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.5)
    ],
]

# Those that are Myelin's own, or where it gives another number than Keras.
OWN: list[Row] = [
    ("ConfusionMatrix", {"num_classes": 6}, sparse),
    ("ConfusionMatrix", {"num_classes": 2, "normalize": "true", "threshold": 0.4}, binary),
    ("ConfusionMatrix", {"num_classes": 4, "dtype": "float32"}, ids),
    ("R2Score", {"num_regressors": 3}, real),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, sparse),
    ("SparseCategoricalAccuracy", {"dtype": "bfloat16"}, sparse),
]


def maker(name: str, arguments: dict[str, Any]) -> Callable[[], Any]:
    return lambda: getattr(metrics, name)(**arguments)


def title(row: Row) -> str:
    return row[0] + "".join(f" {key}={value}" for key, value in row[1].items())
