import numpy as np
import pytest

from myelin.cli.data.arrays import read_npz
from myelin.errors import InputError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1] * 3)


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        path = tmp_path / "a.npz"
        np.savez(path, **arrays)
        return path

    return write


def test_x_and_y(npz):
    rows, test = read_npz(npz(x=X, y=Y), wants_targets=True)
    np.testing.assert_array_equal(rows.x, X)
    np.testing.assert_array_equal(rows.y, Y)
    assert test is None


def test_its_own_test_part(npz):
    path = npz(x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2])
    rows, test = read_npz(path, wants_targets=True)
    assert (len(rows), len(test or [])) == (6, 2)


@pytest.mark.parametrize("y", [Y[:, None], np.eye(2)[Y], Y.astype(np.uint8)])
def test_targets_in_other_shapes(npz, y):
    rows, _ = read_npz(npz(x=X, y=y), wants_targets=True)
    np.testing.assert_array_equal(rows.y, Y)


def test_text_and_boolean_targets(npz):
    rows, _ = read_npz(npz(x=X, y=np.array(["a", "b"])[Y]), wants_targets=True)
    assert rows.y.tolist() == ["a", "b"] * 3
    rows, _ = read_npz(npz(x=X, y=Y == 1), wants_targets=True)
    assert rows.y.tolist() == ["False", "True"] * 3


def test_predict_needs_no_targets(npz):
    assert len(read_npz(npz(x=X), wants_targets=False)[0]) == 6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": Y}, "it holds a, b"),
        ({"x": X}, "wants the arrays x and y"),
        ({"x": X, "y": Y[:3]}, "has 6 rows, but y has 3"),
        ({"x": np.where(X == 3, np.nan, X), "y": Y}, r"NaN at \[1, 1\]"),
        ({"x": np.where(X == 3, np.inf, X), "y": Y}, r"infinity at \[1, 1\]"),
        ({"x": X, "y": np.where(Y == 1, np.nan, Y)}, "y: holds NaN"),
        ({"x": X.astype(str), "y": Y}, "wants numbers, holds text"),
        ({"x": X.astype(complex), "y": Y}, "complex"),
        ({"x": X.astype(object), "y": Y}, "holds Python objects"),
        ({"x": X[:0], "y": Y[:0]}, "is empty"),
        ({"x": X, "y": X}, "one target an example"),
    ],
)
def test_arrays_that_cannot_be_used(npz, arrays, message):
    with pytest.raises(InputError, match=message):
        read_npz(npz(**arrays), wants_targets=True)


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04 cut short"])
def test_no_npz_file(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"no \.npz file that can be read"):
        read_npz(path, wants_targets=True)
