"""Each kind of bad input ends with one clear line and code 2, before any training."""

import numpy as np
import pytest

from tests.cli.conftest import write_images, write_people


def test_no_such_file(fails):
    assert 'no file or folder called "gone.csv"' in fails("train", "gone.csv", "--target", "y")
    assert 'Did you mean "mnist"' in fails("train", "mnits")


def test_a_file_of_another_kind(fails, tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    assert "data come as .npz" in fails("train", tmp_path / "a.xlsx")


def test_no_target_and_a_missing_column(fails, tmp_path):
    path = write_people(tmp_path / "p.csv")
    assert "wants --target COLUMN" in fails("train", path)
    assert 'Did you mean "buys"' in fails("train", path, "--target", "buy")
    assert "--target names the column of a table" in fails("train", "digits", "--target", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,y\n", "no rows"),
        ("a,y\n1,2\n3\n", "line 3"),
        ("a,y\n1,p\n2,p\n3,q\n4,q\n5,r\n", "class r has one example"),
        ("a,y\n1,p\n2,p\n3,p\n4,p\n", "p in every row"),
        ("a,y\n1,p\n2,q\n", "too few"),
        ("a,y\n1,p\ninf,q\n3,p\n4,q\n", "holds infinity"),
        ("a,y\nx,p\nx,q\nx,p\nx,q\n", "No column is left"),
    ],
)
def test_tables(fails, tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    assert message in fails("train", "t.csv", "--target", "y")
    assert not (tmp_path / "runs" / "t-1").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.ones((4, 2))}, "it holds images"),
        ({"x": np.full((4, 2), np.nan), "y": [0, 1, 0, 1]}, "NaN"),
        ({"x": np.full((4, 2), "a"), "y": [0, 1, 0, 1]}, "holds text"),
        ({"x": np.ones((9, 2)), "y": [0, 0, 0, 0, 1, 1, 1, 1, 2]}, "one example"),
        ({"x": np.ones((3, 2)), "y": [0, 1]}, "3 rows, but y has 2"),
    ],
)
def test_arrays(fails, tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    assert message in fails("train", "a.npz")


def test_folders(fails, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "one sub-folder of images a class" in fails("train", "empty")
    write_images(tmp_path / "d")
    (tmp_path / "d" / "dark" / "5.png").write_bytes(b"no image")
    assert "dark/5.png: is no image" in fails("train", "d")


def test_a_file_that_may_not_be_read(fails, tmp_path, monkeypatch):
    import builtins
    import io

    path = write_people(tmp_path / "p.csv")
    real = io.open

    def refuse(file, *rest, **named):
        if str(file).endswith("p.csv"):
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *rest, **named)

    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    assert "p.csv: Permission denied" in fails("train", path, "--target", "buys")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--epochs", 0, "--epochs wants a whole number of at least 1"),
        ("--batch-size", -4, "--batch-size"),
        ("--learning-rate", -1, "--learning-rate"),
        ("--learning-rate", 0, "--learning-rate"),
        ("--learning-rate", "nan", "--learning-rate"),
        ("--optimizer", "adan", 'Did you mean "adam"'),
        ("--l1", -1, "--l1"),
        ("--l2", "inf", "--l2"),
        ("--dropout", 1, "--dropout"),
        ("--validation-split", 1, "--validation-split"),
        ("--test-split", -0.1, "--test-split"),
        ("--patience", -1, "--patience"),
        ("--hidden", "12,x", "--hidden"),
        ("--hidden", "12,0", "--hidden"),
        ("--seed", -1, "--seed"),
        ("--image-size", "3x4x5", "--image-size"),
        ("--task", "clasification", "classification"),
        ("--verbose", 3, "--verbose"),
    ],
)
def test_option_values(fails, option, value, message):
    assert message in fails("train", "iris", option, value)


def test_image_size_without_images(fails):
    assert "--image-size is for folders of images" in fails("train", "iris", "--image-size", 8)


def test_patience_without_validation(fails):
    assert "--patience" in fails("train", "iris", "--patience", 3, "--validation-split", 0)


def test_outputs_that_cannot_be_written(fails, tmp_path):
    (tmp_path / "file").write_text("here")
    assert "--output file: cannot be written to" in fails("train", "iris", "-o", "file")
    assert "cannot be written to" in fails("train", "iris", "-o", "file/below")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    assert "holds other files, such as letter.txt" in fails("train", "iris", "-o", "full")


def test_no_model(fails, tmp_path):
    assert "There is no model" in fails("predict", "gone", "digits")
    (tmp_path / "empty").mkdir()
    assert "has no model.myelin" in fails("predict", "empty", "digits")
    (tmp_path / "alone.myelin").write_bytes(b"x")
    assert "no preprocessing.json beside" in fails("evaluate", "alone.myelin", "digits")
    (tmp_path / "preprocessing.json").write_text("{")
    assert "cannot be read" in fails("evaluate", "alone.myelin", "digits")
    (tmp_path / "preprocessing.json").write_text('{"format": 1, "kind": "odd", "classes": null}')
    assert "odd" in fails("evaluate", "alone.myelin", "digits")
    (tmp_path / "preprocessing.json").write_text('{"format": 99}')
    assert "not of the kind" in fails("evaluate", "alone.myelin", "digits")
