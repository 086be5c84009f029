"""Shows where a network looked: Grad-CAM on handwritten digits.

    MYELIN_DATASETS=<folder> python examples/grad_cam.py           # mnist.npz in it
    python examples/grad_cam.py --small                            # scikit-learn's 8 × 8 digits

A small convolutional network learns the ten digits. Grad-CAM then asks how the score of the class
that it chose would change with each feature map of the last convolution: the mean of that gradient
is the weight of the map, and the weighted sum of the maps, where it is positive, is a map of what
spoke for the class (Selvaraju et al., 2017). It needs the model's inside and a gradient, which are
a sub-model and a `GradientTape`.

On 10,000 images of MNIST, it prints:

    10000 images it never saw: accuracy 0.938
    the digits hold 26% of the attention on 13% of the pixels
    wrote grad_cam.png
"""

import os
import pathlib
import sys

import numpy as np
from matplotlib import pyplot

import myelin as keras
from myelin import layers


def load_digits(rows=None):
    """Images from 0 to 1, `(n, height, width, 1)`, and labels: to train on, and to look at."""
    folder = os.environ.get("MYELIN_DATASETS")
    if folder and (pathlib.Path(folder) / "mnist.npz").is_file():
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
        x, x_test = x / 255.0, x_test / 255.0
    else:
        (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
        # Three pixels for one, so that the convolutions have something to look at.
        x, x_test = (np.kron(a.reshape(-1, 8, 8), np.ones((3, 3))) / a.max() for a in (x, x_test))
    x, x_test = x[..., None].astype("float32"), x_test[..., None].astype("float32")
    return (x[:rows], y[:rows]), (x_test[:rows], y_test[:rows])


def make_model(shape):
    """Three convolutions; the maps of the last one are what we look into."""
    inputs = keras.Input(shape=shape)
    x = layers.Conv2D(16, 3, activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(64, 3, activation="relu", padding="same", name="last_maps")(x)
    x = layers.GlobalAveragePooling2D()(x)
    scores = layers.Dense(10, name="scores")(x)
    model = keras.Model(inputs, scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.005), loss=loss, metrics=["accuracy"])
    return model


def grad_cam(model, images):
    """What spoke for the class that the model chose, `(n, height, width)` from 0 to 1."""
    inside = keras.Model(model.input, [model.get_layer("last_maps").output, model.output])
    with keras.GradientTape() as tape:
        maps, scores = inside(images)
        chosen = scores.max(axis=-1)
    gradients = tape.gradient(chosen, maps)
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    heat = np.maximum((weights * maps).sum(axis=-1, keepdims=True), 0)
    heat = layers.Resizing(*images.shape[1:3])(heat)[..., 0]
    return np.asarray(heat / (heat.max(axis=(1, 2), keepdims=True) + 1e-9))


def draw(images, heat, names, file):
    """The images above, and what spoke for their class below."""
    figure, axes = pyplot.subplots(2, len(images), figsize=(1.4 * len(images), 3))
    for column, name in enumerate(names):
        axes[0, column].imshow(images[column, ..., 0], cmap="gray_r")
        axes[0, column].set_title(name)
        axes[1, column].imshow(images[column, ..., 0], cmap="gray_r")
        axes[1, column].imshow(heat[column], cmap="jet", alpha=0.5)
    for axis in axes.flat:
        axis.axis("off")
    figure.savefig(file)


def main(rows=10_000, epochs=5, file="grad_cam.png", verbose=1):
    """Trains, looks inside, and writes the picture; returns the accuracy."""
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = load_digits(rows)
    model = make_model(x.shape[1:])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=verbose)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{len(x_test)} images it never saw: accuracy {accuracy:.3f}")

    images = x_test[:8]
    heat = grad_cam(model, images)
    ink = images[..., 0] > 0.2
    share = heat[ink].sum() / heat.sum()
    print(f"the digits hold {share:.0%} of the attention on {ink.mean():.0%} of the pixels")
    chosen = model.predict(images, verbose=0).argmax(axis=-1)
    draw(images, heat, [f"a {digit}?" for digit in chosen], file)
    print(f"wrote {file}")
    return accuracy


if __name__ == "__main__":
    main(**({"rows": 500, "epochs": 3} if "--small" in sys.argv else {}))
