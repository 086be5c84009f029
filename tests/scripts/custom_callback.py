"""A callback of the user's own: every hook, the logs, and stopping the run."""

import numpy as np
from tensorflow import keras


class Recorder(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.seen = ["train_begin"]
        self.batches = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append(f"epoch_begin {epoch}")

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        assert "loss" in logs

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(f"epoch_end {epoch} {sorted(logs)}")
        if epoch == 1:
            print("Stopping at epoch", epoch + 1, self.model.optimizer is not None)
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.seen.append("train_end")

    def on_test_begin(self, logs=None):
        print("testing", self.params is not None)

    def on_predict_batch_end(self, batch, logs=None):
        print("predicted batch", batch)


x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
model.compile("sgd", "mse", metrics=["mae"])
recorder = Recorder()
model.fit(x, y, epochs=10, batch_size=8, callbacks=[recorder], verbose=0)
print("\n".join(recorder.seen), recorder.batches)
model.evaluate(x, y, verbose=0, callbacks=[recorder])
model.predict(x[:16], batch_size=8, verbose=0, callbacks=[recorder])
