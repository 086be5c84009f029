"""The sections of predicted numbers: scores, truth against prediction, residuals, the worst."""

from __future__ import annotations

import numpy as np

from myelin.evaluation.intervals import Estimate
from myelin.evaluation.report import layout
from myelin.evaluation.report.data import pictures
from myelin.evaluation.report.judged import Judged
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import Html, element, join, number, plain
from myelin.evaluation.report.measures import ValueMeasures
from myelin.evaluation.report.svg import Axis, Plot

# More dots than these only blacken the paper.
_MOST_DOTS, _MOST_QUANTILES = 1500, 400


def sections(measured: ValueMeasures, rows: Judged, x: object, note: str | None) -> list[Section]:
    """Scores, plots and the worst examples.

    Args:
        measured: the scores.
        rows: true and predicted values.
        x: the inputs, for pictures, or None.
        note: what to know of all of them, or None.
    """
    note = note or "In the units of the target; R² has none."
    return [
        Section.of("scores", "Scores", note, _scores(measured, True)),
        _residuals(measured, rows),
        _worst(measured, x),
    ]


def in_short(measured: ValueMeasures, rows: Judged) -> list[Html]:
    """The scores and truth against prediction alone."""
    return [_scores(measured, False), layout.plots(_against_truth(measured, rows))]


def _scores(measured: ValueMeasures, named: bool) -> Html:
    scores = measured.scores
    lines = [
        _line(title, estimate, key if named else None)
        for title, estimate, key in (
            ("Mean absolute error (MAE)", scores.mae, "mae"),
            ("Root mean squared error (RMSE)", scores.rmse, "rmse"),
            ("Median absolute error", scores.median_absolute_error, None),
            ("R²", scores.r2, "r2"),
            ("Explained variance", scores.explained_variance, None),
        )
    ]
    header = ("Score", "Value", "95 % interval", "Interval by")
    return layout.table(header, lines, f"Scores on {scores.examples:,} examples", left=(3,))


def _line(title: str, estimate: Estimate, key: str | None) -> tuple[object, ...]:
    low, high = estimate.interval
    known = np.isfinite(low) and np.isfinite(high)
    ends = join(number(low), " to ", number(high)) if known else "–"
    return title, number(estimate.value, 4, key), ends, estimate.method


def _sample(n: int) -> np.ndarray:
    """The rows whose dots are drawn: all of few, else a sample that is always the same."""
    if n <= _MOST_DOTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, _MOST_DOTS, replace=False))


def _dots(x: np.ndarray, y: np.ndarray) -> tuple[list[tuple[float, float]], str, str | None]:
    """The points of a sample, their class, and what to say where not all are drawn."""
    chosen = _sample(len(x))
    class_ = "a many" if len(chosen) > 300 else "a"
    said = None
    if len(chosen) < len(x):
        said = f"{len(chosen):,} of {len(x):,} examples, drawn at random"
    return list(zip(x[chosen].tolist(), y[chosen].tolist(), strict=True)), class_, said


def _against_truth(measured: ValueMeasures, rows: Judged) -> Html:
    both = np.concatenate([rows.y, rows.predicted])
    r2 = plain(measured.scores.r2.value)
    plot = Plot(
        Axis.over("true value", both), Axis.over("predicted value", both),
        f"Predicted against true values; R² {r2}", height=300,
    )  # fmt: skip
    low, high = plot.x.low, plot.x.high
    plot.line([(low, low), (high, high)], "even")
    points, class_, said = _dots(rows.y, rows.predicted)
    plot.dots(points, class_)
    key = layout.legend(("even", "perfect"))
    return layout.figure("Prediction against truth", plot, join(key, said))


def _residuals(measured: ValueMeasures, rows: Judged) -> Section:
    """What the predictions leave: against the prediction, spread, and against the normal."""
    left = rows.y - rows.predicted
    points, class_, said = _dots(rows.predicted, left)
    against = Plot(
        Axis.over("predicted value", rows.predicted), Axis.over("true − predicted", left),
        f"Residuals against predictions; they run from {plain(float(left.min()))} to "
        f"{plain(float(left.max()))}", height=300,
    )  # fmt: skip
    against.line([(against.x.low, 0.0), (against.x.high, 0.0)], "even")
    against.dots(points, class_)
    bins = min(40, max(7, int(len(left) ** 0.5)))
    counts, edges = np.histogram(left, bins)
    spread = Plot(
        Axis("true − predicted", float(edges[0]), float(edges[-1])),
        Axis("examples", 0.0, 1.05 * float(counts.max()), whole=True),
        f"Histogram of the residuals; mean {plain(float(left.mean()))}, standard deviation "
        f"{plain(float(left.std()))}", height=300,
    )  # fmt: skip
    ends = edges.tolist()
    spread.bars(zip(ends[:-1], ends[1:], counts.tolist(), strict=True))
    drawn = [
        _against_truth(measured, rows),
        layout.figure("Residuals", against, said),
        layout.figure("Spread of the residuals", spread),
    ]
    if measured.quantiles is not None and np.ptp(measured.quantiles.ordered):
        drawn.append(_quantiles(measured))
    note = "A residual is what a prediction leaves: true less predicted. Without a pattern is best."
    return Section.of("residuals", "Residuals", note, layout.plots(*drawn))


def _quantiles(measured: ValueMeasures) -> Html:
    found = measured.quantiles
    assert found is not None
    n = len(found.normal)
    places = np.arange(n)
    if n > _MOST_QUANTILES:
        # The tails in full, where a normal distribution and others part.
        tail, middle = _MOST_QUANTILES // 4, _MOST_QUANTILES // 2
        places = np.unique(np.concatenate([
            places[:tail], np.linspace(tail, n - tail - 1, middle).astype(int), places[-tail:],
        ]))  # fmt: skip
    ends = [float(found.normal[0]), float(found.normal[-1])]
    line = [(end, found.intercept + found.slope * end) for end in ends]
    residual = Axis.over("residual", [*found.ordered.tolist(), *(y for _, y in line)])
    plot = Plot(
        Axis.over("normal quantile", found.normal), residual,
        f"Quantiles of the residuals against the normal distribution; correlation "
        f"{plain(found.correlation)}", height=300,
    )  # fmt: skip
    plot.line(line, "even")
    points = zip(found.normal[places].tolist(), found.ordered[places].tolist(), strict=True)
    plot.dots(list(points), "a many" if len(places) > 300 else "a")
    key = layout.legend(("even", "normal"))
    words = f"correlation {plain(found.correlation)}"
    return layout.figure("Normal quantiles (QQ)", plot, join(key, words))


def _worst(measured: ValueMeasures, x: object) -> Section:
    worst = measured.worst
    indices = worst.indices.tolist()
    shown = pictures(x, indices)
    lines = []
    for place, (row, picture) in enumerate(zip(indices, shown, strict=True)):
        true, said = float(worst.true[place]), float(worst.predicted[place])
        cells: list[object] = [number(true), number(said), number(true - said)]
        if picture is not None:
            alt = f"row {row}: {plain(true)}, predicted {plain(said)}"
            cells.insert(0, element("img", src=picture, alt=alt, width=56, height=56))
        lines.append((f"{row:,}", *cells))
    header = ["Row", "True", "Predicted", "Residual"]
    if any(shown):
        header.insert(1, "Picture")
    left, kind = ((1,), "pictures") if any(shown) else ((), None)
    title = "The examples with the largest error"
    table = layout.table(header, lines, title, left=left, kind=kind)
    note = "Rows are numbered from 0. Look here for wrong values and for what the model misses."
    return Section.of("worst", "Worst examples", note, table)
