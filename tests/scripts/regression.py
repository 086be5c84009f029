"""Regression with Normalization().adapt, as in the fuel-efficiency tutorial."""

import numpy as np
import tensorflow as tf

from tensorflow import keras
from tensorflow.keras import layers

print(tf.__version__)
tf.random.set_seed(0)
rng = np.random.default_rng(0)
train_features = rng.normal([5, 3000, 100], [2, 800, 40], size=(300, 3))
train_labels = 40 - 0.005 * train_features[:, 1] - 0.05 * train_features[:, 2]

normalizer = tf.keras.layers.Normalization(axis=-1)
normalizer.adapt(np.array(train_features))
print(np.round(np.ravel(normalizer.mean)).astype(int).tolist())


def build_and_compile_model(norm):
    model = keras.Sequential([
        norm,
        layers.Dense(32, activation='relu'),
        layers.Dense(32, activation='relu'),
        layers.Dense(1)
    ])
    model.compile(loss='mean_absolute_error',
                  optimizer=tf.keras.optimizers.Adam(0.01))
    return model


dnn_model = build_and_compile_model(normalizer)
history = dnn_model.fit(
    train_features,
    train_labels,
    validation_split=0.2,
    verbose=0, epochs=60)
print(sorted(history.history), len(history.epoch))
error = dnn_model.evaluate(train_features, train_labels, verbose=0)
print("learned:", error < 2.0)
print(dnn_model.predict(train_features[:7], verbose=0).flatten().shape)
