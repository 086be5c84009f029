"""Small models that go to other systems and back: one for each layer, and whole networks."""

import importlib.util
import pathlib

import numpy as np

from myelin import Input, Model, Sequential, layers
from tests.layers.table import LAYERS

# A word's number, one of ten; the last places of some rows are padding.
WORDS = "words"
# Sentences, and columns of a table, for models that begin on the host.
TEXTS, COLUMNS = "texts", "columns"
_NUMBERS = ("age", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
GIVEN = {
    TEXTS: np.array([["a warm and funny film"], ["a dull and silly story"], ["a film"]]),
    COLUMNS: {
        **{name: np.linspace(0, i + 1, 4, dtype="f4")[:, None] for i, name in enumerate(_NUMBERS)},
        "sex": np.array([["first"], ["second"], ["first"], ["first"]]),
        "weight": np.array([["light"], ["heavy"], ["heavy"], ["light"]]),
    },
}


def _of(make, shapes):
    """A model of one layer, of the inputs that the table says."""
    several = isinstance(shapes, list)
    inputs = [Input(shape[1:]) for shape in (shapes if several else [shapes])]
    return Model(inputs, make()(inputs if several else inputs[0]))


def _words(*then):
    return Sequential([Input((6,), dtype="int32"), *then])


def _attention():
    query, value = Input((5, 8)), Input((7, 8))
    attended = layers.MultiHeadAttention(2, 3)(query, value)
    return Model([query, value], attended)


def _causal_attention():
    x = Input((6, 8))
    return Model(x, layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))


def _grouped_attention():
    x = Input((6, 8))
    return Model(x, layers.GroupedQueryAttention(4, 4, 2)(x, x))


def _dot_attention(layer, **arguments):
    query, value = Input((4, 6)), Input((5, 6))
    return Model([query, value], layer(**arguments)([query, value]))


def _residual_network():
    x = image = Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    short = layers.Conv2D(4, 1)(image)
    x = layers.MaxPooling2D()(layers.Add()([x, short]))
    x = layers.GlobalAveragePooling2D()(layers.SeparableConv2D(6, 3, padding="same")(x))
    return Model(image, layers.Dense(3, activation="softmax")(layers.Dropout(0.2)(x)))


def _transformer():
    words = Input((6,), dtype="int32")
    x = layers.Embedding(10, 8)(words)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    x = layers.LayerNormalization()(x + layers.Dense(8)(layers.Dense(16, "gelu")(x)))
    return Model(words, layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x)))


def _two_and_two():
    left, right = Input((4,), name="left"), Input((3,), name="right")
    both = layers.Concatenate()([left, right])
    hidden = layers.Dense(5, "relu", name="hidden")(both)
    kind = layers.Dense(2, "softmax", name="kind")(hidden)
    outputs = [kind, layers.Dense(1, name="size")(hidden)]
    return Model([left, right], outputs, name="two_and_two")


def _classic():
    return Sequential(
        [
            Input((28, 28)),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ],
        name="classic",
    )


def _example(name, make, *arguments):
    """A network of one of the examples."""
    return getattr(_module(name), make)(*arguments)


def _module(name):
    path = pathlib.Path(__file__).parents[2] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"examples_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _sentiment():
    return _example("sentiment", "make_model", GIVEN[TEXTS], 10, 6)


def _words_transformer():
    return _example("transformer", "make_model", GIVEN[TEXTS], 10, 6, 8, 2, 1)


def _table(inside):
    """The network of a table: of its columns, or of the vectors that they become."""
    example = _module("tabular_feature_space")
    space = example.make_feature_space()
    space.adapt(GIVEN[COLUMNS])
    if inside:
        return Model(space.get_inputs(), example.head(space.get_encoded_features()))
    vectors = Input(space(GIVEN[COLUMNS]).shape[1:])
    return Model(vectors, example.head(vectors))


def _behind_its_text(model):
    """What comes behind the layers of a model that compute on the host."""
    begin = [model.get_layer(name).output for name in model.host_part().names]
    return Model(begin, model.output)


