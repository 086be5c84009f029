"""Myelin: files of models and of weights, predictions, and checkpoints of a run."""

import time

import files_protocol as protocol

import myelin
from myelin import layers
from myelin.callbacks import Checkpoint

options = protocol.options()


def large():
    model = myelin.Sequential([layers.Input((options.width,))])
    for matrix in protocol.matrices(options.width):
        model.add(layers.Dense(options.width, use_bias=False))
        model.layers[-1].set_weights([matrix])
    return model


def small():
    model = myelin.Sequential(
        [layers.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def files():
    model, folder = large(), options.folder
    whole, weights = folder / "model.myelin", folder / "weights.safetensors"
    return {
        **protocol.saved_and_loaded(
            "whole model", whole, lambda: model.save(whole), lambda: myelin.load_model(whole)
        ),
        **protocol.saved_and_loaded(
            "weights", weights, lambda: model.save_weights(weights),
            lambda: model.load_weights(weights),
        ),
    }  # fmt: skip


def checkpoints():
    """Epochs of the classic program with a checkpoint after each, and without, in turn."""
    x = protocol.rows().repeat(6, axis=0)
    y = (x[:, 0] * 10).astype("int32")
    model = small()
    model.fit(x, y, verbose=0)
    seconds = {"plain": [], "kept": []}
    for number in range(4):
        for name, own in seconds.items():
            folder = options.folder / f"run-{number}"
            kept = Checkpoint(folder, every_epochs=1) if name == "kept" else None
            start = time.perf_counter()
            model.fit(x, y, epochs=8, verbose=0, resume=kept)
            own.append((time.perf_counter() - start) / 8)
    return {f"epoch, {name}": min(own) for name, own in seconds.items()}


def predict():
    model, row = small(), protocol.rows()[:1]
    return {
        **protocol.predicted(lambda x: model.predict(x, verbose=0)),
        "call, 1": protocol.one_at_a_time(lambda: model(row)),
    }


tasks = {"files": files, "predict": predict, "checkpoints": checkpoints}
protocol.finish(tasks[options.task]())
