"""A layer of the user's own, with build, add_weight and call, inside Sequential."""

import numpy as np
import tensorflow as tf
from tensorflow import keras


class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer="random_normal",
            trainable=True,
            name="w",
        )
        self.b = self.add_weight(
            shape=(self.units,), initializer="zeros", trainable=True, name="b"
        )

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Scale(keras.layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(name="factor", shape=(), initializer="ones")
        super().build(input_shape)

    def call(self, inputs, training=None):
        return keras.ops.multiply(inputs, self.factor)


keras.utils.set_random_seed(3)
x = np.random.default_rng(3).normal(size=(128, 4)).astype("float32")
y = (x[:, :1] - x[:, 1:2]).astype("float32")
model = keras.Sequential([
    keras.Input(shape=(4,)), Linear(16), keras.layers.ReLU(), Scale(), Linear(1, name="last"),
])
print([layer.name for layer in model.layers])
print([tuple(weight.shape) for weight in model.trainable_weights], model.count_params())
model.compile(optimizer="adam", loss="mse")
history = model.fit(x, y, epochs=40, verbose=0)
print("falls:", history.history["loss"][-1] < 0.3 * history.history["loss"][0])
model.save("mine.keras")
again = keras.models.load_model("mine.keras", custom_objects={"Linear": Linear, "Scale": Scale})
print("same:", np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6))
