"""One contract for all layers, one for losses, metrics and optimizers.

Myelin's own parts pass these checks, and yours can:

    from myelin.testing import check_layer

    def test_my_layer():
        check_layer(lambda: MyLayer(units=3), input_shape=(4, 5))

Each check raises an `AssertionError` that says which promise was broken. The idea is
scikit-learn's `check_estimator`.

layers        check_layer
losses        check_loss
metrics       check_metric
optimizers    check_optimizer
comparing     agree, directional_derivative: what the checks are made of
"""

from myelin.testing.comparing import agree, directional_derivative
from myelin.testing.layers import check_layer
from myelin.testing.losses import check_loss
from myelin.testing.metrics import check_metric
from myelin.testing.optimizers import check_optimizer

__all__ = [
    "agree",
    "check_layer",
    "check_loss",
    "check_metric",
    "check_optimizer",
    "directional_derivative",
]
