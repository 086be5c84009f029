"""What a layer says of its inputs is checked, in words that help."""

import numpy as np
import pytest

from myelin import errors, layers
from myelin.layers import InputSpec


class Specified(layers.Layer):
    def __init__(self, spec, **kwargs):
        super().__init__(**kwargs)
        self.input_spec = spec

    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("spec", "good", "bad", "complaint"),
    [
        (InputSpec(ndim=2), (4, 5), (4, 5, 6), r"2 axes, got inputs of shape \(4, 5, 6\)"),
        (InputSpec(min_ndim=3), (1, 2, 3), (2, 3), "at least 3 axes"),
        (InputSpec(max_ndim=2), (3,), (1, 2, 3), "at most 2 axes"),
        (InputSpec(axes={-1: 3}), (2, 4, 3), (2, 3, 4), "axis -1 to be of size 3"),
        (InputSpec(axes={2: None, 1: 4}), (2, 4, 3), (4,), "axis 2"),
        (InputSpec(shape=(None, 5)), (9, 5), (9, 6), r"the shape \(None, 5\)"),
        (InputSpec(shape=(None, 5)), (9, 5), (5,), "2 axes"),
        (InputSpec(dtype="float32"), (1,), None, "float32, not int32"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(spec, good, bad, complaint):
    layer = Specified(spec, name="mine")
    layer(np.zeros(good, "float32"))
    wrong = np.zeros((1,), "int32") if bad is None else np.zeros(bad, "float32")
    with pytest.raises(errors.ShapeError, match=f'Specified "mine": wants .*{complaint}'):
        layer(wrong)


def test_promises_are_checked_too():
    with pytest.raises(errors.ShapeError, match="at least 4 axes"):
        Specified(InputSpec(min_ndim=4))(layers.Input((3, 4)))
    # A batch size is known only when the model runs.
    assert Specified(InputSpec(shape=(8, 4)))(layers.Input((4,))).shape == (None, 4)


def test_a_last_axis_of_one_may_come_and_go():
    layer = Specified(InputSpec(shape=(None, 28, 28, 1), allow_last_axis_squeeze=True))
    assert layer(np.zeros((2, 28, 28))).shape == (2, 28, 28)
    assert layer(np.zeros((2, 28, 28, 1))).shape == (2, 28, 28, 1)
    with pytest.raises(errors.ShapeError):
        layer(np.zeros((2, 28, 28, 3)))


def test_several_inputs_by_place_and_by_name():
    class Sum(Specified):
        def call(self, x):
            return x["a"] + x["b"] if isinstance(x, dict) else x[0] + x[1]

    a, b = np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32")
    layer = Sum([InputSpec(shape=(None, 3)), InputSpec(shape=(None, 1))])
    assert layer([a, b]).shape == (2, 3)
    with pytest.raises(errors.ShapeError, match="input 0"):
        layer([b, a])
    with pytest.raises(errors.ShapeError, match="wants 2 inputs, got 1"):
        layer([a])
    named = Sum([InputSpec(shape=(None, 1), name="b"), InputSpec(shape=(None, 3), name="a")])
    assert named({"a": a, "b": b}).shape == (2, 3)
    with pytest.raises(errors.ShapeError, match="input b"):
        named({"a": a, "b": a})
    with pytest.raises(errors.ShapeError, match='wants an input "b"'):
        named({"a": a})


def test_its_configuration_and_its_faults():
    spec = InputSpec("float32", (None, 3), axes={1: 3})
    assert InputSpec.from_config(spec.get_config()).get_config() == spec.get_config()
    assert repr(spec) == "InputSpec(dtype=float32, shape=(None, 3), ndim=2, axes={1: 3})"
    with pytest.raises(errors.InputError, match="beyond the rank 2"):
        InputSpec(ndim=2, axes={2: 3})
    with pytest.raises(errors.InputError, match="sizes by axis"):
        InputSpec(axes={"last": 3})
