"""`MyelinClassifier`: a model that says which class a row belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from myelin import losses
from myelin.errors import InputError
from myelin.interop.sklearn.estimator import Estimator

# Losses that want one column for each class in y.
_ONE_HOT = (
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.categorical_hinge,
)


class MyelinClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """A Myelin model as one of scikit-learn's classifiers.

    Args:
        model: None for a dense network on standardised inputs; a function that gives a model,
            compiled or not, and may take `n_features`, `n_classes`, `n_outputs`, `meta` and
            arguments of its own; or a model, whose layers and settings are taken, never its
            weights. A model gives a column for each class, or one for the second of two.
        hidden_layer_sizes: units of each hidden layer of the dense network, at least 1.
        activation: of its hidden layers.
        dropout: the share of their units that is left out in training, from 0 up to 1.
        l2: the factor ≥ 0 of the squared kernels in its loss.
        optimizer: a name, an `Optimizer` or an optax transformation; None for the model's own,
            or Adam.
        learning_rate: of the optimizer; None for its own.
        batch_size: examples a step, at least 1; all of them where there are fewer.
        epochs: how often each example is seen, at least 1.
        class_weight: `{class: weight}` or `"balanced"`; None for equal weights.
        early_stopping: whether to stop when the loss on rows held back no longer falls, and to
            go back to the weights of the best epoch.
        validation_fraction: the share of the rows held back for that, above 0 and below 1, with
            each class in its share.
        n_iter_no_change: for how many epochs without a better loss training goes on, at least 1.
        warm_start: whether `fit` goes on from the weights of the last `fit`.
        callbacks: `Callback`s, or classes of them, of which each `fit` makes an object.
        verbose: 0 silent, 1 a progress bar, 2 a line an epoch.
        random_state: a seed, a `RandomState`, or None for NumPy's global one.
        **model_parameters: `model__name=value` hands `name=value` to the function `model`, so
            that a search can reach it.

    Attributes:
        classes_: the classes in order; for several labels a row, the labels' numbers.
        n_features_in_: columns of X.
        feature_names_in_: their names, where X was a frame with names.
        model_: the trained model; the dense network takes `(X - mean) / deviation`.
        history_: a value an epoch of each name in the logs.
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
        class_weight: Any = None,
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Trains for one epoch on a part of the data, from where the model stands.

        Args:
            X, y: as for `fit`.
            classes: all that will ever come, at the first call; those of y when None.
            sample_weight: a weight ≥ 0 for each example, relative to those of other parts.

        Returns:
            The estimator.

        Raises:
            InputError: `early_stopping`, or `class_weight="balanced"`: both want all of the data.
        """
        return self._train_a_part(X, y, sample_weight, classes)

    def predict(self, X: Any) -> Any:
        """The class of each row of X `(n,)`; for several labels a row 0 or 1 for each `(n, k)`."""
        shares = self.predict_proba(X)
        if self._several_labels:
            return (shares > 0.5).astype(int)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, rows that sum to 1, or of each label `(n, k)`.

        Raises:
            InputError: the model's outputs are no probabilities.
        """
        outputs = self._outputs(X)
        if getattr(losses.get(self.model_.loss), "from_logits", False):
            outputs = self._from_logits(outputs)
        if outputs.min() < 0 or outputs.max() > 1 + 1e-5:
            raise InputError(
                "model: its outputs are no probabilities: end it in softmax or sigmoid, or "
                "compile it with a loss with from_logits=True"
            )
        if self._several_labels:
            return outputs
        if len(self.classes_) == 1:
            return np.ones((len(outputs), 1))
        if outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _from_logits(self, logits: np.ndarray) -> np.ndarray:
        if self._several_labels or logits.shape[1] == 1:
            return np.exp(-np.logaddexp(0, -logits))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    # What `Estimator` asks.

    def _read_targets(self, y: Any, first: bool, classes: Any = None) -> np.ndarray:
        if hasattr(y, "toarray"):
            y = y.toarray()
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multiclass-multioutput":
            raise InputError(
                "y wants one class a row, or 0 and 1 in a column for each label; for several "
                "columns of classes use sklearn.multioutput.MultiOutputClassifier"
            )
        several = kind == "multilabel-indicator"
        if not several:
            y = column_or_1d(y, warn=True)
        if first:
            self._several_labels = several
            self.classes_ = np.arange(y.shape[1]) if several else np.unique(
                y if classes is None else column_or_1d(classes)
            )  # fmt: skip
        elif several != self._several_labels or (several and y.shape[1] != len(self.classes_)):
            raise InputError(f"y differs in its kind from that of the first fit: it is {kind} now")
        if several:
            return np.asarray(y, np.float32)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise InputError(
                f"y holds the class {unknown[:1].tolist()[0]!r}, which is not among classes_ "
                f"{self.classes_}: give partial_fit all classes at its first call"
            )
        return np.searchsorted(self.classes_, y).astype(np.int32)

    def _class_weights(self, y: Any, in_parts: bool) -> np.ndarray | None:
        if self.class_weight is None:
            return None
        if in_parts and self.class_weight == "balanced":
            raise InputError(
                'class_weight="balanced" wants to count all of y, which partial_fit never sees: '
                "give a dictionary, as sklearn.utils.class_weight.compute_class_weight makes it"
            )
        return np.asarray(compute_sample_weight(self.class_weight, y))

    def _head(self) -> tuple[int, str | None]:
        return len(self.classes_), "sigmoid" if self._several_labels else "softmax"

    def _offers(self) -> dict[str, Any]:
        n = len(self.classes_)
        kind = "binary" if n <= 2 else "multiclass"
        return {
            "n_classes": n,
            "classes": self.classes_,
            "n_outputs": n if self._several_labels else 1,
            "target_type": "multilabel-indicator" if self._several_labels else kind,
        }

    def _loss_for(self, units: int) -> str:
        wanted = len(self.classes_)
        if units == wanted:
            several = self._several_labels
            return "binary_crossentropy" if several else "sparse_categorical_crossentropy"
        if units == 1 and wanted <= 2 and not self._several_labels:
            return "binary_crossentropy"
        raise InputError(
            f"model: gives {units} numbers a row, and y has {wanted} "
            f"{'labels' if self._several_labels else 'classes'}: end it in {wanted} units"
            f"{', or in 1 with a sigmoid' if wanted == 2 else ''}"
        )

    def _as_targets(self, y: np.ndarray) -> np.ndarray:
        if self._several_labels:
            return y
        loss = losses.get(self.model_.loss)
        if getattr(loss, "fn", loss) in _ONE_HOT:
            return np.eye(len(self.classes_), dtype=np.float32)[y]
        return y

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return None if self._several_labels else y
