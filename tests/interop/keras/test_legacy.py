"""`.h5` files: those of Keras 2, made by hand after its published form, and what Keras 3 makes."""

import json

import h5py
import numpy as np
import pytest

from myelin import Input, Model, Sequential, layers, optimizers, saving
from myelin.errors import FileFormatError, InputError, UnknownNameError
from myelin.interop.keras import old_optimizers, to_keras

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def put(group, attribute, arrays):
    """Arrays as Keras 2 writes them, each under its name, which a list in an attribute keeps."""
    group.attrs[attribute] = [name.encode() for name in arrays]
    for name, value in arrays.items():
        group[name] = value


def keras_2(path, config, weights, training=None, state=None):
    """A file of tf.keras 2: layers' weights by layer, the state of the optimizer in a list."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.4.0", b"tensorflow"
        file.attrs["model_config"] = json.dumps(config).encode()
        if training:
            file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            put(group.create_group(name), "weight_names", arrays)
        if state:
            put(file.create_group("optimizer_weights"), "weight_names", state)
    return path


def initializer(name, **config):
    return {"class_name": name, "config": config}


def dense(name, units, activation="linear", **more):
    return {"class_name": "Dense", "config": {
        "name": name, "trainable": True, "dtype": "float32", "units": units, "use_bias": True,
        "activation": activation, "bias_regularizer": None, "activity_regularizer": None,
        "kernel_initializer": initializer("VarianceScaling", scale=1.0, mode="fan_avg",
                                          distribution="uniform", seed=None),
        "bias_initializer": initializer("Zeros"), "kernel_constraint": None,
        "bias_constraint": None, "kernel_regularizer": initializer("L1L2", l1=0.0, l2=0.01), **more,
    }}  # fmt: skip


def batch_normalization(name):
    return {"class_name": "BatchNormalization", "config": {
        "name": name, "trainable": True, "dtype": "float32", "axis": [1], "momentum": 0.99,
        "epsilon": 0.001, "center": True, "scale": True, "beta_regularizer": None,
        "beta_initializer": initializer("Zeros"), "gamma_initializer": initializer("Ones"),
        "moving_mean_initializer": initializer("Zeros"), "beta_constraint": None,
        "moving_variance_initializer": initializer("Ones"), "gamma_regularizer": None,
        "gamma_constraint": None,
    }}  # fmt: skip


def numbers(*shape, seed=0):
    return np.abs(np.random.default_rng(seed).normal(size=shape)).astype("f4")


ROW = {
    "dense": {"dense/kernel:0": numbers(4, 3), "dense/bias:0": numbers(3)},
    "norm": {f"norm/{name}:0": numbers(3, seed=i) for i, name in
             enumerate(["gamma", "beta", "moving_mean", "moving_variance"])},
    "head": {"head/kernel:0": numbers(3, 2), "head/bias:0": numbers(2)},
}  # fmt: skip


def in_a_row(first=None):
    rows = [dense("dense", 3, "relu", batch_input_shape=[None, 4]), batch_normalization("norm"),
            dense("head", 2, "softmax_v2")]  # fmt: skip
    return {"class_name": "Sequential", "config": {"name": "s", "layers": rows}}


def by_hand():
    (kernel, bias), (gamma, beta, mean, variance), (last, end) = (a.values() for a in ROW.values())
    hidden = np.maximum(X @ kernel + bias, 0)
    logits = ((hidden - mean) / np.sqrt(variance + 1e-3) * gamma + beta) @ last + end
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


def training(optimizer, **config):
    return {"optimizer_config": {"class_name": optimizer, "config": {"name": optimizer, **config}},
            "loss": {"class_name": "SparseCategoricalCrossentropy", "config": {
                "reduction": "auto", "name": "sparse_categorical_crossentropy",
                "from_logits": False}},
            "metrics": [[{"class_name": "MeanMetricWrapper", "config": {
                "name": "accuracy", "dtype": "float32", "fn": "sparse_categorical_accuracy"}}]],
            "weighted_metrics": None, "loss_weights": None, "sample_weight_mode": None}  # fmt: skip


def test_a_model_in_a_row_with_what_it_was_compiled_with(tmp_path):
    served = [value for name in ("dense", "norm", "head") for value in list(ROW[name].values())[:2]]
    state = {"Adam/iter:0": np.int64(7)}
    for kind, factor in (("m", 0.1), ("v", 0.2)):
        state |= {f"Adam/{i}/{kind}:0": value * factor for i, value in enumerate(served)}
    compiled = training("Adam", lr=0.02, decay=0.5, beta_1=0.9, beta_2=0.999, amsgrad=False,
                        epsilon=1e-7)  # fmt: skip
    model = saving.load_model(keras_2(tmp_path / "m.h5", in_a_row(), ROW, compiled, state))
    np.testing.assert_allclose(model(X), by_hand(), rtol=2e-5, atol=1e-6)
    optimizer = model.optimizer
    assert int(optimizer.iterations) == 7
    assert float(optimizer.learning_rate) == pytest.approx(0.02 / (1 + 0.5 * 7))
    slots = {v.path.rpartition("/")[2]: np.asarray(v) for v in optimizer.variables}
    for name, value in zip(["dense_kernel", "dense_bias", "norm_gamma"], served, strict=False):
        np.testing.assert_allclose(slots[f"{name}_momentum"], 0.1 * value)
        np.testing.assert_allclose(slots[f"{name}_velocity"], 0.2 * value)
    found = model.evaluate(X, np.arange(5) % 2, verbose=0, return_dict=True)
    assert set(found) == {"loss", "accuracy"}
    assert not saving.load_model(tmp_path / "m.h5", compile=False).compiled


def test_a_state_of_an_unknown_form_is_left_out_with_a_warning(tmp_path):
    state = {"iter": np.int64(7), "x": np.zeros(3)}
    path = keras_2(tmp_path / "m.h5", in_a_row(), ROW, training("SGD", learning_rate=0.1), state)
    with pytest.warns(UserWarning, match="starts with a fresh one"):
        assert int(saving.load_model(path).optimizer.iterations) == 0


def test_the_oldest_form_is_a_list_of_layers(tmp_path):
    config = {"class_name": "Sequential", "config": in_a_row()["config"]["layers"]}
    model = saving.load_model(keras_2(tmp_path / "m.hdf5", config, ROW))
    np.testing.assert_allclose(model(X), by_hand(), rtol=2e-5, atol=1e-6)


def called(entry, *tensors, **kwargs):
    node = [[name, 0, 0, kwargs if i == 0 else {}] for i, name in enumerate(tensors)]
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": [node]}


def plain(kind, name, **config):
    return {"class_name": kind,
            "config": {"name": name, "trainable": True, "dtype": "float32", **config}}  # fmt: skip


def test_a_graph_with_old_names_arguments_and_functions(tmp_path):
    entry = {"class_name": "InputLayer", "name": "x", "inbound_nodes": [], "config": {
        "batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False,
        "name": "x"}}  # fmt: skip
    twice = {"class_name": "TFOpLambda", "name": "twice",
             "inbound_nodes": [["a", 0, 0, {"y": 2.0}]],
             "config": {"name": "twice", "trainable": True,
                        "function": "math.multiply"}}  # fmt: skip
    steps = [
        entry,
        called(dense("a", 3), "x"),
        twice,
        called(plain("LeakyReLU", "leaky", alpha=0.3), "twice"),
        called(plain("ThresholdedReLU", "threshold", theta=0.5), "a"),
        called(plain("Add", "add"), "leaky", "threshold"),
        called(plain("Dropout", "drop", rate=0.5, noise_shape=None, seed=None), "add"),
        called(plain("Reshape", "shape", target_shape=[3, 1]), "drop"),
        called(plain("LSTM", "lstm", units=2, activation="tanh", recurrent_activation="sigmoid",
                     use_bias=True, unit_forget_bias=True, implementation=2, time_major=False,
                     return_sequences=False, unroll=False, dropout=0.0), "shape"),
    ]  # fmt: skip
    config = {"class_name": "Model", "config": {
        "name": "graph", "layers": steps, "input_layers": [["x", 0, 0]],
        "output_layers": [["lstm", 0, 0]]}}  # fmt: skip
    weights = {step["name"]: {} for step in steps}
    weights["a"] = {"a/kernel:0": numbers(4, 3) - 0.7, "a/bias:0": numbers(3)}
    weights["lstm"] = {"lstm/kernel:0": numbers(1, 8), "lstm/recurrent_kernel:0": numbers(2, 8),
                       "lstm/bias:0": numbers(8)}  # fmt: skip
    model = saving.load_model(keras_2(tmp_path / "m.h5", config, weights))
    a = X @ (numbers(4, 3) - 0.7) + numbers(3)
    inner = np.where(2 * a > 0, 2 * a, 0.6 * a) + np.where(a > 0.5, a, 0)
    lstm = layers.LSTM(2)
    lstm(inner[..., None])
    lstm.set_weights([numbers(1, 8), numbers(2, 8), numbers(8)])
    np.testing.assert_allclose(model(X), lstm(inner[..., None]), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c["layers"][1].update(class_name="CuDNNLSTM"), "CuDNNLSTM"),
        (lambda c: c["layers"][0]["config"].update(units="many"), "cannot be made"),
        (lambda c: c["layers"].pop(), "weights of 3 layers"),
        (lambda c: c.pop("layers"), "cannot be made"),
        (lambda c: c["layers"][0]["config"].update(units=4), "wants shape"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, match):
    config = in_a_row()
    change(config["config"])
    path = keras_2(tmp_path / "m.h5", config, ROW)
    with pytest.raises((FileFormatError, UnknownNameError), match=match):
        saving.load_model(path)


def test_weights_alone_of_keras_2(tmp_path):
    whole = saving.load_model(keras_2(tmp_path / "m.h5", in_a_row(), ROW))
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in ROW]
        for name, arrays in ROW.items():
            put(file.create_group(name), "weight_names", arrays)
    for name in ("m.h5", "w.h5"):
        other = saving.model_from_json(whole.to_json())
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(other(X), whole(X))
    with pytest.raises(FileFormatError, match="without a model"):
        saving.load_model(tmp_path / "w.h5")
    with pytest.raises(InputError, match="3 layers"):
        Sequential([Input((4,)), layers.Dense(3)]).load_weights(tmp_path / "w.h5")


def test_keras_3_reads_what_is_written_and_the_reverse(tmp_path):
    keras = pytest.importorskip("keras")
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = Sequential([Input((4,)), layers.Dense(3, "relu"), layers.BatchNormalization()])
    x = layers.Concatenate()([inner(a) * 2.0, layers.Dense(2)(b)])
    x = layers.Bidirectional(layers.GRU(2))(layers.Reshape((5, 1))(x))
    ours = Model([a, b], layers.Dense(2, "softmax")(x))
    loss = "sparse_categorical_crossentropy"
    ours.compile(optimizers.Adam(0.01, clipnorm=1.0), loss, metrics=["accuracy"])
    y = np.arange(5) % 2
    ours.train_on_batch([X, X], y)
    ours.save(tmp_path / "ours.h5")
    theirs = keras.saving.load_model(tmp_path / "ours.h5")
    # Keras 3.15 itself takes no more of the optimizer's state from such a file than the count.
    to_keras(ours).save(tmp_path / "theirs.h5")
    back = [saving.load_model(tmp_path / name) for name in ("ours.h5", "theirs.h5")]
    wanted = np.asarray(ours([X, X]))
    loss = ours.evaluate([X, X], y, verbose=0)[0]
    for model in (theirs, *back):
        np.testing.assert_allclose(np.asarray(model([X, X])), wanted, rtol=1e-5, atol=1e-6)
        assert model.evaluate([X, X], y, verbose=0)[0] == pytest.approx(loss, rel=1e-5)
    for model in back:
        for a, b in zip(ours.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


def test_short_names_of_losses_are_written_out_for_keras(tmp_path):
    keras = pytest.importorskip("keras")
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.save(tmp_path / "m.h5")
    theirs = keras.saving.load_model(tmp_path / "m.h5")
    wanted = model.evaluate(X, X[:, :1], verbose=0)
    np.testing.assert_allclose(theirs.evaluate(X, X[:, :1], verbose=0), wanted, rtol=1e-5)


def test_a_count_of_steps_that_nobody_took_takes_no_memory():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile(optimizers.Nadam(), "mse")
    model.optimizer.build(model.trainable_variables)
    state = [np.array(v) for v in old_optimizers.by_variable(model.optimizer)]
    state[0] = np.array(2**31 - 1)
    assert old_optimizers.assign(model, state, old_optimizers.by_variable)
    assert int(model.optimizer.iterations) == 2**31 - 1
    (product,) = [v for v in model.optimizer.variables if v._keys[0] == "shared"]
    assert float(product.value) == 0
