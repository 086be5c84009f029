"""`report`: what is known of a model and how far it can be trusted, on one page.

run        what the caller knows of how the model came about
gather     what there is to say, from a model or a cross-validation, as the data of `content`
judged     targets and outputs in one form          measures   their scores
data       the data in words and pictures           network    the table of layers
page       the page, from `headline`, `sections`, `folds`, `classes` and `values`
layout     sections, tables, figures                markup     elements, escaped
svg        plots                                    style.css  how it looks
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from myelin.errors import InputError
from myelin.evaluation.report import gather, page
from myelin.evaluation.report.content import Content
from myelin.evaluation.report.run import Run, versions
from myelin.saving.atomic import replacing, target_of

__all__ = ["Run", "report", "versions", "write"]

Pair = tuple[Any, Any]


def report(
    model_or_result: Any,
    x_test: Any = None,
    y_test: Any = None,
    path: Any = "report.html",
    *,
    train: Pair | None = None,
    validation: Pair | None = None,
    class_names: Sequence[Any] | None = None,
    title: str | None = None,
    run: Run | None = None,
) -> Path:
    """Writes one HTML page that says how good a model is and how far that can be trusted.

    Its plots and pictures are in it, and it fetches nothing. Where the judging rows also trained
    the model or chose the epoch, the score says so.

    Args:
        model_or_result: a trained model with one output, of classes or of a number; or what
            `cross_validate` gave, whose scores out of fold are then shown.
        x_test, y_test: the rows that judge: inputs as for `predict`, and class numbers, class
            names, one-hot rows or values. For a cross-validation they may be left out; else its
            models together are judged on them too.
        path: the file to write; an older one is replaced.
        train: `(x, y)` that trained the model, or that were cross-validated: shows the balance
            of the classes, and finds rows that stand in both parts.
        validation: `(x, y)` that chose the epoch.
        class_names: a name for each class, in the order of the outputs.
        title: of the page, such as the name of the data.
        run: what is known of the run besides: seed, time, command.

    Returns:
        The path of the file.

    Raises:
        InputError: no model or result, no rows to judge by, or rows that do not fit the outputs.
        FileNotFoundError: the folder of `path` is missing.
    """
    target = target_of(path)
    known = run or Run()
    known = known if title is None else dataclasses.replace(known, title=title)
    given = x_test is not None
    if given != (y_test is not None):
        raise InputError("report wants both x_test and y_test, or for a cross-validation neither")
    _check_pairs(train=train, validation=validation)
    if hasattr(model_or_result, "folds") and hasattr(model_or_result, "predictions"):
        test = (model_or_result.predict(x_test), x_test, y_test) if given else None
        return write(gather.of_folds(model_or_result, known, class_names, train, test), target)
    if not hasattr(model_or_result, "predict") or not hasattr(model_or_result, "layers"):
        raise InputError(
            "report wants a trained model or what cross_validate gave, got "
            f"{type(model_or_result).__name__}"
        )
    if not given:
        raise InputError("report of a model wants x_test and y_test, the rows to judge by")
    outputs = model_or_result.predict(x_test, verbose=0)
    content = gather.of_model(
        model_or_result, outputs, x_test, y_test, known, class_names, train, validation
    )
    return write(content, target)


def _check_pairs(**pairs: Any) -> None:
    for name, pair in pairs.items():
        if pair is not None and (not isinstance(pair, tuple | list) or len(pair) != 2):
            raise InputError(f"report: {name} wants a pair (x, y), got {type(pair).__name__}")


def write(content: Content, path: Path) -> Path:
    """Writes the page of a content, so that a reader sees the old file or the new one.

    Args:
        content: what `gather` found.
        path: the file.
    """
    text = page.render(content)
    with replacing(path) as file:
        # Half a character of UTF-16, as a file's name may hold, has no place in UTF-8.
        file.write(text.encode("utf-8", "replace"))
    return path
