"""Keras in a loop over the folds, with `clear_session` between them; the backend is set outside."""

import folds_protocol as protocol
import keras
import numpy as np

options = protocol.options()
work = protocol.WORKS[options.work]
x, y = protocol.load(options.work)


def make():
    model = keras.Sequential([keras.Input((x.shape[1],))])
    for units in work.hidden:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(work.classes, activation="softmax"))
    model.compile(
        "adam",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=options.steps_per_execution,
    )
    return model


clock = protocol.Clock()
epochs, scores = [], []
for train, held_out, test in protocol.folds(y):
    keras.backend.clear_session()
    model = make()
    stop = keras.callbacks.EarlyStopping(patience=work.patience, restore_best_weights=True)
    history = model.fit(
        x[train], y[train], batch_size=protocol.BATCH_SIZE, epochs=work.epochs, verbose=0,
        validation_data=(x[held_out], y[held_out]), callbacks=[stop],
    )  # fmt: skip
    epochs.append(len(history.history["loss"]))
    scores.append(model.evaluate(x[test], y[test], batch_size=1000, verbose=0)[1])
    model.predict(x[test], batch_size=1000, verbose=0)
clock.finish(epochs, np.mean(scores))
