"""Draws new digits with a variational autoencoder.

    MYELIN_DATASETS=<folder> python examples/vae.py        # mnist.npz in it
    python examples/vae.py                                 # scikit-learn's small digits

The encoder says for each image where among codes of two numbers it may lie, a mean and a variance;
the decoder makes an image of a code drawn there. The loss is the cross-entropy of the pixels and
how far the codes are from a standard normal, after Kingma and Welling, Auto-Encoding Variational
Bayes, 2013. The step is written out with a gradient tape, and compiled all the same.

On MNIST, 20 epochs, the last of them loses about 146 for the pixels and 6 for the codes. Drawn at
three codes along a line:

                      ....                   .
                   .::::o::..         .:oOOOOOOOOo:.
                .oOOoooooo::.         .:oo::..:ooo::.               .:ooo:::oo::.
              .:oOo:....:..            ..... .:ooo:.               .oOO:....:oo:.
             .:ooo:..:..                .::oooOOOo..               :OO:.   .oOO:
             .:oooooo:..                ..:oooooooo:.             .:Oo:...::OOO:
            ...::::::o:.                    ......:oo:             .:::::::oO@o.
         ........::ooo.                          .:oOo.                   .o@O:
        .:oooo::oOOo:.                  .........:OOO:                    .O@o
          .:oooooo.                    ..ooOOOOOOOOo:                    .:OO:
                                           ..:::.                        .:oo.
"""

import os

import numpy as np

import myelin as keras
from myelin import layers, ops


def load_images(images=None):
    """Images `(n, pixels)` from 0 to 1."""
    if "MYELIN_DATASETS" in os.environ:
        (x, _), _ = keras.datasets.mnist.load_data()
    else:
        (x, _), _ = keras.datasets.digits.load_data()
    return (x.reshape(len(x), -1).astype("float32") / x.max())[:images]


class Sampling(layers.Layer):
    """Draws a code from the normal that the encoder says."""

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean))
        return mean + ops.exp(0.5 * log_variance) * noise


class VAE(keras.Model):
    """Encoder and decoder, with the step that trains both."""

    def __init__(self, pixels, codes=2, units=256):
        super().__init__()
        image = keras.Input((pixels,))
        hidden = layers.Dense(units, "relu")(image)
        mean, log_variance = layers.Dense(codes)(hidden), layers.Dense(codes)(hidden)
        code = Sampling()([mean, log_variance])
        self.encoder = keras.Model(image, [mean, log_variance, code], name="encoder")
        self.decoder = keras.Sequential(
            [keras.Input((codes,)), layers.Dense(units, "relu"), layers.Dense(pixels, "sigmoid")],
            name="decoder",
        )
        self.total = keras.metrics.Mean(name="loss")
        self.pixel_loss = keras.metrics.Mean(name="pixel_loss")
        self.code_loss = keras.metrics.Mean(name="code_loss")

    def train_step(self, images):
        with keras.GradientTape() as tape:
            mean, log_variance, code = self.encoder(images, training=True)
            drawn = self.decoder(code, training=True)
            pixels = ops.sum(ops.binary_crossentropy(images, drawn), axis=1)
            codes = -0.5 * ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=1)
            loss = ops.mean(pixels + codes)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.total.update_state(loss)
        self.pixel_loss.update_state(pixels)
        self.code_loss.update_state(codes)
        return {metric.name: metric.result() for metric in self.metrics}


def main(images=None, epochs=20, verbose=2):
    """Trains, draws a row of digits as text, and returns the losses of the last epoch."""
    keras.utils.set_random_seed(0)
    x = load_images(images)
    vae = VAE(x.shape[1])
    vae.compile("adam")
    history = vae.fit(x, batch_size=128, epochs=epochs, verbose=verbose).history
    side = int(x.shape[1] ** 0.5)
    codes = np.stack([np.linspace(-1.5, 1.5, 3), np.zeros(3)], axis=1)
    drawn = vae.decoder.predict(codes, verbose=0).reshape(3, side, side)
    for line in np.concatenate(list(drawn), axis=1)[:: max(1, side // 12)]:
        print("".join(" .:oO@"[int(5.99 * value)] for value in line[:: max(1, side // 24)]))
    return {name: values[-1] for name, values in history.items() if name.endswith("loss")}


if __name__ == "__main__":
    print(main())
