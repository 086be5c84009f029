"""The layers nearly every model has: Input, Dense, Activation, Identity, Lambda."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax

from myelin import activations, constraints, dtypes, initializers, naming, regularizers
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, positive_int


class KerasTensor:
    """The promise of an array: a shape, a type and a name, but no numbers yet."""

    def __init__(self, shape: Sequence[int | None], dtype: str = "float32", name: str = "") -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = dtype
        self.name = name

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class InputLayer(Layer):
    """States the shape and type of what a model takes; computes nothing.

    Args:
        shape: sizes without the batch axis.
        batch_size: the size of the batch axis, or None for any.
        dtype: the type that inputs are cast to; the default float type when None.
        batch_shape: sizes with the batch axis, in the place of `shape` and `batch_size`.
        name: its name.
        input_shape: an old name of `shape`.

    Raises:
        InputError: no shape, or both shapes.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        input_shape: Sequence[int | None] | None = None,
    ) -> None:
        super().__init__(name=name or naming.auto_name("input_layer"))
        shape = input_shape if shape is None else shape
        if (shape is None) == (batch_shape is None):
            raise InputError("Input wants shape=(…) without the batch axis, or batch_shape=(…)")
        if sparse:
            raise InputError("Input: sparse tensors do not exist here; pass a dense array")
        given = (batch_size, *_sizes(shape)) if batch_shape is None else tuple(batch_shape)
        self.batch_shape: Shape = given
        self.input_dtype = dtypes.name_of(dtype)
        self.built = True

    @property
    def dtype(self) -> str:
        """The type that inputs are cast to."""
        return self.input_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs."""
        return self.batch_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, with Keras's keys."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.input_dtype,
            "sparse": False,
            "name": self.name,
        }


def _sizes(shape: Any) -> tuple[int | None, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: Any = None,
) -> KerasTensor:
    """The first entry of a `Sequential`: the shape of one example, without the batch axis.

    Args:
        shape, batch_size, dtype, sparse, batch_shape, name: as for `InputLayer`.
        tensor: accepted as None only.

    Raises:
        InputError: no shape, both shapes, or a `tensor`.
    """
    if tensor is not None:
        raise InputError("Input(tensor=…) is not supported: call the model on the array")
    layer = InputLayer(shape, batch_size, dtype, sparse, batch_shape, name)
    return KerasTensor(layer.batch_shape, layer.input_dtype, layer.name)


class Dense(Layer):
    """Computes `y = activation(x @ kernel + bias)`.

    Args:
        units: the size of the last axis of y, above 0.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: first values of kernel and bias.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.

    Shapes: x `(batch, …, features)`, kernel `(features, units)`, bias `(units,)`,
    y `(batch, …, units)`.

    Raises:
        InputError: `units` is not a whole number above 0.
        ShapeError: the last axis of x is unknown, or not the one it was built for.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_int(units, "Dense", "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        """Makes kernel and bias."""
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise self.wants("inputs (batch, …, features) with features known", input_shape)
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, x: jax.Array) -> jax.Array:
        """`activation(x @ kernel + bias)`."""
        if x.ndim < 2 or x.shape[-1] != self.kernel.shape[0]:
            raise self.wants(f"a last axis of {self.kernel.shape[0]}", x.shape)
        y = x @ self.kernel.value
        if self.bias is not None:
            y = y + self.bias.value
        return y if self.activation is None else self.activation(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of x with `units` as its last axis."""
        return (*input_shape[:-1], self.units)


class Activation(Layer):
    """Applies an activation: `y = activation(x)`, of the same shape.

    Args:
        activation: a name or a function of one array.

    Raises:
        UnknownNameError: no activation goes by that name.
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, x: jax.Array) -> jax.Array:
        """`activation(x)`."""
        return self.activation(x)


class Identity(Layer):
    """Hands its inputs on as they are: `y = x`."""

    def call(self, x: Any) -> Any:
        """`x`."""
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of x."""
        return input_shape


class Lambda(Layer):
    """Applies a function of one's own: `y = function(x, **arguments)`.

    To be saved, the function must be registered with
    `myelin.saving.register_keras_serializable`; files never hold code.

    Args:
        function: takes an array and returns one, and may take `training`; or the name of an
            activation.
        output_shape: the shape of y without the batch axis, or a function from the shape of x
            with it; found by tracing when None.
        arguments: further keyword arguments of `function`.

    Raises:
        InputError: `function` cannot be called.
        UnknownNameError: no activation goes by that name.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = activations.get(function) if isinstance(function, str) else function
        if not callable(self.function):
            raise InputError(f"Lambda: wants a function, got {function!r}")
        self.output_shape = output_shape
        self.mask = mask
        self.arguments = arguments or {}

    def call(self, x: Any, training: bool = False) -> Any:
        """`function(x, **arguments)`."""
        extra = dict(self.arguments)
        if "training" in inspect.signature(self.function).parameters:
            extra["training"] = training
        return self.function(x, **extra)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What `output_shape` says, else what tracing finds."""
        if self.output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.output_shape):
            return tuple(self.output_shape(input_shape))
        return (input_shape[0], *self.output_shape)
