"""Policies: for each image other changes, drawn from a list of layers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelin.errors import InputError
from myelin.layers.augmentation.base import BaseImagePreprocessingLayer, images_shape, interval
from myelin.layers.augmentation.blurring import RandomSharpness
from myelin.layers.augmentation.color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
)
from myelin.layers.augmentation.mixing import mixable_masks
from myelin.layers.augmentation.recoloring import by_image, two_values
from myelin.layers.augmentation.tone import (
    AutoContrast,
    Equalization,
    RandomPosterization,
    Solarization,
)
from myelin.layers.augmentation.warps import RandomRotation, RandomShear, RandomTranslation
from myelin.layers.shapes import positive_int


class _Policy(BaseImagePreprocessingLayer):
    """Puts each image through some of its `operations`, which each image draws for itself.

    On a CPU one image follows the other, each through the operations that it drew and no others;
    elsewhere all images take all operations at once, and keep what they drew.
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float],
        factor: float | Sequence[float],
        interpolation: str,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.value_range = two_values(value_range, type(self).__name__)
        self.factor = interval(factor, (0, 1), type(self).__name__)
        self.interpolation = interpolation
        self.seed = seed
        self.operations: list[BaseImagePreprocessingLayer] = []

    def _moving(self) -> list[BaseImagePreprocessingLayer]:
        """What shears, shifts and turns."""
        common = {**self._common(), "interpolation": self.interpolation}
        common["bounding_box_format"] = self.bounding_box_format
        return [
            RandomShear(self.factor, self.factor, **common),
            RandomTranslation(self.factor, self.factor, **common),
            RandomRotation(self.factor, **common),
        ]

    def _coloring(self) -> list[BaseImagePreprocessingLayer]:
        """What changes brightness, color, contrast and sharpness."""
        kinds = (RandomBrightness, RandomColorDegeneration, RandomContrast, RandomSharpness)
        return [kind(self.factor, self.value_range, **self._common()) for kind in kinds]

    def _mapping(self) -> list[BaseImagePreprocessingLayer]:
        """What maps values by a curve."""
        common = {**self._common(), "value_range": self.value_range}
        return [
            RandomPosterization(max(1, int(8 * self.factor[1])), **common),
            Solarization(self.factor, self.factor, **common),
            AutoContrast(**common),
            Equalization(**common),
        ]

    def _common(self) -> dict[str, Any]:
        return {"data_format": self.data_format, "dtype": self.dtype_policy}

    def _draws(self, key: Any, data: Any, times: int) -> list[Any]:
        """What each operation draws, `times` for each image of `data`: rows `(batch, times, …)`."""
        shape = images_shape(data)
        batch = self.sizes_of(shape)[0]
        many = jax.ShapeDtypeStruct((batch * times, *shape[-3:]), jnp.dtype(self.compute_dtype))
        keys = jax.random.split(key, len(self.operations))
        draws = [
            operation.get_random_transformation(many, True, own)
            for operation, own in zip(self.operations, keys, strict=True)
        ]
        return _by_row(draws, batch, times)

    def _applied(self, method: str, part: Any, choices: jax.Array, draws: Any) -> Any:
        """A part of a batch after `method` of the operations that each row of `choices` names."""
        leaves, structure = jax.tree.flatten(draws)
        rows = [leaf for leaf in leaves if _is_array(leaf)]
        fixed = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
        return _apply(self, method, structure, fixed, part, choices, rows)


def _by_row(tree: Any, *sizes: int, leading: int = 1) -> Any:
    """The arrays in `tree` with axes of these sizes in the place of the `leading` ones."""

    def shaped(leaf: Any) -> Any:
        return jnp.reshape(leaf, (*sizes, *leaf.shape[leading:])) if _is_array(leaf) else leaf

    return jax.tree.map(shaped, tree)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


# Compiled also where the layer is called alone: else each call would compile the branches anew.
@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _apply(
    policy: _Policy,
    method: str,
    structure: Any,
    fixed: tuple[Any, ...],
    part: Any,
    choices: jax.Array,
    rows: list[jax.Array],
) -> Any:
    """`part` after the operations that `choices` `(batch, times)` names, in turn.

    Args:
        policy: whose operations; an image with a choice past the last of them stays.
        method: which of their methods.
        structure, fixed: of what they drew, with None in the place of `rows`.
        part: the images, masks or boxes.
        choices, rows: by image and turn.
    """

    def change(index: int) -> Callable[[Any, list[jax.Array]], Any]:
        def changed(part: Any, row: list[jax.Array]) -> Any:
            rest = iter(row)
            leaves = [next(rest) if leaf is None else leaf for leaf in fixed]
            drawn = jax.tree.unflatten(structure, leaves)[index]
            outputs = getattr(policy.operations[index], method)(part, drawn, training=True)
            return jax.tree.map(lambda new, old: new.astype(old.dtype), outputs, part)

        return changed

    branches = [change(index) for index in range(len(policy.operations))]
    branches.append(lambda part, row: part)

    def one(item: Any) -> Any:
        part, choices, rows = item

        def turn(part: Any, at: Any) -> tuple[Any, None]:
            return jax.lax.switch(at[0], branches, part, at[1]), None

        single = jax.tree.map(lambda a: a[None], part)
        turns = (choices, [row[:, None] for row in rows])
        outputs, _ = jax.lax.scan(turn, single, turns)
        return jax.tree.map(lambda a: a[0], outputs)

    each: Any = functools.partial(jax.lax.map, one)
    return jax.lax.platform_dependent((part, choices, rows), cpu=each, default=jax.vmap(one))


