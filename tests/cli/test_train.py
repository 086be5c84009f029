import csv
import json

import numpy as np
import pytest

import myelin
from myelin.cli.data.reading import read_labelled
from myelin.cli.networks import scaling
from myelin.cli.options import TrainOptions
from myelin.cli.parts import Part, Parts, prepare
from myelin.cli.train import judged_on
from tests.cli.conftest import QUICK, write_people


def options(**changed):
    defaults = {
        "target": None, "task": None, "hidden": (8,), "dropout": 0.0, "l1": 0.0, "l2": 0.0,
        "optimizer": "adam", "learning_rate": None, "epochs": 1, "batch_size": 32,
        "validation_split": 0.2, "test_split": 0.2, "cv": None, "patience": None, "seed": 0,
        "image_size": None, "augment": "off", "model": None, "output": None, "verbose": 0,
    }  # fmt: skip
    return TrainOptions(**{**defaults, **changed})


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


def test_digits_is_the_default_and_is_learned_well(command, tmp_path):
    ended = command("train", "-v", 2)
    assert ended.code == 0, ended.err
    assert ended.err == ""
    for said in ("Classification into 10 classes", "Split: ", "95 % interval", "true \\ predicted"):
        assert said in ended.out
    assert "\x1b" not in ended.out
    folder = tmp_path / "runs" / "digits-1"
    assert f"Wrote {folder.relative_to(tmp_path)}" in ended.out
    metrics = metrics_of(folder)
    assert metrics["accuracy"] > 0.93
    low, high = (metrics["accuracy_interval"][side] for side in ("low", "high"))
    assert low < metrics["accuracy"] < high
    matrix = np.array(metrics["confusion_matrix"])
    assert matrix.sum() == metrics["examples"] == metrics["data"]["test"]
    assert matrix.trace() / matrix.sum() == metrics["accuracy"]
    assert metrics["optimistic"] is False
    assert metrics["versions"]["myelin"] == myelin.__version__
    with (folder / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert len(history) == metrics["epochs"]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history[0])
    kept = np.argmin([float(row["val_loss"]) for row in history]) + 1
    assert metrics["epoch_kept"] == kept


def test_the_same_seed_gives_the_same_model_in_the_next_folder(command, runs, tmp_path):
    (tmp_path / "runs" / "iris-1").mkdir(parents=True)
    ended = command("train", "iris", "--hidden", "8,8", "--epochs", 3, *QUICK)
    assert "Wrote runs/iris-2" in ended.out
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    outputs = [
        myelin.load_model(folder / "model.myelin").predict(x, verbose=0)
        for folder in (runs / "iris", tmp_path / "runs" / "iris-2")
    ]
    np.testing.assert_array_equal(*outputs)


def test_a_table_of_classes(runs):
    out = (runs / "classes.out").read_text()
    assert "Classes: no, yes" in out
    assert "Left out: id (only numbers the rows), note (free text" in out
    assert "Missing numbers became the column's median: height" in out
    assert metrics_of(runs / "classes")["accuracy"] > 0.85


def test_a_table_of_values_in_their_own_units(runs):
    assert "Regression" in (runs / "values.out").read_text()
    metrics = metrics_of(runs / "values")
    assert metrics["r2"] > 0.9
    assert metrics["mae_interval"]["low"] < metrics["mae"] < metrics["mae_interval"]["high"]
    assert metrics["mae"] <= metrics["rmse"] < 25


def test_a_folder_of_images(runs):
    assert "shape 12 x 10 x 3" in (runs / "images.out").read_text()
    assert metrics_of(runs / "images")["accuracy"] > 0.9


def test_data_with_their_own_test_part(runs):
    assert "30 test (the data's own part)" in (runs / "iris.out").read_text()
    assert metrics_of(runs / "iris")["data"]["test"] == 30


def test_without_rows_to_judge_by(command, tmp_path):
    write_people(tmp_path / "p.csv")
    ended = command(
        "train", "p.csv", "--target", "buys", "--test-split", 0, "--validation-split", 0,
        "--epochs", 1, "--l2", 0.01, "--hidden", 0, "--optimizer", "sgd", "-v", 0, "-o", "out",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Training accuracy" in ended.out
    assert "This score is optimistic: the model learned from these very rows." in ended.out
    metrics = metrics_of(tmp_path / "out")
    assert (metrics["judged_on"], metrics["optimistic"]) == ("training", True)


@pytest.mark.parametrize(
    ("sizes", "chosen", "part", "optimistic"),
    [
        ((6, 2, 2), 3, "test", False),
        ((6, 2, 0), 3, "validation", True),
        ((6, 2, 0), None, "validation", False),
        ((6, 0, 2), None, "test", False),
        ((6, 0, 0), None, "training", True),
    ],
)
def test_a_score_that_flatters_is_marked(sizes, chosen, part, optimistic):
    parts = Parts(*(Part(np.zeros((n, 1)), np.zeros(n)) for n in sizes))
    said = judged_on(parts, chosen)
    assert (said["judged_on"], said["optimistic"]) == (part, optimistic)


def test_parts_share_no_row_and_the_test_part_teaches_nothing(tmp_path):
    path = tmp_path / "t.csv"
    lines = [f"{i * i},{'ab'[i % 2]}" for i in range(100)]
    path.write_text("a,y\n" + "\n".join(lines))
    source = read_labelled(str(path), "y")
    from myelin.cli.data.targets import Target

    prepared, parts, _ = prepare(source, Target(("a", "b"), "y"), options(target="y"))
    (column,) = prepared.columns
    raw = [
        np.rint(part.x[:, 0].astype(np.float64) * column.scale + column.mean)
        for part in (parts.train, parts.validation, parts.test)
    ]
    assert [len(part) for part in raw] == [64, 16, 20]
    assert len(np.unique(np.rint(np.sqrt(np.concatenate(raw))))) == 100
    assert column.mean == pytest.approx(raw[0].mean(), rel=1e-3)


def test_pixels_are_divided_by_the_largest_and_features_standardized():
    images = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4)
    assert scaling(images).scale == pytest.approx(1 / 31)
    x = np.random.default_rng(0).normal(5, 3, (50, 2)).astype(np.float32)
    x[:, 1] = 7
    layer = scaling(x)
    scaled = np.asarray(layer(np.concatenate([x, [[5, 8]]]).astype(np.float32)))
    np.testing.assert_allclose(scaled[:-1, 0].std(), 1, rtol=1e-4)
    np.testing.assert_allclose(scaled[:, 1], [0] * 50 + [1], atol=1e-4)


def test_ctrl_c_keeps_what_was_trained(command, tmp_path, monkeypatch):
    import signal

    from myelin import callbacks

    class Impatient(callbacks.CSVLogger):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 1:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(callbacks, "CSVLogger", Impatient)
    ended = command("train", "iris", "--hidden", "8,8", "-o", "out", *QUICK)
    assert ended.code == 130, ended
    assert "Trained 2 epochs" in ended.out
    metrics = metrics_of(tmp_path / "out")
    assert (metrics["interrupted"], metrics["epochs"]) == (True, 2)
    assert command("evaluate", "out", "iris").code == 0
