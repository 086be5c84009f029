"""Each loss with targets and outputs that fit it."""

import numpy as np

N, K = 6, 4
_rng = np.random.default_rng(0)


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype(np.float32)


LOGITS = _rng.normal(scale=2, size=(N, K)).astype(np.float32)
P = _softmax(LOGITS)
SHARES = _softmax(_rng.normal(size=(N, K)))
LABELS = _rng.integers(0, K, size=N).astype(np.int32)
ONE_HOT = np.eye(K, dtype=np.float32)[LABELS]
YES_NO = _rng.integers(0, 2, size=(N, K)).astype(np.float32)
SHARE = _rng.uniform(0.05, 0.95, size=(N, K)).astype(np.float32)
REAL, OTHER = _rng.normal(size=(2, N, K)).astype(np.float32)
COUNTS = _rng.poisson(3, size=(N, K)).astype(np.float32)
POSITIVE = _rng.uniform(0.5, 3, size=(N, K)).astype(np.float32)
UNIT = (OTHER / np.linalg.norm(OTHER, axis=1, keepdims=True)).astype(np.float32)
SEQUENCES = np.array([[1, 2, 0], [3, 3, 1], [2, 0, 0], [1, 1, 1], [4, 2, 1], [2, 2, 0]], np.int32)
FRAMES = _rng.normal(size=(N, 8, 5)).astype(np.float32)
PIXELS = _rng.integers(0, 3, size=(N, 5)).astype(np.int32)
PIXEL_LOGITS = _rng.normal(size=(N, 5, 3)).astype(np.float32)

# Class, arguments, targets, outputs.
CASES = [
    ("CategoricalCrossentropy", {}, ONE_HOT, P),
    ("CategoricalCrossentropy", {}, SHARES, P),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, LOGITS),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, ONE_HOT, P),
    ("SparseCategoricalCrossentropy", {}, LABELS, P),
    ("SparseCategoricalCrossentropy", {}, LABELS[:, None], P),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, PIXELS, PIXEL_LOGITS),
    (
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 1},
        PIXELS,
        PIXEL_LOGITS,
    ),
    ("BinaryCrossentropy", {}, YES_NO, SHARE),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, YES_NO, LOGITS),
    ("BinaryCrossentropy", {}, YES_NO[:, 0], SHARE[:, :1]),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, P),
    (
        "CategoricalFocalCrossentropy",
        {"alpha": 0.5, "gamma": 1.5, "from_logits": True, "label_smoothing": 0.1},
        ONE_HOT,
        LOGITS,
    ),
    ("BinaryFocalCrossentropy", {}, YES_NO, SHARE),
    (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "gamma": 1.0, "from_logits": True, "label_smoothing": 0.1},
        YES_NO,
        LOGITS,
    ),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, LABELS, P),
    ("MeanSquaredError", {}, REAL, OTHER),
    ("MeanSquaredError", {}, REAL[:, 0], OTHER[:, :1]),
    ("MeanAbsoluteError", {}, REAL, OTHER),
    ("MeanAbsolutePercentageError", {}, POSITIVE, OTHER),
    ("MeanSquaredLogarithmicError", {}, POSITIVE, SHARE),
    ("Huber", {}, REAL, OTHER),
    ("Huber", {"delta": 0.5}, REAL, OTHER),
    ("LogCosh", {}, REAL, OTHER),
    ("CosineSimilarity", {}, REAL, OTHER),
    ("CosineSimilarity", {"axis": 0}, REAL, OTHER),
    ("KLDivergence", {}, SHARES, P),
    ("Poisson", {}, COUNTS, POSITIVE),
    ("Hinge", {}, YES_NO, OTHER),
    ("Hinge", {}, 2 * YES_NO - 1, OTHER),
    ("SquaredHinge", {}, YES_NO, OTHER),
    ("CategoricalHinge", {}, ONE_HOT, OTHER),
    ("Dice", {}, YES_NO, SHARE),
    ("Dice", {"axis": [1]}, YES_NO, SHARE),
    ("Tversky", {"alpha": 0.3, "beta": 0.7}, YES_NO, SHARE),
    ("Tversky", {"axis": [1]}, YES_NO, SHARE),
    ("Circle", {"gamma": 4.0}, np.array([0, 1, 0, 1, 2, 2]), UNIT),
    ("CTC", {}, SEQUENCES, FRAMES),
]
IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CASES)]

# Their values are no sums over single examples.
TOGETHER = {"Circle", "CosineSimilarity-axis"}
