"""Several inputs and outputs: the same weights, data and order give Keras's logs and weights."""

import numpy as np
import pytest

import myelin as mn

pytestmark = pytest.mark.peer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype("float32")
LABELS = RNG.integers(0, 3, 20).astype("int32")
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
VALUES = RNG.normal(size=(20, 2)).astype("float32")
RISING, FALLING = np.linspace(0, 1, 20), np.linspace(2, 1, 20)
SPARSE = "sparse_categorical_crossentropy"


def make(module, kind):
    """A model with a classifying and a regressing output, in a list, tuple or dictionary."""
    if kind.startswith("functional"):
        return functional(module, kind.removeprefix("functional "))

    class Two(module.Model):
        def __init__(self):
            super().__init__()
            self.hidden = module.layers.Dense(5, activation="relu")
            self.zed = module.layers.Dense(3, activation="softmax")
            self.alpha = module.layers.Dense(2)

        def call(self, x):
            h = self.hidden(x)
            zed, alpha = self.zed(h), self.alpha(h)
            return ordered(kind, zed, alpha)

    return Two()


def functional(module, kind):
    """The same as a graph of calls, whose output layers are not in the order of the alphabet."""
    inputs = module.Input((4,), name="inputs")
    h = module.layers.Dense(5, activation="relu", name="hidden")(inputs)
    zed = module.layers.Dense(3, activation="softmax", name="zed")(h)
    alpha = module.layers.Dense(2, name="alpha")(h)
    return module.Model(inputs, ordered(kind, zed, alpha))


def ordered(kind, zed, alpha):
    """Something for each output, in the structure of the outputs."""
    return {
        "list": [zed, alpha], "tuple": (zed, alpha), "dict": {"zed": zed, "alpha": alpha},
        "deep": {"a": [zed, alpha]},
    }[kind]  # fmt: skip


# The outputs' structure, the targets, what compile is given, what fit is given besides.
CASES = {
    "list": ("list", [LABELS, VALUES], {"loss": [SPARSE, "mse"]}, {}),
    "tuple": ("tuple", (LABELS, VALUES), {"loss": (SPARSE, "mse"), "loss_weights": [0.5, 2.0],
                                          "metrics": [["accuracy"], ["mae"]]}, {}),
    "one loss for all": ("dict", {"zed": ONE_HOT, "alpha": VALUES}, {"loss": "mse"}, {}),
    "one weight for all": ("dict", {"zed": ONE_HOT, "alpha": VALUES},
                           {"loss": "mse", "loss_weights": 0.3}, {}),
    "dictionaries": (
        "dict", {"zed": LABELS, "alpha": VALUES},
        {"loss": {"zed": SPARSE, "alpha": "mse"}, "loss_weights": {"zed": 0.5, "alpha": 2.0},
         "metrics": {"zed": "accuracy", "alpha": ["mae", "mse"]}}, {}),
    "a dictionary in another order": (
        "dict", {"alpha": VALUES, "zed": LABELS}, {"loss": {"alpha": "mse", "zed": SPARSE}}, {}),
    "an output without a loss": (
        "dict", {"zed": LABELS, "alpha": VALUES},
        {"loss": {"zed": SPARSE}, "metrics": {"alpha": ["mae"]}}, {}),
    "an output without a loss in a list": (
        "list", [LABELS, VALUES], {"loss": [SPARSE, None], "metrics": [None, ["mae"]]}, {}),
    "targets for the losses alone": ("list", [LABELS], {"loss": [SPARSE, None]}, {}),
    "a list for a dictionary": (
        "dict", [VALUES, LABELS], {"loss": {"zed": SPARSE, "alpha": "mse"}}, {}),
    "a metric for each": (
        "dict", {"zed": ONE_HOT, "alpha": VALUES}, {"loss": "mse", "metrics": ["mae", "mse"]}, {}),
    "weights for each": (
        "list", [LABELS, VALUES],
        {"loss": [SPARSE, "mse"], "metrics": [["accuracy"], []],
         "weighted_metrics": [["accuracy"], ["mse"]]},
        {"sample_weight": [RISING, FALLING]}),
    "weights by name": (
        "dict", {"zed": LABELS, "alpha": VALUES},
        {"loss": {"zed": SPARSE, "alpha": "mse"}, "weighted_metrics": {"alpha": ["mse"]}},
        {"sample_weight": {"zed": RISING, "alpha": FALLING}}),
    "weights for all": ("list", [LABELS, VALUES], {"loss": [SPARSE, "mse"]},
                        {"sample_weight": RISING}),
    "validation": ("dict", {"zed": LABELS, "alpha": VALUES},
                   {"loss": {"zed": SPARSE, "alpha": "mse"}, "metrics": {"zed": ["accuracy"]}},
                   {"validation_split": 0.3}),
    "functional": (
        "functional list", [LABELS, VALUES],
        {"loss": [SPARSE, "mse"], "metrics": [["accuracy"], []], "weighted_metrics":
         [["accuracy"], ["mse"]]}, {"sample_weight": [RISING, FALLING]}),
    "functional by name": (
        "functional list", {"zed": LABELS, "alpha": VALUES},
        {"loss": {"zed": SPARSE, "alpha": "mse"}, "loss_weights": {"zed": 0.5, "alpha": 2.0},
         "metrics": {"alpha": ["mae"], "zed": "accuracy"}}, {"validation_split": 0.3}),
    "functional dictionary": (
        "functional dict", {"zed": LABELS, "alpha": VALUES},
        {"loss": {"zed": SPARSE, "alpha": "mse"}, "metrics": {"alpha": ["mae"]}}, {}),
    "outputs in outputs": (
        "deep", {"a": [LABELS, VALUES]},
        {"loss": {"a": [SPARSE, "mse"]}, "metrics": {"a": ["accuracy", "mae"]}}, {}),
}  # fmt: skip


