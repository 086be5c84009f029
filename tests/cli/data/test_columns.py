import json

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from myelin.cli.data.columns import (
    CategoryColumn,
    DateColumn,
    NumberColumn,
    encode_table,
    from_json,
    learn_columns,
    to_json,
)
from myelin.cli.data.rows import Table
from myelin.errors import FileFormatError, InputError

RNG = np.random.default_rng(0)


def table(**columns):
    return Table({name: np.array(cells, object) for name, cells in columns.items()})


def test_numbers_are_sklearns():
    values = RNG.normal(1e9, 2.0, 100)
    cells = [repr(float(v)) for v in values]
    cells[7] = None
    columns, notes = learn_columns(table(a=cells))
    features, _ = encode_table(table(a=cells), columns)
    values[7] = np.nan
    filled = SimpleImputer(strategy="median").fit_transform(values[:, None])
    np.testing.assert_allclose(features, StandardScaler().fit_transform(filled), atol=1e-5)
    assert notes == ["Missing numbers became the column's median: a (1)."]


def test_categories_are_sklearns():
    cells = RNG.choice(["x", "y", "z"], 60).tolist()
    columns, _ = learn_columns(table(a=cells))
    features, _ = encode_table(table(a=cells), columns)
    expected = OneHotEncoder(sparse_output=False).fit_transform(np.array(cells)[:, None])
    np.testing.assert_array_equal(features, expected)


def test_a_category_that_training_never_saw():
    all_zero, _ = learn_columns(table(a=["x", "y"] * 5))
    features, notes = encode_table(table(a=["w", "y", None]), all_zero)
    np.testing.assert_array_equal(features, [[0, 0], [0, 1], [0, 0]])
    assert notes == ['"a" has values that training never saw: missing, w.']
    shared, _ = learn_columns(table(a=["x", "y"] * 5 + ["rare"]))
    features, notes = encode_table(table(a=["w", "x", "rare"]), shared)
    np.testing.assert_array_equal(features, [[0, 0, 1], [1, 0, 0], [0, 0, 1]])
    assert notes == []


def test_a_missing_category_is_one_of_its_own():
    columns, _ = learn_columns(table(a=["x", None] * 5))
    assert columns == [CategoryColumn("a", ("x", None), False)]


def test_many_categories_keep_the_most_common():
    cells = [f"c{i % 60}" for i in range(600)] + ["c1"] * 50
    columns, notes = learn_columns(table(a=cells))
    assert columns[0].width == 51
    assert notes == ["Rare categories share one slot: a (50 of 60 kept)."]


@pytest.mark.parametrize("form", ["2021-03-0{}", "03/0{}/2021", "0{}.03.2021", "2021-03-0{}T12:30"])
def test_dates(form):
    cells = [form.format(1 + i % 5) for i in range(20)]
    columns, notes = learn_columns(table(a=cells))
    assert isinstance(columns[0], DateColumn)
    assert "day, month, weekday and hour: a" in notes[0]
    features, _ = encode_table(table(a=[form.format(1), form.format(2), None]), columns)
    assert features.shape == (3, 4)
    assert features[1, 0] > features[0, 0]
    assert np.isfinite(features).all()


def test_what_tells_nothing_is_left_out_and_said():
    n = 40
    columns, notes = learn_columns(
        table(
            row=[str(i) for i in range(n)],
            user_id=[str(v) for v in RNG.permutation(n) + 1000],
            key=[f"k{i}" for i in range(n)],
            note=[f"they said {i} words to me" for i in range(n)],
            same=["x"] * n,
            nothing=[None] * n,
            paid=[str(v) for v in RNG.permutation(n)],
            age=[str(v) for v in RNG.integers(0, 9, n)],
        )
    )
    assert [column.name for column in columns] == ["paid", "age"]
    assert notes[0].startswith("Left out: row (only numbers the rows), user_id (only numbers")
    for said in ("key (an ID", "note (free text", "same (x in every row)", "nothing (empty)"):
        assert said in notes[0]


def test_numbers_as_people_write_them():
    cells = ["$1,234.5", "30%", "7", "unknown", *["1"] * 40]
    columns, notes = learn_columns(table(a=cells))
    assert isinstance(columns[0], NumberColumn)
    features, _ = encode_table(table(a=["1,234.5", "1234.5"]), columns)
    assert features[0, 0] == features[1, 0]
    assert "a (1, 1 of them no numbers)" in notes[0]


def test_columns_come_back_from_json():
    data = table(
        n=["1", "2", "4", "2"] * 5, c=["x", "y", "x", None] * 5, d=["2020-01-02", "2020-03-04"] * 10
    )
    columns, _ = learn_columns(data)
    again = from_json(json.loads(json.dumps(to_json(columns))))
    assert again == columns
    with pytest.raises(FileFormatError):
        from_json([{"kind": "unheard of"}])


def test_a_column_that_is_not_there():
    columns, _ = learn_columns(table(a=["1", "2", "2"], b=["x", "y", "x"]))
    with pytest.raises(InputError, match="wants the column b; there are a"):
        encode_table(table(a=["1"]), columns)


def test_no_column_to_learn_from():
    with pytest.raises(InputError, match=r"No column is left .* a \(x in every row\)"):
        learn_columns(table(a=["x"] * 5))


def test_infinity():
    with pytest.raises(InputError, match='"a" holds infinity'):
        learn_columns(table(a=["1", "inf", "2"]))
