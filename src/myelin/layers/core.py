"""The layers nearly every model has: Input, Dense, Activation, Identity, Lambda."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast

import jax

from myelin import activations, constraints, dtypes, initializers, naming, regularizers
from myelin.errors import InputError
from myelin.kernels import dense
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape, fit, positive_int
from myelin.layers.symbolic import KerasTensor, Node


class InputLayer(Layer):
    """States the shape and type of what a model takes; computes nothing.

    Args:
        shape: sizes without the batch axis.
        batch_size: the size of the batch axis, or None for any.
        dtype: the type that inputs are cast to; the default float type when None.
        batch_shape: sizes with the batch axis, in the place of `shape` and `batch_size`.
        name: its name.
        input_tensor: a promise to be the input from now on, whatever made it; its shape and type
            are the layer's.
        optional: whether a model may be given None for it; layers are then called with None.
        input_shape: an old name of `shape`.

    Raises:
        InputError: no shape, both shapes, or one that is not that of `input_tensor`.
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
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
    ) -> None:
        super().__init__(name=name or naming.auto_name("input_layer"))
        shape = input_shape if shape is None else shape
        self.optional = bool(optional)
        if input_tensor is not None:
            _check_promise(input_tensor, shape, batch_size, batch_shape, dtype)
            shape, batch_shape, dtype = None, input_tensor.shape, input_tensor.dtype
        if (shape is None) == (batch_shape is None):
            raise InputError("Input wants shape=(…) without the batch axis, or batch_shape=(…)")
        if sparse:
            raise InputError("Input: sparse tensors do not exist here; pass a dense array")
        given = (batch_size, *_sizes(shape)) if batch_shape is None else tuple(batch_shape)
        self.batch_shape: Shape = given
        self.input_dtype = dtypes.name_of(dtype)
        self.built = True
        promise = input_tensor
        if promise is None:
            promise = KerasTensor(given, self.input_dtype, self.name)
        self._nodes.append(Node(self, (), {}, promise))

    @property
    def dtype(self) -> str:
        """The type that inputs are cast to."""
        return self.input_dtype

    @property
    def input(self) -> Any:
        """The promise of what comes in, which is what goes on."""
        return self.output

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs."""
        return self.batch_shape

    def admit(self, value: Any, model: Layer, reader: str = "") -> Any:
        """An array of this shape in this type, as a model takes it; a last axis of 1 may lack.

        Args:
            value: the array; None where the input is optional.
            model: whose input it is; what the error is about.
            reader: what else to say of where it goes.

        Raises:
            ShapeError: an array of another shape.
            InputError: None for an input that is not optional.
        """
        if value is None:
            if self.optional:
                return None
            raise InputError(
                f'{model.title}: got None for the input "{self.name}"; Input(optional=True) '
                "would allow it"
            )
        rank = len(self.batch_shape)
        if value.ndim == rank - 1 and self.batch_shape[-1] == 1:
            value = value[..., None]
        elif value.ndim == rank + 1 and value.shape[-1] == 1:
            value = value[..., 0]
        if not fit(self.batch_shape, value.shape):
            raise model.wants(f"inputs of shape {self.batch_shape}{reader}", value.shape)
        if self.input_dtype == "string":
            return value
        if value.dtype.kind == "O":
            raise InputError(
                f'{model.title}: the input "{self.name}" is text, and its Input says '
                f'{self.input_dtype}: write Input(…, dtype="string")'
            )
        # Bytes stay bytes until here, so that data on the device take a quarter of the room.
        wanted = self.input_dtype
        if isinstance(value, jax.Array):
            # Without a warning of jax's, which has no int64 unless it is told to.
            wanted = str(jax.dtypes.canonicalize_dtype(wanted))
        both_float = dtypes.is_float(value.dtype) and dtypes.is_float(wanted)
        # Under mixed precision inputs are in the short float already.
        return value if value.dtype == wanted or both_float else value.astype(wanted)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, with Keras's keys."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.input_dtype,
            "sparse": False,
            "name": self.name,
            "optional": self.optional,
        }


def _check_promise(
    tensor: Any, shape: Any, batch_size: int | None, batch_shape: Any, dtype: Any
) -> None:
    """Raises InputError where what is said beside a promise is not what it promises."""
    if not isinstance(tensor, KerasTensor):
        raise InputError(
            f"Input: tensor wants a promise, as Input or a layer called on one gives, got "
            f"{tensor!r}; call the model on an array"
        )
    said = {
        "shape": shape is None or _sizes(shape) == tensor.shape[1:],
        "batch_size": batch_size is None or batch_size == tensor.shape[0],
        "batch_shape": batch_shape is None or tuple(batch_shape) == tensor.shape,
        "dtype": dtype is None or dtypes.name_of(dtype) == tensor.dtype,
    }
    wrong = [name for name, fits in said.items() if not fits]
    if wrong:
        raise InputError(f"Input: {wrong[0]} is not that of the tensor, {tensor!r}")


def _sizes(shape: Any) -> tuple[int | None, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """The promise of a model's input: the shape of one example, without the batch axis.

    Args:
        shape, batch_size, dtype, sparse, batch_shape, name, optional: as for `InputLayer`.
        tensor: a promise that is to be the input from now on, and is returned.

    Raises:
        InputError: no shape, both shapes, or one that is not that of `tensor`.
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, batch_shape, name, input_tensor=tensor, optional=optional
    )
    return cast(KerasTensor, layer.output)


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

    supports_masking = True

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
        y = dense.matmul(x, self.kernel.value)
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

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, x: jax.Array) -> jax.Array:
        """`activation(x)`."""
        return self.activation(x)


class Identity(Layer):
    """Hands its inputs on as they are: `y = x`."""

    supports_masking = True

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
        mask: the mask of y, or a function of x and its mask that gives it.
        arguments: further keyword arguments of `function`.

    Raises:
        InputError: `function` cannot be called.
        UnknownNameError: no activation goes by that name.
    """

    of_any_function = True

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
        self.supports_masking = mask is not None
        self.arguments = arguments or {}

    def call(self, x: Any, training: bool = False) -> Any:
        """`function(x, **arguments)`."""
        extra = dict(self.arguments)
        if "training" in inspect.signature(self.function).parameters:
            extra["training"] = training
        return self.function(x, **extra)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What `mask` is, or gives as a function of inputs and their mask."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What `output_shape` says, else what tracing finds."""
        if self.output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.output_shape):
            return tuple(self.output_shape(input_shape))
        return (input_shape[0], *self.output_shape)
