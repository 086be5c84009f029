import numpy as np
import pytest

from myelin import errors
from myelin.utils.dataset import Dataset, parquet

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype("f")
Y = np.arange(50)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(parquet, "_PIECE", 7)


@pytest.fixture
def files(tmp_path):
    for part, rows in enumerate((slice(0, 20), slice(20, 50))):
        columns = {name: X[rows, i] for i, name in enumerate("abc")} | {"label": Y[rows]}
        pq.write_table(pa.table(columns), tmp_path / f"part-{part}.parquet")
    return str(tmp_path / "part-*.parquet")


def test_batches_cross_files(files):
    dataset = Dataset.from_parquet(files, 8, target="label")
    assert len(dataset) == 7
    for _ in range(2):
        x, y = (np.concatenate(part) for part in zip(*dataset, strict=True))
        np.testing.assert_array_equal(x, X)
        np.testing.assert_array_equal(y, Y)
    assert [len(y) for _, y in dataset] == [8] * 6 + [2]
    assert dataset.element_spec[0].shape == (None, 3)


def test_some_columns_alone(files):
    (first, *_) = Dataset.from_parquet([files], 8, columns=["c", "a"])
    np.testing.assert_array_equal(first, X[:8, [2, 0]])


def test_mistakes(files, tmp_path):
    with pytest.raises(errors.InputError, match="no files"):
        Dataset.from_parquet(tmp_path / "nothing.parquet")
    with pytest.raises(errors.UnknownNameError, match='mean "label"'):
        Dataset.from_parquet(files, target="labels")
    pq.write_table(pa.table({"a": ["x", "y"]}), tmp_path / "text.parquet")
    with pytest.raises(errors.InputError, match="not numbers: a"):
        Dataset.from_parquet(tmp_path / "text.parquet")
