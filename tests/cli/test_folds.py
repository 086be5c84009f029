"""`myelin train --cv K`."""

import json

import numpy as np
import pytest
from scipy import stats

import myelin
from myelin.cli import folds, preparation
from myelin.cli.data import reading, targets
from tests.cli.conftest import QUICK, write_people
from tests.cli.test_train import options
from tests.evaluation.report.pages import check, looked_up, numbers


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


def write_shades(path, n=60, test=20):
    """Gray pictures of two classes, dark and light, with a test part of their own."""
    rng = np.random.default_rng(0)
    y = np.arange(n + test) % 2
    x = rng.integers(0, 120, (n + test, 8, 8), dtype=np.uint8) + (120 * y[:, None, None])
    x = x.astype(np.uint8)
    np.savez(path, x_train=x[:n], y_train=y[:n], x_test=x[n:], y_test=y[n:])


def source_of(path, column):
    source = reading.read_labelled(str(path), column)
    target, _ = targets.decide(source.rows.y, column, None, source.labels)
    return source, target


def test_a_table_is_judged_by_its_folds(command, tmp_path):
    write_people(tmp_path / "p.csv")
    ended = command("train", "p.csv", "--target", "buys", "--cv", 3, "--epochs", 4, *QUICK,
                    "-o", "out")  # fmt: skip
    assert ended.code == 0, ended.err
    metrics = metrics_of(tmp_path / "out")
    assert (metrics["judged_on"], metrics["optimistic"]) == ("folds", False)
    found = metrics["cross_validation"]
    each = np.array([fold["accuracy"] for fold in found["folds"]])
    assert len(each) == 3
    assert sum(fold["test"] for fold in found["folds"]) == 240 == metrics["examples"]
    assert np.sum(metrics["confusion_matrix"]) == 240
    assert metrics["accuracy"] == found["means"]["accuracy"]["mean"] == pytest.approx(each.mean())
    # Nadeau and Bengio: the variance over the folds grows by the rows that two folds share.
    held = np.array([fold["test"] for fold in found["folds"]])
    share = held.mean() / (240 - held).mean()
    half = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + share) * each.var(ddof=1))
    ends = (metrics["accuracy_interval"]["low"], metrics["accuracy_interval"]["high"])
    assert ends == pytest.approx((each.mean() - half, each.mean() + half))
    assert (metrics["data"]["train"], metrics["data"]["test"]) == (192, 0)
    for said in ("Split: 3 folds of 240; for the model that is kept 192 train, 48 validation",
                 "Cross-validation: 3 folds, all trained at once", "95 % from",
                 "Cross-validated accuracy"):  # fmt: skip
        assert said in ended.out
    assert command("predict", "out", "p.csv").code == 0


