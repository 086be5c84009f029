"""The networks people build for images, against Keras with the same weights: outputs, one step."""

import numpy as np
import pytest

import myelin as mn

pytestmark = pytest.mark.peer

RNG = np.random.default_rng(0)


def residual(k):
    """Two residual blocks, one of them with a projection and a stride."""
    layers = k.layers
    i = k.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(i)
    for filters, strides in ((4, 1), (8, 2)):
        y = layers.BatchNormalization()(x)
        y = layers.Activation("relu")(y)
        y = layers.Conv2D(filters, 3, strides=strides, padding="same")(y)
        y = layers.BatchNormalization()(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same")(y)
        if strides > 1:
            x = layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
        x = layers.add([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return k.Model(i, layers.Dense(3, activation="softmax")(x))


def inception(k):
    layers = k.layers
    i = k.Input((8, 8, 3))
    paths = [
        layers.Conv2D(2, 1, activation="relu")(i),
        layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Conv2D(2, 1)(i)),
        layers.Conv2D(2, 5, padding="same", activation="relu")(layers.Conv2D(2, 1)(i)),
        layers.Conv2D(2, 1)(layers.MaxPooling2D(3, strides=1, padding="same")(i)),
    ]
    x = layers.Concatenate()(paths)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    return k.Model(i, layers.Dense(3, activation="softmax")(x))


def unet(k):
    """Down and up again, with a bridge; a class for each pixel."""
    layers = k.layers
    i = k.Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(i)
    b = layers.MaxPooling2D()(a)
    b = layers.SeparableConv2D(6, 3, padding="same", activation="relu")(b)
    c = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(b)
    d = layers.UpSampling2D(2)(layers.Conv2D(2, 1)(b))
    x = layers.Concatenate()([a, c, d])
    return k.Model(i, layers.Conv2D(3, 1, activation="softmax")(x))


def siamese(k):
    """One encoder for two pictures, and how far apart they are."""
    layers = k.layers
    i = k.Input((8, 8, 3))
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu")(i)
    x = layers.GlobalMaxPooling2D()(x)
    encoder = k.Model(i, layers.Dense(4)(x))
    left, right = k.Input((8, 8, 3), name="left"), k.Input((8, 8, 3), name="right")
    one, two = encoder(left), encoder(right)
    near = layers.Dot(axes=1, normalize=True)([one, two])
    apart = layers.Subtract()([one, two])
    x = layers.Concatenate()([near, apart * apart])
    return k.Model([left, right], layers.Dense(1, activation="sigmoid")(x))


def autoencoder(k):
    layers = k.layers
    i = k.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(i)
    code = layers.Dense(6, name="code")(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 4))(layers.Dense(64)(code))
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="sigmoid")(x)
    return k.Model(i, x)


def images():
    return RNG.uniform(size=(6, 8, 8, 3)).astype("float32")


CASES = {
    "residual": (residual, images, lambda: RNG.integers(0, 3, 6),
                 "sparse_categorical_crossentropy"),
    "inception": (inception, images, lambda: RNG.integers(0, 3, 6),
                  "sparse_categorical_crossentropy"),
    "U-Net": (unet, images, lambda: RNG.integers(0, 3, (6, 8, 8)),
              "sparse_categorical_crossentropy"),
    "siamese": (siamese, lambda: [images(), images()],
                lambda: RNG.integers(0, 2, (6, 1)).astype("float32"), "binary_crossentropy"),
    "autoencoder": (autoencoder, images, images, "mse"),
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request, keras):
    make, x, y, loss = CASES[request.param]
    mn.backend.clear_session(), keras.backend.clear_session()
    ours, theirs = make(mn), make(keras)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    return ours, theirs, x(), y(), loss


def test_outputs_and_one_step_are_keras(case):
    ours, theirs, x, y, loss = case
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )
    losses = []
    for model in (ours, theirs):
        model.compile("sgd", loss)
        losses.append(
            model.fit(x, y, batch_size=6, epochs=1, shuffle=False, verbose=0).history["loss"]
        )
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for got, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-5)
