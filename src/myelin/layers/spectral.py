"""`SpectralNormalization`: another layer, with a kernel whose largest singular value is 1."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from myelin import initializers, variable
from myelin.errors import InputError
from myelin.layers.base import Layer
from myelin.layers.shapes import positive_int
from myelin.layers.wrapper import Wrapper
from myelin.losses.regression import unit


class SpectralNormalization(Wrapper):
    """In training divides the kernel of a layer by its largest singular value: `W / sigma`.

    `sigma = v·W·uᵀ`, where v and u come from `power_iterations` rounds of `v = unit(u·Wᵀ)` and
    `u = unit(v·W)`, started from the u of the step before; the gradient takes both as constants.
    Called by hand with `training=True`, the layer keeps the divided kernel. In a compiled step
    the gradient passes through the division and the optimizer moves the kernel itself, as in
    Keras on JAX; inference uses the kernel as it is.

    Args:
        layer: with a `kernel`, or `embeddings`, whose last axis is that of its outputs.
        power_iterations: how many rounds, above 0.

    Raises:
        InputError: `layer` is no layer or has no kernel, or `power_iterations` is below 1.

    Source: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_int(
            power_iterations, "SpectralNormalization", "power_iterations"
        )

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer inside, and makes u."""
        super().build(input_shape)
        found = [getattr(self.layer, name, None) for name in ("kernel", "embeddings")]
        kernels = [kernel for kernel in found if isinstance(kernel, variable.Variable)]
        if not kernels:
            raise InputError(f"{self.title}: {self.layer.title} has no kernel to normalize")
        self.kernel = kernels[0]
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            self.kernel.dtype,
            trainable=False,
            autocast=False,
            name="vector_u",
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """What the layer inside computes, in training with the divided kernel."""
        if training:
            # The full type: what is assigned stays, also where layers compute in a shorter one.
            with variable.autocast(None):
                vector_u, kernel = self._divided(self.vector_u.value, self.kernel.value)
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def _divided(self, u: jax.Array, kernel: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The next u, and the kernel with largest singular value 1; both as before for zeros."""
        flat = kernel.reshape(-1, kernel.shape[-1])
        fixed = jax.lax.stop_gradient(flat)

        def around(_: Any, vectors: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            v = unit(vectors[0] @ fixed.T, axis=None)
            return unit(v @ fixed, axis=None), v

        start = (u, jnp.zeros((1, flat.shape[0]), flat.dtype))
        after, v = jax.lax.fori_loop(0, self.power_iterations, around, start)
        sigma = (v @ flat @ after.T).reshape(())
        zero = jnp.all(kernel == 0)
        return jnp.where(zero, u, after), kernel / jnp.where(zero, 1, sigma)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layer inside."""
        return self.layer.compute_output_shape(input_shape)
