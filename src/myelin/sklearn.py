"""`MyelinClassifier` and `MyelinRegressor`: models that work wherever scikit-learn's own do."""

from myelin.interop.sklearn import MyelinClassifier, MyelinRegressor

__all__ = ["MyelinClassifier", "MyelinRegressor"]
