"""Keras on the backend of KERAS_BACKEND: files of models and of weights, and predictions."""

import files_protocol as protocol
import keras
from keras import layers

options = protocol.options()


def files():
    model = keras.Sequential([layers.Input((options.width,))])
    for matrix in protocol.matrices(options.width):
        model.add(layers.Dense(options.width, use_bias=False))
        model.layers[-1].set_weights([matrix])
    whole, weights = options.folder / "model.keras", options.folder / "all.weights.h5"
    return {
        **protocol.saved_and_loaded(
            "whole model", whole, lambda: model.save(whole),
            lambda: keras.models.load_model(whole),
        ),
        **protocol.saved_and_loaded(
            "weights", weights, lambda: model.save_weights(weights),
            lambda: model.load_weights(weights),
        ),
    }  # fmt: skip


def predict():
    model = keras.Sequential(
        [layers.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    )
    return protocol.predicted(lambda x: model.predict(x, verbose=0))


protocol.finish({"files": files, "predict": predict}[options.task]())
