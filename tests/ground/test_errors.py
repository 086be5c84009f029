"""Every error is also the built-in one that a Keras program catches, and says how to mend it."""

import pytest

from myelin import errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.ShapeError, errors.InputError),
        (errors.UnknownNameError, ValueError),
        (errors.NotBuiltError, AttributeError),
        (errors.NotBuiltError, ValueError),
        (errors.NotCompiledError, ValueError),
        (errors.NonFiniteError, FloatingPointError),
        (errors.FileFormatError, ValueError),
        (errors.MissingExtraError, ImportError),
        (errors.DownloadError, OSError),
    ],
)
def test_classes(error, builtin):
    assert issubclass(error, builtin)
    assert issubclass(error, errors.MyelinError)
    assert error.__doc__


def test_nothing_raised_on_purpose_is_missing_from_the_table():
    kinds = {e for e in vars(errors).values()
             if isinstance(e, type) and issubclass(e, errors.MyelinError)}  # fmt: skip
    assert len(kinds) == 10
    assert issubclass(errors.OptimisticScoreWarning, UserWarning)


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("rellu", ["relu", "selu"], 'Did you mean "relu"?'),
        ("GlorotUniform", ["glorot_uniform", "zeros"], 'Did you mean "glorot_uniform"?'),
        ("MSE", ["mse"], 'Did you mean "mse"?'),
        ("zzz", ["b", "a"], "Known: a, b."),
        ("zzz", map(str, range(13)), ""),
        ("zzz", [], ""),
        ("dense", iter(["Dense"]), 'Did you mean "Dense"?'),
    ],
)
def test_nearest(name, known, wanted):
    assert errors.nearest(name, known) == wanted


def test_unknown_name():
    error = errors.unknown_name("loss", "msee", ["mse", "mae"])
    assert isinstance(error, errors.UnknownNameError)
    assert str(error) == 'There is no loss called "msee". Did you mean "mse"?'
    assert str(errors.unknown_name("loss", "q", [])) == 'There is no loss called "q".'


def test_a_name_that_is_no_text():
    assert "7" in str(errors.unknown_name("loss", 7, ["mse"]))


def test_require():
    import json

    assert errors.require("json", "test", "reading") is json
    with pytest.raises(errors.MissingExtraError, match=r"Drawing needs nowhere.*'myelin\[draw\]'"):
        errors.require("nowhere.at_all", "draw", "Drawing")


def test_an_error_inside_the_package_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import surely_not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="surely_not_installed") as caught:
        errors.require("half_there", "x", "Reading")
    assert not isinstance(caught.value, errors.MissingExtraError)
