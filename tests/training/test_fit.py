"""`fit`, `evaluate` and `predict`: every argument, exact counts, and repeatability to the bit."""

import gc

import jax
import numpy as np
import pytest

import myelin as mn
from myelin import random
from myelin.training.data import Arrays, split_rows
from tests.training.conftest import make_data, make_model

X, Y = make_data()


def fitted(seed=3, **kwargs):
    random.set_random_seed(seed)
    model = make_model()
    history = model.fit(X, Y, **{"epochs": 3, "verbose": 0, "batch_size": 16, **kwargs})
    return model, history


def same_weights(one, other):
    return all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


# Numbers.


def test_training_learns():
    model = make_model(optimizer=mn.optimizers.Adam(0.02))
    history = model.fit(X, Y, epochs=60, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    assert history.epoch == list(range(60))
    assert list(history.history) == ["accuracy", "loss"]


def test_the_same_seed_gives_the_same_bits():
    (one, first), (other, second) = fitted(), fitted()
    assert same_weights(one, other)
    assert first.history == second.history
    assert not same_weights(one, fitted(seed=4)[0])


def test_fit_twice_goes_on():
    model, _ = fitted()
    before = model.get_weights()
    model.fit(X, Y, epochs=1, verbose=0)
    assert any((a != b).any() for a, b in zip(model.get_weights(), before, strict=True))
    assert int(model.optimizer.iterations) == 3 * 4 + 2


def test_the_last_smaller_batch_is_counted_exactly():
    model = make_model()
    loss, accuracy = model.evaluate(X, Y, batch_size=7, verbose=0)
    outputs = model.predict(X, verbose=0).astype("float64")
    assert accuracy == pytest.approx((outputs.argmax(1) == Y).mean(), abs=1e-7)
    assert loss == pytest.approx(-np.log(outputs[np.arange(60), Y]).mean(), rel=1e-5)


def test_the_last_smaller_batch_is_trained_exactly():
    # Plain gradient descent with weight n in the mean: written out in NumPy.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 3)).astype("float32"), rng.normal(size=(10, 1)).astype("float32")
    model = mn.Sequential([mn.Input((3,)), mn.layers.Dense(1)])
    model.compile(mn.optimizers.SGD(0.1), "mse")
    kernel, bias = (array.astype("float64") for array in model.get_weights())
    losses = []
    for start in (0, 4, 8):
        rows = slice(start, start + 4)
        error = x[rows] @ kernel + bias - y[rows]
        losses.append((float((error**2).mean()), len(error)))
        kernel -= 0.1 * 2 * x[rows].T @ error / len(error)
        bias -= 0.1 * 2 * error.mean(0)
    history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], bias, rtol=1e-5, atol=1e-7)
    weighted = sum(loss * n for loss, n in losses) / 10
    assert history.history["loss"][0] == pytest.approx(weighted, rel=1e-5)


