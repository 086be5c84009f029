import jax.numpy as jnp
import numpy as np
import pytest

from myelin import Sequential, errors, layers

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(2, 5, 8, 3)).astype("float32")


def test_repeats_are_numpys():
    got = layers.UpSampling2D((2, 3))(IMAGES)
    np.testing.assert_array_equal(got, IMAGES.repeat(2, 1).repeat(3, 2))
    first = layers.UpSampling2D((2, 3), data_format="channels_first")(IMAGES)
    np.testing.assert_array_equal(first, IMAGES.repeat(2, 2).repeat(3, 3))


def test_cropping_undoes_padding():
    ends = ((1, 2), (0, 3))
    padded = layers.ZeroPadding2D(ends)(IMAGES)
    assert padded.shape == (2, 8, 11, 3)
    assert not np.any(padded[:, 0])
    np.testing.assert_array_equal(layers.Cropping2D(ends)(padded), IMAGES)


@pytest.mark.parametrize("layer", [layers.Resizing, layers.CenterCrop])
@pytest.mark.parametrize("size", [(3, 4), (10, 4)])
def test_an_image_alone_is_as_in_a_batch(layer, size):
    batch = layer(*size)(IMAGES)
    assert batch.shape == (2, *size, 3)
    np.testing.assert_allclose(layer(*size)(IMAGES[0]), batch[0], rtol=1e-6)
    assert layer(*size).compute_output_shape((None, None, 3)) == (*size, 3)
    first = layer(*size, data_format="channels_first")(np.moveaxis(IMAGES, -1, 1))
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), batch, rtol=1e-5, atol=1e-6)


def test_bytes_stay_bytes():
    x = RNG.integers(256, size=(2, 5, 8, 3)).astype("uint8")
    assert layers.Resizing(3, 4, "bicubic")(x).dtype == jnp.uint8
    assert layers.CenterCrop(3, 4)(x).dtype == jnp.float32


def test_an_autoencoder_trains():
    model = Sequential(
        [layers.Resizing(4, 4, antialias=True), layers.Dense(3), layers.UpSampling2D(2)]
    )
    model.compile("adam", "mse")
    y = np.zeros((2, 8, 8, 3), "float32")
    history = model.fit(IMAGES, y, epochs=20, batch_size=2, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: layers.UpSampling1D(0), "size"),
        (lambda: layers.UpSampling2D((1, 2, 3)), "size"),
        (lambda: layers.UpSampling2D(2, interpolation="cubic"), "interpolation"),
        (lambda: layers.UpSampling3D(2, data_format="NHWC"), "data_format"),
        (lambda: layers.ZeroPadding1D((1, 2, 3)), "padding"),
        (lambda: layers.ZeroPadding2D(-1), "padding"),
        (lambda: layers.ZeroPadding2D(((1, 2), (3,))), "padding"),
        (lambda: layers.Cropping3D((1, 2)), "cropping"),
        (lambda: layers.Cropping1D("one"), "cropping"),
        (lambda: layers.Resizing(0, 3), "height"),
        (lambda: layers.Resizing(3, 3, "cubic"), "interpolation"),
        (lambda: layers.Resizing(3, 3, fill_mode="reflect"), "fill_mode"),
        (lambda: layers.CenterCrop(3, 1.5), "width"),
    ],
)
def test_wrong_arguments(make, says):
    with pytest.raises(errors.InputError, match=says):
        make()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: layers.UpSampling2D()(IMAGES[0]), r"UpSampling2D .*4 axes, got .*\(5, 8, 3\)"),
        (lambda: layers.Cropping2D(3)(IMAGES), r"more than cropping.*\(2, 5, 8, 3\)"),
        (lambda: layers.Resizing(3, 3)(IMAGES[0, 0]), r"Resizing .*got .*\(8, 3\)"),
    ],
)
def test_inputs_that_do_not_fit(make, says):
    with pytest.raises(errors.ShapeError, match=says):
        make()


@pytest.mark.peer
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_types_are_kerass(keras, dtype):
    x = (IMAGES * 255).astype(dtype)
    for name in ("Resizing", "CenterCrop"):
        ours, theirs = (getattr(where, name)(3, 4)(x) for where in (layers, keras.layers))
        assert str(ours.dtype) == keras.backend.standardize_dtype(theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1 if dtype == "uint8" else 1e-4)
