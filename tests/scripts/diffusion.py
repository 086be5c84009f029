"""A small diffusion model: steps of its own, two networks, an average of the weights."""

import math

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(0)
SIZE = 8


@keras.utils.register_keras_serializable()
def embed(variance):
    frequencies = tf.exp(tf.linspace(tf.math.log(1.0), tf.math.log(100.0), 4))
    angles = tf.cast(2.0 * math.pi * frequencies, "float32") * variance
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=3)


def make_network():
    noisy, variance = keras.Input((SIZE, SIZE, 1)), keras.Input((1, 1, 1))
    e = layers.Lambda(embed, output_shape=(1, 1, 8))(variance)
    e = layers.UpSampling2D(size=SIZE, interpolation="nearest")(e)
    x = skip = layers.Concatenate()([layers.Conv2D(8, kernel_size=1)(noisy), e])
    x = layers.BatchNormalization(center=False, scale=False)(x)
    x = layers.Conv2D(8, 3, padding="same", activation=keras.activations.swish)(x)
    x = layers.Concatenate()([x, skip])
    return keras.Model([noisy, variance], layers.Conv2D(1, 1, kernel_initializer="zeros")(x))


class Diffusion(keras.Model):
    def __init__(self):
        super().__init__()
        self.normalizer = layers.Normalization()
        self.network = make_network()
        self.average = keras.models.clone_model(self.network)

    def compile(self, **kwargs):
        super().compile(**kwargs)
        self.noise_loss = keras.metrics.Mean(name="noise_loss")

    @property
    def metrics(self):
        return [self.noise_loss]

    def guess(self, images, network, training):
        images = self.normalizer(images, training=training)
        n = tf.shape(images)[0]
        noise = tf.random.normal(shape=(n, SIZE, SIZE, 1))
        angle = tf.random.uniform(shape=(n, 1, 1, 1), minval=0.3, maxval=1.5)
        noisy = tf.cos(angle) * images + tf.sin(angle) * noise
        return noise, network([noisy, tf.sin(angle) ** 2], training=training)

    def train_step(self, images):
        with tf.GradientTape() as tape:
            noise, guessed = self.guess(images, self.network, training=True)
            loss = keras.losses.MeanAbsoluteError()(noise, guessed)
        weights = self.network.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        self.noise_loss.update_state(loss)
        for weight, average in zip(self.network.weights, self.average.weights):
            average.assign(0.9 * average + 0.1 * weight)
        return {metric.name: metric.result() for metric in self.metrics}

    def test_step(self, images):
        noise, guessed = self.guess(images, self.average, training=False)
        self.noise_loss.update_state(tf.reduce_mean(tf.abs(noise - guessed)))
        return {metric.name: metric.result() for metric in self.metrics}


x = np.random.default_rng(0).uniform(size=(64, SIZE, SIZE, 1)).astype("float32")
images = tf.data.Dataset.from_tensor_slices(x).shuffle(64).batch(16, drop_remainder=True)
model = Diffusion()
model.compile(optimizer=keras.optimizers.AdamW(learning_rate=5e-3, weight_decay=1e-4))
model.normalizer.adapt(x)
history = model.fit(images, epochs=6, validation_data=images, verbose=0).history

print(sorted(history), int(model.optimizer.iterations))
print("falls:", history["noise_loss"][-1] < history["noise_loss"][0])