class RandAugment(_Policy):
    """In training puts each image through `num_ops` changes that it draws from eleven.

    They are shear, shift, rotation, brightness, color, contrast, sharpness, posterization,
    solarization, automatic contrast and equalization.

    Args:
        value_range: (low, high), the values that images may take.
        num_ops: how many changes, above 0.
        factor: how strong, from 0 to 1; the `factor` of each change, a number b means 0 to b.
        interpolation: "bilinear" or "nearest", of shear, shift and rotation.
        seed: folded into the run's key.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`, with 1 or 3 channels; masks and boxes move along.

    Raises:
        InputError: an argument out of its range.

    Source: Cubuk et al., RandAugment: Practical Automated Data Augmentation with a Reduced Search
    Space, 2020.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_ops: int = 2,
        factor: float | Sequence[float] = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, seed, data_format=data_format, **kwargs
        )
        self.num_ops = positive_int(num_ops, "RandAugment", "num_ops")
        self.operations = [*self._moving(), *self._coloring(), *self._mapping()]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """`layer_idxes`, the changes of each image in turn, and `transforms`, what they draw."""
        if not training:
            return None
        which, key = jax.random.split(self.key(seed))
        shape = (self.sizes(data)[0], self.num_ops)
        return {
            "layer_idxes": jax.random.randint(which, shape, 0, len(self.operations)),
            "transforms": self._draws(key, data, self.num_ops),
        }

    def _changed(self, method: str, part: Any, transformation: Any) -> Any:
        choices, draws = transformation["layer_idxes"], transformation["transforms"]
        return self._applied(method, jax.tree.map(jnp.asarray, part), choices, draws)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The images after their changes, in the compute type."""
        images = self.cast(images)
        return self._changed("transform_images", images, transformation) if training else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks moved with the images."""
        if not training:
            return segmentation_masks
        return self._changed("transform_segmentation_masks", segmentation_masks, transformation)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes moved with the images."""
        if not training:
            return bounding_boxes
        return self._changed("transform_bounding_boxes", bounding_boxes, transformation)


class AugMix(_Policy):
    """In training mixes each image with versions of it, each changed by a chain of its own.

    `y = clip(w·x + (1 - w)·sum v_i·chain_i(x))`, w drawn from Beta(alpha, alpha) and v from
    Dirichlet(alpha).

    Args:
        value_range: (low, high), the values that images may take.
        num_chains: how many versions, above 0.
        chain_depth: how many changes a chain has at most, above 0; each is drawn from the changes
            of `RandAugment` and none.
        factor: how strong, from 0 to 1; the `factor` of each change, a number b means 0 to b.
        alpha: of the two distributions, above 0; the greater, the more even the mixture.
        all_ops: whether brightness, color, contrast and sharpness are among the changes.
        interpolation: "bilinear" or "nearest", of shear, shift and rotation.
        seed: folded into the run's key.
        data_format: "channels_last" (the default) or "channels_first".

    Shapes: as for `BaseImagePreprocessingLayer`, with 1 or 3 channels. Masks mix like images, and
    want a channel a class; boxes stay.

    Raises:
        InputError: an argument out of its range, or masks that count classes by number.

    Source: Hendrycks et al., AugMix: A Simple Data Processing Method to Improve Robustness and
    Uncertainty, 2020.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: float | Sequence[float] = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, seed, data_format=data_format, **kwargs
        )
        self.num_chains = positive_int(num_chains, "AugMix", "num_chains")
        self.chain_depth = positive_int(chain_depth, "AugMix", "chain_depth")
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not alpha > 0:
            raise InputError(f"AugMix: alpha wants a number above 0, got {alpha!r}")
        self.alpha = alpha
        self.all_ops = all_ops
        self.operations = [*self._moving(), *self._mapping()]
        if all_ops:
            self.operations += self._coloring()

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """The mixture of each image, and what the changes in its chains are and draw."""
        if not training:
            return None
        count, length = self.sizes(data)[0], self.num_chains * self.chain_depth
        shares, weight, which, key = jax.random.split(self.key(seed), 4)
        alphas = jnp.full(self.num_chains, float(self.alpha))
        return {
            "chain_mixing_weights": jax.random.dirichlet(shares, alphas, (count,)),
            "weight_sample": jax.random.beta(weight, self.alpha, self.alpha, (count,)),
            "layer_idxes": jax.random.randint(which, (count, length), 0, len(self.operations) + 1),
            "transforms": self._draws(key, data, length),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The mixtures, in the compute type."""
        images = self.cast(images)
        if not training:
            return images
        return jnp.clip(self._mixed("transform_images", images, transformation), *self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks mixed like the images; whole numbers become floats."""
        if not training:
            return segmentation_masks
        masks = mixable_masks(self, segmentation_masks)
        if not jnp.issubdtype(masks.dtype, jnp.floating):
            masks = masks.astype(jnp.float32)
        return self._mixed("transform_segmentation_masks", masks, transformation)

    def _mixed(self, method: str, images: jax.Array, transformation: Any) -> jax.Array:
        """`w·x + (1 - w)·sum v_i·chain_i(x)`: each chain of each image is a row of its own."""
        count, chains = len(images), self.num_chains
        drawn = (transformation["layer_idxes"], transformation["transforms"])
        choices, draws = _by_row(drawn, count * chains, self.chain_depth, leading=2)
        changed = self._applied(method, jnp.repeat(images, chains, axis=0), choices, draws)
        shares = by_image(transformation["chain_mixing_weights"], images)
        mixture = (changed * shares).reshape(count, chains, *images.shape[1:]).sum(1)
        weight = by_image(transformation["weight_sample"], images)
        return weight * images + (1 - weight) * mixture
