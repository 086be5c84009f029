"""Which function stands behind which TensorFlow name: paths below `tensorflow`, as in `names`."""

from __future__ import annotations


def _at(module: str, words: str) -> dict[str, str]:
    return {name: f"keras_script.tensorflow.{module}:{name}" for name in words.split()}


_DATA = {
    name: f"utils.dataset:{name}"
    for name in (
        "AUTOTUNE", "Dataset", "INFINITE_CARDINALITY", "Options", "TextLineDataset",
        "UNKNOWN_CARDINALITY",
    )
}  # fmt: skip

_NUMBERS = """
    abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh cos cosh cumsum divide equal
    exp floor greater greater_equal less less_equal logical_and logical_not logical_or maximum
    minimum multiply negative not_equal pow reduce_all reduce_any reduce_logsumexp reduce_max
    reduce_mean reduce_min reduce_prod reduce_sum round scalar_mul sigmoid sign sin sinh sqrt
    square subtract tan tanh truediv
"""
_ROOT_ONLY = "clip_by_global_norm clip_by_norm clip_by_value"
_MATH_ONLY = """
    angle bincount ceil confusion_matrix conj count_nonzero cumprod digamma divide_no_nan erf erfc
    expm1 floordiv floormod imag in_top_k is_finite is_inf is_nan l2_normalize lgamma log log1p
    log_sigmoid logical_xor mod multiply_no_nan polyval real reciprocal reduce_std reduce_variance
    rint rsqrt segment_mean segment_sum softplus squared_difference top_k unsorted_segment_max
    unsorted_segment_mean unsorted_segment_sum xlogy zero_fraction
"""
_ARRAYS = """
    argsort boolean_mask broadcast_to cast concat convert_to_tensor einsum eye fill gather gather_nd
    identity is_tensor linspace meshgrid norm one_hot ones ones_like pad range rank repeat reshape
    reverse roll scatter_nd searchsorted sequence_mask shape size slice sort split squeeze stack
    stop_gradient tensor_scatter_nd_add tensor_scatter_nd_update tensordot tile transpose unique
    unstack where zeros zeros_like
"""
_CONTROL = """
    Assert cond control_dependencies device foldl group map_fn name_scope no_op numpy_function print
    py_function scan vectorized_map while_loop
"""
_ASSERTIONS = """
    assert_equal assert_greater assert_greater_equal assert_less assert_less_equal assert_near
"""
_NETWORKS = """
    avg_pool2d batch_normalization bias_add conv1d conv2d dropout elu embedding_lookup gelu l2_loss
    leaky_relu log_softmax max_pool2d moments relu relu6 selu sigmoid_cross_entropy_with_logits silu
    softmax softmax_cross_entropy_with_logits softsign sparse_softmax_cross_entropy_with_logits
    swish weighted_cross_entropy_with_logits
"""
_MATRICES = """
    adjoint band_part cholesky cross det diag diag_part eigh eigvalsh expm eye inv logdet lstsq
    matmul matrix_transpose matvec normalize pinv qr set_diag slogdet solve svd tensor_diag trace
    triangular_solve
"""
_IMAGES = """
    adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation central_crop
    convert_image_dtype crop_to_bounding_box flip_left_right flip_up_down grayscale_to_rgb
    hsv_to_rgb pad_to_bounding_box per_image_standardization psnr random_brightness random_contrast
    random_flip_left_right random_flip_up_down random_hue random_saturation resize
    resize_with_crop_or_pad resize_with_pad rgb_to_grayscale rgb_to_hsv rot90
"""
_DRAWS = """
    Generator categorical normal set_seed shuffle stateless_normal stateless_uniform
    truncated_normal uniform
"""
_DECODERS = "decode_image decode_jpeg decode_png"
_IO = f"{_DECODERS} read_file write_file"
_GFILE = "GFile exists glob isdir listdir makedirs remove rmtree"
_SIGNALS = """
    fft fft2d frame hamming_window hann_window ifft ifft2d irfft rfft stft
"""

FUNCTIONS: dict[str, dict[str, str]] = {
    "": _at("numbers", _NUMBERS + _ROOT_ONLY)
    | _at("arrays", _ARRAYS)
    | _at("control", _CONTROL)
    | {"TensorSpec": "utils.dataset:TensorSpec"}
    | _at("matrices", "matmul"),
    "audio": _at("files", "decode_wav"),
    "data": _DATA,
    "data.experimental": {
        "AUTOTUNE": _DATA["AUTOTUNE"],
        "INFINITE_CARDINALITY": _DATA["INFINITE_CARDINALITY"],
        "UNKNOWN_CARDINALITY": _DATA["UNKNOWN_CARDINALITY"],
        "cardinality": "utils.dataset:cardinality",
        "enable_debug_mode": "utils.dataset:enable_debug_mode",
    },
    "debugging": _at("control", _ASSERTIONS),
    "image": _at("images", _IMAGES) | _at("files", _DECODERS),
    "io": _at("files", _IO),
    "io.gfile": _at("files", _GFILE) | {"mkdir": "keras_script.tensorflow.files:makedirs"},
    "linalg": _at("matrices", _MATRICES)
    | _at("arrays", "einsum norm tensordot")
    | {"global_norm": "keras_script.tensorflow.numbers:global_norm"},
    "math": _at("numbers", _NUMBERS + _MATH_ONLY)
    | {
        "log_softmax": "keras_script.tensorflow.networks:log_softmax",
        "softmax": "keras_script.tensorflow.networks:softmax",
    },
    "nest": _at("control", "flatten map_structure"),
    "nn": _at("networks", _NETWORKS)
    | _at("numbers", "in_top_k l2_normalize sigmoid softplus tanh top_k zero_fraction")
    | {
        "avg_pool": "keras_script.tensorflow.networks:avg_pool2d",
        "max_pool": "keras_script.tensorflow.networks:max_pool2d",
    },
    "random": _at("draws", _DRAWS),
    "signal": _at("signals", _SIGNALS),
}
FUNCTIONS["image"]["random_crop"] = "keras_script.tensorflow.draws:random_crop"
