"""`OptaxOptimizer`: any optax transformation, used as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import jax

from myelin.errors import InputError
from myelin.optimizers.base import CommonWithDecay, Optimizer
from myelin.optimizers.stepping import Arrays, State, on_device


class OptaxOptimizer(Optimizer):
    """An optax transformation with the door of an optimizer.

    The transformation holds its own learning rate. Made with `optax.inject_hyperparams`, the
    rate can be read and set here too; otherwise `learning_rate` says that it cannot be known.

    Args:
        transformation: an `optax.GradientTransformation`.
        kwargs: clipping, averaging and so on, as for every optimizer, around the transformation.

    Raises:
        InputError: it is no such transformation.
    """

    def __init__(self, transformation: Any, **kwargs: Unpack[CommonWithDecay]) -> None:
        if not (hasattr(transformation, "init") and hasattr(transformation, "update")):
            raise InputError(f"OptaxOptimizer wants an optax transformation: {transformation!r}")
        self._optax = transformation
        self._structure: Any = None
        super().__init__(0.0, **kwargs)
        del self._early["learning_rate"]

    @property
    def transformation(self) -> Any:
        """What it was made from."""
        return self._optax

    def init(self, params: Mapping[str, Any]) -> State:
        """The state of a fresh run; the transformation's leaves are numbered."""
        leaves, self._structure = jax.tree.flatten(self._optax.init(dict(params)))
        numbered = {str(i): on_device(leaf) for i, leaf in enumerate(leaves)}
        return {**super().init(params), "optax": numbered}

    def _update_all(
        self, params: Arrays, grads: Arrays, state: State, lr: Any
    ) -> tuple[Arrays, State]:
        import optax

        numbered = state["optax"]
        before = jax.tree.unflatten(
            self._structure, [numbered[str(i)] for i in range(len(numbered))]
        )
        # optax wants one gradient a parameter; where none came, it is zero.
        full = {path: grads.get(path, jax.numpy.zeros_like(w)) for path, w in params.items()}
        updates, after = self._optax.update(full, before, params)
        leaves = jax.tree.leaves(after)
        typed = {str(i): jax.numpy.asarray(leaf, numbered[str(i)].dtype) for i, leaf in
                 enumerate(leaves)}  # fmt: skip
        return optax.apply_updates(params, updates), {"optax": typed}

    def _rate(self, state: State) -> Any:
        return 0.0

    def _decay(self, path: str, w: Any, lr: Any) -> Any:
        if self.weight_decay is not None:
            raise InputError(
                "weight_decay wants a learning rate, which this optax transformation keeps to "
                "itself: chain optax.add_decayed_weights instead"
            )
        return w

    def _injected(self) -> str | None:
        """The number of the leaf that `optax.inject_hyperparams` keeps the learning rate in."""
        if self.state is None:
            return None
        leaves = [self.state["optax"][str(i)] for i in range(len(self.state["optax"]))]
        tree = jax.tree.unflatten(self._structure, leaves)
        for number, (way, _) in enumerate(jax.tree_util.tree_leaves_with_path(tree)):
            text = jax.tree_util.keystr(way)
            if "hyperparams" in text and text.endswith("['learning_rate']"):
                return str(number)
        return None

    @property
    def learning_rate(self) -> Any:
        """The learning rate, where the transformation was made to show it."""
        number = self._injected()
        if number is None or self.state is None:
            raise AttributeError(_HIDDEN)
        return self.state["optax"][number]

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        number = self._injected()
        if number is None or self.state is None:
            raise AttributeError(_HIDDEN)
        leaf = self.state["optax"][number]
        self.state["optax"][number] = on_device(value).astype(leaf.dtype)

    def get_config(self) -> dict[str, Any]:
        """Raises: optax transformations are functions, which a configuration cannot hold.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "an optax transformation cannot be written to a configuration: save the weights, or "
            "compile again after loading"
        )


_HIDDEN = (
    "this optax transformation keeps its learning rate to itself: make it with "
    "optax.inject_hyperparams(optax.adam)(learning_rate=…), or use one of myelin.optimizers"
)
