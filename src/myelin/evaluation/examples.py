"""The single examples that a model does worst on, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myelin.errors import InputError
from myelin.evaluation import checks
from myelin.evaluation.calibration import true_class_losses


@dataclass(frozen=True)
class WorstExamples:
    """Examples in the order of their loss, the worst first.

    Attributes:
        indices: their rows `(most,)`.
        loss: minus the logarithm of the true class's probability, or the distance from the truth.
        true: the true labels or values.
        predicted: the predicted ones; of two classes in one column the probability.
    """

    indices: np.ndarray
    loss: np.ndarray
    true: np.ndarray
    predicted: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)


def worst_examples(
    y_true: Any, predictions: Any, most: int = 10, labels: Any = None
) -> WorstExamples:
    """The examples with the largest loss.

    Args:
        y_true: class numbers from 0, other labels `(n,)`, or one-hot rows, for probabilities of
            classes; or true values `(n,)` or `(n, 1)`.
        predictions: probabilities `(n, classes)`; or values, or the probability of class 1 of 0
            and 1, `(n,)` or `(n, 1)`.
        most: how many at the most, 0 or more.
        labels: the label of each column; by default the class numbers, or all labels, sorted.

    Returns:
        The worst, and of those that are equally bad the first.

    Raises:
        InputError: no predictions, or labels or values that do not fit them.
    """
    if most < 0:
        raise InputError(f"worst_examples: most wants 0 or more, got {most}")
    given = checks.scores_of("predictions", predictions)
    if given.ndim == 2:
        given = checks.probabilities_of(given)
        numbers = checks.class_numbers(y_true, given.shape[1], labels)
        checks.same_length(numbers, given)
        known = checks.columns(y_true, given.shape[1], labels)
        # The smallest probabilities keep their order, so nothing but 0 is cut off.
        loss = true_class_losses(numbers, given, float(np.finfo(np.float64).tiny))
        true, predicted = known[numbers], known[given.argmax(1)]
    else:
        column = np.asarray(y_true)
        column = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
        true, predicted = checks.numbers(column, given)
        loss = np.abs(true - predicted)
    order = np.argsort(-loss, kind="stable")[:most]
    return WorstExamples(order, loss[order], true[order], predicted[order])