def agree(got, wanted):
    assert set(got) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def like(ours, theirs, x):
    """Builds both models, and gives them the same weights."""
    ours(x), theirs(x)
    theirs.set_weights(ours.get_weights())


@pytest.mark.parametrize("case", CASES)
def test_fit_and_evaluate_are_keras(keras, case):
    kind, y, arguments, more = CASES[case]
    ours, theirs = make(mn, kind), make(keras, kind)
    like(ours, theirs, X)
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", **arguments)
        given = {"batch_size": 8, "shuffle": False, "verbose": 0, **more}
        histories.append(model.fit(X, y, epochs=2, **given).history)
    agree(*histories)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    weights = more.get("sample_weight")
    got, wanted = (m.evaluate(X, y, sample_weight=weights, verbose=0) for m in (ours, theirs))
    # Keras lists a value twice where a metric and a weighted metric have one name.
    if np.size(wanted) == len(theirs.evaluate(X, y, verbose=0, return_dict=True)):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)
    agree(*(m.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True)
            for m in (ours, theirs)))  # fmt: skip


@pytest.mark.parametrize("kind", ["list", "tuple", "dict", "deep"])
def test_predict_gives_the_structure(keras, kind):
    ours, theirs = make(mn, kind), make(keras, kind)
    like(ours, theirs, X)
    got, wanted = (m.predict(X, batch_size=6, verbose=0) for m in (ours, theirs))
    leaves = keras.tree.flatten(wanted)
    assert list(got) == list(wanted) if isinstance(got, dict) else len(got) == len(wanted)
    for one, other in zip(keras.tree.flatten(got), leaves, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    for method in ("train_on_batch", "test_on_batch"):
        y, loss = ordered(kind, LABELS, VALUES), ordered(kind, SPARSE, "mse")
        results = []
        for model in (ours, theirs):
            model.compile("sgd", loss)
            results.append(getattr(model, method)(X, y, return_dict=True))
        agree(*results)


def two_inputs(module):
    class Pair(module.Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = module.layers.Dense(3), module.layers.Dense(3)

        def call(self, inputs):
            if isinstance(inputs, dict):
                inputs = [inputs["left"], inputs["right"]]
            return self.left(inputs[0]) * self.right(inputs[1])

    return Pair()


def two_promises(module):
    left, right = module.Input((4,), name="left"), module.Input((2,), name="right")
    product = module.layers.Dense(3)(left) * module.layers.Dense(3)(right)
    return module.Model([left, right], product)


@pytest.mark.parametrize("make", [two_inputs, two_promises])
@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_several_inputs_are_keras(keras, kind, make):
    pair = [X, VALUES]
    x = {"list": pair, "tuple": tuple(pair), "dict": {"left": X, "right": VALUES}}[kind]
    ours, theirs = make(mn), make(keras)
    like(ours, theirs, x)
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", "mse", metrics=["mae"])
        history = model.fit(x, ONE_HOT, epochs=2, batch_size=8, shuffle=False, verbose=0,
                            validation_data=(x, ONE_HOT))  # fmt: skip
        histories.append(history.history)
    agree(*histories)
    predicted = (m.predict(x, batch_size=8, verbose=0) for m in (ours, theirs))
    np.testing.assert_allclose(*predicted, rtol=1e-3, atol=1e-4)


def test_batches_of_dictionaries_are_keras(keras):
    x, y = {"left": X, "right": VALUES}, {"zed": LABELS, "alpha": VALUES}

    def batches():
        while True:
            for rows in np.split(np.arange(20), 4):
                yield tuple({name: a[rows] for name, a in part.items()} for part in (x, y))

    def both(module):
        class Both(module.Model):
            def __init__(self):
                super().__init__()
                self.zed = module.layers.Dense(3, activation="softmax")
                self.alpha = module.layers.Dense(2)

            def call(self, x):
                return {"zed": self.zed(x["left"]), "alpha": self.alpha(x["right"])}

        return Both()

    ours, theirs = both(mn), both(keras)
    like(ours, theirs, x)
    histories = []
    for model in (ours, theirs):
        model.compile("sgd", {"zed": SPARSE, "alpha": "mse"}, metrics={"zed": ["accuracy"]})
        histories.append(model.fit(batches(), steps_per_epoch=4, epochs=2, verbose=0).history)
    agree(*histories)