def test_the_page_has_the_numbers_of_the_metrics(command, tmp_path):
    write_people(tmp_path / "v.csv", target="spends")
    ended = command("train", "v.csv", "--target", "spends", "--cv", 3, "--epochs", 3, *QUICK,
                    "-o", "out")  # fmt: skip
    assert ended.code == 0, ended.err
    metrics = metrics_of(tmp_path / "out")
    page = check((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    shown = numbers(page)
    assert {"mae", "mae_interval.low", "mae_interval.high", "seed"} <= set(shown)
    for name, value in shown.items():
        rounded = 5e-4 if name == "seconds" else 0
        assert value == pytest.approx(looked_up(metrics, name), rel=1e-12, abs=rounded), name
    assert "mean absolute error, the mean of 3 folds" in page.text
    assert page.one("pre").text == (
        "myelin train v.csv --target spends --learning-rate 0.01 --epochs 3 --cv 3 --seed 0"
    )


def test_a_fold_is_what_a_fit_on_its_rows_alone_would_give(tmp_path):
    write_people(tmp_path / "v.csv", 120, target="spends")
    source, target = source_of(tmp_path / "v.csv", "spends")
    given = options(cv=3, epochs=3, patience=0, validation_split=0.0)
    result = folds.cross_validate(source, target, given, None)
    y = source.rows.y
    tested = np.concatenate([fold.test for fold in result.folds])
    assert sorted(tested) == list(range(120))
    for fold in result.folds:
        assert not np.intersect1d(fold.train, fold.test).size
        train = source.rows.take(np.sort(fold.train))
        prepared, _ = preparation.learn(train, source.kind, target, None)
        x, _ = prepared.inputs(source.rows, source.kind)
        mean, deviation = train.y.mean(), train.y.std()
        myelin.utils.set_random_seed(fold.seed)
        model = folds.compiled_network(x, prepared, given, None)
        unit = ((y - mean) / deviation).astype(np.float32)
        model.fit(x[fold.train], unit[fold.train], batch_size=32, epochs=3, verbose=0)
        expected = model.predict(x[fold.test], verbose=0) * deviation + mean
        np.testing.assert_allclose(fold.predictions, expected, rtol=1e-4)
        errors = np.abs(y[fold.test] - expected[:, 0])
        assert fold.scores["mae"] == pytest.approx(errors.mean(), rel=1e-4)
        np.testing.assert_array_equal(result.predictions[fold.test], fold.predictions)


def test_no_fold_learns_from_its_test_rows_how_to_prepare_them(tmp_path, monkeypatch):
    write_people(tmp_path / "p.csv", 90)
    source, target = source_of(tmp_path / "p.csv", "buys")
    seen = []
    learn = preparation.learn

    def watched(rows, *arguments):
        seen.append(rows.x.columns["height"])
        return learn(rows, *arguments)

    monkeypatch.setattr(preparation, "learn", watched)
    result = folds.cross_validate(source, target, options(cv=3), None)
    for fold, heights in zip(result.folds, seen, strict=True):
        rows = np.sort(np.concatenate([fold.train, fold.validation]))
        assert not np.intersect1d(rows, fold.test).size
        np.testing.assert_array_equal(heights, source.rows.x.columns["height"][rows])


def test_a_fold_may_lack_a_category(tmp_path):
    rare = {5, 6}
    lines = [f"{i % 7},{'odd' if i in rare else 'often'},{i % 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c", *lines]))
    source, target = source_of(tmp_path / "t.csv", "c")
    result = folds.cross_validate(source, target, options(cv=4, validation_split=0.0), None)
    widths = {fold.model.input_shape for fold in result.folds}
    assert len(widths) == 1
    assert np.isfinite(result.predictions).all()


def test_images_share_their_rows_and_their_own_test_part_judges_the_kept_model(command, tmp_path):
    write_shades(tmp_path / "shades.npz")
    ended = command("train", "shades.npz", "--cv", 2, "--epochs", 4, "--batch-size", 8, *QUICK,
                    "-o", "out")  # fmt: skip
    assert ended.code == 0, ended.err
    metrics = metrics_of(tmp_path / "out")
    assert (metrics["examples"], metrics["test"]["examples"]) == (60, 20)
    assert "20 test (the data's own part)" in ended.out
    assert ended.out.index("Cross-validated accuracy") < ended.out.index("Test accuracy")
    page = check((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "The model that is kept" in page.one("section", id="held-out").text


@pytest.mark.parametrize("kind", ["flat", "volumes"])
def test_arrays_are_scaled_by_each_fold(tmp_path, kind):
    rng = np.random.default_rng(0)
    x = rng.normal(50, 9, (60, 5) if kind == "flat" else (60, 4, 3, 2)).astype(np.float32)
    y = (x.reshape(60, -1)[:, :3].mean(1) > 50).astype(np.int64)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    source, target = source_of(tmp_path / "a.npz", None)
    result = folds.cross_validate(
        source, target, options(cv=3, epochs=40, learning_rate=0.02), None
    )
    assert not any(isinstance(layer, myelin.layers.Normalization)
                   for fold in result.folds for layer in fold.model.layers)  # fmt: skip
    assert result.mean("accuracy") > 0.6


def test_what_cannot_be_cross_validated_says_so(fails, tmp_path):
    assert "--cv wants a whole number of at least 2, got 1" in fails("train", "iris", "--cv", 1)
    rows = [f"{i % 9},{'rare' if i < 3 else 'often'}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *rows]))
    said = fails("train", "t.csv", "--target", "b", "--cv", 5)
    assert "the rarest class has 3 examples" in said
