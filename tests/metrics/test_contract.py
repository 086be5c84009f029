"""Every metric keeps the contract that `myelin.testing.check_metric` states."""

import pytest

from myelin import metrics
from myelin.metrics.names import CLASSES
from myelin.testing import check_metric
from tests.metrics.table import OWN, ROWS, maker, real, title


@pytest.mark.parametrize("row", ROWS + OWN, ids=title)
def test_contract(row):
    name, arguments, data = row
    check_metric(maker(name, arguments), *data, rtol=2e-5)


def test_a_wrapped_function_keeps_the_contract():
    check_metric(lambda: metrics.MeanMetricWrapper(metrics.mean_absolute_error, name="mine"), *real)


def test_the_table_has_every_metric():
    in_table = {name for name, _, _ in ROWS + OWN} | {"MeanMetricWrapper"}
    assert in_table == {cls.__name__ for cls in CLASSES}
