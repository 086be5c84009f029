"""How good a model is, and how sure that is.

intervals    the range in which the true score lies
confusion    which class was taken for which
regression   how far predicted numbers lie from true ones

NumPy only: none of this needs jax.
"""

from myelin.evaluation.confusion import (
    ClassScores,
    confusion_matrix,
    most_confused,
    scores_by_class,
)
from myelin.evaluation.intervals import Interval, bootstrap_interval, wilson_interval
from myelin.evaluation.regression import mean_absolute_error, r2_score, root_mean_squared_error

__all__ = [
    "ClassScores",
    "Interval",
    "bootstrap_interval",
    "confusion_matrix",
    "mean_absolute_error",
    "most_confused",
    "r2_score",
    "root_mean_squared_error",
    "scores_by_class",
    "wilson_interval",
]
