"""`ensemble`: models that differ in their seeds alone, trained at once and asked as one."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from myelin.errors import InputError
from myelin.evaluation.fresh import compile_arguments, make_member
from myelin.evaluation.together import Plan, Source, cohort_of
from myelin.layers.core import Input
from myelin.layers.merging import Average
from myelin.models.cloning import clone_model
from myelin.models.functional import Functional
from myelin.training import checks
from myelin.training.data import weigh_classes


def ensemble(model: Any, n: int, *, seed: int = 0, bootstrap: bool = False) -> Ensemble:
    """Several members of one architecture, which train at once and answer as one.

    Args:
        model: a compiled model, or a function that gives one; as for `cross_validate`.
        n: how many members, at least 1.
        seed: member i (from 0) is drawn as after `set_random_seed(seed + i)`.
        bootstrap: whether each member trains on as many rows drawn with replacement.

    Returns:
        An `Ensemble`, to be trained with `fit`.

    Source: Lakshminarayanan et al., Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles, 2017; Breiman, Bagging Predictors, 1996 (bootstrap).
    """
    return Ensemble(model, n, seed=seed, bootstrap=bootstrap)


class Ensemble:
    """Members that train at once; the arguments are those of `ensemble`.

    Attributes:
        models: the trained members; empty before `fit`.
        histories: of each, as `History.history`.
    """

    def __init__(self, model: Any, n: int, *, seed: int = 0, bootstrap: bool = False) -> None:
        checks.whole_number("n", n, 1)
        self._made_of, self.n, self.seed, self.bootstrap = model, n, seed, bootstrap
        self.models: list[Any] = []
        self.histories: list[dict[str, list[Any]]] = []

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 1,
        batch_size: int | None = None,
        callbacks: Any = None,
        validation_split: float | None = None,
        stratify: bool | None = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        verbose: Any = "auto",
    ) -> Ensemble:
        """Trains all members as one program; the arguments are those of `cross_validate`."""
        source = Source.read(self._made_of, x, y, sample_weight)
        data = source.data
        plan = Plan(
            epochs=epochs, batch_size=batch_size, callbacks=callbacks, shuffle=shuffle,
            classes=source.classes, validation_split=validation_split, stratify=stratify,
            verbose=checks.verbosity(verbose),
        )  # fmt: skip
        checks.fit_arguments(epochs, 0, batch_size, len(data))
        train, held_out = plan.validation_of(data, np.arange(len(data)), self.seed)
        members = [
            make_member(
                self._made_of, data, self._rows(train, index), held_out, self.seed + index,
                plan.callbacks_of(index),
            )
            for index in range(self.n)
        ]  # fmt: skip
        weights = None
        if class_weight is not None:
            own = np.ones(len(data), np.float32)
            own[train] = weigh_classes(data.take(train), class_weight).weight
            weights = np.repeat(own[None], self.n, axis=0)
        cohort_of(members, data, plan, weights).fit(epochs)
        self.models = [member.model for member in members]
        self.histories = [dict(member.history.history) for member in members]
        return self

    def _rows(self, train: np.ndarray, index: int) -> np.ndarray:
        if not self.bootstrap:
            return train
        rng = np.random.default_rng([self.seed, index])
        return train[rng.integers(0, len(train), len(train))]

    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """The mean of the members' outputs for inputs, `(n, …)`."""
        return jax.tree.map(lambda leaf: leaf.mean(axis=0), self.predict_each(x, batch_size))

    def predict_each(self, x: Any, batch_size: int | None = None) -> Any:
        """The outputs of every member, `(members, n, …)`, whose spread says how sure they are."""
        self._check_trained("predict")
        each = [model.predict(x, batch_size=batch_size, verbose=0) for model in self.models]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *each)

    def evaluate(self, x: Any, y: Any = None, **arguments: Any) -> Any:
        """The loss and metrics of the members' mean output; the arguments are `evaluate`'s."""
        return self.as_model().evaluate(x, y, **arguments)

    def as_model(self) -> Any:
        """One model with the members inside, whose output is the mean of theirs; it can be saved.

        Raises:
            InputError: before `fit`, or members with several inputs or outputs.
        """
        self._check_trained("as_model")
        first = self.models[0]
        shape = first.input_shape
        if not isinstance(shape, tuple) or not all(isinstance(d, int | None) for d in shape):
            raise InputError("as_model wants members with one input and one output")
        inputs = Input(shape[1:])
        copies = []
        for index, model in enumerate(self.models):
            copied = clone_model(model)
            copied.name = f"member_{index + 1}"
            copies.append(copied)
        outputs = [copied(inputs) for copied in copies]
        merged = Functional(inputs, outputs[0] if self.n == 1 else Average()(outputs), "ensemble")
        for copied, model in zip(copies, self.models, strict=True):
            copied.set_weights(model.get_weights())
        merged.compile(**compile_arguments(first))
        return merged

    def _check_trained(self, method: str) -> None:
        if not self.models:
            raise InputError(f"{method}: this ensemble has no trained members; call fit first")
