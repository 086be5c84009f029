"""The classic MNIST program with its images from memory (0), a generator (1) or files (2)."""

import pathlib
import tempfile

import protocol

clock = protocol.Clock()
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

clock.imported()


class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        clock.begin()

    def on_epoch_end(self, epoch, logs=None):
        clock.epoch_done()


options = protocol.options("source")
(x, y), (x_test, y_test) = protocol.load_data()
x, x_test = (part.reshape(-1, 784).astype("float32") / 255 for part in (x, x_test))
steps = len(x) // options.batch_size


def batches():
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, steps * options.batch_size, options.batch_size):
            rows = order[start : start + options.batch_size]
            yield x[rows], y[rows]


model = keras.Sequential([
    keras.Input((784,)),
    layers.Dense(128, activation="relu"),
    layers.Dropout(0.2),
    layers.Dense(10, activation="softmax"),
])  # fmt: skip
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
common = {"epochs": options.epochs, "callbacks": [Clock()], "verbose": 2}
if options.source == 1:
    model.fit(batches(), steps_per_epoch=steps, **common)
elif options.source == 2:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, array in (("x", x), ("y", y)):
            np.save(pathlib.Path(folder, name), array)
            files.append(np.load(pathlib.Path(folder, f"{name}.npy"), mmap_mode="r"))
        model.fit(*files, batch_size=options.batch_size, **common)
else:
    model.fit(x, y, batch_size=options.batch_size, **common)
clock.finish(model.evaluate(x_test, y_test, verbose=0)[1], steps)
