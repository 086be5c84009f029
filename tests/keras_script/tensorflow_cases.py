"""Calls of TensorFlow's functions, each with a module `tf` to call it of."""

# ruff: noqa: E501

import numpy as np

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 4)).astype("f")
B = RNG.normal(size=(3, 4)).astype("f")
P = RNG.uniform(0.1, 0.9, size=(3, 4)).astype("f")
S = (RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)).astype("f")
D = (S @ S.transpose(0, 2, 1)).astype("f")
N = np.array([[1, 2, 3], [4, 5, 7]], "int32")
LABELS = np.array([2, 0, 3])
HOT = np.eye(4, dtype="f")[LABELS]
IMAGE = RNG.uniform(size=(5, 7, 3)).astype("f")
BYTES = (IMAGE * 255).astype("uint8")
IMAGES = np.stack([IMAGE, IMAGE[::-1]])
WAVE = RNG.normal(size=(2, 50)).astype("f")
FILTERS = RNG.normal(size=(3, 3, 3, 2)).astype("f")

_UNARY = """
    abs atan asinh ceil cos cosh erf erfc exp expm1 floor negative reciprocal rint round sigmoid
    sign sin sinh softplus square tan tanh log_sigmoid digamma lgamma zero_fraction is_nan is_finite
    cumsum cumprod count_nonzero
"""
_POSITIVE = "sqrt rsqrt log log1p acos asin atanh reciprocal"
_BINARY = """
    add subtract multiply divide maximum minimum pow floordiv floormod squared_difference greater
    less_equal not_equal equal atan2 divide_no_nan xlogy multiply_no_nan
"""
_REDUCE = "sum mean max min prod logsumexp std variance"


def _math(name, *given, **options):
    return lambda tf: getattr(tf.math, name)(*given, **options)