def test_eager_and_compiled_training_agree():
    compiled, history = fitted()
    random.set_random_seed(3)
    eager = make_model(run_eagerly=True)
    again = eager.fit(X, Y, epochs=3, verbose=0, batch_size=16)
    for one, other in zip(compiled.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(history.history["loss"], again.history["loss"], rtol=1e-5)


def test_run_eagerly_reaches_a_layer_with_real_numbers():
    seen = []

    class Look(mn.layers.Layer):
        def call(self, inputs):
            seen.append(float(inputs.sum()))
            return inputs

    model = mn.Sequential([mn.Input((4,)), Look(), mn.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    seen.clear()
    model.fit(X, Y.astype("float32"), batch_size=60, verbose=0)
    assert seen[-1] == pytest.approx(X.sum(), rel=1e-3)


# Arguments.


def test_initial_epoch_and_epochs():
    _, history = fitted(initial_epoch=3, epochs=5)
    assert history.epoch == [3, 4]


def test_steps_per_epoch_bounds_the_steps():
    model, _ = fitted(steps_per_epoch=2, epochs=2)
    assert int(model.optimizer.iterations) == 4


def test_shuffle_false_takes_rows_in_order_and_true_does_not():
    assert same_weights(fitted(seed=3, shuffle=False)[0], fitted(seed=3, shuffle=False)[0])
    assert not same_weights(fitted(seed=3, shuffle=False)[0], fitted(seed=3)[0])


def test_validation_split_takes_the_last_rows():
    model, history = fitted(validation_split=0.25, epochs=2)
    loss, accuracy = model.evaluate(X[45:], Y[45:], verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-6)
    assert history.history["val_accuracy"][-1] == pytest.approx(accuracy)


def test_validation_does_not_change_training():
    plain, _ = fitted()
    validated, _ = fitted(validation_data=(X, Y))
    assert same_weights(plain, validated)


def test_a_split_of_sorted_labels_warns():
    order = np.argsort(Y, kind="stable")
    with pytest.warns(UserWarning, match="labels are sorted"):
        make_model().fit(X[order], Y[order], validation_split=0.2, verbose=0)


def test_a_stratified_split_has_the_shares_of_the_whole():
    model, history = make_model(), None
    order = np.argsort(Y, kind="stable")
    history = model.fit(X[order], Y[order], validation_split=0.2, stratify=True, verbose=0)
    assert "val_loss" in history.history


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_stratified_split_takes_its_share_of_each_class(share):
    rng = np.random.default_rng(1)
    labels = rng.choice(4, 203, p=[0.6, 0.25, 0.1, 0.05])
    for y in (labels, labels[:, None], np.eye(4)[labels]):
        train, held_out = split_rows(Arrays(np.arange(203), y), share, True, 7)
        assert sorted([*train, *held_out]) == list(range(203))
        assert len(held_out) == 203 - int(203 * (1 - share))
        for count, own in zip(np.bincount(labels), np.bincount(labels[held_out]), strict=True):
            assert abs(own - share * count) <= 1 + 1 / 203
    again = split_rows(Arrays(np.arange(203), labels), share, True, 8)[1]
    assert set(again) != set(held_out)


def test_validation_steps_batch_size_and_frequency():
    model, history = fitted(
        validation_data=(X, Y), validation_steps=1, validation_batch_size=10, epochs=4,
        validation_freq=2,
    )  # fmt: skip
    assert len(history.history["val_loss"]) == 2
    loss, _ = model.evaluate(X[:10], Y[:10], verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-6)
    _, history = fitted(validation_data=(X, Y), epochs=4, validation_freq=[1, 4])
    assert len(history.history["val_loss"]) == 2


def test_sample_weight_of_zero_leaves_rows_out():
    weight = np.ones(60, "float32")
    weight[30:] = 0
    random.set_random_seed(0)
    one = make_model(metrics=None)
    other = mn.models.Sequential.from_config(one.get_config())
    other.set_weights(one.get_weights())
    other.compile("sgd", mn.losses.SparseCategoricalCrossentropy(reduction="sum"))
    one.compile("sgd", mn.losses.SparseCategoricalCrossentropy(reduction="sum"))
    one.fit(X, Y, sample_weight=weight, batch_size=60, shuffle=False, verbose=0)
    other.fit(X[:30], Y[:30], batch_size=30, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_class_weight_is_a_weight_per_row():
    table = {0: 1.0, 1: 2.0, 2: 0.5}
    weight = np.array([table[int(label)] for label in Y], "float32")
    one, _ = fitted(class_weight=table)
    other, _ = fitted(sample_weight=weight)
    assert same_weights(one, other)


def test_balanced_class_weights_are_scikit_learns():
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    weight = sklearn.compute_sample_weight("balanced", Y).astype("float32")
    one, _ = fitted(class_weight="balanced")
    other, _ = fitted(sample_weight=weight)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_class_weight_reaches_targets_of_three_axes():
    x = np.random.default_rng(0).normal(size=(12, 5, 4)).astype("float32")
    y = (x[..., 0] > 0).astype("int32")
    model = mn.Sequential([mn.Input((5, 4)), mn.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(x, y, class_weight={0: 1.0, 1: 3.0}, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_verbose_prints_a_line_an_epoch(capsys):
    fitted(verbose=2, epochs=2, validation_data=(X, Y))
    printed = capsys.readouterr().out
    assert "Epoch 1/2" in printed
    assert "Epoch 2/2" in printed
    assert printed.count("val_loss:") == 2
    assert "accuracy:" in printed
    fitted(verbose=0)
    assert capsys.readouterr().out == ""


# Kinds of data.


def kinds_of_data():
    yield "lists", X.tolist(), Y.tolist()
    yield "jax", jax.numpy.asarray(X), jax.numpy.asarray(Y)
    yield "float64 and int64", X.astype("float64"), Y.astype("int64")
    yield "labels as a column", X, Y[:, None]
    yield "Fortran order", np.asfortranarray(X), Y
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    yield "pandas", frame, pandas.Series(Y)
    polars = pytest.importorskip("polars")
    yield "polars", polars.DataFrame({c: X[:, i] for i, c in enumerate("abcd")}), polars.Series(Y)


def test_data_of_any_kind_train_the_same():
    wanted, _ = fitted()
    for kind, x, y in kinds_of_data():
        random.set_random_seed(3)
        model = make_model()
        model.fit(x, y, epochs=3, verbose=0, batch_size=16)
        assert same_weights(model, wanted), kind


def test_dlpack_trains_the_same(torch):
    wanted, _ = fitted()
    random.set_random_seed(3)
    model = make_model()
    model.fit(torch.from_numpy(X), torch.from_numpy(Y), epochs=3, verbose=0, batch_size=16)
    assert same_weights(model, wanted)


def test_bytes_are_cast_on_the_way_in():
    x = np.random.default_rng(0).integers(0, 256, size=(40, 6), dtype=np.uint8)
    model = mn.Sequential([mn.Input((6,)), mn.layers.Rescaling(1 / 255), mn.layers.Dense(1)])
    model.compile("sgd", "mse")
    outputs = model.predict(x, verbose=0)
    np.testing.assert_allclose(outputs, model.predict(x.astype("float32"), verbose=0), rtol=1e-6)
    model.fit(x, np.zeros(40, "float32"), verbose=0)


def batches(size=16, times=1):
    for _ in range(times):
        for start in range(0, 60, size):
            yield X[start : start + size], Y[start : start + size]


class Batches:
    """A `Sequence` as Keras programs write it."""

    def __init__(self):
        self.ended = 0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[16 * index : 16 * index + 16], Y[16 * index : 16 * index + 16]

    def on_epoch_end(self):
        self.ended += 1


def test_a_stream_trains_as_the_arrays_do():
    wanted, _ = fitted(shuffle=False)
    makers = {"endless generator": lambda: batches(times=100), "sequence": Batches}
    for kind, make in makers.items():
        random.set_random_seed(3)
        model = make_model()
        model.fit(make(), epochs=3, verbose=0, steps_per_epoch=4)
        for one, other in zip(model.get_weights(), wanted.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7, err_msg=kind)


def test_a_sequence_hears_of_the_end_of_each_epoch():
    stream = Batches()
    make_model().fit(stream, epochs=3, verbose=0)
    assert stream.ended == 3


def test_a_stream_validates_evaluates_and_predicts():
    model = make_model()
    history = model.fit(X, Y, validation_data=Batches(), verbose=0)
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(model.evaluate(batches(), verbose=0), [loss, accuracy], rtol=1e-5)
    outputs = model.predict((x for x, _ in batches()), verbose=0)
    np.testing.assert_allclose(outputs, model.predict(X, verbose=0), rtol=1e-5)


# Asking.


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 60])
def test_predict_gives_a_row_a_row(n):
    model = make_model()
    whole = model.predict(X, verbose=0)
    np.testing.assert_allclose(model.predict(X[:n], verbose=0), whole[:n], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.predict_on_batch(X[:n]), whole[:n], rtol=1e-5, atol=1e-7)


def test_predict_in_a_loop_compiles_few_programs():
    model = make_model()
    for n in range(1, 60):
        model.predict(X[:n], verbose=0)
    assert model._programs.predict.compiled.cache_size() <= 7


def test_evaluate_forms():
    model = make_model()
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == {
        "accuracy": pytest.approx(accuracy), "loss": pytest.approx(loss),
    }  # fmt: skip
    assert isinstance(make_model(metrics=None).evaluate(X, Y, verbose=0), float)
    assert model.metrics_names == ["loss", "accuracy"]


def test_one_batch_at_a_time_is_fit_without_shuffling():
    random.set_random_seed(3)
    wanted = make_model()
    wanted.fit(X, Y, batch_size=20, shuffle=False, verbose=0)
    random.set_random_seed(3)
    model = make_model()
    for start in (0, 20, 40):
        values = model.train_on_batch(X[start : start + 20], Y[start : start + 20])
    assert len(values) == 2
    for one, other in zip(model.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    tested = model.test_on_batch(X, Y, return_dict=True)
    assert tested == pytest.approx(model.evaluate(X, Y, verbose=0, return_dict=True))


# Programs and memory.


def test_a_second_fit_of_the_same_shapes_compiles_nothing():
    model = make_model()
    model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    programs = model._programs
    sizes = programs.train.compiled.cache_size(), programs.test.compiled.cache_size()
    model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    model.optimizer.learning_rate = 1e-4
    model.fit(X, Y, epochs=1, verbose=0, validation_data=(X, Y))
    assert model._programs is programs
    assert (programs.train.compiled.cache_size(), programs.test.compiled.cache_size()) == sizes


def test_memory_stays_flat_over_500_fits():
    model = make_model()

    def live():
        gc.collect()
        return len(jax.live_arrays())

    model.fit(X, Y, verbose=0)
    model.fit(X, Y, verbose=0)
    before = live()
    for _ in range(500):
        model.fit(X, Y, verbose=0)
    assert live() <= before + 2


def test_training_donates_the_models_buffers_and_never_the_callers():
    x = jax.numpy.asarray(X)
    model = make_model()
    kernel = jax.numpy.asarray(model.get_weights()[0])
    model.layers[0].kernel.assign(kernel)
    model.fit(x, Y, epochs=2, verbose=0)
    assert not x.is_deleted()
    assert not kernel.is_deleted()


def test_a_model_built_from_the_first_data():
    model = mn.Sequential([mn.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    assert model.layers[0].kernel.shape == (4, 3)


def test_penalties_join_the_loss():
    model = mn.Sequential([
        mn.Input((4,)),
        mn.layers.Dense(3, kernel_regularizer=mn.regularizers.L2(0.1)),
        mn.layers.ActivityRegularization(l1=0.01),
    ])  # fmt: skip
    model.compile("sgd", "mse")
    targets = np.zeros((60, 3), "float32")
    outputs, kernel = model.predict(X, verbose=0), model.get_weights()[0]
    wanted = (outputs**2).mean() + 0.1 * (kernel**2).sum() + 0.01 * abs(outputs).sum() / 60
    got = model.evaluate(X, targets, batch_size=60, verbose=0)
    assert got == pytest.approx(float(wanted), rel=1e-5)


def test_constraints_hold_after_each_step():
    model = mn.Sequential([mn.Input((4,)), mn.layers.Dense(3, kernel_constraint="non_neg")])
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((60, 3), "float32"), verbose=0)
    assert (model.get_weights()[0] >= 0).all()


def test_frozen_layers_stay_as_they_are():
    model = make_model()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[2] != after[2]).any()


def test_any_optax_transformation_is_an_optimizer():
    optax = pytest.importorskip("optax")
    random.set_random_seed(3)
    model = make_model(optimizer=optax.chain(optax.clip(1.0), optax.adam(0.01)))
    history = model.fit(X, Y, epochs=40, verbose=0)
    assert history.history["loss"][-1] < 0.6 * history.history["loss"][0]


def test_mixed_precision_trains():
    mn.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = make_model(optimizer=mn.optimizers.Adam(0.02))
    finally:
        mn.mixed_precision.set_global_policy("float32")
    history = model.fit(X, Y, epochs=60, verbose=0)
    assert model.layers[0].kernel.dtype == "float32"
    assert history.history["loss"][-1] < 0.6 * history.history["loss"][0]


def test_a_setting_of_the_optimizer_that_changes_is_heeded():
    model = make_model(optimizer=mn.optimizers.SGD(0.1))
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    model.optimizer.clipvalue = 1e-12
    model.fit(X, Y, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_model_made_anew_draws_the_same():
    def trained():
        random.set_random_seed(5)
        model = mn.Sequential([mn.Input((4,)), mn.layers.Dropout(0.5), mn.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, Y.astype("float32"), verbose=0)
        return model

    one, other = trained(), trained()
    assert one.layers[0].name != other.layers[0].name
    assert same_weights(one, other)


def test_predict_of_a_kind_seen_before_follows_the_weights_the_type_and_the_mode():
    model = make_model()
    one = X[:1]
    wanted = [model.predict(one, verbose=0) for _ in range(3)]
    np.testing.assert_array_equal(wanted[0], wanted[2])
    assert model._programs.answers
    # An array of one's own each time.
    wanted[2][:] = 9
    np.testing.assert_array_equal(model.predict(one, verbose=0), wanted[0])
    model.set_weights([2 * w for w in model.get_weights()])
    np.testing.assert_allclose(model.predict(one, verbose=0), model(one), rtol=1e-5)
    whole = np.ones_like(one)
    np.testing.assert_allclose(
        model.predict(whole.astype("float64"), verbose=0), model.predict(whole, verbose=0)
    )
    with mn.debug():
        np.testing.assert_allclose(model.predict(one, verbose=0), model(one), rtol=1e-5)
    model.fit(X, Y, verbose=0)
    np.testing.assert_allclose(model.predict(one, verbose=0), model(one), rtol=1e-5)
