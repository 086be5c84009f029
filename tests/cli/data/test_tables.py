import sys

import numpy as np
import pytest

from myelin.cli.data.tables import read_table, with_target
from myelin.errors import InputError, MissingExtraError


@pytest.fixture
def table(tmp_path):
    def write(text, name="t.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_cells_are_text_or_missing(table):
    read = read_table(table('a,b\n1,"x, y"\n NA ,\n\n01,"say ""hi"""\n'))
    assert {name: cells.tolist() for name, cells in read.columns.items()} == {
        "a": ["1", None, "01"],
        "b": ["x, y", None, 'say "hi"'],
    }


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters_are_found(table, mark):
    read = read_table(table(f"a{mark}b\n1{mark}2\n"))
    assert list(read.columns) == ["a", "b"]


def test_the_comma_is_decimal_where_semicolons_separate(table):
    assert read_table(table("a;b\n1,5;x\n")).columns["a"].tolist() == ["1.5"]


def test_a_byte_order_mark_is_no_part_of_the_name(table):
    assert list(read_table(table(b"\xef\xbb\xbfa,b\n1,2\n")).columns) == ["a", "b"]


def test_csv_needs_no_pandas(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert len(read_table(table("a,b\n1,2\n"))) == 1
    with pytest.raises(MissingExtraError, match=r"myelin\[parquet\]"):
        read_table(table(b"PAR1", "t.parquet"))


def test_parquet_reads_like_csv(table, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(
        {
            "n": [1.5, None, 3.0],
            "i": [1, 2, 3],
            "s": ["x", None, "z"],
            "b": [True, False, True],
            "c": pandas.Categorical(["p", "q", "p"]),
            "d": pandas.to_datetime(["2020-01-02", "2020-01-03", None]),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert {name: cells.tolist() for name, cells in read.columns.items()} == {
        "n": ["1.5", None, "3.0"],
        "i": ["1", "2", "3"],
        "s": ["x", None, "z"],
        "b": ["True", "False", "True"],
        "c": ["p", "q", "p"],
        "d": ["2020-01-02 00:00:00", "2020-01-03 00:00:00", None],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "no rows under its header"),
        ("a,b\n1,2\n3\n", "line 3: 1 fields, but the header has 2"),
        ("a,a\n1,2\n", 'two columns are called "a"'),
        (b"a,b\n\xff\xfe,2\n", "no text in UTF-8"),
        ('a,b\n1,"open\n', "line"),
    ],
)
def test_files_that_are_no_table(table, text, message):
    with pytest.raises(InputError, match=message):
        read_table(table(text))


def test_damaged_parquet(table):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="no parquet file"):
        read_table(table(b"PAR1 and nothing else", "t.parquet"))


def test_rows_without_a_target_are_left_out(table):
    path = table("a,y\n1,2\n2,\n3,4\n")
    rows, notes = with_target(path, read_table(path), "y")
    np.testing.assert_array_equal(rows.y, [2.0, 4.0])
    assert rows.x.columns["a"].tolist() == ["1", "3"]
    assert notes == ["Rows left out because they have no target: 1."]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("a,price\n1,2\n", None, "--target COLUMN, one of: a, price"),
        ("a,price\n1,2\n", "prize", 'Did you mean "price"'),
        ("a,b\n1,2\n", "zzzz", "Columns: a, b"),
        ("y\n1\n", "y", "no column besides the target"),
        ("a,y\n1,\n2,NA\n", "y", "empty in every row"),
        ("a,y\n1,inf\n2,3\n", "y", "infinity"),
    ],
)
def test_targets_that_are_not_there(table, text, target, message):
    path = table(text)
    with pytest.raises(InputError, match=message):
        with_target(path, read_table(path), target)
