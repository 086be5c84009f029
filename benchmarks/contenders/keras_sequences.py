"""Networks for sequences, and a variational autoencoder, run by Keras and by Myelin alike.

    KERAS_BACKEND=jax python keras_sequences.py --network lstm      Keras
    python -m myelin keras_sequences.py --network lstm              Myelin

Only the clock is added. `--steps` says how many batches an epoch has; `--steps-per-execution` and
`--jit 0` or `1` let Keras be tuned.
"""

import protocol

clock = protocol.Clock()
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

clock.imported()

WORDS, LENGTH, SIZE = protocol.WORDS, protocol.LENGTH, 128


class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        clock.begin()

    def on_epoch_end(self, epoch, logs=None):
        clock.epoch_done()


def classifier(*recurrent):
    return keras.Sequential([
        keras.Input((LENGTH,), dtype="int32"),
        layers.Embedding(WORDS, SIZE),
        *recurrent,
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip


def characters():
    return keras.Sequential([
        keras.Input((protocol.WINDOW,), dtype="int32"),
        layers.Embedding(protocol.ALPHABET, 64),
        layers.LSTM(256, return_sequences=True),
        layers.LSTM(256, return_sequences=True),
        layers.Dense(protocol.ALPHABET, activation="softmax"),
    ])  # fmt: skip


class Places(layers.Layer):
    def build(self, input_shape):
        self.places = self.add_weight((LENGTH, SIZE), "uniform")

    def call(self, x):
        return x + self.places


def block(x):
    looked = layers.MultiHeadAttention(4, SIZE // 4)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, looked]))
    thought = layers.Dense(SIZE)(layers.Dense(2 * SIZE, activation="relu")(x))
    return layers.LayerNormalization()(layers.Add()([x, thought]))


def transformer():
    tokens = keras.Input((LENGTH,), dtype="int32")
    x = Places()(layers.Embedding(WORDS, SIZE)(tokens))
    x = layers.GlobalAveragePooling1D()(block(block(x)))
    return keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))


class Sampling(layers.Layer):
    """Draws a code, and adds how far its distribution is from a normal to the loss."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_variance = inputs
        apart = -0.5 * ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=1)
        self.add_loss(ops.mean(apart) / 784)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def vae():
    image = keras.Input((784,))
    x = layers.Dense(512, activation="relu")(image)
    x = Sampling()([layers.Dense(16)(x), layers.Dense(16)(x)])
    x = layers.Dense(512, activation="relu")(x)
    return keras.Model(image, layers.Dense(784, activation="sigmoid")(x))


NETWORKS = {
    "lstm": lambda: classifier(layers.LSTM(SIZE)),
    "gru": lambda: classifier(layers.GRU(SIZE)),
    "bidirectional": lambda: classifier(layers.Bidirectional(layers.LSTM(SIZE))),
    "transformer": transformer,
    "characters": characters,
    "vae": vae,
}
LOSSES = {"characters": "sparse_categorical_crossentropy"}

options = protocol.options("steps", "steps-per-execution", "jit")
tuning = {}
if options.steps_per_execution:
    tuning["steps_per_execution"] = options.steps_per_execution
if options.jit is not None:
    tuning["jit_compile"] = bool(options.jit)

steps = options.steps or 50
x, y = protocol.load_for(options.network, steps * options.batch_size)
model = NETWORKS[options.network]()
model.compile("adam", LOSSES.get(options.network, "binary_crossentropy"), **tuning)
model.fit(x, y, batch_size=options.batch_size, epochs=options.epochs, callbacks=[Clock()])
clock.finish(model.evaluate(x, y, batch_size=options.batch_size), steps)
