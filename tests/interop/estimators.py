"""Small estimators and data, for the tests of the estimators."""

from sklearn.datasets import load_iris

from myelin.sklearn import MyelinClassifier, MyelinRegressor

IRIS = load_iris(return_X_y=True)
NAMES = load_iris().target_names

# Few steps an epoch, and for iris no smaller last one, which a model of one's own compiles apart.
QUICK = {"epochs": 40, "batch_size": 50, "learning_rate": 0.01, "random_state": 0}


def small(**arguments):
    """A classifier that learns iris in a moment."""
    return MyelinClassifier(**{"hidden_layer_sizes": (16,), **QUICK, **arguments})


def small_regressor(**arguments):
    return MyelinRegressor(**{"hidden_layer_sizes": (16,), **QUICK, **arguments})
