"""Which Myelin module stands behind a Keras module, and the names that stand elsewhere.

A Keras module `keras.x` is `myelin.x` unless `SOURCES` says otherwise, and whatever that
module has is found there. The tables below are only for names which Keras keeps in another
place. A target is written `"module:name"`, the module being one below `myelin`.
"""

from myelin.keras_script.tensorflow.table import FUNCTIONS

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
# with the same positional arguments and defaults, what goes by another name, and the rest.
_BACKEND_SAME = _words("""
    abs all any binary_crossentropy cast categorical_crossentropy cos dot dtype elu equal exp
    greater greater_equal hard_sigmoid less less_equal log logsumexp max maximum mean min minimum
    ndim not_equal one_hot prod relu reshape round shape sigmoid sign silu sin softmax softplus
    softsign sparse_categorical_crossentropy sqrt square squeeze stack std stop_gradient sum tanh
    tile transpose var where
""")
_OLD_BACKEND = "keras_script.old_backend"
_BACKEND_OLD = _words("""
    arange argmax argmin batch_dot batch_flatten batch_get_value batch_normalization
    batch_set_value bias_add cast_to_floatx clip concatenate constant count_params
    ctc_batch_cost ctc_decode cumprod cumsum dropout expand_dims eye flatten foldl foldr
    gather get_value in_top_k is_sparse l2_normalize map_fn moving_average_update ones
    ones_like permute_dimensions pool2d random_bernoulli random_normal_variable
    random_uniform_variable repeat repeat_elements resize_images reverse set_value
    spatial_2d_padding switch temporal_padding to_dense update update_add update_sub
    variable zeros zeros_like
""")
_BACKEND = {
    **{name: f"ops:{name}" for name in _BACKEND_SAME},
    **{name: f"{_OLD_BACKEND}:{name}" for name in _BACKEND_OLD},
    "conv1d": "ops:conv",
    "conv2d": "ops:conv",
    "conv3d": "ops:conv",
    "depthwise_conv2d": "ops:depthwise_conv",
    "eval": f"{_OLD_BACKEND}:get_value",
    "int_shape": "ops:shape",
    "pow": "ops:power",
    "random_normal": "random:normal",
    "random_uniform": "random:uniform",
    "separable_conv2d": "ops:separable_conv",
    "truncated_normal": "random:truncated_normal",
}

# Paths below "keras" -> name -> target.
MOVED: dict[str, dict[str, str]] = {
    "": {
        "version": f"{_STANDINS}:version",
    },
    "backend": _BACKEND,
    "dtype_policies": {
        name: f"dtypes:{name}"
        for name in ("DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize")
    },
    "preprocessing": {
        name: f"utils:{name}"
        for name in _words("""
            audio_dataset_from_directory image_dataset_from_directory text_dataset_from_directory
            timeseries_dataset_from_array
        """)
    },
    "preprocessing.image": _IMAGE_FILES,
    "preprocessing.sequence": {
        "TimeseriesGenerator": "utils.timeseries_generator:TimeseriesGenerator",
        "make_sampling_table": "utils.sequences:make_sampling_table",
        "pad_sequences": "utils:pad_sequences",
        "skipgrams": "utils.sequences:skipgrams",
    },
    "preprocessing.text": {
        name: f"utils.text:{name}"
        for name in _words(
            "Tokenizer hashing_trick one_hot text_to_word_sequence tokenizer_from_json"
        )
    },
}

_FLOAT_AND_INTEGER_TYPES = _words("""
    bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64
""")

# Paths below "tensorflow" -> name -> target; everything under "tensorflow.keras" is Keras's.
TENSORFLOW: dict[str, dict[str, str]] = {
    "": {name: f"{_STANDINS}:{name}" for name in _FLOAT_AND_INTEGER_TYPES}
    | {
        "GradientTape": "tape:GradientTape",
        "Tensor": f"{_STANDINS}:Tensor",
        "Variable": "variable:Variable",
        "bool": f"{_STANDINS}:boolean",
        "constant": "keras_script.strings:constant",
        "expand_dims": "keras_script.strings:expand_dims",
        "executing_eagerly": f"{_STANDINS}:executing_eagerly",
        "function": f"{_STANDINS}:function",
        "get_logger": f"{_STANDINS}:get_logger",
        "string": "keras_script.strings:string",
    },
    "config": {
        "functions_run_eagerly": "training.debugging:functions_run_eagerly",
        "run_functions_eagerly": "training.debugging:run_functions_eagerly",
        "list_logical_devices": f"{_STANDINS}:list_physical_devices",
        "list_physical_devices": f"{_STANDINS}:list_physical_devices",
    },
    "config.experimental": {
        "list_physical_devices": f"{_STANDINS}:list_physical_devices",
        "set_memory_growth": f"{_STANDINS}:set_memory_growth",
    },
    "strings": {
        name: f"keras_script.strings:{name}"
        for name in _words("""
            as_string join length lower reduce_join regex_full_match regex_replace split strip
            substr to_hash_bucket_fast to_hash_bucket_strong to_number unicode_split upper
        """)
    },
    "test": {
        "gpu_device_name": f"{_STANDINS}:gpu_device_name",
        "is_gpu_available": f"{_STANDINS}:is_gpu_available",
    },
    "version": {},
}
for _path, _functions in FUNCTIONS.items():
    TENSORFLOW[_path] = _functions | TENSORFLOW.get(_path, {})

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
    "python": "It is TensorFlow's private side: import the same name from tensorflow.keras.",
    "compat": "Only programs for TensorFlow 2 and Keras 3 run here.",
    "estimator": "Only programs for TensorFlow 2 and Keras 3 run here.",
}
