"""Models as scikit-learn's estimators, for its pipelines, searches and ensembles.

estimator     what the two estimators share: training, early stopping, pickling
classifier    MyelinClassifier
regressor     MyelinRegressor
networks      the models that they train: a dense network, a copy, or what a function makes
programs      equal models share what was compiled for one of them
"""

from myelin.interop.sklearn.classifier import MyelinClassifier
from myelin.interop.sklearn.regressor import MyelinRegressor

__all__ = ["MyelinClassifier", "MyelinRegressor"]
