"""Calls of operations, by group: the name, the arguments and the settings."""

import numpy as np

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype("float32")
Z = RNG.normal(size=(3, 4)).astype("float32")
P = RNG.uniform(0.1, 0.9, size=(3, 4)).astype("float32")
WHOLE = RNG.integers(0, 9, size=(3, 4)).astype("int32")
FEW = RNG.integers(1, 5, size=(3, 4)).astype("int32")
GAPS = np.where(X > 1, np.float32(np.nan), X)
SQUARES = RNG.normal(size=(2, 3, 3)).astype("float32")
POSITIVE = SQUARES @ SQUARES.swapaxes(1, 2) + np.eye(3, dtype="float32")
TALL = RNG.normal(size=(2, 3, 2)).astype("float32")
SIGNAL = RNG.normal(size=(2, 20)).astype("float32")
COMPLEX = (X + 1j * Z).astype("complex64")
IMAGES = RNG.normal(size=(2, 6, 5, 4)).astype("float32")
FIRST = RNG.normal(size=(2, 4, 6, 5)).astype("float32")
QUERY, KEY, VALUE = (RNG.normal(size=(2, n, 2, 4)).astype("float32") for n in (3, 5, 5))
SEEN = RNG.random((2, 1, 3, 5)) > 0.3
LOGITS = RNG.normal(size=(3, 7, 5)).astype("float32")
LABELS = np.array([[1, 2, 2], [3, 4, 0], [1, 1, 1]], "int32")
COUNTS, STEPS = np.array([3, 2, 3]), np.array([7, 5, 6])
PLACES = np.array([0, 2, 0], "int32")
POINTS = np.array([[0, 1], [2, 0]])
PAIR = np.float32([1, 2])

NUMBERS = [
    *[(name, (X,), {})
      for name in ("cbrt", "exp2", "fabs", "trunc", "sinc", "deg2rad", "rad2deg", "i0", "erfc",
                   "isneginf", "isposinf", "isreal", "signbit", "angle", "real", "imag", "conj",
                   "conjugate")],
    ("erfinv", (P,), {}),
    ("nan_to_num", (GAPS,), {}),
    ("nan_to_num", (GAPS,), {"nan": 1.0}),
    *[(name, (X, Z), {})
      for name in ("fmax", "fmin", "fmod", "hypot", "logaddexp", "logaddexp2", "nextafter",
                   "isclose", "allclose")],
    ("heaviside", (X, 0.5), {}),
    ("ldexp", (X, FEW), {}),
    *[(name, (WHOLE, FEW), {})
      for name in ("gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor",
                   "bitwise_left_shift", "bitwise_right_shift", "left_shift", "right_shift")],
    *[(name, (WHOLE,), {}) for name in ("bitwise_not", "bitwise_invert", "angle")],
    ("saturate_cast", (300 * X, "uint8"), {}),
    ("saturate_cast", (X * 1e12, "int32"), {}),
    ("saturate_cast", (WHOLE - 4, "bool"), {}),
    ("view", (X, "int32"), {}),
    ("dtype", (X,), {}),
]  # fmt: skip

REDUCTIONS = [
    *[(name, (X,), {})
      for name in ("amax", "amin", "ptp", "median", "average", "trace", "diff", "trapezoid")],
    *[(name, (X,), {"axis": 1, "keepdims": True}) for name in ("amax", "amin", "ptp", "median")],
    *[(name, (GAPS,), given)
      for name in ("nanmax", "nanmean", "nanmedian", "nanmin", "nanprod", "nanstd", "nansum",
                   "nanvar", "nanargmax", "nanargmin", "nancumsum", "nancumprod")
      for given in ({}, {"axis": 0})],
    ("max", (X,), {"initial": 9.0}),
    ("min", (X,), {"axis": 0, "initial": -9.0}),
    ("prod", (WHOLE,), {"dtype": "float32"}),
    ("cumsum", (WHOLE,), {"axis": 1, "dtype": "float32"}),
    *[(name, (X, 0.3), {"axis": 1}) for name in ("quantile", "nanquantile")],
    ("quantile", (X, [0.1, 0.9]), {"method": "nearest"}),
    *[(name, (X, 30.0), {"axis": 0, "keepdims": True}) for name in ("percentile", "nanpercentile")],
    ("average", (X,), {"axis": 1, "weights": P}),
    ("corrcoef", (X,), {}),
    ("histogram", (X[0],), {"bins": 4}),
    ("histogram", (X[1],), {"bins": 5, "range": (-1.0, 1.0)}),
    ("bincount", (WHOLE[0],), {"minlength": 12}),
    ("bincount", (WHOLE[0],), {"weights": P[0]}),
    ("trace", (X,), {"offset": 1}),
    ("diff", (X, 2), {"axis": 0}),
    ("trapezoid", (X,), {"dx": 0.5, "axis": 0}),
]  # fmt: skip

