"""Operations in models: which size is open, what comes out, what is said where it does not fit."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import myelin as mn
from myelin import activations, errors, ops
from myelin.layers.operation import Operation
from myelin.models.functional import Functional

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")


@pytest.fixture
def x():
    return mn.Input((4, 3))


def _run(x, y):
    return mn.Model(x, y).predict(X, verbose=0)


def test_sizes_that_are_open_stay_open(x):
    text = mn.Input((None, 8))
    assert ops.reshape(x, (-1, 6)).shape == (None, 6)
    assert ops.reshape(x, (-1, 12)).shape == (None, 12)
    assert ops.matmul(text, ops.transpose(text, (0, 2, 1))).shape == (None, None, None)
    assert ops.concatenate([text, text], axis=1).shape == (None, None, 8)
    assert [t.shape for t in ops.split(text, 2, axis=-1)] == [(None, None, 4)] * 2
    assert ops.mean(text, axis=(1, 2)).shape == (None,)
    assert ops.shape(text) == (None, None, 8)
    assert (ops.ndim(text), ops.dtype(text), ops.is_tensor(text)) == (3, "float32", False)
    assert ops.image.resize(mn.Input((None, None, 3)), (4, 5)).shape == (None, 4, 5, 3)


def test_promises_are_found_wherever_they_stand(x):
    y = ops.stack([x, np.ones((1, 4, 3), "float32") + x], axis=1)
    np.testing.assert_allclose(_run(x, y), np.stack([X, 1 + X], 1), rtol=1e-6)
    y = ops.clip(X[:1], x_min=x, x_max=2.0)
    np.testing.assert_allclose(_run(x, y), np.clip(X[:1], X, 2.0), rtol=1e-6)
    y = ops.einsum("bij,bkj->bik", x, x)
    np.testing.assert_allclose(_run(x, y), X @ X.swapaxes(1, 2), rtol=1e-4)
    y = ops.where(x > 0, x1=x, x2=0.0)
    np.testing.assert_allclose(_run(x, y), np.maximum(X, 0))


def test_functions_and_masks_and_activations_go_along(x):
    y = ops.vectorized_map(lambda row: row / ops.max(row), x)
    np.testing.assert_allclose(_run(x, y), X / X.max((1, 2), keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(
        _run(x, activations.gelu(x)), jax.nn.gelu(X, approximate=False), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(_run(x, ops.gelu(x)), jax.nn.gelu(X), rtol=1e-4, atol=1e-6)
    y = activations.relu(x, negative_slope=0.1, max_value=1.0)
    np.testing.assert_allclose(_run(x, y), np.clip(np.where(X > 0, X, 0.1 * X), None, 1), rtol=1e-6)
    assert activations.linear(x) is x
    seen = np.tril(np.ones((1, 1, 4, 4), bool))
    heads = ops.expand_dims(x, 2)
    masked = ops.dot_product_attention(heads, heads, heads, mask=seen)
    causal = ops.dot_product_attention(heads, heads, heads, is_causal=True)
    np.testing.assert_allclose(_run(x, masked), _run(x, causal), rtol=1e-5)


def test_settings_survive_copies_and_configurations(x):
    y = ops.sum(activations.relu(activations.mish(x), negative_slope=0.3), axis=(1, 2))
    y = y[:, None] * ops.ones_like(x[:, :2, 0]) + ops.norm(x, axis=(1, 2))[:, None]
    model = mn.Model(x, ops.round(ops.rearrange(y, "b (c d) -> b c d", c=1), 3))
    wanted = model.predict(X, verbose=0)
    for copy in (Functional.from_config(model.get_config()), mn.models.clone_model(model)):
        np.testing.assert_allclose(copy.predict(X, verbose=0), wanted, rtol=1e-6)


def test_models_with_operations_train(x):
    mn.random.set_random_seed(0)
    y = mn.layers.Dense(8)(ops.concatenate([ops.max(x, 1), ops.mean(x, 1)], axis=-1))
    y = mn.layers.Dense(1)(ops.softplus(y))
    model = mn.Model(x, y)
    model.compile("adam", "mse")
    history = model.fit(X, X.max((1, 2)), epochs=40, verbose=0).history["loss"]
    assert history[-1] < 0.8 * history[0]


def test_faults_are_said(x):
    with pytest.raises(errors.UnknownNameError, match='Did you mean "sum"'):
        Operation("summ")
    with pytest.raises(errors.ShapeError, match='Operation "reshape'):
        ops.reshape(x, (-1, 11))
    with pytest.raises(errors.InputError, match="has no numbers until the model runs"):
        ops.convert_to_numpy(x)
    with pytest.raises(errors.InputError, match="minlength"):
        ops.bincount(mn.Input((3,), dtype="int32"))
    with pytest.raises(errors.ShapeError, match=r"its input is \(None, 4, 3\)"):
        ops.matmul(x, np.ones((4, 2), "float32"))
    with pytest.raises(TypeError, match=r"sum\(\) got an unexpected keyword argument 'axes'"):
        ops.sum(x, axes=1)


def test_functions_keep_their_names_and_can_be_pickled():
    for function in (ops.sum, ops.image.resize, ops.linalg.det, activations.relu, ops.swish):
        assert pickle.loads(pickle.dumps(function)) is function
    assert ops.numpy.sum is ops.sum
    assert ops.nn.relu is activations.relu


def test_more_loops_and_derivatives():
    assert int(ops.switch(1, [lambda v: v, lambda v: 2 * v], 3)) == 6
    np.testing.assert_array_equal(ops.map(lambda v: v + 1, jnp.arange(3)), [1, 2, 3])
    np.testing.assert_array_equal(ops.associative_scan(jnp.add, jnp.arange(4)), [0, 1, 3, 6])
    apart = ops.vectorize(lambda a, b: jnp.abs(a - b))
    np.testing.assert_array_equal(apart(jnp.arange(2), jnp.arange(2)[:, None]), [[0, 1], [1, 0]])
    value, slope = ops.jvp(jnp.sin, (0.0,), (2.0,))
    assert (float(value), float(slope)) == (0.0, 2.0)

    @ops.custom_gradient
    def square(x):
        return x * x, lambda upstream: 100 * upstream

    assert float(square(mn.Variable(3.0))) == 9
    assert float(jax.grad(square)(3.0)) == 100


@pytest.mark.parametrize("window", ["hann", "hamming", None])
def test_a_signal_comes_back_from_its_waves(window):
    signal = np.random.default_rng(1).normal(size=(2, 40)).astype("float32")
    waves = ops.stft(signal, 8, 4, 10, window)
    back = ops.istft(waves, 8, 4, 10, length=40, window=window)
    np.testing.assert_allclose(back, signal, atol=1e-4)


def test_attention_caps_logits_and_takes_the_mean_where_nothing_is_seen():
    q = np.float32([[[[3.0]]]])
    k, v = np.float32([[[[1.0]], [[0.0]]]]), np.float32([[[[1.0]], [[0.0]]]])
    capped = ops.dot_product_attention(q, k, v, attn_logits_soft_cap=1.0, scale=1.0)
    assert float(capped[0, 0, 0, 0]) == pytest.approx(1 / (1 + np.exp(-0.75)), rel=1e-5)
    blind = ops.dot_product_attention(q, k, v, mask=np.zeros((1, 1, 1, 2), bool))
    assert float(blind[0, 0, 0, 0]) == pytest.approx(0.5)


def test_fold_and_unfold_are_transposes():
    """<unfold(x), y> = <x, fold(y)> for all x and y."""
    rng = np.random.default_rng(0)
    given = {"kernel_size": (3, 2), "dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}
    x = rng.normal(size=(2, 3, 6, 7)).astype("float32")
    columns = ops.unfold(x, **given)
    y = rng.normal(size=columns.shape).astype("float32")
    one, other = np.sum(columns * y), np.sum(x * ops.fold(y, (6, 7), **given))
    assert float(one) == pytest.approx(float(other), rel=1e-4)


SQUARE = np.eye(3, dtype="float32")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.cholesky(-SQUARE), "not positive definite"),
        (lambda: ops.det(X[0]), "wants a square matrix"),
        (lambda: ops.pinv(X[0, 0]), "wants a matrix"),
        (lambda: ops.qr(SQUARE, mode="full"), "mode wants"),
        (lambda: ops.cdist(X[0], X[0].T), "wants"),
        (lambda: ops.fft(X), "wants two floating-point arrays"),
        (lambda: ops.fft((X, X[0])), "the same shape"),
        (lambda: ops.stft(X.astype("int32"), 2, 1, 2), "wants float32"),
        (lambda: ops.stft(X, 4, 1, 2), "fft_length wants at least"),
        (lambda: ops.stft(X, 2, 1, 2, window="box"), "window wants"),
        (lambda: ops.stft(X, 2, 1, 2, window=[1.0]), "window wants 2 numbers"),
        (lambda: ops.istft((X[0, 0], X[0, 0]), 2, 1, 2), "pieces"),
        (lambda: ops.extract_sequences(X, 9, 1), "signal of 3"),
        (lambda: ops.view_as_complex(X), "last axis of 2"),
        (lambda: ops.rearrange(X, "a b c"), 'one "->"'),
        (lambda: ops.rearrange(X, "a b c -> a b"), "on both sides"),
        (lambda: ops.rearrange(X, "a b -> b a"), "does not fit"),
        (lambda: ops.rearrange(X, "a (b d) c -> a b c d", b=3), "how to split"),
        (lambda: ops.depth_to_space(X, 2), "four axes"),
        (lambda: ops.depth_to_space(X[None], 2), "multiples of 4"),
        (lambda: ops.space_to_depth(X[None], 2), "sides in multiples"),
        (lambda: ops.space_to_depth(X[None], 2, "last"), "data_format wants"),
        (lambda: ops.unfold(X, 2), "channels, height, width"),
        (lambda: ops.fold(X, 3, 2), "fold: wants"),
        (lambda: ops.searchsorted(X, 1.0), "wants a vector"),
        (lambda: ops.scatter_update(X[0], [[0, 0]], [1.0], "mean"), "reduction wants"),
        (lambda: ops.multi_hot([1]), "num_classes"),
        (lambda: ops.one_hot([1], 2, sparse=True), "sparse"),
        (lambda: ops.bincount([1], sparse=True), "sparse"),
        (lambda: ops.psnr(X, X[0], 1.0), "one shape"),
        (lambda: ops.dot_product_attention(X, X, X), "query wants"),
        (lambda: ops.ctc_loss(X, X, X, X), "wants target"),
        (lambda: ops.ctc_decode(X[0], [1]), "wants"),
        (lambda: ops.ctc_decode(X, [1] * 5, strategy="best"), "strategy wants"),
        (lambda: ops.ctc_decode(X, [1] * 5, "beam_search", 2, 3), "top_paths"),
        (lambda: ops.image.ssim(X, X), "11 pixels"),
        (lambda: ops.image.ssim(X, X, filter_size=2), "odd"),
    ],
)
def test_what_does_not_fit_is_an_error(call, text):
    with pytest.raises(errors.InputError, match=text):
        call()
