"""How far what goes to another system, or comes from it, is from what was there before."""

import pathlib
import tempfile

import jax
import numpy as np

from myelin import saving
from tests.interop.cases import case
from tests.layers import table

# The functions and classes of the tests that models name, for both sides.
OWN = {"tests>double": table.double, "tests>shifted": table.shifted,
       "tests>shifted_from": table.shifted_from}  # fmt: skip


def difference(one, two):
    """The largest difference between outputs, by the scale of `one`."""
    one, two = jax.tree.leaves(one), jax.tree.leaves(two)
    assert len(one) == len(two)
    pairs = [(np.asarray(a, "f8"), np.asarray(b, "f8")) for a, b in zip(one, two, strict=True)]
    assert all(a.shape == b.shape for a, b in pairs)
    scale = max([1e-9, *(np.abs(a).max(initial=0) for a, _ in pairs)])
    return max(np.abs(a - b).max(initial=0) for a, b in pairs) / scale


def keras_difference(name, ending=".keras"):
    """The largest difference after going to Keras and back, or the refusal as an error.

    Args:
        name: of a case.
        ending: which file to go by, `.keras` or `.h5`.
    """
    import keras

    model, x = case(name)
    # Numbers of categories, of which other numbers are none.
    x = np.floor(np.abs(x)) if name == "CategoryEncoding" else x
    outputs = model(x, training=False)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (pathlib.Path(folder) / f"{who}{ending}" for who in ("ours", "theirs"))
        model.save(ours)
        there = keras.saving.load_model(ours, custom_objects=OWN)
        there.save(theirs)
        back = saving.load_model(theirs, custom_objects=OWN)
    there = difference(outputs, _in_keras(there, model, x))
    return max(there, difference(outputs, back(x, training=False)))


def _in_keras(there, model, x):
    """The outputs in Keras, where layers take text on JAX and models do not."""
    if not model.begins_on_host:
        return there(x, training=False)
    for layer in there.layers:
        x = layer(x)
    return x
