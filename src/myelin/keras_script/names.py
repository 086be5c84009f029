"""Which Myelin module stands behind a Keras module, and the names that stand elsewhere.

A Keras module `keras.x` is `myelin.x` unless `SOURCES` says otherwise, and whatever that
module has is found there. The tables below are only for names which Keras keeps in another
place. A target is written `"module:name"`, the module being one below `myelin`.
"""

KERAS_VERSION = "3.15.0"
TENSORFLOW_VERSION = "2.21.0"


def _words(text: str) -> list[str]:
    return text.split()


# Paths below "keras" -> the modules below "myelin" that are searched, in order; "" is the door.
SOURCES: dict[str, tuple[str, ...]] = {
    "models": ("models", "saving"),
    "optimizers.schedules": ("schedules", "optimizers.schedules"),
    "wrappers": ("wrappers", "interop.sklearn"),
}

_STANDINS = "keras_script.stand_ins"

_IMAGE_FILES = {
    name: f"utils:{name}" for name in ("array_to_img", "img_to_array", "load_img", "save_img")
}

# `from tensorflow.keras import backend as K`: arithmetic that is `ops` under the same name and
# with the same positional arguments, and what goes by another name.
_BACKEND_SAME = _words("""
    abs all any arange argmax argmin cast clip concatenate cos cumprod cumsum elu equal
    exp expand_dims eye greater greater_equal hard_sigmoid less less_equal log logsumexp
    max maximum mean min minimum not_equal one_hot ones ones_like prod relu repeat reshape
    round shape sigmoid sign silu sin softmax softplus softsign sqrt square squeeze stack
    std sum tanh tile transpose var where zeros zeros_like
""")
_BACKEND = {name: f"ops:{name}" for name in _BACKEND_SAME} | {
    "dot": "ops:matmul",
    "int_shape": "ops:shape",
    "pow": "ops:power",
    "variable": "variable:Variable",
}

# Paths below "keras" -> name -> target.
MOVED: dict[str, dict[str, str]] = {
    "": {
        "version": f"{_STANDINS}:version",
    },
    "backend": _BACKEND,
    "dtype_policies": {"DTypePolicy": "dtypes:DTypePolicy", "get": "dtypes:policy_for"},
    "preprocessing": {"image_dataset_from_directory": "utils:image_dataset_from_directory"},
    "preprocessing.image": _IMAGE_FILES,
    "preprocessing.sequence": {"pad_sequences": "utils:pad_sequences"},
}

_FLOAT_AND_INTEGER_TYPES = _words("""
    bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64
""")

# TensorFlow names whose positional arguments, `axis` and `keepdims` mean the same in `ops`.
_MATH_SAME = _words("""
    abs add ceil cos cumsum divide equal exp floor greater greater_equal less less_equal
    log log1p logical_and logical_not logical_or maximum minimum multiply not_equal round
    rsqrt sigmoid sign sin sinh sqrt square subtract tan tanh
""")
_MATH = {name: f"ops:{name}" for name in _MATH_SAME} | {
    "pow": "ops:power",
    "reduce_all": "ops:all",
    "reduce_any": "ops:any",
    "reduce_logsumexp": "ops:logsumexp",
    "reduce_max": "ops:max",
    "reduce_mean": "ops:mean",
    "reduce_min": "ops:min",
    "reduce_prod": "ops:prod",
    "reduce_std": "ops:std",
    "reduce_sum": "ops:sum",
    "reduce_variance": "ops:var",
}
_ARRAY_SAME = _words("""
    argmax argmin cast convert_to_tensor expand_dims eye matmul one_hot ones ones_like
    repeat reshape squeeze stack tile transpose where zeros zeros_like
""")
_ROOT = _MATH | {name: f"ops:{name}" for name in _ARRAY_SAME}

# Paths below "tensorflow" -> name -> target; everything under "tensorflow.keras" is Keras's.
TENSORFLOW: dict[str, dict[str, str]] = {
    "": _ROOT
    | {name: f"{_STANDINS}:{name}" for name in _FLOAT_AND_INTEGER_TYPES}
    | {
        "Tensor": f"{_STANDINS}:Tensor",
        "Variable": "variable:Variable",
        "bool": f"{_STANDINS}:boolean",
        "clip_by_value": "ops:clip",
        "concat": "ops:concatenate",
        "constant": "ops:convert_to_tensor",
        "executing_eagerly": f"{_STANDINS}:executing_eagerly",
        "function": f"{_STANDINS}:function",
        "get_logger": f"{_STANDINS}:get_logger",
        "range": "ops:arange",
        "shape": "ops:shape",
    },
    "config": {
        "list_logical_devices": f"{_STANDINS}:list_physical_devices",
        "list_physical_devices": f"{_STANDINS}:list_physical_devices",
    },
    "config.experimental": {
        "list_physical_devices": f"{_STANDINS}:list_physical_devices",
        "set_memory_growth": f"{_STANDINS}:set_memory_growth",
    },
    "math": _MATH | {"argmax": "ops:argmax", "argmin": "ops:argmin"},
    "nn": {
        name: f"ops:{name}"
        for name in [
            "elu",
            "gelu",
            "leaky_relu",
            "log_softmax",
            "relu",
            "relu6",
            "selu",
            "sigmoid",
            "silu",
            "softmax",
            "softplus",
            "softsign",
            "tanh",
        ]
    },
    "random": {"set_seed": "random:set_random_seed"},
    "test": {
        "gpu_device_name": f"{_STANDINS}:gpu_device_name",
        "is_gpu_available": f"{_STANDINS}:is_gpu_available",
    },
    "version": {},
}

# Values that are no part of Myelin, by the full name of their module.
VALUES: dict[str, dict[str, str]] = {
    "keras": {"__version__": KERAS_VERSION},
    "tensorflow.keras": {"__version__": KERAS_VERSION},
    "tensorflow": {"__version__": TENSORFLOW_VERSION},
    "tensorflow.version": {"VERSION": TENSORFLOW_VERSION},
}

# What to say, beside that it is not there, by the name without the leading "tensorflow.".
ADVICE: dict[str, str] = {
    "keras.src": "It is Keras's private side: import the same name from the public module, "
    "such as keras.layers.",
    "GradientTape": "A gradient is jax.grad of a function of arrays; compile, fit and "
    "train_on_batch take their own.",
    "data": "fit, evaluate and predict take arrays, generators and keras.utils.PyDataset.",
    "python": "It is TensorFlow's private side: import the same name from tensorflow.keras.",
    "compat": "Only programs for TensorFlow 2 and Keras 3 run here.",
    "estimator": "Only programs for TensorFlow 2 and Keras 3 run here.",
}
