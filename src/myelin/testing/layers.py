"""`check_layer`: what every layer promises."""

from __future__ import annotations

import json
import math
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin import dtypes, random, registry, variable
from myelin.errors import NonFiniteError
from myelin.layers.base import Layer
from myelin.layers.shapes import as_tuples, is_shape, shapes_of
from myelin.testing.comparing import agree, check_gradient, float64, plain_json


def check_layer(
    make: Callable[[], Layer],
    input_shape: Any,
    *,
    input_dtype: str = "float32",
    differentiable: bool = True,
    seed: int = 0,
) -> None:
    """Checks all that a layer promises.

    Its outputs have the shape it announces, also for a batch of unknown size. Compiled it
    computes what it computes eagerly, and `vmap` over members what a loop computes. Its gradient
    is the numerical one. Its configuration is plain JSON and makes an equal layer; a file keeps
    it. In bfloat16 it computes nearly the same. Inference leaves its variables alone and repeats;
    training with one key repeats. One step of training leaves it finite.

    Args:
        make: gives a new layer, with arguments that fit `input_shape`.
        input_shape: of the inputs, batch axis first, at least 2 examples; a list (or another
            tree) of shapes for a layer that takes several inputs.
        input_dtype: the type of the inputs.
        differentiable: whether gradients are to be compared.
        seed: of the inputs.

    Raises:
        AssertionError: a promise that is broken.
    """
    rng = np.random.default_rng(seed)
    x = _inputs(rng, as_tuples(input_shape), input_dtype)
    _announces_its_shape(make, x)
    _compiles(make, x)
    _takes_members(make, x)
    if differentiable:
        _has_the_numerical_gradient(make, x, rng)
    _comes_back_from_config(make, x)
    _comes_back_from_a_file(make, x)
    _computes_in_bfloat16(make, x)
    _infers_without_a_trace(make, x)
    _takes_a_step(make, x, rng)


def _inputs(rng: np.random.Generator, shapes: Any, dtype: str) -> Any:
    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        if dtypes.is_float(dtype):
            return rng.normal(size=shape).astype(dtype)
        return rng.integers(0, 5, size=shape).astype(dtype)

    return jax.tree.map(drawn, shapes, is_leaf=is_shape)


def _made(make: Callable[[], Layer], x: Any) -> Layer:
    random.set_random_seed(0)
    layer = make()
    if not layer.built:
        layer._build_for(shapes_of(x))
    return layer


