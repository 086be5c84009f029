"""Steps that a subclass writes: the same numbers as `fit`'s own, and programs of many kinds."""

import numpy as np
import pytest

import myelin as mn
from myelin import GradientTape, layers, losses, metrics, ops
from myelin.errors import InputError, NonFiniteError
from myelin.layers.context import call_context
from tests.training.steps import ArrayStep

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 5)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


class WithTape(mn.Model):
    def train_step(self, data):
        x, y = data
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class OfArrays(ArrayStep, mn.Model):
    def test_step(self, state, data):
        trainable, others, sums = state
        x, y = data
        _, (loss, y_pred, others, sums) = self.compute_loss_and_updates(
            trainable, others, sums, x, y, None
        )
        new, logs = [], {}
        for metric in self.metrics:
            own = sums[len(new) : len(new) + len(metric.variables)]
            own = metric.stateless_update_state(own, *([loss] if not new else [y, y_pred]))
            logs[metric.name] = metric.stateless_result(own)
            new += own
        return logs, (trainable, others, new)


class WithLoss(mn.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return super().compute_loss(x, y, y_pred, sample_weight)


def built(kind):
    mn.utils.set_random_seed(3)
    inputs = mn.Input((5,))
    h = layers.Dense(8, "relu", kernel_regularizer="l2", activity_regularizer="l2")(inputs)
    h = layers.Dropout(0.2)(layers.BatchNormalization()(h))
    model = kind(inputs, layers.Dense(1, "sigmoid")(h))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def usual():
    model = built(mn.Model)
    history = model.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y), verbose=0).history
    return history, model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("kind", [WithTape, OfArrays, WithLoss])
def test_written_steps_train_as_fit_does(kind, usual):
    model = built(kind)
    history = model.fit(X, Y, batch_size=16, epochs=2, validation_data=(X, Y), verbose=0).history
    assert set(history) == set(usual[0])
    for name, values in usual[0].items():
        np.testing.assert_allclose(history[name], values, rtol=2e-5, err_msg=name)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), usual[1], rtol=2e-5)


def test_eagerly_the_step_sees_numbers():
    seen = []

    class Looks(WithTape):
        def train_step(self, data):
            logs = super().train_step(data)
            seen.append(float(logs["loss"]))
            return logs

    model = built(Looks)
    model.compile("adam", "binary_crossentropy", run_eagerly=True)
    model.fit(X[:32], Y[:32], batch_size=16, verbose=0)
    assert len(seen) == 3  # A rehearsal, and two steps.


class GAN(mn.Model):
    def __init__(self):
        super().__init__()
        self.generator = mn.Sequential(
            [mn.Input((2,)), layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dense(5)]
        )
        self.discriminator = mn.Sequential([layers.Dense(8, "relu"), layers.Dense(1)])
        self.d_loss, self.g_loss = metrics.Mean(name="d_loss"), metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_fn = losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self):
        return [self.d_loss, self.g_loss]

    def _apply(self, tape, loss, part, optimizer):
        weights = part.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def train_step(self, real):
        n = ops.shape(real)[0]
        noise = ops.reshape(ops.arange(2 * n, dtype="float32"), (n, 2)) / n
        both = ops.concatenate([self.generator(noise), real], axis=0)
        labels = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], axis=0)
        with GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        self._apply(tape, d_loss, self.discriminator, self.d_optimizer)
        with GradientTape() as tape:
            fake = self.generator(noise, training=True)
            g_loss = self.loss_fn(ops.zeros((n, 1)), self.discriminator(fake))
        self._apply(tape, g_loss, self.generator, self.g_optimizer)
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


def test_a_gan_has_two_optimizers_and_layers_built_on_their_first_call():
    mn.utils.set_random_seed(0)
    gan = GAN()
    gan.compile(mn.optimizers.Adam(0.01), mn.optimizers.Adam(0.0))
    history = gan.fit(X, batch_size=16, epochs=3, verbose=0).history
    assert set(history) == {"d_loss", "g_loss"}
    assert history["d_loss"][-1] < history["d_loss"][0]
    assert int(gan.d_optimizer.iterations) == int(gan.g_optimizer.iterations) == 12
    before = [v.numpy() for v in gan.generator.trainable_variables]
    gan.fit(X, batch_size=16, epochs=1, verbose=0)
    for v, value in zip(gan.generator.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)  # A learning rate of 0.
    assert int(gan.d_optimizer.iterations) == 16


