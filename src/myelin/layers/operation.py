"""`Operation`: what a function of arrays, such as `a + b` or `ops.sum(a)`, becomes in a model."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from myelin import activations, naming, registry
from myelin.errors import InputError, ShapeError, unknown_name
from myelin.layers.base import Layer
from myelin.layers.symbolic import tensors_in

_FEW, _MANY = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


class Operation(Layer):
    """Computes one function of `myelin.ops`, `myelin.random` or `myelin.activations`.

    Args:
        function: the name of the function.
        name: its name; made from the function's when None.
        arguments: the settings of the function, such as `{"axis": 1}`; arrays come with the call.

    Raises:
        UnknownNameError: there is no such function.
    """

    # `mean(x, axis=0)` looks at all examples.
    of_any_function = True
    # Sizes that most others divide, so that what is reshaped or cut into parts fits.
    trial_sizes = ((5040, 1680), (10080, 3360))

    def __init__(
        self,
        function: str,
        name: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        function_named(function)
        super().__init__(name=name or naming.auto_name(function), autocast=False, **kwargs)
        self.function = function
        self.arguments = dict(arguments or {})
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function of what it is called with, or the promise of that."""
        arrays, others = _in_order(self.function, args, kwargs)
        return super().__call__(*arrays, **others)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The function of arrays, with `arguments` as its settings."""
        function = function_named(self.function)
        given = {**self.arguments, **kwargs}
        left = [inputs, *args]
        call = inspect.BoundArguments(_signature(self.function), {})
        for name, parameter in _signature(self.function).parameters.items():
            if parameter.kind is _FEW:
                call.arguments[name], left = tuple(left), []
            elif parameter.kind is _MANY:
                call.arguments[name], given = given, {}
            elif name in given:
                call.arguments[name] = given.pop(name)
            elif left and takes_array(self.function, name):
                call.arguments[name] = left.pop(0)
        if left or given:
            raise InputError(f"{self.title}: no place for {[*given] or left}")
        return function(*call.args, **call.kwargs)

    def _as_inputs(self, inputs: Any) -> Any:
        return inputs

    def _call_checked(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        try:
            return super()._call_checked(inputs, args, kwargs)
        except ShapeError as error:
            # What was tried in the place of an open size is no size of the program's.
            text = re.sub(r"\b(5040|1680|10080|3360)\b", "None", str(error))
            raise ShapeError(text).with_traceback(error.__traceback__) from None

    @property
    def kind(self) -> str:
        """The function as Keras's class name, such as `"TrueDivide"`, for tables."""
        return kind_of(self.function)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new one from what `get_config` gave."""
        arguments = {name: _read(value) for name, value in config["arguments"].items()}
        return super().from_config({**config, "arguments": arguments})


def _read(value: Any) -> Any:
    """A setting as a file keeps it, with tuples in the place of lists, as axes and shapes are."""
    value = registry.deserialize(value)
    return tuple(map(_read, value)) if isinstance(value, list) else value


def promised(
    name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What `function(*args, **kwargs)` promises, for promises among its arguments.

    Args:
        name: what the function goes by.
        function: itself; its own defaults count, where two have one name.

    Raises:
        TypeError: arguments that the function does not take.
    """
    try:
        given = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}() {error}") from None
    given.apply_defaults()
    defaults = _signature(name).parameters
    arrays: list[Any] = []
    named: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for argument, value in given.arguments.items():
        parameter = given.signature.parameters[argument]
        if parameter.kind is _FEW:
            arrays.extend(value)
        elif parameter.kind is _MANY:
            settings.update(value)
        elif takes_array(name, argument) or tensors_in(value):
            named[argument] = value
        elif value is not defaults[argument].default:
            settings[argument] = value
    return Operation(name, arguments=settings)(*arrays, **named)