EXAMPLES = {
    "the addition": (lambda: _example("addition", "make_model", 5, 3, 8), (2, 5, 12)),
    "the autoencoder": (lambda: _example("autoencoder", "make_model", 8), (2, 8, 8, 1)),
    "the character model": (lambda: _example("character_model", "make_model", 10, 8), WORDS),
    "the distilled network": (
        lambda: _example("distillation", "make_network", 8, 4, "student"),
        (2, 8, 8, 1),
    ),
    "the GAN's generator": (lambda: _example("gan", "make_generator", 8, 6), (2, 6)),
    "the GAN's discriminator": (lambda: _example("gan", "make_discriminator", 8), (2, 8, 8, 1)),
    "the network that Grad-CAM looks into": (
        lambda: _example("grad_cam", "make_model", (8, 8, 1)),
        (2, 8, 8, 1),
    ),
    "the spoken digits": (
        lambda: _example("spoken_digits", "make_model", 4000, 3),
        (2, 4000, 1),
    ),
    "the siamese network": (
        lambda: _example("siamese", "make_model", 8),
        [(2, 8, 8, 1), (2, 8, 8, 1)],
    ),
    "the forecast": (lambda: _example("timeseries_forecast", "make_model"), (2, 60, 2)),
    "the decoder of the VAE": (lambda: _example("vae", "VAE", 16, 2, 8).decoder, (2, 2)),
    "the sentiment network": (_sentiment, TEXTS),
    "the sentiment network behind its text": (lambda: _behind_its_text(_sentiment()), WORDS),
    "the transformer": (_words_transformer, TEXTS),
    "the transformer behind its text": (lambda: _behind_its_text(_words_transformer()), WORDS),
    "the network of a table": (lambda: _table(inside=True), COLUMNS),
    "the network of a table's vectors": (lambda: _table(inside=False), (4, 33)),
}

CASES = {
    name: (lambda make=make, shapes=shapes: _of(make, shapes), shapes)
    for name, (make, shapes) in LAYERS.items()
} | {
    "Embedding": (lambda: _words(layers.Embedding(10, 4)), WORDS),
    "ReversibleEmbedding": (lambda: _words(layers.ReversibleEmbedding(10, 4)), WORDS),
    "MultiHeadAttention": (_attention, [(2, 5, 8), (2, 7, 8)]),
    "MultiHeadAttention, causal": (_causal_attention, (2, 6, 8)),
    "GroupedQueryAttention": (_grouped_attention, (2, 6, 8)),
    "Attention": (
        lambda: _dot_attention(layers.Attention, use_scale=True),
        [(2, 4, 6), (2, 5, 6)],
    ),
    "AdditiveAttention": (lambda: _dot_attention(layers.AdditiveAttention), [(2, 4, 6), (2, 5, 6)]),
    "a classic network": (_classic, (3, 28, 28)),
    "a residual network": (_residual_network, (3, 8, 8, 3)),
    "a masked LSTM of words": (
        lambda: _words(
            layers.Embedding(10, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(4),
            layers.Dense(1, "sigmoid"),
        ),
        WORDS,
    ),
    "a transformer": (_transformer, WORDS),
    "two inputs and two outputs": (_two_and_two, [(3, 4), (3, 3)]),
    **{f"{name}, of examples/": made for name, made in EXAMPLES.items()},
}

# Those that begin on the host, with text or columns of a table.
ON_HOST = [
    name for name, (_, shapes) in CASES.items() if isinstance(shapes, str) and shapes in GIVEN
]


def case(name, seed=0):
    """A model with weights that are not as they began, and the arrays that it is called on."""
    make, shapes = CASES[name]
    rng = np.random.default_rng(seed)
    model = make()
    for variable in model.variables:
        value = np.asarray(variable.numpy())
        if value.dtype == np.float32 and "seed" not in variable.path:
            # Variances must stay positive, and moving averages small.
            variable.assign(value + np.abs(rng.normal(scale=0.1, size=value.shape)).astype("f4"))
    if isinstance(shapes, str) and shapes in GIVEN:
        return model, GIVEN[shapes]
    if shapes == WORDS:
        words = rng.integers(1, 10, (3, 6)).astype("int32")
        words[1, 4:] = 0
        return model, words
    if isinstance(shapes, list):
        return model, [rng.normal(size=shape).astype("f4") for shape in shapes]
    return model, rng.normal(size=shapes).astype("f4")