ARRAYS = [
    ("logspace", (0.0, 2.0, 5), {}),
    ("geomspace", (1.0, 100.0, 5), {}),
    ("linspace", (0.0, 1.0, 4), {"retstep": True, "endpoint": False}),
    ("linspace", (X[0], Z[0], 4), {"axis": 1}),
    ("meshgrid", (X[0], Z[:, 0]), {}),
    ("meshgrid", (X[0], Z[:, 0]), {"indexing": "ij"}),
    ("empty", ((2, 3),), {}),
    ("empty_like", (X,), {}),
    ("identity", (3,), {}),
    ("tri", (3,), {}),
    ("tri", (3, 4, 1), {}),
    ("vander", (X[0],), {}),
    ("vander", (X[0], 3), {"increasing": True}),
    ("copy", (X,), {}),
    *[(name, (7,), {}) for name in ("bartlett", "blackman", "hamming", "hanning")],
    ("kaiser", (7, 4.0), {}),
    *[(name, (X,), {})
      for name in ("ravel", "fliplr", "flipud", "rot90", "diagflat", "diagonal")],
    ("rot90", (IMAGES,), {"k": 3, "axes": (1, 2)}),
    ("diagonal", (SQUARES,), {"axis1": 1, "axis2": 2}),
    ("append", (X, Z), {}),
    ("append", (X, Z), {"axis": 1}),
    ("array_split", (X, 3), {"axis": 1}),
    ("hsplit", (X, 2), {}),
    ("vsplit", (X, 3), {}),
    ("dsplit", (IMAGES, 5), {}),
    *[(name, ([X, Z],), {}) for name in ("hstack", "vstack", "dstack")],
    *[(name, (IMAGES[:, :4, :4], 2), {}) for name in ("depth_to_space", "space_to_depth")],
    *[(name, (FIRST[..., :4], 2), {"data_format": "channels_first"})
      for name in ("depth_to_space", "space_to_depth")],
    ("rearrange", (IMAGES, "b (h h1) w c -> b h w (c h1)"), {"h1": 2}),
    ("rearrange", (IMAGES, "b h w c -> (b h) c w"), {}),
]  # fmt: skip

CHOICES = [
    ("argpartition", (X[0], 2), {}),
    ("searchsorted", (np.sort(X[0]), Z), {}),
    ("searchsorted", (np.sort(X[0]), Z), {"side": "right"}),
    ("digitize", (X, np.sort(Z[0])), {}),
    ("isin", (WHOLE, FEW[0]), {}),
    ("isin", (WHOLE, FEW[0]), {"invert": True}),
    ("unique", (WHOLE,), {}),
    ("unique", (WHOLE,), {"return_counts": True, "return_inverse": True, "return_index": True}),
    ("unique", (WHOLE,), {"size": 20, "fill_value": -1}),
    ("nonzero", (WHOLE,), {}),
    ("unravel_index", (PLACES, (2, 3)), {}),
    ("select", ([X > 1, X < 0], [X, Z]), {"default": 7.0}),
    ("get_item", (X, (slice(None), 1)), {}),
    ("top_k", (X, 2), {}),
    ("in_top_k", (PLACES, X, 2), {}),
    ("scatter", (POINTS, PAIR, (3, 3)), {}),
    *[("scatter_update", (X, POINTS, PAIR), {"reduction": how})
      for how in (None, "add", "max", "min", "mul")],
    ("slice", (X, (1, 0), (2, -1)), {}),
    ("slice", (X, np.array([1, 1]), (2, 2)), {}),
    ("slice_update", (X, (1, 1), np.ones((2, 2), "float32")), {}),
    *[(f"segment_{name}", (X, PLACES), {"num_segments": 3})
      for name in ("sum", "max", "min", "prod")],
]  # fmt: skip

