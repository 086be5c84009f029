"""A training loop of one's own, as TensorFlow's guide to custom training writes it."""

import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(256).batch(64)

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([
    tf.keras.layers.Dense(16, activation="relu", activity_regularizer="l2"),
    tf.keras.layers.Dense(2),
])
optimizer = tf.keras.optimizers.Adam(0.02)
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
accuracy = tf.keras.metrics.SparseCategoricalAccuracy()


@tf.function
def train_step(inputs, targets):
    with tf.GradientTape() as tape:
        logits = model(inputs, training=True)
        loss = loss_fn(targets, logits) + sum(model.losses)
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))
    accuracy.update_state(targets, logits)
    return loss


losses = []
for epoch in range(5):
    accuracy.reset_state()
    for inputs, targets in dataset:
        losses.append(float(train_step(inputs, targets)))

v = tf.Variable(3.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        cube = v**3
    first = inner.gradient(cube, v)
second = outer.gradient(first, v)

print("steps:", len(losses), int(optimizer.iterations))
print("falls:", losses[-1] < losses[0], float(accuracy.result()) > 0.7)
print("derivatives:", float(first), float(second))
