"""`JaxLayer`: a function over jax arrays, with its parameters, as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, naming, random, registry
from myelin.errors import InputError, unknown_name
from myelin.layers.base import Layer
from myelin.layers.shapes import is_shape
from myelin.variable import Variable


class JaxLayer(Layer):
    """Calls a function with trees of arrays, which become the layer's variables.

    `call_fn` takes, by these names and in any order, `inputs` and any of `params` (what gradients
    reach), `state` (what it remembers from batch to batch), `rng` (a key as `jax.random.PRNGKey`
    gives, None in inference) and `training`. It returns the outputs; with `state` a pair of them
    and the new state.

    `init_fn` takes `inputs`, ones of the shape that comes, with a batch of 1 where that is not
    said, and may take `rng` and `training` (True). It returns the params; where `call_fn` takes
    `state`, a pair of both. Without it `params` or `state` are given.

    To be saved, the functions must be registered with
    `myelin.saving.register_keras_serializable`. Where there is no `init_fn`, the params are
    written into the configuration; the trees are then of dictionaries and lists.

    Args:
        call_fn: the function.
        init_fn: makes params and state for a shape of inputs, or None.
        params, state: trees of arrays to begin with; what is no array or number in them stays
            as it is, for the function to read.
        seed: folded into the run's key.
        native_serialization_platforms: accepted for Keras's sake; it concerns TensorFlow.

    Raises:
        InputError: a function without `inputs`, none of `init_fn`, `params` and `state`, or a new
            state that is not like the old one.
        UnknownNameError: a function with an argument of another name.
    """

    of_any_function = True

    def __init__(
        self,
        call_fn: Callable[..., Any],
        init_fn: Callable[..., Any] | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.seed = seed
        self.native_serialization_platforms = native_serialization_platforms
        known = ("params", "state", "rng", "inputs", "training")
        self._call_takes_names = _arguments(call_fn, "call_fn", known)
        self._init_takes_names: list[str] = []
        if init_fn is not None:
            self._init_takes_names = _arguments(init_fn, "init_fn", ("rng", "inputs", "training"))
        self.params = self._variables_of(params, "params", trainable=True)
        self.state = self._variables_of(state, "state", trainable=False)
        has_weights = {"params", "state"} & {*self._call_takes_names}
        self._makes_weights = bool(has_weights) and params is None and state is None
        if self._makes_weights and init_fn is None:
            raise InputError(
                f"{self.title}: call_fn takes {' and '.join(sorted(has_weights))}: give init_fn, "
                "or params and state to begin with"
            )
        self.built = params is not None or state is not None

    def _variables_of(self, tree: Any, name: str, trainable: bool) -> Any:
        """The tree with a variable in the place of each array or number."""

        def made(way: Any, value: Any) -> Any:
            plain = isinstance(value, bool | int | float)
            if not plain and not isinstance(value, jax.Array | np.ndarray | np.generic | Variable):
                return value
            value = np.asarray(value)
            # Floats follow the policy of the layer; keys and counters keep their type.
            dtype = None if dtypes.is_float(value.dtype) else jnp.asarray(value).dtype
            words = [str(getattr(k, "key", getattr(k, "idx", getattr(k, "name", k)))) for k in way]
            taken = {v.name for v in self._weights}
            return self.add_weight(
                value.shape,
                lambda shape, dtype=None: jnp.asarray(value, dtype),
                dtype,
                trainable,
                name=naming.unique("/".join(words) or name, taken),
            )

        return jax.tree_util.tree_map_with_path(made, tree)

    def build(self, input_shape: Any) -> None:
        """Has `init_fn` make the params and the state."""
        if not self._makes_weights or self.init_fn is None:
            return
        rng = jax.random.key_data(random.key_for(self.place, self.seed))
        given = {"rng": rng, "inputs": _ones(input_shape), "training": True}
        found = self.init_fn(*(given[name] for name in self._init_takes_names))
        if "state" not in self._call_takes_names:
            self.params = self._variables_of(found, "params", trainable=True)
            return
        params, state = found
        self.params = self._variables_of(params, "params", trainable=True)
        self.state = self._variables_of(state, "state", trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """What `call_fn` computes; its new state is kept."""
        given = {
            "params": jax.tree.map(_value, self.params),
            "state": jax.tree.map(_value, self.state),
            "inputs": inputs,
            "training": training,
            "rng": None,
        }
        if training and "rng" in self._call_takes_names:
            given["rng"] = jax.random.key_data(random.key_for(self.place, self.seed))
        outputs = self.call_fn(*(given[name] for name in self._call_takes_names))
        if "state" not in self._call_takes_names:
            return outputs
        outputs, state = outputs
        before, structure = jax.tree.flatten(self.state)
        after, given_structure = jax.tree.flatten(state)
        if str(given_structure) != str(structure):
            raise InputError(
                f"{self.title}: call_fn wants to return (outputs, state) with a state like "
                f"{structure}, got {given_structure}"
            )
        for own, new in zip(before, after, strict=True):
            if isinstance(own, Variable):
                own.assign(new)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        if self.init_fn is not None:
            # As many as the weights, which a file of the whole model has anyway.
            config.pop("params", None)
            config.pop("state", None)
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new layer from what `get_config` gave, here or in Keras."""
        trees = {name: _read(config[name]) for name in ("params", "state") if name in config}
        return super().from_config({**config, **trees})


def _arguments(function: Any, name: str, known: tuple[str, ...]) -> list[str]:
    """The names of a function's arguments, in order."""
    found = list(inspect.signature(function).parameters)
    for argument in found:
        if argument not in known:
            raise unknown_name(f"argument of JaxLayer's {name}", argument, known)
    if "inputs" not in found:
        raise InputError(f"JaxLayer: {name} wants an argument called inputs")
    return found


def _ones(shape: Any) -> Any:
    return jax.tree.map(
        lambda one: jnp.ones([1 if size is None else size for size in one]), shape, is_leaf=is_shape
    )


def _value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf


def _read(tree: Any) -> Any:
    """A tree as a configuration holds it, with arrays in the place of what describes them."""
    if isinstance(tree, dict) and "class_name" not in tree:
        return {key: _read(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_read(value) for value in tree]
    return registry.deserialize(tree)