def _in_order(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arrays of a call by place, as Keras wants them, and the rest by name.

    Arrays that are left out stand there by their defaults, which are None for the most part.
    """
    arrays, others = list(args), dict(kwargs)
    taken = [
        argument for argument, parameter in _signature(name).parameters.items()
        if parameter.kind not in (_FEW, _MANY) and takes_array(name, argument)
    ]  # fmt: skip
    for argument in taken[len(args) :]:
        default = _signature(name).parameters[argument].default
        if argument not in others and default is inspect.Parameter.empty:
            break
        arrays.append(others.pop(argument, default))
    return arrays, others


@functools.cache
def function_named(name: str) -> Callable[..., Any]:
    """The function of `ops`, `ops.image`, `random` or `activations` that goes by a name.

    Raises:
        UnknownNameError: there is none.
    """
    # Loaded with the first operation, because most models have none.
    from myelin import ops
    from myelin.ops import draws

    for module in (ops, ops.image, draws, activations):
        found = vars(module).get(name)
        if inspect.isfunction(found):
            return found
    known = [name for module in (ops, ops.image) for name in vars(module) if name[0] != "_"]
    raise unknown_name("operation", name, known)


@functools.cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(function_named(name))


def kind_of(function: str) -> str:
    """Keras's name of the class of a function."""
    return _KINDS.get(function) or "".join(part.capitalize() for part in function.split("_"))


def takes_array(function: str, argument: str) -> bool:
    """Whether an argument of a function is one of the arrays it computes with, and no setting.

    As in Keras, where an operation is made with the settings and called with the arrays.
    """
    if argument in _ARRAYS:
        return argument not in _SETTINGS.get(function, ())
    return argument in _BESIDE.get(function, ())


_ARRAYS = frozenset({
    "a", "abs_", "angle", "array", "b", "beta", "bias", "bins", "choicelist", "condition",
    "condlist", "constant_values", "coordinates", "data", "default", "depthwise_kernel",
    "elements", "elems", "end_points", "fill_value", "gamma", "image1", "image2", "images",
    "index", "indices", "init", "init_val", "inputs", "kernel", "key", "logits", "loop_vars",
    "mask", "mean", "offset", "output", "output_length", "pointwise_kernel", "pred",
    "predictions", "q", "query", "scale", "segment_ids", "sequence_lengths", "sorted_sequence",
    "start", "start_indices", "start_points", "step", "stop", "target", "target_length",
    "targets", "tensor", "transform", "translation", "updates", "value", "values", "variable",
    "variance", "weights", "x", "x1", "x2", "xs", "y",
})  # fmt: skip

# Arguments of those names that are settings.
_SETTINGS = {
    "affine_transform": ("fill_value",), "bincount": ("weights",), "diagonal": ("offset",),
    "elastic_transform": ("fill_value",),
    "histogram": ("bins",), "map_coordinates": ("fill_value",),
    "perspective_transform": ("fill_value",), "resize": ("fill_value",), "squareplus": ("b",),
    "trace": ("offset",), "trapezoid": ("x",), "unique": ("fill_value",),
}  # fmt: skip

# What else Keras hands over with the arrays.
_BESIDE = {"isclose": ("rtol", "atol"), "rearrange": ("pattern",),
           "scale_and_translate": ("output_shape",)}  # fmt: skip

# Keras's classes that are not called like the function.
_KINDS = {
    "allclose": "AllClose", "batch_normalization": "BatchNorm", "cdist": "CDist",
    "ctc_decode": "CTCDecode", "ctc_loss": "CTCLoss", "fft": "FFT", "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB", "ifft2": "IFFT2", "irfft": "IRFFT", "isin": "IsIn",
    "istft": "ISTFT", "layer_normalization": "LayerNorm", "psnr": "PSNR", "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale", "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm", "searchsorted": "SearchSorted", "ssim": "SSIM",
    "stft": "STFT", "svd": "SVD", "exponential": "Exp",
    "extract_patches_3d": "ExtractPatches3D", "hard_swish": "HardSilu", "swish": "Silu",
}  # fmt: skip