def _pure(layer: Layer, training: bool) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The layer as a function `(values of its variables, x) -> (outputs, values after)`."""
    variables = {str(i): v for i, v in enumerate(layer.variables)}

    def function(values: Any, x: Any) -> tuple[Any, Any]:
        with variable.bind(variables, values) as after, random.scope(jax.random.key(7)):
            outputs = layer(x, training=training)
        return outputs, after

    return function


def _values(layer: Layer) -> dict[str, Any]:
    return {str(i): v.value for i, v in enumerate(layer.variables)}


def _modes(layer: Layer, x: Any) -> tuple[bool, ...]:
    """For which values of `training` the layer computes something else."""
    programs = {
        str(jax.make_jaxpr(_pure(layer, mode))(_values(layer), x)) for mode in (False, True)
    }
    return (False, True) if len(programs) > 1 else (False,)


def _announces_its_shape(make: Callable[[], Layer], x: Any) -> None:
    layer = _made(make, x)
    given = as_tuples(shapes_of(jax.eval_shape(lambda x: layer(x), x)))
    announced = as_tuples(layer.compute_output_shape(shapes_of(x)))
    assert announced == given, (
        f"compute_output_shape gives the shape of the outputs: {given}, not {announced}."
    )
    symbolic = as_tuples(make().compute_output_shape(_of_any_batch(shapes_of(x))))
    wanted = _of_any_batch(given)
    assert symbolic == wanted, f"With an unknown batch axis the shape is {wanted}, not {symbolic}."


def _of_any_batch(shapes: Any) -> Any:
    return jax.tree.map(lambda shape: (None, *shape[1:]), shapes, is_leaf=is_shape)


def _compiles(make: Callable[[], Layer], x: Any) -> None:
    layer = _made(make, x)
    for training in _modes(layer, x):
        function = _pure(layer, training)
        agree(
            jax.jit(function)(_values(layer), x), function(_values(layer), x),
            f"Compiled, with training={training}, it computes what it computes eagerly.",
            # Where to sample an image is rounded otherwise in one program than in many.
            atol=1e-5,
        )  # fmt: skip


def _takes_members(make: Callable[[], Layer], x: Any) -> None:
    layer = _made(make, x)
    inputs = jax.tree.map(lambda a: np.stack([a, a[::-1]]), x)
    values = jax.tree.map(lambda v: np.stack([v, np.asarray(v) * 2]), _values(layer))
    function = _pure(layer, False)
    outputs, _ = jax.jit(jax.vmap(function))(values, inputs)
    function = jax.jit(function)
    for member in range(2):
        values_alone, inputs_alone, own = jax.tree.map(
            lambda a, m=member: a[m], (values, inputs, outputs)
        )
        alone, _ = function(values_alone, inputs_alone)
        agree(own, alone, "vmap over members computes what a loop computes.")


def _has_the_numerical_gradient(
    make: Callable[[], Layer], x: Any, rng: np.random.Generator
) -> None:
    with float64():
        x = jax.tree.map(lambda a: a.astype(np.float64) if a.dtype.kind == "f" else a, x)
        layer = _made(make, x)
        trainable = {id(v) for v in layer.trainable_variables}
        names = [str(i) for i, v in enumerate(layer.variables) if id(v) in trainable]
        fixed = {name: v for name, v in _values(layer).items() if name not in names}
        moving = jax.tree.map(lambda a: a if a.dtype.kind == "f" else None, x)
        at = ({name: np.asarray(_values(layer)[name]) for name in names}, moving)
        for training in _modes(layer, x):
            function = _pure(layer, training)
            outputs, _ = jax.eval_shape(function, _values(layer), x)
            weighting = jax.tree.map(lambda a: rng.normal(size=a.shape), outputs)

            def loss(point: Any, function: Any = function, weighting: Any = weighting) -> Any:
                weights, moved = point
                inputs = jax.tree.map(lambda a, m: a if m is None else m, x, moved)
                outputs, _ = function({**fixed, **weights}, inputs)
                weighted = jax.tree.map(lambda a, w: (a * w).sum(), outputs, weighting)
                return sum(jax.tree.leaves(weighted))

            promise = f"Its gradient, with training={training}, is the numerical one."
            check_gradient(loss, at, promise, rng)


def _comes_back_from_config(make: Callable[[], Layer], x: Any) -> None:
    layer = _made(make, x)
    text = plain_json(layer.get_config())
    with registry.custom_object_scope({type(layer).__name__: type(layer)}):
        again = type(layer).from_config(json.loads(text))
    assert json.dumps(again.get_config()) == text, "from_config(get_config()) has the same config."
    again(x)
    again.set_weights(layer.get_weights())
    agree(
        again(x, training=False), layer(x, training=False),
        "A layer made from the configuration computes the same.",
    )  # fmt: skip


def _comes_back_from_a_file(make: Callable[[], Layer], x: Any) -> None:
    from myelin.models import load_model

    model, x = _model_of(_made(make, x), x)
    # Augmentation that is called alone acts as in training.
    outputs = model(x, training=False)
    custom = {type(layer).__name__: type(layer) for layer in model.layers}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "layer.myelin")
        model.save(path)
        again = load_model(path, custom_objects=custom)
    agree(
        again(x, training=False), outputs,
        "A model loaded from a file computes the same.", rtol=0, atol=0,
    )  # fmt: skip


def _model_of(layer: Layer, x: Any) -> tuple[Any, np.ndarray]:
    """A model of the one layer, and inputs for it: several are packed into one array."""
    from myelin.models import Sequential

    if isinstance(x, np.ndarray):
        return Sequential([layer]), x
    leaves, structure = jax.tree.flatten(x)
    shapes = jax.tree.unflatten(structure, [a.shape[1:] for a in leaves])
    packed = np.concatenate([a.reshape(len(a), -1) for a in leaves], axis=1)
    return Sequential([_Unpacked(shapes), layer]), packed


class _Unpacked(Layer):
    """A tree of arrays out of one, which holds them side by side."""

    def __init__(self, shapes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shapes = as_tuples(shapes)

    def call(self, packed: jax.Array) -> Any:
        """The parts of `packed`, in their shapes."""
        shapes, structure = jax.tree.flatten(self.shapes, is_leaf=is_shape)
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        parts = jnp.split(packed, ends[:-1], axis=1)
        reshaped = [p.reshape(len(p), *shape) for p, shape in zip(parts, shapes, strict=True)]
        return jax.tree.unflatten(structure, reshaped)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the parts."""
        batch = input_shape[0]
        return jax.tree.map(lambda shape: (batch, *shape), self.shapes, is_leaf=is_shape)


def _computes_in_bfloat16(make: Callable[[], Layer], x: Any) -> None:
    if not any(a.dtype.kind == "f" for a in jax.tree.leaves(x)):
        return
    layer = _made(make, x)
    with dtypes.policy_scope("mixed_bfloat16"):
        short = _made(make, x)
        short.set_weights(layer.get_weights())
        outputs = jax.tree.leaves(jax.jit(_pure(short, False))(_values(short), x)[0])
    wanted = jax.tree.leaves(layer(x, training=False))
    for got, own in zip(outputs, wanted, strict=True):
        if short.compute_dtype == "bfloat16":
            assert str(got.dtype) == "bfloat16", f"Under mixed_bfloat16 it gives {got.dtype}."
        scale = float(np.max(np.abs(np.asarray(own)))) + 1e-6
        agree(got, own, "In bfloat16 it computes nearly the same.", rtol=0.05, atol=0.05 * scale)


def _infers_without_a_trace(make: Callable[[], Layer], x: Any) -> None:
    layer = _made(make, x)
    before = layer.get_weights()
    first, second = layer(x, training=False), layer(x, training=False)
    agree(first, second, "Two inferences on the same inputs are the same.", rtol=0, atol=0)
    agree(layer.get_weights(), before, "Inference leaves the variables alone.", rtol=0, atol=0)
    train = _pure(layer, training=True)
    agree(
        train(_values(layer), x), train(_values(layer), x),
        "Training with the same key draws the same.", rtol=0, atol=0,
    )  # fmt: skip
    agree(layer.get_weights(), before, "bind leaves the variables as they were.", rtol=0, atol=0)


def _takes_a_step(make: Callable[[], Layer], x: Any, rng: np.random.Generator) -> None:
    model, x = _model_of(_made(make, x), x)
    model.compile("sgd", "mse")
    y = rng.normal(size=model.compute_output_shape(x.shape)).astype(np.float32)
    try:
        model.fit(x, y, epochs=2, batch_size=2, verbose=0)
    except NonFiniteError as error:
        raise AssertionError(f"Two epochs of training stay finite. But {error}") from error
    for array in model.get_weights():
        assert np.all(np.isfinite(array)), "Two epochs of training leave the weights finite."
