import pytest
from sklearn import metrics

import myelin
from tests.evaluation.report.pages import check, numbers


def test_a_cross_validation_of_numbers(regressor, tmp_path):
    x, y = regressor.train
    found = myelin.cross_validate(regressor.model, x, y, cv=3, epochs=2, verbose=0)
    path = myelin.report(found, path=tmp_path / "cv.html", train=(x, y))
    shown = numbers(check(path.read_text()))
    assert shown["mae"] == pytest.approx(found.mean("mae"))
    assert shown["mae_interval.low"] == pytest.approx(found.interval("mae").low)
    assert shown["rmse"] == pytest.approx(
        metrics.root_mean_squared_error(y, found.predictions[:, 0]), rel=1e-5
    )
