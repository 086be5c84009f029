"""`EinsumDense`: a dense layer over whichever axes an Einstein sum names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from myelin import activations, constraints, initializers, regularizers
from myelin.errors import InputError
from myelin.kernels import dense
from myelin.layers.base import Layer
from myelin.layers.shapes import Shape

_FORM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(Layer):
    """Computes `y = activation(einsum(equation, x, kernel) + bias)`.

    Args:
        equation: such as `"abc,cd->abd"`; the first letter of x, or what `...` stands for, begins
            with the batch. `...` stands at the beginning of x and y, or at the end of both.
        output_shape: the sizes of y without the batch, and without what `...` stands for; None for
            a size that x already has. A number alone is one size.
        activation: a name or function; None leaves the sum as it is.
        bias_axes: the letters of y that the bias has, such as `"d"`; None for no bias.
        kernel_initializer, bias_initializer: first values of kernel and bias.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties that join the loss.
        kernel_constraint, bias_constraint: applied after each update.

    Raises:
        InputError: an equation of another form, or bias letters that y lacks.
        ShapeError: inputs that do not fit the equation, or sizes that contradict it.

    The source of the interface is Keras 3.
    """

    supports_masking = True

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
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
        found = _FORM.fullmatch(equation.replace(" ", ""))
        if not found or found[1] != found[5] or found[3] != found[7] or (found[1] and found[3]):
            raise InputError(
                f'{self.title}: equation wants a form such as "ab,bc->ac", "...ab,bc->...ac" or '
                f'"ab...,bc->ac...", got {equation!r}'
            )
        self.equation = equation
        self._left, self._right = bool(found[1]), bool(found[3])
        self._letters = (found[2], found[4], found[6])
        sizes = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.partial_output_shape = sizes
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        for letter in bias_axes or "":
            if letter not in found[6]:
                raise InputError(f'{self.title}: bias_axes "{letter}" is no axis of y: {equation}')
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        """Makes kernel and bias."""
        sizes = self._sizes(input_shape)
        kernel, y = self._letters[1:]
        shape = [sizes.get(letter) for letter in kernel]
        if None in shape:
            letter = kernel[shape.index(None)]
            raise self.wants(f'the axis "{letter}" of {self.equation} known', input_shape)
        self.kernel = self.add_weight(
            shape,  # type: ignore[arg-type]
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes:
            first = min(map(y.index, self.bias_axes))
            own = [sizes.get(axis) if axis in self.bias_axes else 1 for axis in y[first:]]
            if None in own:
                raise self.wants(f"the axes {self.bias_axes} of {self.equation} known", input_shape)
            own += [1] * (self._hidden(input_shape) if self._right else 0)
            self.bias = self.add_weight(
                own,  # type: ignore[arg-type]
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _hidden(self, input_shape: Shape) -> int:
        """How many axes `...` stands for."""
        hidden = len(input_shape) - len(self._letters[0])
        if hidden < 0 or (hidden and not (self._left or self._right)):
            raise self.wants(f"inputs that fit {self.equation}", input_shape)
        return hidden

    def _sizes(self, input_shape: Shape) -> dict[str, int | None]:
        """The size of each letter, from the inputs and from `output_shape`."""
        x, _, y = self._letters
        hidden = self._hidden(input_shape)
        own = input_shape[hidden:] if self._left else input_shape[: len(x)]
        sizes = dict(zip(x, own, strict=True))
        # Where `...` begins y, the batch is in it.
        named = y if self._left else y[1:]
        if len(named) != len(self.partial_output_shape):
            raise self.wants(
                f"output_shape with {len(named)} sizes for {self.equation}, not "
                f"{self.partial_output_shape}", input_shape,
            )  # fmt: skip
        for letter, size in zip(named, self.partial_output_shape, strict=True):
            known = sizes.get(letter)
            if size is not None and known is not None and size != known:
                raise self.wants(f'an axis "{letter}" of {size} for {self.equation}', input_shape)
            sizes[letter] = known if size is None else size
        return sizes

    def call(self, x: jax.Array) -> jax.Array:
        """`activation(einsum(equation, x, kernel) + bias)`."""
        left, kernel, right = self._letters
        common = [letter for letter in left if letter in kernel]
        count = len(common)
        rows = left[: len(left) - count]
        self._sizes(x.shape)
        plain = left[-count:] == kernel[:count] and rows + kernel[count:] == right
        if plain and not self._right:
            # One product of two matrices, whatever the axes are called.
            w = self.kernel.value
            flat = x.reshape(*x.shape[: x.ndim - count], -1)
            y = dense.matmul(flat, w.reshape(flat.shape[-1], -1))
            y = y.reshape(*flat.shape[:-1], *w.shape[count:])
        else:
            y = jnp.einsum(self.equation, x, self.kernel.value)
        if self.bias is not None:
            y = y + self.bias.value
        return y if self.activation is None else self.activation(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of y."""
        sizes = self._sizes(input_shape)
        own = tuple(sizes[letter] for letter in self._letters[2])
        hidden = self._hidden(input_shape)
        if self._left:
            return (*input_shape[:hidden], *own)
        return (*own, *input_shape[len(input_shape) - hidden :])
