"""Two networks that train each other: one draws digits, the other tells them from real ones.

    MYELIN_DATASETS=<folder> python examples/gan.py        # mnist.npz in it
    python examples/gan.py                                 # scikit-learn's small digits

After Goodfellow et al., Generative Adversarial Networks, 2014, with the convolutions of Radford et
al., 2015. Each network has an optimizer of its own; one step moves both. After 10 epochs on
MNIST the two losses hold each other at about 1.30 and 0.90. Three of what it draws:

            :O@@@O@o                     .@@@@@@@@              o:
      o@@@@@@@oo@@@@o                   @@@@@: .@@.            :@.         O:
        .@@@@:.O@@@@O                  @@:      o@@@           O@@o.       @@
           .O@@@@@@@O..              @@@         O@@          :@@           @@
           .OO@@@@@@O o@:           @@:       :@@@:           @@.           @@
           @@@.       o@:         .@@.   o@@@@@@@o            O@           O@@
         .@@@O.      @@@O         @@@o.@@@@@@@@@:              @@:      @@@@o
        @@@@Ooo@@@@@@@@@:             .@@@@@@@@@                 @@@@@@@.
"""

import os

import numpy as np

import myelin as keras
from myelin import layers, ops


def load_images(images=None):
    """Images `(n, side, side, 1)` from -1 to 1."""
    if "MYELIN_DATASETS" in os.environ:
        (x, _), _ = keras.datasets.mnist.load_data()
    else:
        (x, _), _ = keras.datasets.digits.load_data()
    return (2.0 * x[..., None] / x.max() - 1).astype("float32")[:images]


def make_generator(side, noise):
    """From noise to an image."""
    quarter = side // 4
    return keras.Sequential([
        keras.Input((noise,)),
        layers.Dense(quarter * quarter * 64, use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Reshape((quarter, quarter, 64)),
        layers.Conv2DTranspose(32, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
    ], name="generator")  # fmt: skip


def make_discriminator(side):
    """From an image to how real it looks, as a logit."""
    return keras.Sequential([
        keras.Input((side, side, 1)),
        layers.Conv2D(32, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(64, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(1),
    ], name="discriminator")  # fmt: skip


class GAN(keras.Model):
    """Both networks, and the step in which each answers the other."""

    def __init__(self, side, noise=32):
        super().__init__()
        self.noise = noise
        self.generator, self.discriminator = make_generator(side, noise), make_discriminator(side)
        self.loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, real):
        n = ops.shape(real)[0]
        noise = keras.random.normal((n, self.noise))
        with keras.GradientTape() as d_tape, keras.GradientTape() as g_tape:
            fake = self.generator(noise, training=True)
            seen_real = self.discriminator(real, training=True)
            seen_fake = self.discriminator(fake, training=True)
            no, yes = ops.zeros((n, 1)), ops.ones((n, 1))
            d_loss = self.loss_of(0.9 * yes, seen_real) + self.loss_of(no, seen_fake)
            g_loss = self.loss_of(yes, seen_fake)
        for tape, loss, network, optimizer in (
            (d_tape, d_loss, self.discriminator, self.d_optimizer),
            (g_tape, g_loss, self.generator, self.g_optimizer),
        ):
            weights = network.trainable_weights
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


def main(images=None, epochs=10, verbose=2):
    """Trains, draws a row of digits as text, and returns them."""
    keras.utils.set_random_seed(0)
    x = load_images(images)
    side = x.shape[1]
    gan = GAN(side)
    gan.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), keras.optimizers.Adam(2e-4, beta_1=0.5))
    gan.fit(x, batch_size=128, epochs=epochs, verbose=verbose)
    noise = np.random.default_rng(0).normal(size=(3, gan.noise)).astype("float32")
    drawn = gan.generator.predict(noise, verbose=0)[..., 0]
    for line in np.concatenate(list(drawn), axis=1)[:: max(1, side // 12)]:
        print("".join(" .:oO@"[int(2.99 * (v + 1))] for v in line[:: max(1, side // 24)]))
    return drawn


if __name__ == "__main__":
    main()
