"""`FeatureSpace`: the columns of a table, each prepared in its own way, as one vector."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from myelin import layers, naming, registry, saving
from myelin.errors import InputError, unknown_name
from myelin.layers.base import Layer
from myelin.layers.hosting import HostLayer, host_array
from myelin.layers.symbolic import KerasTensor

# Rows at a time in which layers learn from a table.
_ROWS = 32


class Cross(registry.Configured):
    """Features to be hashed together.

    Args:
        feature_names: which.
        crossing_dim: into how many bins.
        output_mode: "one_hot" or "int".
    """

    def __init__(
        self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        _check_mode(output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The names of the features, joined."""
        return "_X_".join(self.feature_names)


class Feature(registry.Configured):
    """How one column is prepared.

    Args:
        dtype: its type, "string", "int32" or "float32".
        preprocessor: the layer that it goes through.
        output_mode: "one_hot" makes vectors of what the layer gives, "int" and "float" leave it.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        _check_mode(output_mode, ("int", "one_hot", "float"))
        self.dtype = dtype
        self.preprocessor = registry.deserialize(preprocessor)
        self.output_mode = output_mode


class FeatureSpace(Layer):
    """Prepares the columns of a table and joins them into one vector, or gives each by name.

    Args:
        features: `{name: kind}`, a kind being "float", "float_normalized", "float_rescaled",
            "float_discretized", "integer_categorical", "string_categorical", "integer_hashed" or
            "string_hashed", or what the method of that name gives.
        output_mode: "concat" joins all into `(n, sum of sizes)`, in the order of their names with
            crosses last; "dict" gives each by name.
        crosses: tuples of names, or what `cross` gives: features to be hashed together.
        crossing_dim, hashing_dim, num_discretization_bins: the number of bins where a kind or a
            cross is given by name alone.
        name: its name.

    It is called on a dictionary of columns, or of single values, or on a frame. `get_inputs`
    and `get_encoded_features` are promises to build a model from.

    Raises:
        InputError: no features, names that are not among them, a call before `adapt`, or
            whole numbers that are to be joined without being encoded.
        UnknownNameError: an unknown kind or mode.
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not features:
            raise InputError("FeatureSpace wants features={name: kind, …}")
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = _check_mode(output_mode, ("concat", "dict"))
        self.features = {key: self._feature(key, kind) for key, kind in features.items()}
        self.crosses = [self._cross(given) for given in crosses or []]
        self.inputs = {
            key: layers.Input(shape=(1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self.preprocessors = {key: f.preprocessor for key, f in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self.concat = layers.Concatenate(axis=-1) if output_mode == "concat" else None
        self._encoded: Any = None
        self._is_adapted = not self._to_adapt()

    # What a column may be.

    @classmethod
    def cross(
        cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Features to be hashed together into `crossing_dim` bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column that goes through a layer of one's own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", layers.Identity(name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """Numbers as `x · scale + offset`."""
        layer = layers.Rescaling(scale, offset, name=_named(name, "float_rescaled"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers shifted and scaled to mean 0 and variance 1, which `adapt` learns."""
        layer = layers.Normalization(axis=-1, name=_named(name, "float_normalized"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None = None,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Numbers by the bin they are in; `adapt` learns where `num_bins` bins end."""
        layer = layers.Discretization(
            bin_boundaries, num_bins, name=_named(name, "float_discretized")
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Whole numbers by their place in a vocabulary, which `adapt` learns."""
        layer = layers.IntegerLookup(
            max_tokens, num_oov_indices, name=_named(name, "integer_categorical")
        )
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Text by its place in a vocabulary, which `adapt` learns."""
        layer = layers.StringLookup(
            max_tokens, num_oov_indices, name=_named(name, "string_categorical")
        )
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Text by its hash, in one of so many bins."""
        layer = layers.Hashing(num_bins, name=_named(name, "string_hashed"))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Whole numbers by their hash, in one of so many bins."""
        layer = layers.Hashing(num_bins, name=_named(name, "integer_hashed"))
        return Feature("int32", layer, output_mode)

    def _feature(self, name: str, kind: Any) -> Feature:
        kind = registry.deserialize(kind)
        if isinstance(kind, Feature):
            return kind
        if kind not in _KINDS:
            raise unknown_name(f'kind of feature ("{name}")', kind, _KINDS)
        bins = {"float_discretized": self.num_discretization_bins}
        if str(kind).endswith("_hashed"):
            bins[str(kind)] = self.hashing_dim
        made: Feature = getattr(self, kind)(*[bins[kind]] if kind in bins else [], name=name)
        return made

    def _cross(self, given: Any) -> Cross:
        given = registry.deserialize(given)
        cross = given if isinstance(given, Cross) else Cross(given, self.crossing_dim)
        for name in cross.feature_names:
            if name not in self.features:
                raise unknown_name("feature in crosses", name, self.features)
        return cross

    # Learning.

    def _to_adapt(self) -> list[str]:
        """The features whose layers have something to learn."""
        found = []
        for name, layer in self.preprocessors.items():
            given = getattr(layer, "_given", None) is not None or getattr(layer, "_fixed", False)
            if isinstance(layer, layers.TextVectorization):
                given = layer._lookup._fixed
            if hasattr(layer, "adapt") and not given:
                found.append(name)
        return found

    def adapt(self, dataset: Any) -> None:
        """Has the layer of each feature learn from its column.

        Args:
            dataset: a dictionary of columns, a frame, or an iterable of such dictionaries, also of
                single rows; of `(x, y)` the x.

        Raises:
            InputError: a feature is missing, or the data are no such thing.
        """
        if hasattr(dataset, "__next__"):
            # Each feature passes over all of it.
            dataset = list(dataset)
        for name in self._to_adapt():
            self.preprocessors[name].adapt(_column(dataset, name))
        self._is_adapted = True
        # What was promised before may have had another size.
        self.one_hot_encoders, self._encoded = {}, None
        self.get_encoded_features()
        self.built = True

    def _check_adapted(self) -> None:
        if not self._is_adapted:
            raise InputError(
                f"{self.title}: call adapt(data) first, since these features learn from data: "
                f"{', '.join(self._to_adapt())}"
            )

    # Preparing.

    def get_inputs(self) -> dict[str, KerasTensor]:
        """The promise of each column, by name, to make a model with."""
        self._check_adapted()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """The promise of the joined vector, or of each feature by name."""
        self._check_adapted()
        if self._encoded is None:
            self._encoded = self._merged(self._prepared(self.inputs))
        return self._encoded

    def __call__(self, data: Any, **kwargs: Any) -> Any:
        """The vectors of columns `{name: (n,) or (n, 1)}`, or the vector of single values.

        Raises:
            InputError: no dictionary, or a feature is missing.
        """
        self.get_encoded_features()
        if not isinstance(data, Mapping) and not hasattr(data, "columns"):
            raise InputError(f"{self.title}: wants a dictionary of columns, got {data!r:.60}")
        missing = [name for name in self.features if name not in data]
        if missing:
            raise InputError(f"{self.title}: the data lack the features {', '.join(missing)}")
        columns = {name: host_array(data[name], name) for name in self.features}
        single = any(column.ndim == 0 for column in columns.values())
        columns = {
            name: column.reshape(-1, 1) if column.ndim < 2 else column
            for name, column in columns.items()
        }
        merged = self._merged(self._prepared(columns))
        if not single:
            return merged
        return {k: v[0] for k, v in merged.items()} if isinstance(merged, dict) else merged[0]

    def _prepared(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Each feature behind its layer, then the crosses of those."""
        found = {name: self.preprocessors[name](columns[name]) for name in self.features}
        crossed = {
            cross.name: self.crossers[cross.name]([found[name] for name in cross.feature_names])
            for cross in self.crosses
        }
        return {name: part[name] for part in (found, crossed) for name in sorted(part)}

    def _merged(self, prepared: dict[str, Any]) -> Any:
        specs: dict[str, Any] = {**self.features, **{cross.name: cross for cross in self.crosses}}
        merged = {}
        for name, value in prepared.items():
            if specs[name].output_mode == "one_hot":
                value = self._encoder(name, value)(value)
            if self.concat is not None and _is_index(value):
                raise InputError(
                    f'{self.title}: "{name}" is not encoded (it is {value.dtype}), so it cannot be '
                    'joined with others: take output_mode="dict"'
                )
            merged[name] = value
        if self.concat is None:
            return merged
        values = list(merged.values())
        return self.concat(values) if len(values) > 1 else values[0]

    def _encoder(self, name: str, value: Any) -> Any:
        if name not in self.one_hot_encoders:
            layer = self.preprocessors.get(name) or self.crossers[name]
            size = _cardinality(layer)
            if size is None or not _is_index(value):
                raise InputError(
                    f'{self.title}: "{name}" cannot be made one-hot, since how many values '
                    f'{type(layer).__name__} gives is not known: take output_mode="int" or "float"'
                )
            self.one_hot_encoders[name] = layers.CategoryEncoding(size, "multi_hot")
        return self.one_hot_encoders[name]

    # Writing it down.

    def get_build_config(self) -> dict[str, Any] | None:
        """What the layer of each feature was built for, and what it learned."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Takes what `get_build_config` gave."""
        for name, layer in self.preprocessors.items():
            layer.build_from_config(config.get(name) or {})
        self._is_adapted = True
        self.built = True

    def compile_config(self) -> None:
        """None: it is kept in a file like a model that is not compiled."""
        return

    def compile_from_config(self, config: Any) -> None:
        """Does nothing; see `compile_config`."""

    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Writes it to a file, which `load_model` reads."""
        self.get_encoded_features()
        saving.save_model(self, filepath, overwrite)


_KINDS = (
    "float",
    "float_rescaled",
    "float_normalized",
    "float_discretized",
    "integer_categorical",
    "string_categorical",
    "integer_hashed",
    "string_hashed",
)


def _check_mode(mode: str, known: tuple[str, ...]) -> str:
    if mode not in known:
        raise unknown_name("output_mode", mode, known)
    return mode


def _named(name: str | None, kind: str) -> str:
    return f"{name or naming.auto_name(kind)}_preprocessor"


def _is_index(value: Any) -> bool:
    return str(value.dtype).startswith(("int", "uint", "string", "object"))


def _cardinality(layer: Any) -> int | None:
    """How many values a layer gives, None where that is not known."""
    if isinstance(layer, layers.IntegerLookup | layers.StringLookup):
        return layer.vocabulary_size()
    if isinstance(layer, layers.Discretization):
        return layer.num_bins or len(layer.bin_boundaries or []) + 1
    if isinstance(layer, layers.CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, HostLayer):
        return getattr(layer, "num_bins", None)
    return None


def _column(dataset: Any, name: str) -> Iterator[Any]:
    """One feature of the data, in batches of one column."""
    if isinstance(dataset, Mapping) or hasattr(dataset, "columns"):
        try:
            column = host_array(dataset[name], name)
        except KeyError:
            raise InputError(f'FeatureSpace.adapt: the data lack the feature "{name}"') from None
        parts: Any = (column[i : i + _ROWS] for i in range(0, len(column), _ROWS))
    elif hasattr(dataset, "__iter__") and not isinstance(dataset, str):
        parts = _joined(_feature_of(item, name) for item in dataset)
    else:
        raise InputError(
            "FeatureSpace.adapt wants a dictionary of columns, a frame, or a dataset of "
            f"dictionaries, got {type(dataset).__name__}"
        )
    for part in parts:
        yield part[:, None] if part.ndim == 1 else part


def _feature_of(item: Any, name: str) -> np.ndarray:
    item = item[0] if isinstance(item, tuple) else item
    if not isinstance(item, Mapping) or name not in item:
        raise InputError(f'FeatureSpace.adapt: an entry of the data lacks the feature "{name}"')
    return host_array(item[name], name)


def _joined(parts: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Batches as they come; single values in batches."""
    first = next(parts, None)
    if first is None:
        return
    parts = itertools.chain([first], parts)
    if first.ndim:
        yield from parts
        return
    while batch := list(itertools.islice(parts, _ROWS)):
        yield np.stack(batch)
