"""Takes the noise out of images of digits with a convolutional autoencoder.

    MYELIN_DATASETS=<folder> python examples/autoencoder.py        # mnist.npz in it
    python examples/autoencoder.py                                 # scikit-learn's small digits

The encoder squeezes an image into fewer numbers than it has pixels, the decoder makes an image of
them again. Trained on noisy images with the clean ones as targets, what does not fit through the
squeeze is the noise.

On MNIST, five epochs, it prints:

    mean squared error: noisy 0.1156, cleaned 0.0132
"""

import os

import numpy as np

import myelin as keras
from myelin import layers


def load_images(images=None):
    """Images `(n, side, side, 1)` from 0 to 1, to train on and to judge."""
    if "MYELIN_DATASETS" in os.environ:
        (train, _), (test, _) = keras.datasets.mnist.load_data()
    else:
        (train, _), (test, _) = keras.datasets.digits.load_data()
    train, test = (x[..., None].astype("float32") / x.max() for x in (train, test))
    return train[:images], test[:images]


def with_noise(images, seed):
    """The images with normal noise of 0.5 on them, cut off at 0 and 1."""
    noise = np.random.default_rng(seed).normal(0, 0.5, images.shape)
    return np.clip(images + noise, 0, 1).astype("float32")


def make_model(side):
    """Half the side and half again on the way in, and twice, and twice again, on the way out."""
    return keras.Sequential([
        keras.Input((side, side, 1)),
        layers.Conv2D(32, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2D(32, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same"),
        layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same"),
        layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
    ])  # fmt: skip


def main(images=None, epochs=5, verbose=1):
    """Trains, and returns the mean squared error of noisy and of cleaned test images."""
    keras.utils.set_random_seed(0)
    train, test = load_images(images)
    noisy = with_noise(test, seed=1)
    model = make_model(train.shape[1])
    model.compile("adam", "binary_crossentropy")
    model.fit(with_noise(train, seed=0), train, batch_size=128, epochs=epochs, verbose=verbose)
    cleaned = model.predict(noisy, verbose=0)
    errors = [float(np.mean((shown - test) ** 2)) for shown in (noisy, cleaned)]
    print(f"mean squared error: noisy {errors[0]:.4f}, cleaned {errors[1]:.4f}")
    return errors


if __name__ == "__main__":
    main()
