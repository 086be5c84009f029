"""What gives batches by itself, read for one model: rows in memory, or a stream."""

from __future__ import annotations

from typing import Any

from myelin.training.data import Arrays, Stream, is_stream, weigh_classes
from myelin.training.datasets import OrderedArrays, plan_of
from myelin.training.feed import device_bytes
from myelin.training.reading import Reader


def batched(
    reader: Reader, given: Any, steps: int | None, class_weight: Any = None
) -> OrderedArrays | Stream:
    """Rows in memory in an order of their own if a data set is no more than that, else a stream.

    Args:
        reader: of the model.
        given: an iterable of batches.
        steps: how many an epoch has; None for all.
        class_weight: as for `fit`.

    Raises:
        InputError: data that cannot be used.
    """
    if (plan := plan_of(given, 0.3 * device_bytes())) is None:
        return reader.stream(given, steps, class_weight)
    arrays = OrderedArrays(*reader.table(plan.columns).batch, plan=plan)
    if class_weight is not None:
        arrays.weight = weigh_classes(arrays, class_weight).weight
    reader.check_finite(arrays)
    return arrays


def held_out_data(reader: Reader, given: Any, steps: int | None) -> Arrays | Stream | None:
    """What to validate on; a data set of rows in memory is put into its order once."""
    if given is None or not is_stream(given):
        return reader.validation(given)
    data = batched(reader, given, steps)
    return data.in_order(steps) if isinstance(data, OrderedArrays) else data
