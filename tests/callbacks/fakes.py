"""A model without a network, and a loop that calls callbacks as `fit` does."""

import numpy as np

from myelin.callbacks.whole_state import Place


class FakeOptimizer:
    def __init__(self, learning_rate=0.1):
        self.learning_rate = np.float32(learning_rate)
        self.iterations = 0


class FakeModel:
    """Its only weight says after which epoch it was taken."""

    def __init__(self, learning_rate=0.1):
        self.weight = np.float32(-1)
        self.optimizer = FakeOptimizer(learning_rate)
        self.stop_training = False
        self.history = None
        self.resume_from = Place()
        self.metrics = []
        self.layers = []
        self.saved = []

    def snapshot(self):
        return {"w": np.array(self.weight)}

    def restore(self, snapshot):
        self.weight = np.array(snapshot["w"])

    def save(self, path, overwrite=True):
        self._save("model", path)

    def save_weights(self, path, overwrite=True):
        self._save("weights", path)

    def _save(self, what, path):
        with open(path, "w") as file:
            file.write(f"{self.weight}")
        self.saved.append((what, path))

    def live_state(self):
        return {
            "trainable": {"w": np.array(self.weight)},
            "optimizer": {"m": (np.float32(self.optimizer.learning_rate), np.int32(7))},
        }

    def set_training_state(self, state):
        self.weight = state["trainable"]["w"]
        self.optimizer.learning_rate = state["optimizer"]["m"][0]


def run(callbacks, model, rows, epochs=None, batches=0, set_weight=None):
    """Calls the hooks of a run whose epochs end with the logs `rows`.

    Args:
        callbacks: a `CallbackList` of Myelin's or Keras's, told of its model.
        model: the model.
        rows: the logs of each epoch; a function is called in place of its epoch.
        epochs: what the callbacks are told to expect.
        batches: batches an epoch.
        set_weight: trains the model in an epoch.

    Returns:
        The index of the last epoch that ran, and the learning rate after each.
    """
    callbacks.set_params({"epochs": epochs or len(rows), "steps": batches or None, "verbose": 0})
    model.stop_training = False
    rates, epoch = [], None
    try:
        callbacks.on_train_begin()
        for epoch in range(getattr(model, "resume_from", Place()).epoch, len(rows)):
            callbacks.on_epoch_begin(epoch)
            if callable(rows[epoch]):
                rows[epoch]()
            if set_weight is not None:
                set_weight(epoch)
            else:
                model.weight = np.float32(epoch)
            for batch in range(batches):
                callbacks.on_train_batch_begin(batch)
                callbacks.on_train_batch_end(batch, dict(rows[epoch]))
            callbacks.on_epoch_end(epoch, dict(rows[epoch]))
            rates.append(float(np.asarray(model.optimizer.learning_rate)))
            if model.stop_training:
                break
    finally:
        callbacks.on_train_end({})
    return epoch, rates
