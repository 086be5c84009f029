"""Initializers: distributions by their moments, fixed ones and fans against Keras."""

import math

import numpy as np
import pytest
from scipy import stats

from myelin import initializers, random
from myelin.errors import InputError, ShapeError, UnknownNameError

SHAPE = (200, 300)

# Name, arguments, and the distribution that the numbers should come from (SciPy's).
DISTRIBUTIONS = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, stats.norm(1.0, 0.5)),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, stats.uniform(-1.0, 4.0)),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5}, stats.truncnorm(-2, 2, 1.0, 0.5)),
    ("GlorotUniform", {}, stats.uniform(-math.sqrt(6 / 500), 2 * math.sqrt(6 / 500))),
    ("HeUniform", {}, stats.uniform(-math.sqrt(6 / 200), 2 * math.sqrt(6 / 200))),
    ("LecunUniform", {}, stats.uniform(-math.sqrt(3 / 200), 2 * math.sqrt(3 / 200))),
    ("GlorotNormal", {}, stats.truncnorm(-2, 2, 0, math.sqrt(2 / 500) / 0.87962566)),
    ("HeNormal", {}, stats.truncnorm(-2, 2, 0, math.sqrt(2 / 200) / 0.87962566)),
    ("LecunNormal", {}, stats.truncnorm(-2, 2, 0, math.sqrt(1 / 200) / 0.87962566)),
    (
        "VarianceScaling",
        {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
        stats.norm(0, math.sqrt(3 / 300)),
    ),
]


@pytest.mark.parametrize(("name", "arguments", "wanted"), DISTRIBUTIONS)
def test_numbers_come_from_the_distribution(name, arguments, wanted):
    values = np.asarray(getattr(initializers, name)(seed=3, **arguments)(SHAPE)).ravel()
    assert stats.kstest(values[:5000], wanted.cdf).pvalue > 1e-3
    assert values.dtype == np.float32


@pytest.mark.parametrize(("name", "arguments", "wanted"), DISTRIBUTIONS)
def test_moments_are_those_of_keras(name, arguments, wanted):
    keras = pytest.importorskip("keras")
    ours = np.asarray(getattr(initializers, name)(seed=3, **arguments)(SHAPE))
    theirs = np.asarray(getattr(keras.initializers, name)(seed=3, **arguments)(SHAPE))
    assert abs(ours.mean() - theirs.mean()) < 0.03 * theirs.std()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    config = getattr(initializers, name)(seed=3, **arguments).get_config()
    assert config == getattr(keras.initializers, name)(seed=3, **arguments).get_config()


FIXED = [
    ("Zeros", {}, (3, 4)),
    ("Ones", {}, (3, 4)),
    ("Constant", {"value": 2.5}, (3, 4)),
    ("Identity", {"gain": 2.0}, (3, 4)),
    ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum"}, (8, 1, 5)),
    ("STFT", {"window": None, "scaling": None, "periodic": True}, (8, 1, 5)),
]


@pytest.mark.parametrize(("name", "arguments", "shape"), FIXED)
def test_fixed_ones_are_those_of_keras(name, arguments, shape):
    keras = pytest.importorskip("keras")
    ours, theirs = getattr(initializers, name)(**arguments), getattr(keras.initializers, name)
    theirs = theirs(**arguments)
    np.testing.assert_allclose(ours(shape), theirs(shape), atol=1e-6)
    if name != "Identity":  # Keras 3.15 forgets its gain
        assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (3, 3, 4, 5), (2, 3, 3, 4, 5)])
def test_fans_are_those_of_keras(shape):
    keras = pytest.importorskip("keras")
    for name in ("GlorotUniform", "HeUniform", "LecunUniform"):
        ours = np.asarray(getattr(initializers, name)(seed=1)(shape))
        theirs = np.asarray(getattr(keras.initializers, name)(seed=1)(shape))
        assert ours.shape == theirs.shape
        if ours.size > 40:
            assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.1)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (2, 3, 5), (3, 1)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    q = np.asarray(initializers.Orthogonal(gain=2.0, seed=0)(shape), np.float64) / 2
    q = q.reshape(-1, shape[-1])
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-6)


@pytest.mark.parametrize("name", sorted(initializers.NAMES))
def test_every_name_makes_an_initializer_that_comes_back(name):
    made = initializers.get(name)
    again = initializers.deserialize(initializers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


def test_the_programs_seed_fixes_unseeded_draws():
    random.set_random_seed(5)
    one, two = (initializers.HeNormal()((3, 3)) for _ in range(2))
    random.set_random_seed(5)
    again = initializers.HeNormal()((3, 3))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, two)


def test_arrays_and_functions_are_initializers():
    values = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(initializers.get(values)((2, 3)), values)
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        initializers.get(values)((3, 2))
    own = initializers.get(lambda shape, dtype=None: np.full(shape, 7.0))
    np.testing.assert_array_equal(own((2,)), [7.0, 7.0])


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: initializers.get("glorot_unifrom"), UnknownNameError),
        (lambda: initializers.VarianceScaling(scale=0), InputError),
        (lambda: initializers.VarianceScaling(mode="fan"), InputError),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), InputError),
        (lambda: initializers.HeNormal(seed=1.5), InputError),
        (lambda: initializers.HeNormal(seed=-1), InputError),
        (lambda: initializers.STFT(side="left"), InputError),
        (lambda: initializers.STFT(window="curtain"), InputError),
        (lambda: initializers.STFT(scaling="big"), InputError),
        (lambda: initializers.STFT()((8, 2, 5)), ShapeError),
        (lambda: initializers.Identity()((3,)), ShapeError),
        (lambda: initializers.Orthogonal()((3,)), ShapeError),
    ],
)
def test_bad_arguments_are_refused(make, error):
    with pytest.raises(error):
        make()
