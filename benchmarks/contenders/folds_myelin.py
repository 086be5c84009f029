"""Myelin: the folds as one program; with `--members n` a sweep over n learning rates instead."""

import folds_protocol as protocol
import numpy as np

import myelin as keras

# What Myelin has is loaded when its names are first used; imports are not timed for anybody.
LOADED = (
    keras.cross_validate, keras.sweep, keras.Sequential, keras.Input, keras.layers.Dense,
    keras.callbacks.EarlyStopping,
)  # fmt: skip
options = protocol.options()
work = protocol.WORKS[options.work]
x, y = protocol.load(options.work)


def make():
    model = keras.Sequential([keras.Input((x.shape[1],))])
    for units in work.hidden:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(work.classes, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


clock = protocol.Clock()
if options.members:
    rates = np.geomspace(1e-4, 1e-2, options.members)
    found = keras.sweep(
        make(), x, y, {"learning_rate": list(rates)}, epochs=work.epochs,
        batch_size=protocol.BATCH_SIZE, verbose=0,
    )  # fmt: skip
    clock.finish([work.epochs] * options.members, found.best.score("accuracy"))
else:
    stop = keras.callbacks.EarlyStopping(patience=work.patience, restore_best_weights=True)
    found = keras.cross_validate(
        make(), x, y, protocol.FOLDS, batch_size=protocol.BATCH_SIZE, epochs=work.epochs,
        callbacks=[stop], validation_split=0.1, stratify=True, verbose=0,
    )  # fmt: skip
    lengths = [len(fold.history["loss"]) for fold in found.folds]
    clock.finish(lengths, found.mean("accuracy"))