MATRICES = [
    ("inner", (X, Z), {}),
    ("vdot", (X, Z), {}),
    ("kron", (X, Z), {}),
    ("cross", (X[:, :3], Z[:, :3]), {}),
    ("cdist", (X, Z[:2]), {}),
    ("correlate", (X[0], Z[0, :3]), {}),
    ("correlate", (X[0], Z[0, :3]), {"mode": "full"}),
    ("einsum", ("ij,kj->ik", X, Z), {"optimize": True}),
    ("cholesky", (POSITIVE,), {}),
    ("cholesky", (POSITIVE[0],), {"upper": True}),
    ("cholesky_inverse", (np.linalg.cholesky(POSITIVE[0]),), {}),
    *[(name, (SQUARES,), {})
      for name in ("det", "inv", "slogdet", "pinv", "matrix_rank", "lu_factor", "qr", "eig")],
    ("logdet", (POSITIVE,), {}),
    ("eigh", (POSITIVE,), {}),
    ("qr", (TALL,), {"mode": "complete"}),
    ("solve", (SQUARES, TALL), {}),
    ("solve_triangular", (np.tril(SQUARES), TALL), {"lower": True}),
    ("lstsq", (TALL[0], SQUARES[0, :, :1]), {}),
    ("svd", (TALL,), {}),
    ("svd", (TALL,), {"full_matrices": False}),
    ("svd", (TALL,), {"compute_uv": False}),
    ("norm", (WHOLE,), {}),
    ("norm", (SQUARES,), {"ord": "nuc", "axis": (1, 2)}),
]  # fmt: skip

WAVES = [
    *[(name, ((X, Z),), {}) for name in ("fft", "fft2", "ifft2", "irfft")],
    ("rfft", (SIGNAL,), {}),
    ("rfft", (SIGNAL,), {"fft_length": 8}),
    ("irfft", ((X, Z),), {"fft_length": 5}),
    ("stft", (SIGNAL, 6, 3, 8), {}),
    ("stft", (SIGNAL, 6, 3, 8), {"window": "hamming", "center": False}),
    ("stft", (SIGNAL, 5, 2, 8), {"window": None}),
    ("stft", (SIGNAL, 6, 3, 8), {"window": np.ones(6, "float32")}),
    ("extract_sequences", (SIGNAL, 6, 4), {}),
    ("view_as_complex", (X[:, :2],), {}),
    ("view_as_real", (COMPLEX,), {}),
    ("polar", (P, X), {}),
    ("real", (COMPLEX,), {}),
]

NETWORKS = [
    ("multi_hot", (WHOLE, 9), {}),
    ("multi_hot", (WHOLE[0], 9), {"dtype": "int32"}),
    ("batch_normalization", (X, P[0], P[1], 1), {}),
    ("batch_normalization", (IMAGES, P[0], P[1], -1, Z[0], X[0]), {"epsilon": 1e-2}),
    ("layer_normalization", (X,), {}),
    ("layer_normalization", (IMAGES, X[0], Z[0]), {"axis": 3}),
    ("layer_normalization", (SQUARES, SQUARES[0], POSITIVE[0]), {"axis": (1, 2)}),
    ("layer_normalization", (SQUARES, SQUARES[0, 0], None), {"axis": 1}),
    ("rms_normalization", (X,), {}),
    ("rms_normalization", (X, P[0]), {"epsilon": 0.1}),
    ("psnr", (X, Z, 1.0), {}),
    ("unfold", (FIRST, 2), {}),
    ("unfold", (FIRST, (3, 2)), {"dilation": (1, 2), "padding": (1, 0), "stride": 2}),
    ("fold", (SIGNAL.reshape(1, 8, 5)[:, :, :4], 3, 2), {}),
    ("dot_product_attention", (QUERY, KEY, VALUE), {}),
    ("dot_product_attention", (QUERY, KEY, VALUE), {"is_causal": True, "scale": 0.3}),
    ("dot_product_attention", (QUERY, KEY, VALUE),
     {"bias": RNG.normal(size=(1, 2, 3, 5)).astype("float32"), "mask": SEEN}),
    ("ctc_loss", (LABELS, LOGITS, COUNTS, STEPS), {}),
    ("ctc_loss", (LABELS[:, :2] - 1, LOGITS, COUNTS - 1, STEPS), {"mask_index": 4}),
    ("ctc_decode", (LOGITS, STEPS), {}),
    ("ctc_decode", (LOGITS, STEPS), {"merge_repeated": False, "mask_index": None}),
    ("ctc_decode", (LOGITS, STEPS), {"strategy": "beam_search", "beam_width": 40, "top_paths": 3}),
    ("moments", (X, [0]), {"synchronized": False}),
    ("one_hot", (PLACES, 3), {"sparse": False}),
]  # fmt: skip

CASES = [*NUMBERS, *REDUCTIONS, *ARRAYS, *CHOICES, *MATRICES, *WAVES, *NETWORKS]
