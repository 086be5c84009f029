"""`Layer`: variables made in `build`, mathematics in `call`, and the one way to call it."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import (
    constraints,
    dtypes,
    initializers,
    naming,
    regularizers,
    tracebacks,
    variable,
)
from myelin.errors import InputError, NotBuiltError, ShapeError, nearest
from myelin.layers import arguments, input_spec, masks, sources, symbolic
from myelin.layers.added import add_loss, add_metric
from myelin.layers.building import marked
from myelin.layers.context import call_context, contexts
from myelin.layers.ownership import Owner
from myelin.layers.shapes import Shape, as_tuples, is_shape, shapes_of
from myelin.layers.stateless import stateless_call
from myelin.layers.symbolic import KerasTensor
from myelin.variable import Variable


class Layer(Owner):
    """One step of a model: arrays in, arrays out, with variables of its own.

    A subclass makes its variables in `build(input_shape)` with `add_weight` and computes in
    `call(inputs)`; both are ordinary methods, as in Keras. `call` may take `training`.

    Args:
        activity_regularizer: a regularizer of the output; its value, divided by the number of
            examples, joins the loss.
        trainable: whether gradients reach its variables.
        dtype: a type name or `DTypePolicy`; the global policy when None.
        autocast: whether floating-point inputs are cast to the compute type.
        name: its name; made from the class name when None.
        input_shape, batch_input_shape, input_dim, batch_size: the shape of the inputs, for the
            first layer of a `Sequential`, as in older Keras programs.

    Raises:
        InputError: an unknown keyword.

    The source of the interface is Keras 3.

    Attributes:
        supports_masking: whether a mask beside the inputs goes on beside the outputs.
        on_host: whether it computes with NumPy on the host; see `hosting`.
        input_spec: what its inputs must be, an `InputSpec` or a tree of them; None where that is
            for `call` to say.
    """

    supports_masking: bool | None = False
    # What stands for unknown sizes, of the batch and of others, where it is traced for a promise.
    trial_sizes = symbolic.SIZES
    on_host = False
    # Whether somebody else wrote what it computes, who may look at several examples at once.
    of_any_function = False
    input_spec: Any = None
    _last_penalties: list[tuple[Layer, Any]] = []
    _building = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = marked(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise InputError(f'{type(self).__name__}: name wants text without "/", got {name!r}')
        self.name = str(name or naming.auto_name(naming.snake_case(type(self).__name__)))
        self._path = self.name
        self._place = ""
        self.dtype_policy = dtypes.policy_for(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast = autocast
        self.built = False
        self._trainable = bool(trainable)
        self._weights: list[Variable] = []
        self._build_shape: Any = None
        self._build_shapes: dict[str, Any] | None = None
        self._nodes: list[symbolic.Node] = []
        self._input_shape_given = self._legacy_input_shape(kwargs)

    def _legacy_input_shape(self, kwargs: dict[str, Any]) -> Shape | None:
        shape = kwargs.pop("batch_input_shape", None) or kwargs.pop("batch_shape", None)
        batch_size = kwargs.pop("batch_size", None)
        dim = kwargs.pop("input_dim", None)
        inner = kwargs.pop("input_shape", None if dim is None else (dim,))
        if kwargs:
            name = next(iter(kwargs))
            known = inspect.signature(type(self).__init__).parameters
            hint = nearest(name, [*known, "name", "dtype", "trainable", "input_shape"])
            raise InputError(
                f'{type(self).__name__} "{self.name}": no argument is called "{name}". {hint}'
            )
        if shape is None and inner is not None:
            inner = (inner,) if isinstance(inner, int) else inner
            shape = (batch_size, *inner)
        return None if shape is None else tuple(shape)

    # What a subclass writes.

    @marked
    def build(self, input_shape: Any) -> None:
        """Makes the variables for inputs of `input_shape`, batch axis first, None where unknown."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the outputs; a plain layer hands its inputs on."""
        return inputs

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Makes a variable of this layer.

        Args:
            shape: its sizes; `()` when None.
            initializer: a name or object; Glorot uniform for floats, zeros for others when None.
            dtype: its type; the policy's variable type when None.
            trainable: whether gradients reach it.
            autocast: whether mixed precision may cast it.
            regularizer: adds `regularizer(value)` to the loss.
            constraint: applied after each update.
            aggregation, overwrite_with_gradient: accepted for Keras's sake, without effect here.
            name: the last part of its path.
        """
        dtype = dtypes.name_of(dtype or self.dtype_policy.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        made = Variable(
            initializers.get(initializer),
            shape=tuple(int(size) for size in shape or ()),
            dtype=dtype,
            trainable=trainable,
            name=name or "variable",
            autocast=autocast,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        made.path = f"{self._path}/{made.name}"
        self._weights.append(made)
        return made

    add_loss = add_loss
    add_metric = add_metric

    # How it is called.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Builds on first use, then computes the outputs for an array (or tree of arrays).

        Called on a promise, such as `Input` gives, it promises its outputs.
        """
        inputs, *rest = args or [kwargs.pop(self._first_parameter())]
        try:
            if symbolic.tensors_in((inputs, rest, kwargs)):
                input_spec.check(self, inputs)
                return symbolic.call(self, (inputs, *rest), kwargs)
            return self._called(inputs, rest, kwargs)
        except Exception as error:
            if isinstance(error, ShapeError):
                sources.add_source(error, self, inputs)
            tracebacks.cut(error)
            raise

    def _called(self, inputs: Any, rest: list[Any], kwargs: dict[str, Any]) -> Any:
        """The outputs for arrays."""
        watch = contexts[-1].watch if contexts else None
        if watch is not None:
            watch.enter(self, inputs)
        mask = kwargs.get("mask")
        mask = masks.mask_of(inputs) if mask is None else mask
        kwargs |= arguments.masks_beside(self, (inputs, *rest), kwargs)
        inputs = self._as_inputs(inputs)
        input_spec.check(self, inputs)
        if rest or kwargs:
            rest, kwargs = jax.tree.map(self._cast, (rest, kwargs))
        if mask is not None:
            self._take_mask(inputs, mask, kwargs)
        if not self.built:
            self._build_on((inputs, *rest), kwargs)
        training = given = kwargs.get("training")
        if training is None and contexts:
            training = contexts[-1].training
        if training is None:
            training = self._training_alone()
        if self._call_takes("training"):
            kwargs["training"] = training
        else:
            kwargs.pop("training", None)
        policy = self.dtype_policy
        mixed = policy.compute_dtype != policy.variable_dtype
        with (
            self._context(training, given),
            variable.autocast(policy.compute_dtype if mixed else None),
        ):
            outputs = self._call_checked(inputs, rest, kwargs)
            if self.activity_regularizer is not None:
                for output in jax.tree.leaves(outputs):
                    self.add_loss(self.activity_regularizer(output) / output.shape[0])
            masks.hand_on(self, inputs, outputs, mask)
            if watch is not None:
                outputs = watch.leave(self, outputs)
            sources.note(self.title, outputs)
        return outputs

    stateless_call = stateless_call

    @contextlib.contextmanager
    def _context(self, training: bool | None, given: bool | None) -> Iterator[None]:
        """The context of a call: one of its own for the outermost, the present one inside.

        What a call was given for `training` holds for all layers inside it.
        """
        if not contexts:
            with call_context(training) as context:
                yield
            # Not through `__setattr__`, which may track layers in lists.
            object.__setattr__(self, "_last_penalties", context.penalties)
            return
        context = contexts[-1]
        before, context.training = context.training, context.training if given is None else given
        try:
            yield
        finally:
            context.training = before

    def _take_mask(self, inputs: Any, mask: Any, kwargs: dict[str, Any]) -> None:
        """Gives `call` the mask that came beside the inputs, and the inputs as they are now."""
        if self._call_takes("mask"):
            kwargs["mask"] = mask
        if not isinstance(inputs, list | tuple | dict):
            masks.set_mask(inputs, mask)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs for that of the inputs; None for none.

        Heard where `supports_masking` is set.
        """
        return mask

    def _call_checked(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        try:
            return self.call(inputs, *args, **kwargs)
        except symbolic.NEEDS_NUMBERS as error:
            error.add_note(
                f"{self.title} reads numbers while it is being compiled. Use jax.numpy in the "
                "place of Python's or NumPy's functions, or compile(run_eagerly=True)."
            )
            raise
        except TypeError as error:
            # jax reports shapes that do not fit as TypeError, without the layer.
            if "shape" not in str(error).lower() or isinstance(error, ShapeError):
                raise
            text = f"{self.title}: {str(error).rstrip('.')}; its input is {shapes_of(inputs)}"
            # In the frames of the layer's own code, which the error came from.
            raise ShapeError(text).with_traceback(error.__traceback__) from None

    def _as_inputs(self, inputs: Any) -> Any:
        if isinstance(inputs, jax.Array):
            return self._as_input(inputs)
        return jax.tree.map(self._as_input, inputs, is_leaf=_is_plain_list)

    def _cast(self, value: Any) -> Any:
        """A further argument, in the compute type where it is an array of floats."""
        target = self.dtype_policy.compute_dtype
        given = isinstance(value, jax.Array | np.ndarray) and self.autocast
        if not given or value.dtype == target or not dtypes.is_float(value.dtype):
            return value
        cast = jnp.asarray(value).astype(target)
        masks.set_mask(cast, masks.mask_of(value))
        return cast

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, Variable):
            value = value.value
        if not isinstance(value, jax.Array):
            value = np.asarray(value)
            if value.dtype.kind in "OUST":
                # Text, for a layer inside that computes on the host.
                return value
        target = self.dtype_policy.compute_dtype
        if self.autocast and value.dtype != target and dtypes.is_float(value.dtype):
            value = value.astype(target)
        # Most inputs are arrays already, and asking jax costs as much as adding two.
        return value if isinstance(value, jax.Array) else jnp.asarray(value)

    def _build_for(self, shape: Any) -> None:
        self._build_shape = shape
        self.build(shape)
        self.built = True

    def _build_on(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Builds for what `call` is given: see `arguments.shapes_to_build_for`."""
        shapes = arguments.shapes_to_build_for(self, args, kwargs)
        if len(shapes) == 1:
            self._build_for(next(iter(shapes.values())))
        else:
            self._build_for_several(shapes)

    def _build_for_several(self, shapes: dict[str, Any]) -> None:
        self._build_shapes = shapes
        self._build_shape = next(iter(shapes.values()))
        self.build(**shapes)
        self.built = True

    @classmethod
    def _first_parameter(cls) -> str:
        return list(_parameters(cls.call))[1]

    @classmethod
    def _call_takes(cls, name: str) -> bool:
        return name in _parameters(cls.call)

    @classmethod
    def _training_alone(cls) -> bool | None:
        """What `call` takes for `training` where nobody says: augmentation takes True."""
        parameter = _parameters(cls.call).get("training")
        if parameter is None:
            return None
        return False if parameter.default is parameter.empty else parameter.default

    def missing(self) -> str | None:
        """What must still be done before it can compute; None where nothing is missing."""
        return None

    def wants(self, wanted: str, input_shape: Any) -> ShapeError:
        """The error for inputs that do not fit: what this layer wants and what it got."""
        return ShapeError(f"{self.title}: wants {wanted}, got inputs of shape {input_shape}")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of `input_shape`; None where it depends on None.

        Found by tracing `call` with two sizes in the place of each None: an axis whose size
        differs between the two depends on it.
        """
        if not self.built:
            self._build_for(input_shape)
        inputs = jax.tree.map(self._promised, input_shape, is_leaf=is_shape)
        outputs = symbolic.traced(self, (inputs,), {})
        return jax.tree.map(lambda tensor: tensor.shape, outputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """What it promises for promises: a `KerasTensor`, or a tree of them."""
        overridden = type(self).compute_output_shape is not Layer.compute_output_shape
        if not overridden or symbolic.tensors_in((args[1:], kwargs)):
            return symbolic.traced(self, args, kwargs)
        shapes = self.compute_output_shape(symbolic.shapes_of(args[0]))
        if self.missing() is not None:
            return jax.tree.map(self._promised, shapes, is_leaf=is_shape)
        return symbolic.checked(self, shapes, args, kwargs)

    def _promised(self, shape: Any) -> KerasTensor:
        return KerasTensor(shape, self.dtype_policy.compute_dtype)

    @property
    def input(self) -> Any:
        """What it was first called with, of promises.

        Raises:
            NotBuiltError: it was never called on any.
        """
        return self._first_node().args[0]

    @property
    def output(self) -> Any:
        """What it promised when it was first called on promises.

        Raises:
            NotBuiltError: it was never called on any.
        """
        return self._first_node().outputs

    def _first_node(self) -> symbolic.Node:
        if not self._nodes:
            raise NotBuiltError(
                f"{self.title} is in no model that begins with Input(shape=(…)), so it has no "
                "input and output yet"
            )
        return self._nodes[0]

    @property
    def losses(self) -> list[Any]:
        """What the layers inside added in the last call, and what regularizers say of the weights.

        In a call or a step, what was added so far.
        """
        penalties = contexts[-1].penalties if contexts else self._last_penalties
        own = {id(layer) for layer in self.all_layers()} if penalties else set()
        added = [value for layer, value in penalties if id(layer) in own]
        return added + [v.regularizer(v.value) for v in self.trainable_variables if v.regularizer]

    @property
    def dtype(self) -> str:
        """The type its variables are kept in."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The type it computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The type its variables are kept in."""
        return self.dtype_policy.variable_dtype

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain JSON values."""
        config = super().get_config()
        base = {"name": self.name, "trainable": self.trainable}
        base["dtype"] = {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": self.dtype_policy.get_config(),
            "registered_name": None,
        }
        for legacy in ("input_shape", "batch_input_shape", "batch_shape", "input_dim"):
            config.pop(legacy, None)
        return {**base, **{k: v for k, v in config.items() if k not in base}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new layer from what `get_config` gave, here or in Keras."""
        unused = {name for name in _KERAS_ONLY if name in config and not config[name]}
        made = {name: value for name, value in config.items() if name not in unused}
        return super().from_config(made)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape, or shapes, it was built for, or None."""
        if self._build_shapes is not None:
            return {"shapes_dict": self._build_shapes}
        return None if self._build_shape is None else {"input_shape": self._build_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds for the shape that `get_build_config` gave."""
        if not self.built and config.get("shapes_dict"):
            given = config["shapes_dict"].items()
            self._build_for_several({k: as_tuples(shape) for k, shape in given if shape})
        if not self.built and config.get("input_shape") is not None:
            self._build_for(as_tuples(config["input_shape"]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


# What Keras writes into configurations and Myelin does without, as long as it is off.
_KERAS_ONLY = ("quantization_config", "lora_rank", "ragged", "optional", "rms_scaling")


@functools.lru_cache(maxsize=4096)
def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a `call`, by name; asked for at each call of a layer."""
    return inspect.signature(function).parameters


def _is_plain_list(value: Any) -> bool:
    """Whether a list stands for an array (numbers all the way down), not for several inputs."""
    if isinstance(value, list) and value and not hasattr(value[0], "shape"):
        return not isinstance(value[0], dict)
    return False