def test_freezing_between_two_fits():
    model = built(WithTape)
    model.fit(X, Y, batch_size=32, verbose=0)
    model.layers[1].trainable = False
    before = model.layers[1].get_weights()
    model.fit(X, Y, batch_size=32, verbose=0)
    for one, two in zip(before, model.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


class Endpoint(layers.Layer):
    """Adds a loss and keeps a metric of its own, as in Keras's guide."""

    def __init__(self):
        super().__init__()
        self.seen = metrics.Mean(name="seen")

    def call(self, x):
        self.seen.update_state(ops.mean(x, axis=-1))
        self.add_loss(0.1 * ops.mean(ops.square(x)))
        return x


def test_a_layer_may_hold_a_metric_and_add_a_loss():
    model = mn.Sequential([mn.Input((5,)), Endpoint(), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(mn.optimizers.SGD(0.0), "mse", metrics=["mae"])
    logs = model.fit(X, Y, batch_size=16, verbose=0).history
    assert [metric.name for metric in model.metrics] == ["loss", "seen", "mae"]
    assert np.isclose(logs["seen"][0], X.mean(), atol=1e-6)
    each = [np.mean(X[i : i + 16] ** 2) for i in range(0, 64, 16)]
    assert np.isclose(logs["loss"][0], np.mean(Y**2) + 0.1 * np.mean(each), rtol=1e-5)
    assert np.isclose(
        model.evaluate(X, Y, return_dict=True, verbose=0)["seen"], X.mean(), atol=1e-6
    )


def test_training_reaches_layers_inside_a_call_that_does_not_name_it():
    class Net(mn.Model):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.5)

        def call(self, x):
            return self.drop(x)

    net, ones = Net(), np.ones((2, 50), "float32")
    assert set(np.unique(net(ones, training=True))) == {0.0, 2.0}
    assert set(np.unique(net(ones))) == {1.0}
    # Also where a model in training calls another that is not.
    with call_context(training=True):
        assert set(np.unique(net(ones, training=False))) == {1.0}
        assert set(np.unique(net(ones))) == {0.0, 2.0}


def test_losses_of_an_eager_call():
    layer = layers.Dense(2, activity_regularizer="l2", kernel_regularizer="l2")
    y = layer(X)
    activity, weights = layer.losses
    assert np.isclose(activity, 0.01 * np.sum(np.square(y)) / 64, rtol=1e-5)
    assert np.isclose(weights, 0.01 * np.sum(np.square(layer.kernel.numpy())), rtol=1e-5)


def test_a_loop_of_ones_own():
    mn.utils.set_random_seed(0)
    model = mn.Sequential([layers.Dense(1, use_bias=False)])
    optimizer, loss_fn = mn.optimizers.SGD(0.1), losses.MeanSquaredError()
    target = X @ np.float32([[1], [2], [0], [-1], [0.5]])
    for _ in range(60):
        with GradientTape() as tape:
            loss = loss_fn(target, model(X, training=True))
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    np.testing.assert_allclose(model.get_weights()[0][:, 0], [1, 2, 0, -1, 0.5], atol=0.02)


def test_what_is_wrong_is_said():
    class Strange(WithTape):
        def train_step(self, data):
            return {"loss": "low"}

    with pytest.raises(InputError, match=r"wants to return \{name: number\}"):
        built(Strange).fit(X, Y, verbose=0)

    class Short(OfArrays):
        def train_step(self, state, data):
            return {}, state[:2]

    with pytest.raises(InputError, match="with lists of"):
        built(Short).fit(X, Y, verbose=0)

    class Exploding(WithTape):
        def train_step(self, data):
            return {"loss": super().train_step(data)["loss"] * np.inf}

    with pytest.raises(NonFiniteError, match="epoch 1, step 1"):
        built(Exploding).fit(X, Y, verbose=0)


def test_folds_train_a_step_of_ones_own():
    def made():
        mn.utils.set_random_seed(3)
        inputs = mn.Input((5,))
        model = WithTape(inputs, layers.Dense(1, "sigmoid")(inputs))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    result = mn.cross_validate(made, X, Y, cv=3, epochs=2, verbose=0)
    assert len(result.scores["accuracy"]) == 3
