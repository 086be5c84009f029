"""`FeatureSpace` beside Keras's: the same vectors for the same table."""

import numpy as np
import pytest

from myelin.utils import FeatureSpace
from tests.models.test_feature_space import TABLE

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("output_mode", ["concat", "dict"])
def test_the_same_vectors(output_mode):
    def made(kind):
        space = kind(
            {
                "age": "float_normalized",
                "city": "string_categorical",
                "rooms": kind.integer_categorical(max_tokens=4),
                "street": kind.string_hashed(4),
                "code": "integer_hashed",
                "rent": kind.float_discretized(num_bins=3),
            },
            crosses=[("city", "rooms"), kind.cross(("street", "code"), 5)],
            output_mode=output_mode,
        )
        # Keras wants whole numbers in 32 bits where a feature says so.
        table = {name: c.astype("int32") if c.dtype.kind == "i" else c for name, c in TABLE.items()}
        table["rent"], table["age"] = table["rent"].astype("f"), table["age"].astype("f")
        space.adapt({name: column.tolist() for name, column in table.items()})
        return space(dict(table))

    ours, theirs = made(FeatureSpace), made(keras.utils.FeatureSpace)
    if output_mode == "concat":
        ours, theirs = {"all": ours}, {"all": theirs}
    assert set(ours) == set(theirs)
    for name in ours:
        np.testing.assert_allclose(ours[name], np.asarray(theirs[name]), rtol=1e-4, atol=1e-5)
