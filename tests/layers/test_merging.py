import numpy as np
import pytest

from myelin import errors, layers

RNG = np.random.default_rng(0)
A, B = (RNG.normal(size=(4, 5)).astype("float32") for _ in range(2))

FUNCTIONS = {
    "add": A + B,
    "subtract": A - B,
    "multiply": A * B,
    "average": (A + B) / 2,
    "maximum": np.maximum(A, B),
    "minimum": np.minimum(A, B),
    "concatenate": np.concatenate([A, B], axis=1),
    "dot": (A * B).sum(1, keepdims=True),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_the_layers(name):
    y = getattr(layers, name)([A, B], name="merged")
    np.testing.assert_allclose(y, FUNCTIONS[name], rtol=1e-5)
    of_a_tuple = getattr(layers, name)((A, B))
    np.testing.assert_array_equal(of_a_tuple, y)


def test_arguments_reach_the_layer():
    assert layers.concatenate([A, B], axis=0).shape == (8, 5)
    cosine = layers.dot([A, B], axes=1, normalize=True)
    wanted = (A * B).sum(1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)
    np.testing.assert_allclose(cosine[:, 0], wanted, rtol=1e-5)


def test_dot_is_numpys():
    x, y = RNG.normal(size=(2, 3, 4, 5)), RNG.normal(size=(2, 5, 6))
    wanted = np.einsum("nabk,nkc->nabc", x, y)
    np.testing.assert_allclose(layers.Dot((-1, 1))([x, y]), wanted, rtol=1e-5, atol=1e-6)


def test_sizes_that_are_unknown_stay_unknown():
    assert layers.Add().compute_output_shape([(None, None, 3), (4, 5, 1)]) == (4, None, 3)
    shapes = [(None, None, 3), (None, 2, 3)]
    assert layers.Concatenate(1).compute_output_shape(shapes) == (None, None, 3)


@pytest.mark.parametrize(
    ("layer", "shapes", "says"),
    [
        (layers.Add, [(4, 5), (4, 3)], r'Add "\w+": wants .* 1, got .*\(4, 5\), \(4, 3\)'),
        (layers.Add, [(4, 5), (3, 5)], "one batch size"),
        (layers.Subtract, [(4, 5)] * 3, r"wants 2 inputs, got .*\(4, 5\), \(4, 5\), \(4, 5\)"),
        (layers.Subtract, [(4, 5)], "wants 2 inputs"),
        (layers.Concatenate, [(4, 5, 2), (4, 6, 2)], r"axis -1 only.*\(4, 5, 2\), \(4, 6, 2\)"),
        (layers.Concatenate, [(4, 5), (4, 5, 2)], "equally many axes"),
        (lambda: layers.Concatenate(3), [(4, 5), (4, 5)], "axis 3"),
        (lambda: layers.Dot(1), [(4, 5), (4, 3)], r"one size.*\(4, 5\), \(4, 3\)"),
        (lambda: layers.Dot(1), [(4, 5), (3, 5)], "one batch size"),
        (lambda: layers.Dot(2), [(4, 5), (4, 5)], "axis 2 after the batch"),
        (lambda: layers.Dot(1), [(4, 5)] * 3, "2 inputs"),
    ],
)
def test_shapes_that_do_not_fit(layer, shapes, says):
    with pytest.raises(errors.ShapeError, match=says):
        layer()([np.zeros(shape) for shape in shapes])


@pytest.mark.parametrize("layer", [layers.Add, layers.Concatenate, lambda: layers.Dot(1)])
def test_one_array_is_no_list(layer):
    with pytest.raises(errors.ShapeError, match="a list of inputs"):
        layer()(A)


def test_later_inputs_are_checked_too():
    layer = layers.Add()
    layer([A, B])
    with pytest.raises(errors.ShapeError, match=r"\(4, 5\), \(4, 3\)"):
        layer([A, B[:, :3]])


@pytest.mark.parametrize("axes", [0, (1, 0), (1, 2, 3), "one", (1.0, 2)])
def test_dot_wants_axes(axes):
    with pytest.raises(errors.InputError, match="Dot: axes"):
        layers.Dot(axes)
