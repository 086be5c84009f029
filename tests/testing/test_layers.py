"""`check_layer` finds each kind of broken promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import layers
from myelin.testing import check_layer


class Scale(layers.Layer):
    """Keeps every promise; each subclass below breaks one."""

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def call(self, x, training=False):
        return x * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape


class WrongShape(Scale):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)


class WrongUnknownBatch(Scale):
    def compute_output_shape(self, input_shape):
        return tuple(4 if axis is None else axis for axis in input_shape)


class Eager(Scale):
    def call(self, x, training=False):
        return x * self.scale * (1.0 if isinstance(x, jax.core.Tracer) else 2.0)


class ForgetsBatch(Scale):
    """Mixes the examples of all members, which only shows where its own gradient rule runs."""

    def call(self, x, training=False):
        return x * self.scale + looking_at_all(x)


@jax.custom_batching.custom_vmap
def looking_at_all(x):
    return jnp.zeros_like(x)


@looking_at_all.def_vmap
def _(axis_size, in_batched, x):
    return jnp.ones_like(x), True


@jax.custom_vjp
def half_gradient(x):
    return x**2


half_gradient.defvjp(lambda x: (x**2, x), lambda x, g: (g * x,))


class WrongGradient(Scale):
    def call(self, x, training=False):
        return half_gradient(x * self.scale)


class WrongTrainingGradient(Scale):
    def call(self, x, training=False):
        return half_gradient(x * self.scale) if training else x * self.scale


class ForgetfulConfig(Scale):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self._factor = factor

    def call(self, x, training=False):
        return x * self.scale * self._factor

    def get_config(self):
        config = super().get_config()
        del config["factor"]
        return config


class ConfigOfObjects(Scale):
    def get_config(self):
        return {**super().get_config(), "name": {1, 2}}


class GrowingConfig(Scale):
    def get_config(self):
        return {**super().get_config(), "name": f"{self.name}_again"}


class NotInTheFile(Scale):
    """Keeps a number outside of its variables."""

    def build(self, input_shape):
        super().build(input_shape)
        self.drawn = float(np.random.rand())

    def call(self, x, training=False):
        return x * self.scale + self.drawn


class AlwaysLong(Scale):
    def call(self, x, training=False):
        y = x * self.scale
        return y.astype(jnp.float32) if y.dtype == jnp.bfloat16 else y


class BadInShort(Scale):
    def call(self, x, training=False):
        y = x * self.scale
        return y + 1 if y.dtype == jnp.bfloat16 else y


class ChangesItself(Scale):
    def call(self, x, training=False):
        self.count.assign_add(1.0)
        return x * self.scale


class Drifts(Scale):
    """Each inference is another."""

    def call(self, x, training=False):
        if not isinstance(x, jax.core.Tracer) and x.dtype != jnp.float64:
            self.drift = getattr(self, "drift", 0.0) + 1e-7
        return x * self.scale + getattr(self, "drift", 0.0)


class DrawsFromElsewhere(Scale):
    def call(self, x, training=False):
        if training and not isinstance(x, jax.core.Tracer) and x.dtype != jnp.float64:
            return x * self.scale + 1e-7 * np.random.rand()
        return x * self.scale


class Explodes(Scale):
    def call(self, x, training=False):
        # Its gradient is right, but large enough to end in infinity after a step or two.
        return x * self.scale * 1e12 if training and x.dtype != jnp.float64 else x * self.scale


BROKEN = [
    (WrongShape, "compute_output_shape gives the shape"),
    (WrongUnknownBatch, "unknown batch axis"),
    (Eager, "Compiled, with training=False"),
    (ForgetsBatch, "vmap over members"),
    (WrongGradient, "training=False, is the numerical one"),
    (WrongTrainingGradient, "training=True, is the numerical one"),
    (ForgetfulConfig, "made from the configuration computes the same"),
    (ConfigOfObjects, "plain JSON"),
    (GrowingConfig, "has the same config"),
    (NotInTheFile, "made from the configuration computes the same"),
    (AlwaysLong, "Under mixed_bfloat16 it gives float32"),
    (BadInShort, "nearly the same"),
    (ChangesItself, "leaves the variables alone|Compiled"),
    (Drifts, "computes the same|are the same"),
    (DrawsFromElsewhere, "Training with the same key"),
    (Explodes, "stay finite"),
]


def make_of(cls):
    return (lambda: cls(factor=2.0)) if cls is ForgetfulConfig else cls


@pytest.mark.parametrize(("cls", "complaint"), BROKEN, ids=lambda v: getattr(v, "__name__", ""))
def test_it_finds(cls, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_layer(make_of(cls), (4, 5))


def test_it_passes_a_good_one():
    check_layer(Scale, (4, 5))


def test_it_passes_one_of_integers():
    check_layer(lambda: layers.Rescaling(2.0), (4, 5), input_dtype="int32", differentiable=False)
