import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from tests.cli.conftest import write_people


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_classes(command, runs):
    ended = command("predict", runs / "classes", runs / "p.csv")
    assert ended.code == 0, ended.err
    rows = rows_of(ended.out)
    assert len(rows) == 600
    assert {row["buys"] for row in rows} <= {"yes", "no"}
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)


def test_evaluate_agrees_with_predict_and_sklearn(command, runs):
    new = write_people(runs / "new.csv", 200, seed=5)
    predicted = [row["buys"] for row in rows_of(command("predict", runs / "classes", new).out)]
    true = [row["buys"] for row in rows_of(new.read_text())]
    ended = command("evaluate", runs / "classes", new, "-o", "scores.json")
    assert ended.code == 0, ended.err
    scores = json.loads(Path("scores.json").read_text())
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(true, predicted))
    np.testing.assert_array_equal(
        scores["confusion_matrix"], metrics.confusion_matrix(true, predicted)
    )
    assert scores["optimistic"] is False


def test_values_agree_with_sklearn(command, runs):
    new = write_people(runs / "newer.csv", 200, seed=5, target="spends")
    command("predict", runs / "values", new, "-o", "values.csv")
    predicted = [float(row["spends"]) for row in rows_of(Path("values.csv").read_text())]
    true = [float(row["spends"]) for row in rows_of(new.read_text())]
    command("evaluate", runs / "values", new, "-o", "scores.json")
    scores = json.loads(Path("scores.json").read_text())
    assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(true, predicted), rel=1e-4)
    assert scores["rmse"] == pytest.approx(
        metrics.mean_squared_error(true, predicted) ** 0.5, rel=1e-4
    )
    assert scores["r2"] == pytest.approx(metrics.r2_score(true, predicted), rel=1e-4)


def test_a_score_on_the_training_file_is_marked(command, runs):
    assert "optimistic" in command("evaluate", runs / "classes", runs / "p.csv").out
    assert "optimistic" not in command("evaluate", runs / "iris", "iris").out


def test_the_test_part_gets_the_score_of_train_again(command, runs):
    trained = json.loads((runs / "iris" / "metrics.json").read_text())
    command("evaluate", runs / "iris", "iris", "-o", "scores.json")
    scores = json.loads(Path("scores.json").read_text())
    assert scores["confusion_matrix"] == trained["confusion_matrix"]


def test_images_by_folder_and_by_file(command, runs):
    rows = rows_of(command("predict", runs / "images", runs / "pictures").out)
    assert len(rows) == 40
    assert {row["file"].split("/")[0] for row in rows} == {"bright", "dark"}
    one = rows_of(command("predict", runs / "images", runs / "pictures" / "dark" / "2.png").out)
    assert one[0]["file"] == "2.png"
    assert one[0]["prediction"] == next(
        row["prediction"] for row in rows if row["file"] == "dark/2.png"
    )
    assert command("evaluate", runs / "images", runs / "pictures").code == 0


def test_the_model_file_names_the_run_too(command, runs):
    by_file = command("predict", runs / "iris" / "model.myelin", "iris")
    assert by_file.out == command("predict", runs / "iris", "iris").out


def test_predict_needs_no_target(command, runs):
    lines = (runs / "p.csv").read_text().splitlines()
    short = runs / "short.csv"
    short.write_text("\n".join(",".join(line.split(",")[:5]) for line in lines))
    with_target = command("predict", runs / "classes", runs / "p.csv")
    assert command("predict", runs / "classes", short).out == with_target.out


def test_notes_do_not_mix_with_the_predictions(command, runs):
    new = runs / "odd.csv"
    new.write_text("age,city,height,joined\n30,Paris,,2020-01-02\n")
    ended = command("predict", runs / "classes", new)
    assert len(rows_of(ended.out)) == 1
    assert '"city" has values that training never saw: Paris.' in ended.err


def test_data_that_do_not_fit_the_model(fails, runs, tmp_path):
    (tmp_path / "t.csv").write_text("age,height\n30,170\n")
    assert "wants the columns city, joined" in fails("predict", runs / "classes", "t.csv")
    np.savez(tmp_path / "a.npz", x=np.ones((3, 7)))
    assert "wants 4 features an example, got 7" in fails("predict", runs / "iris", "a.npz")
    assert "trained on a table, not arrays" in fails("predict", runs / "classes", "a.npz")
    np.savez(tmp_path / "b.npz", x=np.ones((3, 4)), y=["setosa", "virginica", "rose"])
    assert '"rose" is not one of' in fails("evaluate", runs / "iris", "b.npz")
    (tmp_path / "u.csv").write_text("age,city,height,joined\n30,Rome,170,2020-01-02\n")
    assert 'no column "buys"' in fails("evaluate", runs / "classes", "u.csv")


def test_files_that_are_no_model(fails, runs, tmp_path):
    shutil.copytree(runs / "iris", tmp_path / "broken")
    (tmp_path / "broken" / "model.myelin").write_bytes(b"this is no model")
    assert "broken/model.myelin" in fails("predict", "broken", "iris")
    shutil.copytree(runs / "iris", tmp_path / "other")
    shutil.copy(runs / "images" / "model.myelin", tmp_path / "other" / "model.myelin")
    assert "does not fit" in fails("predict", "other", "iris")


def test_an_output_that_cannot_be_written(fails, runs):
    assert "cannot be written" in fails("predict", runs / "iris", "iris", "-o", "no/where.csv")
