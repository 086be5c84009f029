"""The classic MNIST program as tutorials print it, run by Keras and by Myelin alike.

    KERAS_BACKEND=tensorflow python keras_mnist.py      Keras
    python -m myelin keras_mnist.py                     Myelin, the same file

Only the clock is added. Two options let Keras be tuned: `--steps-per-execution`, and
`--float32 1`, which divides by a float32 so that nothing is cast in each step.
"""

import numpy as np
import protocol

clock = protocol.Clock()
import keras  # noqa: E402
from keras.callbacks import EarlyStopping  # noqa: E402
from keras.layers import Dense, Flatten  # noqa: E402
from keras.models import Sequential  # noqa: E402
from keras.regularizers import l2  # noqa: E402

clock.imported()


class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        clock.begin()

    def on_epoch_end(self, epoch, logs=None):
        clock.epoch_done()


options = protocol.options("steps-per-execution", "float32")
tuning = {}
if options.steps_per_execution:
    tuning = {"steps_per_execution": options.steps_per_execution}

(x_train, y_train), (x_test, y_test) = protocol.load_data()
scale = np.float32(255) if options.float32 else 255.0
x_train, x_test = x_train / scale, x_test / scale

penalty = l2(0.01) if options.variant == "l2" else None
model = Sequential([
    Flatten(input_shape=(28, 28)),
    Dense(128, activation="relu", kernel_regularizer=penalty),
    Dense(10, activation="softmax"),
])  # fmt: skip

model.compile(
    optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"], **tuning
)

watching = {"callbacks": [Clock()]}
if options.variant == "early_stopping":
    stop = EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
    watching = {"validation_split": 0.1, "callbacks": [stop, Clock()]}

model.fit(x_train, y_train, batch_size=options.batch_size, epochs=options.epochs, **watching)
loss, accuracy = model.evaluate(x_test, y_test)
clock.finish(accuracy)
