"""How good a model is, and how sure that is.

intervals        the range in which the true score lies; two models on the same folds
resampling       the bootstrap
confusion        which class was taken for which
classification   precision, recall, F1 and accuracy: by class, averaged, with intervals
curves           ROC and precision-recall curves
ranking          the areas under them, in the sample and in resamples
calibration      whether 80 % sure is right in 80 % of cases
regression       how far predicted numbers lie from true ones
examples         the single examples that a model does worst on
risks            what makes a score look better than it is
checks           what all of these ask of their arguments

These need NumPy, scikit-learn and SciPy, not jax, and each is loaded when one of its names is first
used. What trains models to judge them stands beside them, and is called from `myelin` itself:

cross_validation   `cross_validate`: k folds as one program
comparison         `compare`: models on the same folds
sweeping           `sweep`: one model with many settings
ensemble           `ensemble`: members that answer as one
folds              which rows train and which test
fresh              a model made anew for each member
settings           numbers that a sweep varies inside one program
together           members in groups of as many as fit into the memory
report             `report`: all of it on one page
inspection         `inspect`: what each layer gives and gets back, for one batch
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myelin.loading import load

# Each file and its names.
_FILES = {
    "intervals": ("Estimate", "Interval", "PairedTest", "corrected_interval",
        "corrected_paired_test", "wilson_interval"),
    "resampling": ("bootstrap", "bootstrap_interval"),
    "confusion": ("confusion_matrix", "most_confused"),
    "classification": ("AverageScores", "ClassScores", "ClassificationScores",
        "classification_scores"),
    "curves": ("CurvesByClass", "PrecisionRecallCurve", "RocCurve", "precision_recall_curve",
        "precision_recall_curves", "roc_curve", "roc_curves"),
    "calibration": ("CalibrationCurve", "CalibrationScores", "brier_score", "calibration_curve",
        "calibration_scores", "expected_calibration_error", "log_loss"),
    "regression": ("QuantilePlot", "RegressionScores", "explained_variance",
        "mean_absolute_error", "mean_absolute_percentage_error", "median_absolute_error",
        "normal_quantiles", "r2_score", "regression_scores", "residuals",
        "root_mean_squared_error"),
    "examples": ("WorstExamples", "worst_examples"),
    "risks": ("Risk", "constant_target", "duplicate_rows", "missing_classes", "single_class",
        "target_among_features", "warn_of"),
}  # fmt: skip

_HOMES = {name: file for file, names in _FILES.items() for name in names}

if TYPE_CHECKING:
    from myelin.evaluation.calibration import CalibrationCurve as CalibrationCurve
    from myelin.evaluation.calibration import CalibrationScores as CalibrationScores
    from myelin.evaluation.calibration import brier_score as brier_score
    from myelin.evaluation.calibration import calibration_curve as calibration_curve
    from myelin.evaluation.calibration import calibration_scores as calibration_scores
    from myelin.evaluation.calibration import (
        expected_calibration_error as expected_calibration_error,
    )
    from myelin.evaluation.calibration import log_loss as log_loss
    from myelin.evaluation.classification import AverageScores as AverageScores
    from myelin.evaluation.classification import ClassificationScores as ClassificationScores
    from myelin.evaluation.classification import ClassScores as ClassScores
    from myelin.evaluation.classification import classification_scores as classification_scores
    from myelin.evaluation.confusion import confusion_matrix as confusion_matrix
    from myelin.evaluation.confusion import most_confused as most_confused
    from myelin.evaluation.curves import CurvesByClass as CurvesByClass
    from myelin.evaluation.curves import PrecisionRecallCurve as PrecisionRecallCurve
    from myelin.evaluation.curves import RocCurve as RocCurve
    from myelin.evaluation.curves import precision_recall_curve as precision_recall_curve
    from myelin.evaluation.curves import precision_recall_curves as precision_recall_curves
    from myelin.evaluation.curves import roc_curve as roc_curve
    from myelin.evaluation.curves import roc_curves as roc_curves
    from myelin.evaluation.examples import WorstExamples as WorstExamples
    from myelin.evaluation.examples import worst_examples as worst_examples
    from myelin.evaluation.intervals import Estimate as Estimate
    from myelin.evaluation.intervals import Interval as Interval
    from myelin.evaluation.intervals import PairedTest as PairedTest
    from myelin.evaluation.intervals import corrected_interval as corrected_interval
    from myelin.evaluation.intervals import corrected_paired_test as corrected_paired_test
    from myelin.evaluation.intervals import wilson_interval as wilson_interval
    from myelin.evaluation.regression import QuantilePlot as QuantilePlot
    from myelin.evaluation.regression import RegressionScores as RegressionScores
    from myelin.evaluation.regression import explained_variance as explained_variance
    from myelin.evaluation.regression import mean_absolute_error as mean_absolute_error
    from myelin.evaluation.regression import (
        mean_absolute_percentage_error as mean_absolute_percentage_error,
    )
    from myelin.evaluation.regression import median_absolute_error as median_absolute_error
    from myelin.evaluation.regression import normal_quantiles as normal_quantiles
    from myelin.evaluation.regression import r2_score as r2_score
    from myelin.evaluation.regression import regression_scores as regression_scores
    from myelin.evaluation.regression import residuals as residuals
    from myelin.evaluation.regression import root_mean_squared_error as root_mean_squared_error
    from myelin.evaluation.resampling import bootstrap as bootstrap
    from myelin.evaluation.resampling import bootstrap_interval as bootstrap_interval
    from myelin.evaluation.risks import Risk as Risk
    from myelin.evaluation.risks import constant_target as constant_target
    from myelin.evaluation.risks import duplicate_rows as duplicate_rows
    from myelin.evaluation.risks import missing_classes as missing_classes
    from myelin.evaluation.risks import single_class as single_class
    from myelin.evaluation.risks import target_among_features as target_among_features
    from myelin.evaluation.risks import warn_of as warn_of

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from myelin.errors import nearest

        raise AttributeError(f'myelin.evaluation has no "{name}". {nearest(name, __all__)}'.strip())
    value = getattr(load(f"myelin.evaluation.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
