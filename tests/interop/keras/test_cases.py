"""Every layer and network that both libraries have, to Keras's files and back: same outputs."""

import pytest

from myelin.errors import InputError
from tests.interop.cases import CASES
from tests.interop.differences import keras_difference

pytest.importorskip("keras")

# What Keras 3.15 cannot do, or does otherwise, with models that it made itself.
KERAS_CANNOT = {
    "MultiHeadAttention": "on jax, values of another size than keys",
    "Resizing": "on jax, interpolation by area",
    "RandomCrop": "a crop outside of training",
    "Wrapper": "a class of Myelin's user",
}
REFUSED = {"Equalization": "with its own", "JaxLayer with params": "give .* init_fn"}


@pytest.mark.parametrize("name", [name for name in CASES if name not in {*KERAS_CANNOT, *REFUSED}])
def test_outputs_are_the_same_in_keras_and_after_the_way_back(name):
    assert keras_difference(name) < 1e-5


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_cannot_read_is_refused_by_name(name):
    with pytest.raises(InputError, match=REFUSED[name]):
        keras_difference(name)