CASES = {
    **{name: _math(name, A) for name in _UNARY.split()},
    **{f"{name} of positive": _math(name, P) for name in _POSITIVE.split()},
    **{name: _math(name, P, B) for name in _BINARY.split()},
    **{
        f"reduce_{name}": (lambda tf, name=name: (
            getattr(tf.math, f"reduce_{name}")(A),
            getattr(tf.math, f"reduce_{name}")(input_tensor=A, axis=1, keepdims=True, name="n"),
            getattr(tf.math, f"reduce_{name}")(A, axis=[0, 1]),
        ))
        for name in _REDUCE.split()
    },
    "reduce_all": lambda tf: (tf.reduce_all(A > 0, axis=0), tf.reduce_any(A > 0, 1)),
    "mean of whole numbers": lambda tf: (tf.reduce_mean(N, 1), tf.reduce_sum(N)),
    "argmax": lambda tf: (tf.argmax(A), tf.argmax(A, axis=1), tf.math.argmin(A, -1)),
    "cumsum backwards": lambda tf: tf.cumsum(A, axis=1, exclusive=True, reverse=True),
    "cumprod without": lambda tf: tf.math.cumprod(A, exclusive=True),
    "add_n": lambda tf: tf.add_n([A, B, P]),
    "scalar_mul": lambda tf: tf.scalar_mul(2.0, A),
    "polyval": lambda tf: tf.math.polyval([1.0, 2.0, 3.0], A),
    "top_k": lambda tf: tuple(tf.math.top_k(A, k=2)),
    "in_top_k": lambda tf: tf.math.in_top_k(LABELS, A, 2),
    "l2_normalize": lambda tf: tf.math.l2_normalize(A, axis=1),
    "segments": lambda tf: (
        tf.math.segment_sum(A, [0, 0, 2]), tf.math.segment_mean(A, [0, 0, 1]),
        tf.math.unsorted_segment_mean(A, [1, 0, 1], num_segments=3),
        tf.math.unsorted_segment_sum(A, [1, 0, 1], 3),
    ),
    "bincount": lambda tf: (
        tf.math.bincount([1, 1, 3]), tf.math.bincount([1, 1, 3], weights=[1.0, 2, 3], minlength=6),
    ),
    "confusion_matrix": lambda tf: (
        tf.math.confusion_matrix([0, 1, 1], [0, 2, 1]),
        tf.math.confusion_matrix([0, 1, 1], [0, 1, 1], num_classes=4),
    ),
    "clipping": lambda tf: (
        tf.clip_by_value(A, -0.5, 0.5), tf.clip_by_norm(A, 1.0), tf.clip_by_norm(A, 0.5, axes=[1]),
        *tf.clip_by_global_norm([A, B], 2.0)[0],
    ),
    "one_hot": lambda tf: (
        tf.one_hot(LABELS, 4), tf.one_hot(indices=[1, -1, 9], depth=3, on_value=5, off_value=2),
        tf.one_hot([1, 2], 4, axis=0, dtype=tf.int32),
    ),
    "range": lambda tf: (
        tf.range(5), tf.range(2, 9, 3), tf.range(start=3, limit=0, delta=-1), tf.range(1.0, 2.0, 0.25),
        tf.range(3, dtype=tf.float32),
    ),
    "making": lambda tf: (
        tf.zeros([2, 3]), tf.ones((2,), tf.int32), tf.fill([2, 2], 7.0), tf.eye(2, 3),
        tf.eye(2, batch_shape=[2]), tf.linspace(0.0, 1.0, 5), tf.zeros_like(N), tf.ones_like(input=A),
        *tf.meshgrid([1, 2], [3, 4, 5]),
    ),
    "arranging": lambda tf: (
        tf.transpose(A), tf.transpose(IMAGE, perm=[2, 0, 1]), tf.concat([A, B], axis=1),
        tf.stack([A, B], axis=1), tf.tile(A, [2, 1]), tf.repeat(A, 2, axis=1),
        tf.repeat([1, 2, 3], repeats=[2, 0, 1]), tf.squeeze(A[None, :, None]),
        tf.squeeze(A[None, :, None], axis=[0]), tf.expand_dims(A, 1), tf.reshape(A, [-1, 2]),
        tf.broadcast_to([1, 2], [3, 2]), tf.roll(A, 1, 0), tf.roll(A, [1, 2], [0, 1]),
        tf.reverse(A, [1]), *tf.unstack(A), *tf.unstack(A, axis=1),
    ),
    "splitting": lambda tf: (*tf.split(A, 2, axis=1), *tf.split(A, [1, -1], axis=1)),
    "padding": lambda tf: (
        tf.pad(A, [[1, 0], [2, 1]]), tf.pad(A, [[1, 1], [0, 2]], mode="REFLECT"),
        tf.pad(tensor=A, paddings=[[0, 1], [0, 0]], constant_values=9),
    ),
    "slicing": lambda tf: tf.slice(A, [1, 0], [-1, 2]),
    "shapes": lambda tf: (tf.shape(A), tf.size(A), tf.rank(A)),
    "where": lambda tf: (tf.where(A > 0, A, 0.0), tf.where(A > 0), tf.where(A[:, :1] > 0, A, B)),
    "boolean_mask": lambda tf: (
        tf.boolean_mask(A, A > 0), tf.boolean_mask(A, [True, False, True]),
        tf.boolean_mask(A, [True, False, True, True], axis=1),
    ),
    "gather": lambda tf: (
        tf.gather(A, [2, 0]), tf.gather(A, [[1], [3]], axis=1),
        tf.gather(A, [[1, 1], [3, 0], [0, 2]], batch_dims=1),
        tf.gather(IMAGES, [[1, 1], [3, 0]], axis=2, batch_dims=1),
        tf.gather_nd(A, [[0, 1], [2, 3]]), tf.gather_nd(A, [[1]]),
        tf.gather_nd(A, [[1], [0], [2]], batch_dims=1),
    ),
    "scattering": lambda tf: (
        tf.tensor_scatter_nd_update(A, [[0, 1], [2, 2]], [9.0, 8.0]),
        tf.tensor_scatter_nd_add(A, [[0], [0]], B[:2]), tf.scatter_nd([[1], [3]], [5.0, 6.0], [5]),
    ),
    "sorting": lambda tf: (
        tf.sort(A), tf.sort(A, axis=0, direction="DESCENDING"), tf.argsort(A),
        tf.argsort(A, direction="DESCENDING"), tf.searchsorted([1.0, 3.0, 5.0], [0.0, 3.0, 9.0]),
        tf.searchsorted([1.0, 3.0], [3.0], side="right"), *tf.unique([4, 2, 4, 9, 2]),
    ),
    "sequence_mask": lambda tf: (
        tf.sequence_mask([1, 3, 0]), tf.sequence_mask([[1], [2]], 4, dtype=tf.float32),
    ),
    "casting": lambda tf: (
        tf.cast(A, tf.int32), tf.cast(BYTES, dtype=tf.float32) / 255.0, tf.convert_to_tensor([1, 2]),
        tf.constant([1.5, 2.0]), tf.identity(A), tf.cast([True, False], "float32"),
    ),
    "einsum": lambda tf: (tf.einsum("ij,kj->ik", A, B), tf.tensordot(A, B, axes=[[1], [1]])),
    "norm": lambda tf: (
        tf.norm(A), tf.norm(A, axis=1), tf.norm(A, ord=1, axis=0, keepdims=True),
        tf.linalg.norm(S, axis=[1, 2]), tf.norm(A, ord=np.inf),
    ),
    "matmul": lambda tf: (
        tf.matmul(A, B, transpose_b=True), tf.linalg.matmul(S, S), tf.linalg.matvec(S, A[:2, :3]),
        tf.matmul(A, B, transpose_a=True),
    ),
    "linear algebra": lambda tf: (
        tf.linalg.det(S), tf.linalg.inv(S), tf.linalg.trace(S), tf.linalg.cholesky(D),
        tf.linalg.solve(S, S[:, :, :2]), tf.linalg.logdet(D), *tf.linalg.slogdet(S),
        tf.linalg.pinv(A), tf.linalg.expm(S / 9), tf.linalg.lstsq(S, S[:, :, :1]),
        tf.linalg.triangular_solve(tf.linalg.cholesky(D), S), tf.linalg.eigh(D)[0],
        tf.linalg.svd(A)[0], tf.linalg.svd(A, compute_uv=False),
    ),
    "diagonals": lambda tf: (
        tf.linalg.diag([[1.0, 2.0], [3.0, 4.0]]), tf.linalg.diag_part(S), tf.linalg.diag_part(S, k=1),
        tf.linalg.band_part(S, 1, 0), tf.linalg.band_part(S, -1, 0), tf.linalg.set_diag(S, A[:2, :3]),
        tf.linalg.tensor_diag([1, 2]), tf.linalg.matrix_transpose(S), tf.linalg.eye(2),
        *tf.linalg.normalize(A, axis=1), tf.linalg.cross(A[:, :3], B[:, :3]),
    ),
    "activations": lambda tf: (
        tf.nn.relu(A), tf.nn.relu6(9 * A), tf.nn.elu(A), tf.nn.selu(A), tf.nn.gelu(A),
        tf.nn.gelu(A, approximate=True), tf.nn.leaky_relu(A), tf.nn.leaky_relu(A, alpha=0.1),
        tf.nn.silu(A), tf.nn.swish(features=A), tf.nn.softsign(A), tf.nn.softplus(A),
        tf.nn.sigmoid(A), tf.nn.tanh(A), tf.nn.softmax(A), tf.nn.softmax(logits=A, axis=0),
        tf.nn.log_softmax(A),
    ),
    "cross-entropies": lambda tf: (
        tf.nn.softmax_cross_entropy_with_logits(labels=HOT, logits=A),
        tf.nn.softmax_cross_entropy_with_logits(P.T, A.T, axis=0),
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=A),
        tf.nn.sigmoid_cross_entropy_with_logits(labels=P, logits=9 * A),
        tf.nn.weighted_cross_entropy_with_logits(labels=P, logits=A, pos_weight=2.5),
        tf.nn.l2_loss(A),
    ),
    "normalization": lambda tf: (
        *tf.nn.moments(A, axes=[0]), *tf.nn.moments(IMAGES, [0, 1, 2], keepdims=True),
        tf.nn.batch_normalization(A, A[0], P[0], B[0], None, 1e-3),
        tf.nn.bias_add(IMAGES, [1.0, 2, 3]), tf.nn.l2_normalize(A, 1),
        tf.nn.embedding_lookup(A, [[2, 0]]),
    ),
    "convolutions": lambda tf: (
        tf.nn.conv2d(IMAGES, FILTERS, strides=1, padding="SAME"),
        tf.nn.conv2d(IMAGES, FILTERS, strides=[1, 2, 2, 1], padding="VALID"),
        tf.nn.conv1d(IMAGES[0], FILTERS[0], 1, "SAME"),
        tf.nn.max_pool2d(IMAGES, 2, 2, "SAME"), tf.nn.max_pool(IMAGES, [1, 2, 2, 1], 1, "VALID"),
        tf.nn.avg_pool2d(IMAGES, [2, 3], 2, "SAME"),
    ),
    "resizing": lambda tf: (
        tf.image.resize(IMAGE, [10, 4]), tf.image.resize(IMAGES, (3, 9), method="nearest"),
        tf.image.resize(BYTES, [4, 4]), tf.image.resize(IMAGE, [10, 10], preserve_aspect_ratio=True),
        tf.image.resize(IMAGE, [9, 9], "bicubic"), tf.image.resize(IMAGE, [3, 3], antialias=True),
        tf.image.resize_with_pad(IMAGE, 8, 8), tf.image.resize_with_crop_or_pad(IMAGE, 7, 4),
        tf.image.central_crop(IMAGES, 0.5), tf.image.crop_to_bounding_box(IMAGE, 1, 2, 3, 4),
        tf.image.pad_to_bounding_box(IMAGE, 1, 2, 9, 10),
    ),
    "turning": lambda tf: (
        tf.image.flip_left_right(IMAGE), tf.image.flip_up_down(IMAGES), tf.image.rot90(IMAGE),
        tf.image.rot90(IMAGES, k=3),
    ),
    "image types": lambda tf: (
        tf.image.convert_image_dtype(BYTES, tf.float32), tf.image.convert_image_dtype(IMAGE, tf.uint8),
        tf.image.convert_image_dtype(tf.constant(1.5 * IMAGE), tf.uint8, saturate=True),
        tf.image.grayscale_to_rgb(tf.constant(IMAGE[..., :1])),
    ),
    "colours": lambda tf: (
        tf.image.rgb_to_grayscale(IMAGE), tf.image.adjust_brightness(IMAGE, 0.2),
        tf.image.adjust_contrast(IMAGE, 1.7), tf.image.adjust_saturation(IMAGE, 0.4),
        tf.image.adjust_hue(IMAGE, 0.3), tf.image.adjust_gamma(IMAGE, 0.5), tf.image.rgb_to_hsv(IMAGE),
        tf.image.per_image_standardization(IMAGES), tf.image.psnr(IMAGE, IMAGE[::-1], max_val=1.0),
    ),
    "signals": lambda tf: (
        tf.signal.hann_window(8), tf.signal.hann_window(7), tf.signal.hamming_window(8),
        tf.signal.frame(WAVE, 10, 4), tf.signal.frame(WAVE, 10, 4, pad_end=True),
        tf.signal.stft(WAVE, frame_length=20, frame_step=10), tf.signal.rfft(WAVE),
        tf.signal.irfft(tf.signal.rfft(WAVE)), tf.signal.stft(WAVE, 15, 5, fft_length=32),
    ),
    "control": lambda tf: (
        tf.cond(tf.constant(True), lambda: A, lambda: B), tf.map_fn(lambda x: x * 2, A),
        *tf.while_loop(lambda i, t: i < 3, lambda i, t: (i + 1, t * 2), [tf.constant(0), A]),
        tf.vectorized_map(lambda x: x + 1, A), tf.foldl(lambda a, x: a + x, A),
        tf.scan(lambda a, x: a - x, A), tf.scan(lambda a, x: a - x, A, reverse=True), tf.numpy_function(lambda x: x * 2, [A], tf.float32),
        tf.py_function(lambda x: x.numpy() * 2, inp=[A], Tout=tf.float32),
        *tf.nest.flatten({"b": [1, 2], "a": 3}), tf.nest.map_structure(lambda x: x + 1, [1, (2, 3)])[0],
    ),
    "stateless": lambda tf: (tf.random.stateless_uniform([2, 3], seed=[1, 2]) * 0,),
}  # fmt: skip
