"""`Trainer`: `fit`, `evaluate`, `predict`, and the same for one batch at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import numpy as np

from myelin.callbacks.callback_list import CallbackList
from myelin.callbacks.history import History
from myelin.callbacks.progbar_logger import ProgbarLogger
from myelin.errors import InputError
from myelin.tracebacks import door
from myelin.training import checks, honesty, limits
from myelin.training.batched import batched, held_out_data
from myelin.training.data import (
    Arrays,
    Stream,
    is_stream,
    rows,
    split_validation,
    stream_length,
    weigh_classes,
)
from myelin.training.datasets import OrderedArrays
from myelin.training.feed import (
    HostFed,
    Ordered,
    Resident,
    Streamed,
    fits_on_device,
    test_feed,
)
from myelin.training.fitting import Fit, Logs, as_logs, test
from myelin.training.live import LiveState
from myelin.training.loop import Programs
from myelin.training.predicting import Answer, block_rows, desk, padded_size
from myelin.training.preparing import Preparing
from myelin.training.reading import Reader

# So many rows are answered in one call of the compiled predict, without blocks.
FEW_ROWS = 256


class Trainer(Preparing):
    """A layer that can be compiled, trained, judged and asked."""

    # The shape of a row and the type of the last array that `predict` took as it was.
    _as_is: Any = None

    @door
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        stratify: bool = False,
        resume: Any = None,
    ) -> Any:
        """Trains for a number of epochs.

        Args:
            x: inputs `(n, …)`: NumPy, JAX, pandas, polars, lists, DLPack; several in a list, or
                in a dictionary by name; or an iterable of batches `(x, y)` or
                `(x, y, sample_weight)`.
            y: targets `(n, …)`; for several outputs a list, or a dictionary by name; None with
                an iterable.
            batch_size: examples a step, 32 when None.
            epochs: the epoch to stop after, counted from 0.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; `"auto"` is 1.
            callbacks: `Callback`s; those with batch-level hooks make the chunks one step long.
            validation_split: the share of the last rows that validates.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or an iterable of batches.
            shuffle: whether each epoch takes the rows in a new order.
            class_weight: `{class: weight}` or `"balanced"`.
            sample_weight: one weight per example; for several outputs also as `y`.
            initial_epoch: the epoch to begin with.
            steps_per_epoch: the most steps an epoch takes.
            validation_steps, validation_batch_size: the same for validation.
            validation_freq: validate every so many epochs, or in the listed ones (from 1).
            stratify: draws `validation_split` with the same share of each class.
            resume: a folder of its own for the run, or a `callbacks.Checkpoint`: checkpoints are
                kept there, and the same call, in this program or another one, goes on from them to
                the same bits.

        Returns:
            A `History`, whose `history` holds a list per name, a value per epoch.

        Raises:
            NotCompiledError: before `compile`.
            InputError: data or arguments that cannot be used, found before any work starts.
            NonFiniteError: the loss became NaN or infinite; names epoch, step and layer.
        """
        self._require_compiled("fit")
        epochs, steps_per_epoch = limits.epochs(epochs), limits.steps(steps_per_epoch, x)
        if validation_data is not None or validation_split:
            validation_steps = limits.steps(validation_steps, validation_data)
        reader = Reader(self)
        train, validation = self._training_data(
            reader, x, y, sample_weight, class_weight, validation_split, validation_data, stratify,
            steps_per_epoch, validation_steps,
        )  # fmt: skip
        n = len(train) if isinstance(train, Arrays) else None
        checks.fit_arguments(epochs, initial_epoch, batch_size, n)
        if isinstance(train, OrderedArrays):
            batch_size = train.plan.batch_size
        batch_size = min(batch_size or 32, n or batch_size or 32)
        programs = self._prepare(reader, train, batch_size)
        size = validation_batch_size or batch_size
        if validation is not None and self.has_own_steps:
            programs = self._prepare(reader, validation, size, training=False)
        live = LiveState(programs.task)
        verbose = checks.verbosity(verbose)
        listed = self._callback_list(callbacks, verbose, resume)
        feed, order = self._feed(train, batch_size, steps_per_epoch, shuffle, live, listed)
        listed.set_params({"epochs": epochs, "steps": feed.steps, "verbose": verbose})
        validate = None
        if validation is not None:
            validate = self._validation(
                programs, live, validation, size, validation_steps, listed, validation_freq
            )
            self._chosen_on = honesty.chosen_on(validation, listed.callbacks)
        fit = Fit(
            model=self, programs=programs, live=live, feed=feed, order=order, callbacks=listed,
            epochs=epochs, initial_epoch=initial_epoch, validate=validate,
        )  # fmt: skip
        self._live = live
        self.identify_run = lambda: honesty.identity(
            train, validation, batch_size, feed.steps, shuffle
        )
        try:
            fit.run()
        finally:
            # It holds the data.
            self.identify_run = None
        return self.history

    def _training_data(
        self, reader: Reader, x: Any, y: Any, weight: Any, class_weight: Any, split: float,
        validation: Any, stratify: bool, steps: int | None, validation_steps: int | None,
    ) -> tuple[Arrays | Stream, Arrays | Stream | None]:  # fmt: skip
        """The examples to train on and those to validate on, checked."""
        if is_stream(x):
            if y is not None or split:
                raise InputError(
                    "With an iterable of batches, y and validation_split have no meaning: let it "
                    "give (x, y) or (x, y, sample_weight), and pass validation_data"
                )
            train = batched(reader, x, steps, class_weight)
            return train, held_out_data(reader, validation, validation_steps)
        if x is None:
            raise InputError("fit wants the inputs x")
        arrays = reader.examples(x, y, weight)
        held_out = held_out_data(reader, validation, validation_steps)
        if split and held_out is None:
            arrays, held_out = split_validation(arrays, split, stratify)
        if class_weight is not None:
            arrays = weigh_classes(arrays, class_weight)
        reader.check_finite(arrays)
        if isinstance(held_out, Arrays):
            reader.check_finite(held_out)
        return arrays, held_out

    def _feed(
        self, train: Any, batch_size: int, steps: int | None, shuffle: bool, live: LiveState,
        callbacks: CallbackList,
    ) -> tuple[Resident | Streamed, Any]:  # fmt: skip
        """Where blocks come from, and the order of the rows in each epoch."""
        if isinstance(train, Stream):
            beside = not self.run_eagerly
            return Streamed(train, callbacks.needs_batches, beside), lambda epoch: None
        if isinstance(train, OrderedArrays):
            return Ordered(train, steps), lambda epoch: None
        n = len(train)

        def order(epoch: int) -> np.ndarray | None:
            if not shuffle:
                return None
            seed = [int(word) for word in live.key]
            return np.random.default_rng([*seed, epoch]).permutation(n).astype(np.int32)

        if fits_on_device(train):
            return Resident(train, batch_size, steps), order
        return HostFed(train, batch_size, steps, callbacks.needs_batches), order

    def _callback_list(self, callbacks: Any, verbose: int, resume: Any) -> CallbackList:
        given = _listed(callbacks)
        if resume is not None:
            from myelin.callbacks.checkpoint import Checkpoint

            given.append(resume if isinstance(resume, Checkpoint) else Checkpoint(resume))
        if not any(isinstance(c, History) for c in given):
            given.append(History())
        if verbose:
            # Last, so that it shows what the others put into the logs.
            given.append(ProgbarLogger())
        self.history = next(c for c in given if isinstance(c, History))
        return CallbackList(given, model=self)

    def _validation(
        self, programs: Programs, live: LiveState, data: Any, batch_size: int, steps: int | None,
        callbacks: CallbackList, frequency: Any,
    ) -> Any:  # fmt: skip
        """A function from the epoch to the validation logs; empty where it does not validate."""
        feed = test_feed(data, batch_size, steps)

        def validate(epoch: int) -> Logs:
            due = (
                (epoch + 1) % frequency == 0
                if isinstance(frequency, int)
                else (epoch + 1) in frequency
            )
            if not due:
                return {}
            logs = test(programs, live, feed, callbacks)
            return {f"val_{name}": value for name, value in logs.items()}

        return validate

    # Judging.

    @door
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics over data, exactly: sums over examples.

        Warns with `OptimisticScoreWarning` where the same data chose the epoch in `fit`.

        Args:
            x, y, sample_weight, batch_size, callbacks: as for `fit`.
            verbose: 0 silent, otherwise a progress bar.
            steps: the most batches to take.
            return_dict: gives a dictionary instead of a list.

        Returns:
            The loss alone where there are no metrics, else a list in the order of
            `metrics_names`.
        """
        self._require_compiled("evaluate")
        checks_unknown(kwargs, "evaluate")
        steps = limits.steps(steps, x)
        reader = Reader(self)
        data: Arrays | Stream
        if is_stream(x):
            data = batched(reader, x, steps)
            if isinstance(data, OrderedArrays):
                batch_size = batch_size or data.plan.batch_size
                data = data.in_order(steps)
        else:
            data = reader.examples(x, y, sample_weight)
            reader.check_finite(data)
            if batch_size is not None:
                checks.check_batch_size(batch_size, len(data))
            if self._chosen_on is not None:
                self._chosen_on.warn_if_same(data)
        programs = self._prepare(reader, data, batch_size, training=False)
        live = LiveState(programs.task, seed=0)
        verbose = checks.verbosity(verbose)
        listed = _plain_list(callbacks, verbose, self)
        feed = test_feed(data, batch_size or 32, steps)
        listed.set_params({"steps": feed.steps, "verbose": verbose})
        logs = test(programs, live, feed, listed)
        return self._ordered(logs, return_dict)

    @door
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for inputs, in inference mode.

        Rows are padded to a few sizes, so that calls of many lengths share few programs.

        Args:
            x: inputs `(n, …)`, several as for `fit`, or an iterable of batches.
            batch_size: rows at a time; when None as many as compute fastest, but 32 where more
                could give something else, as with layers of your own.
            verbose: 0 silent, otherwise a progress bar.
            steps: the most batches to take, of 32 rows where `batch_size` is None.
            callbacks: with `on_predict_…` hooks.

        Returns:
            A NumPy array `(n, …)`; of several outputs in the structure that the model gives.
        """
        plainly = not verbose and callbacks is None and steps is None and limits.unlimited()
        if plainly and (answer := self._known_answer(x, batch_size)) is not None:
            return answer(x)
        if batch_size is not None:
            checks.check_batch_size(batch_size, None)
        steps = limits.steps(steps, x)
        verbose = checks.verbosity(verbose)
        if plainly and self._read_as_is(x):
            return self._answered(x, batch_size)
        listed = _plain_list(callbacks, verbose, self)
        parts, count, at_a_time = self._parts(x, batch_size, steps, listed.needs_predict_batches)
        listed.set_params({"steps": count, "verbose": verbose})
        listed.on_predict_begin()
        outputs = []
        for index, part in enumerate(parts):
            listed.on_predict_batch_begin(index)
            outputs.append(self._predict_rows(part, at_a_time))
            listed.on_predict_batch_end(index, {"outputs": outputs[-1]})
        listed.on_predict_end()
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *outputs)

    def _parts(
        self, x: Any, batch_size: int | None, steps: int | None, one_by_one: bool
    ) -> tuple[Iterable[Any], int | None, int]:
        """Blocks of inputs, how many there are if that is known, and the rows at a time in them."""
        reader = Reader(self)
        if is_stream(x):
            stream = Stream(x, reader.batch_inputs, steps if steps else stream_length(x))
            return (arrays.x for arrays in stream.epoch()), stream.steps, batch_size or 32
        whole = Arrays(reader.inputs(x))
        self._as_is = (x.shape[1:], x.dtype) if whole.x is x else None
        n = len(whole) if steps is None else min(steps * (batch_size or 32), len(whole))
        if one_by_one:
            at_a_time = size = batch_size or 32
        else:
            at_a_time = batch_size or self._usual_rows(self._predicting(whole.x))
            size = block_rows(whole.x, at_a_time)
        parts = [whole.rows(i, min(i + size, n)).x for i in range(0, n, size)]
        return parts, len(parts), at_a_time

    def _usual_rows(self, programs: Programs) -> int:
        if programs.usual_rows is None:
            programs.usual_rows = self.usual_rows()
        return programs.usual_rows

    def _known_answer(self, x: Any, batch_size: int | None) -> Answer | None:
        """What answers for a few rows like some that came before, with nothing left to check."""
        programs = self._programs
        if programs is None or type(x) is not np.ndarray or programs.predict.is_eager:
            return None
        return programs.answers.get((batch_size, x.shape, x.dtype))

    def _read_as_is(self, x: Any) -> bool:
        """Whether a few rows are like the last ones, which were taken as they were."""
        return (
            type(x) is np.ndarray
            and self._as_is == (x.shape[1:], x.dtype)
            and 0 < len(x) <= FEW_ROWS
        )

    def _answered(self, x: np.ndarray, batch_size: int | None) -> Any:
        """The outputs for an array taken as it is; the next like it is answered at once."""
        programs = self._predicting(x)
        at_a_time = batch_size or self._usual_rows(programs)
        found = self._predict_rows(x, at_a_time)
        single = type(found) is np.ndarray and not programs.predict.is_eager
        if single and padded_size(len(x), at_a_time) == len(x):
            variables = self._weights_state(programs.task.variables)
            answer = Answer(programs.predict, variables, x, at_a_time)
            programs.answers[batch_size, x.shape, x.dtype] = answer
        return found

    def _predict_rows(self, x: Any, at_a_time: int) -> Any:
        """The outputs for one block of rows, in arrays of their own."""
        programs = self._predicting(x)
        n = len(x) if isinstance(x, np.ndarray) else rows(x)
        count = padded_size(n, at_a_time)
        few = count == n <= FEW_ROWS
        placed = x if few else desk.lay_out(x, count)
        values = {path: v._value for path, v in programs.task.variables.items()}
        outputs = programs.predict(self._weights_state(values), placed, batch_size=at_a_time)
        # Copied, as an output may be an input, which lies where the next block will.
        return jax.tree.map(lambda leaf: np.array(np.asarray(leaf)[:n]), outputs)

    # One batch at a time.

    @door
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Takes one gradient step on one batch.

        Returns:
            The loss before the step, or `[loss, metric, …]`; a dictionary with `return_dict`.

        Raises:
            InputError: both kinds of weight, or data that cannot be used.
        """
        self._require_compiled("train_on_batch")
        if class_weight is not None and sample_weight is not None:
            raise InputError("train_on_batch takes sample_weight or class_weight, not both")
        reader = Reader(self)
        arrays = reader.examples(x, y, sample_weight)
        if class_weight is not None:
            arrays = weigh_classes(arrays, class_weight)
        programs = self._prepare(reader, arrays)
        live = self._batch_state(programs)
        self.reset_metrics()
        n = len(arrays)
        state, results = programs.train(
            live.gather(), arrays.on_device(), np.arange(n, dtype=np.int32),
            np.int32(0), np.int32(0), np.int32(1), batch_size=n,
        )  # fmt: skip
        live.scatter({**state, "halted": np.bool_(False)})
        return self._ordered(as_logs(jax.device_get(results)), return_dict)

    def _batch_state(self, programs: Programs) -> LiveState:
        """The state that batch after batch goes on with, so that each draws new numbers."""
        live = self._live
        if live is None or live.task is not programs.task:
            self._live = live = LiveState(programs.task)
        return live

    @door
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of one batch, in inference mode; returns as `train_on_batch`."""
        self._require_compiled("test_on_batch")
        reader = Reader(self)
        arrays = reader.examples(x, y, sample_weight)
        programs = self._prepare(reader, arrays, training=False)
        listed = _plain_list(None, 0, self)
        feed = Resident(arrays, len(arrays))
        logs = test(programs, LiveState(programs.task, seed=0), feed, listed)
        return self._ordered(logs, return_dict)

    @door
    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as `predict` gives them."""
        inputs = Reader(self).inputs(x)
        return self._predict_rows(inputs, rows(inputs))

    def _ordered(self, logs: Logs, return_dict: bool) -> Any:
        if return_dict:
            return logs
        names = self.metrics_names
        ordered = [logs[name] for name in names if name in logs]
        # What a metric that gives several values named itself.
        ordered += [value for name, value in sorted(logs.items()) if name not in names]
        return ordered[0] if len(ordered) == 1 else ordered


def _plain_list(callbacks: Any, verbose: int, model: Any) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    given = _listed(callbacks)
    return CallbackList([*given, ProgbarLogger()] if verbose else given, model=model)


def _listed(callbacks: Any) -> list[Any]:
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    return [c for c in given if c is not None]


def checks_unknown(kwargs: dict[str, Any], method: str) -> None:
    """Raises InputError where a method was given keywords that it does not have."""
    if kwargs:
        raise InputError(f'{method}: no argument is called "{next(iter(kwargs))}"')
