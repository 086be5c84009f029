"""`Estimator`: what the classifier and the regressor share."""

from __future__ import annotations

import abc
import copy
import inspect
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from myelin import naming, random
from myelin.callbacks import Callback, EarlyStopping
from myelin.errors import InputError
from myelin.interop.sklearn import networks, programs
from myelin.training import checks
from myelin.training.trainer import Trainer

# Predictions are made in blocks of so many rows, filled up with zeros: a row then gets the same
# bits alone, among others and in any order. Training fills up its rows to such blocks as well.
BLOCK = 32


class Rows(NamedTuple):
    """Examples as a model takes them.

    Attributes:
        x: the inputs, float32 `(n, …)`.
        y: the targets.
        weight: a weight for each, or None.
    """

    x: Any
    y: Any
    weight: Any

    def take(self, index: np.ndarray) -> Rows:
        """The examples that `index` lists."""
        return Rows(*(None if part is None else part[index] for part in self))


class Estimator(BaseEstimator, abc.ABC):  # type: ignore[misc]
    """A Myelin model behind scikit-learn's interface; its subclasses say what y means."""

    model: Any
    hidden_layer_sizes: Any
    activation: Any
    dropout: float
    l2: float
    optimizer: Any
    learning_rate: Any
    batch_size: int
    epochs: int
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    warm_start: bool
    callbacks: Any
    verbose: Any
    random_state: Any
    _model_parameters: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Tools that look for parameters find those with a name; `**model_parameters` has none.
        own = list(inspect.signature(cls.__init__).parameters.values())[1:]
        named = [p for p in own if p.kind is not p.VAR_KEYWORD]
        cls.__signature__ = inspect.Signature(named)

    def _keep(self, parameters: dict[str, Any]) -> None:
        """Keeps the constructor's arguments as scikit-learn wants it: as they are."""
        parameters = dict(parameters)
        extra = parameters.pop("model_parameters")
        for name in extra:
            if not name.startswith(networks.PREFIX):
                raise InputError(
                    f"{type(self).__name__}: no parameter is called {name!r}; those of the "
                    f"function that makes the model begin with {networks.PREFIX!r}"
                )
        self._model_parameters = extra
        for name, value in parameters.items():
            if name != "self":
                setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, with the `model__…` that were set."""
        return {**super().get_params(deep), **self._model_parameters}

    def set_params(self, **params: Any) -> Any:
        """Sets parameters, also `model__…`; returns the estimator."""
        extra = {key: params.pop(key) for key in list(params) if key.startswith(networks.PREFIX)}
        super().set_params(**params)
        self._model_parameters = {**self._model_parameters, **extra}
        return self

    def __sklearn_clone__(self) -> Any:
        if not isinstance(self.model, Trainer):
            return super().__sklearn_clone__()
        # A model given as a pattern is only ever read, so copies of the estimator share it.
        bare = object.__new__(type(self))
        bare.__dict__.update(self.__dict__, model=None)
        made = super(Estimator, bare).__sklearn_clone__()
        made.model = self.model
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = self.model is not None
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        for name in ("model", "model_"):
            if isinstance(state.get(name), Trainer):
                state[name] = _without_programs(state[name])
        return state

    # What a subclass says.

    @abc.abstractmethod
    def _read_targets(self, y: Any, first: bool, classes: Any = None) -> np.ndarray:
        """The targets as numbers, once what is known of them is learned or checked."""

    def _class_weights(self, y: Any, in_parts: bool) -> np.ndarray | None:
        """A factor for the weight of each example, or None."""
        return None

    @abc.abstractmethod
    def _head(self) -> tuple[int, str | None]:
        """Units and activation of the last layer of the dense network."""

    @abc.abstractmethod
    def _offers(self) -> dict[str, Any]:
        """What the function that makes the model may ask for, about y."""

    @abc.abstractmethod
    def _loss_for(self, units: int) -> str:
        """The loss for a model with so many outputs; raises where they do not fit y."""

    def _as_targets(self, y: np.ndarray) -> np.ndarray:
        """The targets in the form that the model is trained on."""
        return y

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """What the rows held back for early stopping should have in the same shares."""
        return None

    # Training.

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Trains on X `(n, features)` and y; from the start, unless `warm_start`.

        Args:
            X: the inputs: NumPy, pandas, polars or lists; `(n, …)` where a model is given.
            y: the targets.
            sample_weight: a weight ≥ 0 for each example, of any scale; examples of weight 0 are
                left out.

        Returns:
            The estimator.

        Raises:
            InputError: a parameter out of its range, or a model that does not fit the data.
            ValueError: data that cannot be used; scikit-learn's own errors.
        """
        first = not (self.warm_start and hasattr(self, "model_"))
        return self._train(X, y, sample_weight, first, self.epochs)

    def _train_a_part(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Any:
        """What `partial_fit` does."""
        if self.early_stopping:
            raise InputError(
                "early_stopping holds rows of all the data back, which partial_fit never sees: set "
                "early_stopping=False, or use fit"
            )
        first = not hasattr(self, "model_")
        return self._train(X, y, sample_weight, first, None, classes)

    def _train(
        self, X: Any, y: Any, sample_weight: Any, first: bool, epochs: int | None,
        classes: Any = None,
    ) -> Any:  # fmt: skip
        """Trains for so many epochs; None for the one of `partial_fit`."""
        self._check_parameters()
        X, y = validate_data(
            self, X, y, reset=first, dtype=[np.float64, np.float32], multi_output=True,
            allow_nd=self.model is not None,
        )  # fmt: skip
        targets = self._read_targets(y, first, classes)
        weight = _weights(sample_weight, len(X))
        factor = self._class_weights(y, in_parts=epochs is None)
        rows = Rows(X, targets, weight)
        by_class = None if factor is None else factor * (1.0 if weight is None else weight)
        rows, trained_with = _present(rows, weight if by_class is None else by_class)
        if first:
            generator = check_random_state(self.random_state)
            self._seeds = np.random.default_rng(generator.randint(2**31 - 1))
        seed = int(self._seeds.integers(2**31 - 1))
        train, held_out = self._split(rows, seed)
        if first:
            self._scale(rows.take(train))
        x = self._as_inputs(rows.x)
        if epochs is not None and trained_with is not None:
            # Of any scale; parts of a stream keep their weights relative to one another.
            trained_with = trained_with / trained_with[train].mean()
        ready = Rows(x, rows.y, None if trained_with is None else trained_with.astype(np.float32))
        with programs.turn, random.seeded(seed), naming.anew():
            if first:
                self.model_ = self._make(x[train])
                self.history_: dict[str, list[Any]] = {}
            self._run(ready, train, held_out, 1 if epochs is None else epochs)
        return self

    def _check_parameters(self) -> None:
        checks.whole_number("epochs", self.epochs, 1)
        checks.whole_number("batch_size", self.batch_size, 1)
        checks.whole_number("n_iter_no_change", self.n_iter_no_change, 1)
        if self.early_stopping and not 0 < self.validation_fraction < 1:
            raise InputError(
                f"validation_fraction wants a share above 0 and below 1, "
                f"got {self.validation_fraction!r}"
            )

    def _split(self, rows: Rows, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """The numbers of the rows that train, and of those that early stopping watches."""
        index = np.arange(len(rows.x))
        if not self.early_stopping:
            return index, None
        train, held_out = train_test_split(
            index, test_size=self.validation_fraction, stratify=self._strata(rows.y),
            random_state=seed,
        )  # fmt: skip
        return train, held_out

    def _scale(self, rows: Rows) -> None:
        """Learns from the training rows what the dense network scales by."""
        self._moments = None
        if self.model is None:
            self._moments = moments(rows.x, rows.weight)

    def _as_inputs(self, x: np.ndarray) -> np.ndarray:
        """Float32, for the dense network standardised while there are still all digits."""
        if self._moments is not None:
            x = (x - self._moments[0]) / self._moments[1]
        with np.errstate(over="ignore"):
            return np.asarray(x, np.float32)

    def _make(self, x: np.ndarray) -> Any:
        """A compiled model with fresh weights for inputs like `x`."""
        units, last = self._head()
        extra = {
            name.removeprefix(networks.PREFIX): v for name, v in self._model_parameters.items()
        }
        given: Any = self.model
        if given is not None and not isinstance(given, Trainer) and callable(given):
            model = networks.made_by(given, extra, self._all_offers(x))
        elif extra:
            raise InputError(
                f"{networks.PREFIX}{next(iter(extra))}: such a parameter is for a function that "
                f"makes the model, and model is {given!r}"
            )
        elif given is None:
            model = self._dense_network(x.shape[1], units, last)
        elif isinstance(given, Trainer):
            model = networks.copy_of(given)
        else:
            raise InputError(
                f"model wants None, a function that makes a model, or a model, got {given!r}"
            )
        shape = networks.built(model, x)
        loss = self._loss_for(shape[-1])
        networks.compiled(model, self.optimizer, self.learning_rate, loss)
        return model

    def _dense_network(self, inputs: int, units: int, last: str | None) -> Any:
        return networks.dense_network(
            inputs, self.hidden_layer_sizes, self.activation, self.dropout, self.l2, units, last
        )

    def _all_offers(self, x: np.ndarray) -> dict[str, Any]:
        """What the function that makes the model may ask for; `meta` is that of scikeras."""
        about_y = self._offers()
        features = self.n_features_in_
        meta = {f"{name}_": value for name, value in about_y.items()}
        meta.update(n_features_in_=features, X_shape_=x.shape, X_dtype_=x.dtype)
        known = {"n_features": features, "n_features_in": features, "meta": meta}
        return {**known, **about_y}

    def _run(self, rows: Rows, train: np.ndarray, held_out: np.ndarray | None, epochs: int) -> None:
        """The model's own `fit`, and what it left in the history."""
        callbacks = _listed(self.callbacks)
        watching = [*callbacks]
        fitted, validation = rows.take(train), None
        step = min(self.batch_size, len(fitted.x))
        if self.model is None:
            fitted, step = _filled(fitted, self.batch_size)
        if held_out is not None:
            seen = rows.take(held_out)
            validation = (seen.x, self._as_targets(seen.y), seen.weight)
            patience = self.n_iter_no_change
            watching.append(EarlyStopping(patience=patience, restore_best_weights=True))
        try:
            with programs.shared(self.model_):
                history = self.model_.fit(
                    fitted.x, self._as_targets(fitted.y), sample_weight=fitted.weight,
                    batch_size=step, epochs=epochs,
                    verbose=self.verbose, callbacks=watching, validation_data=validation,
                )  # fmt: skip
        finally:
            for callback in callbacks:
                # They would drag the model along into copies and files of the estimator.
                callback.model = None
        ran = len(history.epoch)
        for name, values in history.history.items():
            self.history_.setdefault(name, []).extend(values[-ran:])
        self.loss_curve_ = self.history_["loss"]
        self.n_iter_ = len(self.loss_curve_)

    # Asking.

    def _outputs(self, X: Any) -> np.ndarray:
        """What the model gives for X, float64 `(n, units)`."""
        check_is_fitted(self, "model_")
        X = validate_data(
            self, X, reset=False, dtype=[np.float64, np.float32], allow_nd=self.model is not None
        )
        x = self._as_inputs(X)
        filled = np.zeros((-(-len(x) // BLOCK) * BLOCK, *x.shape[1:]), np.float32)
        filled[: len(x)] = x
        with programs.turn, programs.shared(self.model_):
            outputs = self.model_.predict(filled, batch_size=BLOCK, verbose=0)
        return np.asarray(outputs[: len(x)], np.float64)


def _filled(rows: Rows, batch_size: int) -> tuple[Rows, int]:
    """The rows and copies of some with weight 0, which fill up the last step; and the step's size.

    Compiling takes a small network longer than training it: so there is no smaller last step to
    compile, and data of nearly as many rows, such as folds, run the same program.
    """
    n = len(rows.x)
    step = min(batch_size, -(-n // BLOCK) * BLOCK)
    total = -(-n // step) * step
    filled = rows.take(np.arange(total) % n)
    weight = np.ones(total, np.float32) if filled.weight is None else filled.weight
    weight[n:] = 0
    # A step's loss is a mean over all of its rows: that of an epoch is over the true ones again.
    return filled._replace(weight=weight * np.float32(total / n)), step


def moments(values: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, in float64; 1 for a constant column."""
    values = np.asarray(values, np.float64)
    mean = np.average(values, axis=0, weights=weight)
    spread = np.sqrt(np.average(np.square(values - mean), axis=0, weights=weight))
    # The mean of equal numbers is off by its rounding, which is no spread.
    return mean, np.where(spread <= 1e-12 * np.abs(mean), 1.0, spread)


def _weights(given: Any, n: int) -> np.ndarray | None:
    """The weights of the examples, checked.

    Raises:
        InputError: another number of them, a negative one, or zeros only.
    """
    if given is None:
        return None
    weight = check_array(given, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weight.shape != (n,):
        raise InputError(f"sample_weight wants one weight for each of {n} examples, shape ({n},), "
                         f"got {weight.shape}")  # fmt: skip
    if weight.min() < 0:
        raise InputError(f"sample_weight wants weights of at least 0, got {weight.min()}")
    if weight.max() == 0:
        raise InputError("sample_weight: all weights are zero; at least one must be above 0")
    return weight


def _present(rows: Rows, weight: np.ndarray | None) -> tuple[Rows, np.ndarray | None]:
    """The rows of a weight above 0, and their weights in training."""
    if weight is None or weight.min() > 0:
        return rows, weight
    kept = np.flatnonzero(weight)
    if not len(kept):
        raise InputError(
            "class_weight and sample_weight together leave no example a weight above 0"
        )
    return rows.take(kept), weight[kept]


def _listed(callbacks: Any) -> list[Any]:
    """The callbacks, with an object of each that is given as a class."""
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    made = [c() if isinstance(c, type) else c for c in given if c is not None]
    for callback in made:
        if not isinstance(callback, Callback):
            raise InputError(f"callbacks wants Callback objects or classes, got {callback!r}")
    return made


def _without_programs(model: Any) -> Any:
    """The model without what was compiled for it, which no file can hold; the layers are shared."""
    bare = copy.copy(model)
    vars(bare).update(_programs=None, _live=None, history=None)
    return bare
