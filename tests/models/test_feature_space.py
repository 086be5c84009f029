"""`FeatureSpace`: shapes and values by hand, models both ways, and its file."""

import json

import numpy as np
import pytest

import myelin as mn
from myelin import layers, registry
from myelin.errors import InputError, MyelinError
from myelin.utils import FeatureSpace

RNG = np.random.default_rng(0)
TABLE = {
    "age": RNG.normal(40, 10, 60),
    "city": RNG.choice(["Bonn", "Rome", "Oslo"], 60),
    "rooms": RNG.integers(1, 5, 60),
    "street": RNG.choice(list("abcdefgh"), 60),
    "code": RNG.integers(0, 1000, 60),
    "rent": RNG.normal(size=60),
}
LABELS = (TABLE["city"] == "Rome").astype(int)


def space(**kwargs):
    made = FeatureSpace(
        {
            "age": "float_normalized",
            "city": "string_categorical",
            "rooms": FeatureSpace.integer_categorical(num_oov_indices=0),
            "street": FeatureSpace.string_hashed(4),
            "code": "integer_hashed",
            "rent": FeatureSpace.float_discretized(num_bins=3),
        },
        crosses=[("city", "rooms"), FeatureSpace.cross(("city", "rent"), 5)],
        crossing_dim=7,
        hashing_dim=6,
        **kwargs,
    )
    made.adapt(TABLE)
    return made


def test_columns_by_name():
    found = {name: np.asarray(value) for name, value in space(output_mode="dict")(TABLE).items()}
    assert {name: value.shape[1] for name, value in found.items()} == {
        "age": 1, "city": 4, "code": 6, "rent": 3, "rooms": 4, "street": 4, "city_X_rent": 5,
        "city_X_rooms": 7,
    }  # fmt: skip
    age = TABLE["age"]
    np.testing.assert_allclose(found["age"][:, 0], (age - age.mean()) / age.std(), rtol=1e-4)
    for name in set(found) - {"age"}:
        assert (found[name].sum(1) == 1).all(), name
    crossed = layers.HashedCrossing(7)
    index = found["city"].argmax(1), found["rooms"].argmax(1)
    np.testing.assert_array_equal(found["city_X_rooms"].argmax(1), crossed(list(index)))


def test_joined_and_alone():
    made = space()
    whole = np.asarray(made(TABLE))
    assert whole.shape == (60, 34)
    row = {name: column[3] for name, column in TABLE.items()}
    np.testing.assert_allclose(made(row), whole[3], rtol=1e-5)
    columns = {name: column[:, None] for name, column in TABLE.items()}
    np.testing.assert_array_equal(made(columns), whole)


def test_it_learns_from_frames_batches_and_rows():
    pandas = pytest.importorskip("pandas")
    wanted = np.asarray(space()(TABLE))
    batches = [{name: column[i : i + 20] for name, column in TABLE.items()} for i in (0, 20, 40)]
    rows = [{name: column[i] for name, column in TABLE.items()} for i in range(60)]
    frame = pandas.DataFrame(TABLE)
    np.testing.assert_array_equal(space()(frame), wanted)
    model = mn.Model((whole := space()).get_inputs(), whole.get_encoded_features())
    np.testing.assert_allclose(model.predict(frame.assign(other=1), verbose=0), wanted, rtol=1e-5)
    np.testing.assert_allclose(model(frame), wanted, rtol=1e-5)
    labelled = ((batch, np.zeros(20)) for batch in batches)
    for data in (frame, batches, iter(rows), labelled):
        made = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
        made.adapt(data)
        np.testing.assert_allclose(made(TABLE), wanted[:, :5], rtol=1e-5)


def test_a_model_of_columns_computes_what_the_space_and_the_head_do(tmp_path):
    made = space()
    head = layers.Dense(1, activation="sigmoid")
    model = mn.Model(made.get_inputs(), head(made.get_encoded_features()))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(TABLE, LABELS, epochs=2, verbose=0)
    wanted = np.asarray(head(made(TABLE)))
    np.testing.assert_allclose(model.predict(TABLE, verbose=0), wanted, rtol=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = mn.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(TABLE, verbose=0), wanted, rtol=1e-4)


def test_it_comes_back_from_a_file(tmp_path):
    made = space()
    made.save(tmp_path / "space.keras")
    loaded = mn.models.load_model(tmp_path / "space.keras")
    assert isinstance(loaded, FeatureSpace)
    np.testing.assert_array_equal(loaded(TABLE), made(TABLE))
    config = json.loads(json.dumps(registry.serialize(made)))
    assert registry.deserialize(config).get_config() == made.get_config()


def test_a_layer_of_ones_own():
    texts = ["a red house", "a house", "green"]
    made = FeatureSpace(
        {"text": FeatureSpace.feature("string", layers.TextVectorization(output_mode="count"),
                                      "float")}
    )  # fmt: skip
    made.adapt({"text": texts})
    np.testing.assert_array_equal(np.asarray(made({"text": texts})).sum(1), [3, 2, 1])


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: FeatureSpace({}), "features="),
        (lambda: FeatureSpace({"a": "float_normalised"}), "float_normalized"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), 'called "b"'),
        (lambda: FeatureSpace({"a": "float"}, output_mode="list"), "dict"),
        (lambda: FeatureSpace({"a": "string_categorical"})({"a": ["x"]}), "call adapt"),
        (lambda: FeatureSpace({"a": "float"})({"b": [1.0]}), "lack the features a"),
        (lambda: FeatureSpace({"a": "float_normalized"}).adapt({"b": [1.0]}), 'feature "a"'),
        (lambda: FeatureSpace({"a": "float"})(3), "wants a dictionary"),
        (lambda: FeatureSpace({"a": "float_normalized"}).adapt([1.0]), "an entry of the data"),
        (lambda: FeatureSpace({"a": "float_normalized"}).adapt(1.0), "a frame"),
        (lambda: FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int")})({"a": "x"}),
         "not encoded"),
    ],
)  # fmt: skip
def test_mistakes_are_told(mistake, message):
    with pytest.raises(MyelinError, match=message):
        mistake()


def test_what_the_error_is():
    with pytest.raises(InputError):
        FeatureSpace({"a": "string_categorical"}).get_inputs()
