"""`MyelinRegressor`: a model that says how large one number, or several, will be."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import column_or_1d

from myelin.errors import InputError
from myelin.interop.sklearn.estimator import Estimator, moments


class MyelinRegressor(MultiOutputMixin, RegressorMixin, Estimator):  # type: ignore[misc]
    """A Myelin model as one of scikit-learn's regressors.

    Args:
        model: None for a dense network on standardised inputs and targets; a function that gives
            a model, compiled or not, and may take `n_features`, `n_outputs`, `meta` and arguments
            of its own; or a model, whose layers and settings are taken, never its weights. A
            model gives a column for each target.
        hidden_layer_sizes: units of each hidden layer of the dense network, at least 1.
        activation: of its hidden layers.
        dropout: the share of their units that is left out in training, from 0 up to 1.
        l2: the factor ≥ 0 of the squared kernels in its loss.
        optimizer: a name, an `Optimizer` or an optax transformation; None for the model's own,
            or Adam.
        learning_rate: of the optimizer; None for its own.
        batch_size: examples a step, at least 1; all of them where there are fewer.
        epochs: how often each example is seen, at least 1.
        early_stopping: whether to stop when the loss on rows held back no longer falls, and to
            go back to the weights of the best epoch.
        validation_fraction: the share of the rows held back for that, above 0 and below 1.
        n_iter_no_change: for how many epochs without a better loss training goes on, at least 1.
        warm_start: whether `fit` goes on from the weights of the last `fit`.
        callbacks: `Callback`s, or classes of them, of which each `fit` makes an object.
        verbose: 0 silent, 1 a progress bar, 2 a line an epoch.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.
        **model_parameters: `model__name=value` hands `name=value` to the function `model`, so
            that a search can reach it.

    Attributes:
        n_features_in_: columns of X.
        feature_names_in_: their names, where X was a frame with names.
        n_outputs_: columns of y.
        model_: the trained model; the dense network takes `(X - mean) / deviation`, and gives
            y in the same form.
        history_: a value an epoch of each name in the logs; for the dense network the loss is
            that of standardised targets.
        loss_curve_: the training loss of each epoch.
        n_iter_: how many epochs were run.
    """

    def __init__(
        self,
        model: Any = None,
        *,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        dropout: float = 0.0,
        l2: float = 0.0,
        optimizer: Any = None,
        learning_rate: Any = None,
        batch_size: int = 32,
        epochs: int = 100,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: Any = None,
        verbose: Any = 0,
        random_state: Any = None,
        **model_parameters: Any,
    ) -> None:
        self._keep(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Trains for one epoch on a part of the data, from where the model stands.

        The dense network goes on with the scales of the first part.

        Args:
            X, y: as for `fit`.
            sample_weight: a weight ≥ 0 for each example, relative to those of other parts.

        Returns:
            The estimator.

        Raises:
            InputError: `early_stopping`, which wants all of the data.
        """
        return self._train_a_part(X, y, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """The target of each row of X, `(n,)` or `(n, targets)` as y was."""
        outputs = self._outputs(X)
        if self._target_moments is not None:
            mean, spread = self._target_moments
            outputs = outputs * spread + mean
        return outputs[:, 0] if self._flat else outputs

    # What `Estimator` asks.

    def _read_targets(self, y: Any, first: bool, classes: Any = None) -> np.ndarray:
        flat = y.ndim == 1 or y.shape[1] == 1
        if flat:
            y = column_or_1d(y, warn=True)[:, None]
        if y.dtype.kind not in "fiub":
            try:
                y = y.astype(np.float64)
            except ValueError as error:
                raise InputError(f"y wants numbers: {error}") from None
        if first:
            self._flat, self.n_outputs_ = flat, y.shape[1]
        elif y.shape[1] != self.n_outputs_:
            raise InputError(
                f"y wants {self.n_outputs_} columns as in the first fit, got {y.shape[1]}"
            )
        return y

    def _scale(self, rows: Any) -> None:
        super()._scale(rows)
        dense = self.model is None
        self._target_moments = moments(rows.y, rows.weight) if dense else None

    def _as_targets(self, y: np.ndarray) -> np.ndarray:
        if self._target_moments is not None:
            mean, spread = self._target_moments
            y = (y - mean) / spread
        return np.asarray(y, np.float32)

    def _head(self) -> tuple[int, str | None]:
        return self.n_outputs_, None

    def _offers(self) -> dict[str, Any]:
        kind = "continuous" if self.n_outputs_ == 1 else "continuous-multioutput"
        return {"n_outputs": self.n_outputs_, "target_type": kind}

    def _loss_for(self, units: int) -> str:
        if units == self.n_outputs_:
            return "mean_squared_error"
        raise InputError(
            f"model: gives {units} numbers a row, and y has {self.n_outputs_}: end it in "
            f"{self.n_outputs_} units"
        )
