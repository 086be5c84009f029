"""The functional form, with two inputs, and training on the digits of scikit-learn."""

import keras
import numpy as np
from keras import Input, Model, layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(0)
digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(
    digits.data / 16.0, digits.target, test_size=0.25, random_state=0)

left = Input(shape=(32,), name="left")
right = Input(shape=(32,), name="right")
joined = layers.concatenate([
    layers.Dense(32, activation="relu")(left),
    layers.Dense(32, activation="relu")(right),
])
outputs = layers.Dense(10, activation="softmax")(joined)
model = Model(inputs=[left, right], outputs=outputs, name="digits")
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit([x_train[:, :32], x_train[:, 32:]], y_train, epochs=15, batch_size=32, verbose=0)
loss, accuracy = model.evaluate([x_test[:, :32], x_test[:, 32:]], y_test, verbose=0)
print("accuracy:", accuracy > 0.9)
classes = np.argmax(model.predict([x_test[:, :32], x_test[:, 32:]], verbose=0), axis=-1)
print("the same:", bool(np.isclose(np.mean(classes == y_test), accuracy)))
