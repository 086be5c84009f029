"""LearningRateScheduler, and a schedule object as the learning rate."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.optimizers.schedules import ExponentialDecay

x = np.linspace(-1, 1, 64, dtype="float32").reshape(-1, 1)
y = 3 * x + 1


def scheduler(epoch, lr):
    if epoch < 2:
        return lr
    return lr * 0.5


model = tf.keras.models.Sequential([tf.keras.layers.Dense(1)])
model.compile(tf.keras.optimizers.SGD(learning_rate=0.08), loss="mse")
callback = tf.keras.callbacks.LearningRateScheduler(scheduler)
history = model.fit(x, y, epochs=4, batch_size=8, callbacks=[callback], verbose=0)
print(round(float(model.optimizer.learning_rate), 5))
print([round(float(lr), 5) for lr in history.history["learning_rate"]])

decay = ExponentialDecay(initial_learning_rate=0.1, decay_steps=8, decay_rate=0.5, staircase=True)
print([round(float(decay(step)), 4) for step in (0, 7, 8, 16)])
model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(1,))])
model.compile(optimizer=tf.keras.optimizers.SGD(learning_rate=decay), loss="mse")
losses = model.fit(x, y, epochs=5, batch_size=8, verbose=0).history["loss"]
print("falls:", losses[-1] < losses[0])
