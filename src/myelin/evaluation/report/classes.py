"""The sections of predicted classes: scores, what is taken for what, curves, calibration."""

from __future__ import annotations

import numpy as np

from myelin.evaluation.intervals import Estimate
from myelin.evaluation.report import layout
from myelin.evaluation.report.data import pictures
from myelin.evaluation.report.judged import Judged
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import (
    Html,
    count,
    element,
    figure,
    join,
    number,
    percent,
    plain,
    shortened,
)
from myelin.evaluation.report.measures import ClassMeasures, Curves
from myelin.evaluation.report.svg import Axis, Plot, apart, heat_map

# A matrix of more classes is drawn, not written; of still more it is left out.
_WRITTEN, _DRAWN = 20, 1000
# Of more classes the curves are a thicket.
_CURVES_SHOWN = 20
_CURVES = "What other thresholds than the most likely class would give."


def sections(measured: ClassMeasures, rows: Judged, x: object, note: str | None) -> list[Section]:
    """Scores, confusion, curves, calibration and the worst examples.

    Args:
        measured: the scores.
        rows: targets and predictions.
        x: the inputs, for pictures, or None.
        note: what to know of all of them, or None.
    """
    names = _names(rows)
    below = "In small type: the 95 % intervals."
    found = [
        Section.of("scores", "Scores", note or below, _scores(measured, names, True)),
        Section.of(
            "confusion", "Confusion", "What is taken for what. Blue is right, orange is wrong; "
            "the darker, the larger the share of the true class.",
            _matrix(measured, names), _confused(measured, names),
        ),
    ]  # fmt: skip
    if isinstance(measured.curves, str):
        found.append(
            Section.of("curves", "Every threshold", _CURVES, element("p", measured.curves))
        )
    else:
        found.append(_curves(measured.curves, names))
    found.append(_calibration(measured, len(names)))
    found.append(_worst(measured, rows, x, names))
    return found


def in_short(measured: ClassMeasures, rows: Judged) -> list[Html]:
    """The scores and the matrix alone."""
    names = _names(rows)
    return [_scores(measured, names, False), _matrix(measured, names)]


def _names(rows: Judged) -> list[str]:
    return [shortened(name) for name in rows.classes or ()]


def _cell(estimate: Estimate, name: str | None = None) -> Html:
    """A share with its interval below it."""
    low, high = estimate.interval
    ends = None
    if np.isfinite(low) and np.isfinite(high):
        ends = element("small", f"{100 * low:.1f} – {100 * high:.1f}")
    return join(percent(estimate.value, 1, name), ends)


def _scores(measured: ClassMeasures, names: list[str], named: bool) -> Html:
    """Each class and the averages."""
    scores = measured.scores
    lines = []
    for i, (name, own) in enumerate(zip(names, scores.by_class, strict=True)):
        keys = [f"by_class.{i}.{what}" if named else None for what in ("precision", "recall")]
        cells = (_cell(own.precision, keys[0]), _cell(own.recall, keys[1]), _cell(own.f1))
        lines.append((name, *cells, count(int(own.support))))
    total = count(scores.examples)
    foot = [
        (f"{name} average", *(_cell(e) for e in (each.precision, each.recall, each.f1)), total)
        for name, each in (("Macro", scores.macro), ("Weighted", scores.weighted))
    ]
    header = ("Class", "Precision", "Recall", "F1", "Examples")
    table = layout.table(header, lines, "Scores of each class", foot, wide=True)
    single = [
        ("Accuracy (also the micro average)", scores.accuracy),
        ("Balanced accuracy", scores.balanced_accuracy),
    ]
    whole = [(name, _range(estimate, True)) for name, estimate in single]
    return join(layout.listing(whole), table)


def _range(estimate: Estimate, share: bool) -> Html:
    shown = percent if share else number
    low, high = estimate.interval
    if not (np.isfinite(low) and np.isfinite(high)):
        return shown(estimate.value)
    return join(shown(estimate.value), " (", shown(low), " to ", shown(high), ")")


def _matrix(measured: ClassMeasures, names: list[str]) -> Html:
    """The confusion matrix: a table of counts, or a drawing where it would be too wide."""
    counts = measured.scores.matrix
    sums = counts.sum(1, keepdims=True)
    shares = counts / np.where(sums > 0, sums, 1)
    k = len(names)
    if k > _DRAWN:
        return element("p", f"The matrix of {k:,} classes is too large to be drawn.")
    if k > _WRITTEN:
        right = plain(100 * measured.scores.accuracy.value, 3)
        label = f"Confusion matrix of {k} classes; {right} % lie on the diagonal"
        caption = f"Rows are the true classes from top to bottom, columns the predicted; {k} each."
        return layout.plots(layout.figure("Confusion matrix", heat_map(shares, label), caption))
    head = element(
        "thead",
        element("tr", element("td"), element("th", "predicted", colspan=k, scope="colgroup"),
                element("td")),
        element("tr", element("th", "true", scope="col"),
                *(element("th", name, scope="col") for name in names),
                element("th", "all", scope="col", class_="sum")),
    )  # fmt: skip
    lines = []
    for i, name in enumerate(names):
        cells = [_matrix_cell(int(counts[i, j]), float(shares[i, j]), (i, j)) for j in range(k)]
        total = element("td", f"{int(sums[i, 0]):,}", class_="sum")
        lines.append(element("tr", element("th", name, scope="row"), *cells, total))
    caption = element("caption", "True classes down, predicted ones across")
    table = element("table", caption, head, element("tbody", *lines), class_="matrix")
    return layout.scroll("Confusion matrix", table)


def _matrix_cell(times: int, share: float, place: tuple[int, int]) -> Html:
    name = f"confusion_matrix.{place[0]}.{place[1]}"
    kind = "right" if place[0] == place[1] else "wrong"
    if not times:
        return element("td", figure(0, "·", name), class_="cell nought", style="--o:0")
    # The root, so that a few per cent are seen too.
    shade = f"--o:{0.2 + 0.8 * share**0.5:.2f}"
    return element("td", count(times, name), class_=f"cell {kind}", style=shade,
                   title=f"{100 * share:.1f} % of the row")  # fmt: skip


def _confused(measured: ClassMeasures, names: list[str]) -> Html:
    if not measured.confused:
        return element("p", "No class was taken for another.")
    support = measured.scores.matrix.sum(1)
    lines = [
        (names[true], names[said], count(times), percent(times / max(int(support[true]), 1)))
        for true, said, times in measured.confused
    ]
    header = ("True class", "Taken for", "Times", "Of the class")
    return layout.table(header, lines, "The most confused pairs", left=(1,))


def _curves(curves: Curves, names: list[str]) -> Section:
    """ROC and precision-recall curves, with their areas."""
    area, average = curves.roc.area, curves.precision_recall.average_precision
    what = f"of {names[1]}" if curves.micro is None else "averaged over the classes"
    shares = (Axis("false positive rate", 0, 1, percent=True),
              Axis("true positive rate", 0, 1, percent=True))  # fmt: skip
    roc = Plot(*shares, f"ROC curve {what}; area {plain(area.value, 3)}", height=300)
    roc.line([(0, 0), (1, 1)], "even")
    cuts = (Axis("recall", 0, 1, percent=True), Axis("precision", 0, 1, percent=True))
    words = f"Precision-recall curve {what}; average precision {plain(average.value, 3)}"
    recalled = Plot(*cuts, words, height=300)
    single = curves.by_class if len(names) <= _CURVES_SHOWN else []
    drawn = [(each, "c thin") for each in single]
    drawn.append(((curves.roc, curves.precision_recall), "a"))
    if curves.micro is not None:
        drawn.append((curves.micro, "b dashed"))
    for (one, other), class_ in drawn:
        roc.line(apart(one.false_positive_rate, one.true_positive_rate), class_)
        recalled.line(apart(*_steps(other.recall, other.precision)), class_)
    key = [("a", names[1] if curves.micro is None else "macro average")]
    key += [("b dashed", "micro average")] if curves.micro is not None else []
    key += [("c thin", "each class")] if single else []
    listed = [("Area under the ROC curve", _range(area, False)),
              ("Average precision", _range(average, False))]  # fmt: skip
    if curves.micro is not None:
        listed = [(f"{name}, macro average", value) for name, value in listed]
        listed.append(("Area, micro average", _range(curves.micro[0].area, False)))
        listed.append(
            ("Average precision, micro", _range(curves.micro[1].average_precision, False))
        )
    return Section.of(
        "curves", "Every threshold", _CURVES,
        layout.plots(
            layout.figure("ROC", roc, layout.legend(*key, ("even", "by chance"))),
            layout.figure("Precision and recall", recalled, layout.legend(*key)),
        ),
        layout.listing(listed), _areas(curves, names),
    )  # fmt: skip


def _steps(recall: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between two thresholds the precision is that of the next, not a straight line."""
    return np.repeat(recall, 2)[:-1], np.repeat(precision, 2)[1:]


def _areas(curves: Curves, names: list[str]) -> Html | None:
    if not curves.by_class:
        return None
    lines = [
        (name, _range(one.area, False), _range(other.average_precision, False))
        for name, (one, other) in zip(names, curves.by_class, strict=True)
    ]
    header = ("Class against all others", "Area under ROC", "Average precision")
    caption = "Areas of each class"
    table = layout.table(header, lines, caption, wide=True)
    return table if len(names) > layout.LONG else layout.folded(caption, table)


def _calibration(measured: ClassMeasures, k: int) -> Section:
    """The reliability diagram, and the scores of probabilities."""
    found, curve = measured.calibration, measured.calibration.curve
    there = curve.count > 0
    what = "probability" if k == 2 else "probability of the predicted class"
    error = plain(100 * found.expected_error.value, 2)
    plot = Plot(
        Axis(f"predicted {what}", 0, 1, percent=True),
        Axis("share that came true", 0, 1, percent=True),
        f"Calibration curve; expected calibration error {error} %", height=300,
    )  # fmt: skip
    plot.line([(0, 0), (1, 1)], "even")
    x, y = curve.predicted[there].tolist(), curve.observed[there].tolist()
    ends = zip(x, curve.low[there].tolist(), curve.high[there].tolist(), strict=True)
    plot.whiskers(list(ends), "a")
    points = list(zip(x, y, strict=True))
    plot.line(points, "a")
    plot.dots(points, "a")
    shares = curve.count / max(int(curve.count.sum()), 1)
    bars = Plot(
        Axis(f"predicted {what}", 0, 1, percent=True),
        Axis("share of the examples", 0, 1.05 * float(shares.max()), percent=True),
        f"How sure the model is: {plain(100 * float(shares[-1]), 3)} % of the examples are in the "
        "bin of the surest", height=300,
    )  # fmt: skip
    edges = curve.edges.tolist()
    bars.bars(zip(edges[:-1], edges[1:], shares.tolist(), strict=True), "a")
    listed = [
        ("Expected calibration error", _range(found.expected_error, True)),
        ("Largest error of a bin", percent(found.maximum_error)),
        ("Brier score", _range(found.brier, False)),
        ("Log-loss", _range(found.log_loss, False)),
    ]
    caption = layout.legend(("a", "observed, with 95 % intervals"), ("even", "perfect"))
    note = "Whether what is called 80 % sure is right in 80 % of cases."
    return Section.of(
        "calibration", "Calibration", note,
        layout.plots(layout.figure("Calibration curve", plot, caption),
                     layout.figure("How sure it is", bars, None)),
        layout.listing(listed),
    )  # fmt: skip


def _worst(measured: ClassMeasures, rows: Judged, x: object, names: list[str]) -> Section:
    """The examples with the largest loss, with their pictures."""
    worst = measured.worst
    assert rows.probabilities is not None
    indices = worst.indices.tolist()
    shown = pictures(x, indices)
    lines = []
    for place, (row, picture) in enumerate(zip(indices, shown, strict=True)):
        true, said = int(worst.true[place]), int(worst.predicted[place])
        chances = rows.probabilities[row]
        cells: list[object] = [
            names[true],
            names[said] if said == true else element("b", names[said], class_="miss"),
            percent(float(chances[true])),
            percent(float(chances[said])),
            number(float(worst.loss[place]), 3),
        ]
        if picture is not None:
            alt = f"row {row}: {names[true]}, taken for {names[said]}"
            cells.insert(0, element("img", src=picture, alt=alt, width=56, height=56))
        lines.append((f"{row:,}", *cells))
    header = ["Row", "True class", "Predicted", "Chance of the true", "of the predicted", "Loss"]
    left = [1, 2]
    if any(shown):
        header.insert(1, "Picture")
        left = [1, 2, 3]
    table = layout.table(header, lines, "The examples with the largest loss", left=left,
                         kind="pictures" if any(shown) else None)  # fmt: skip
    note = "Rows are numbered from 0. Look here for wrong labels and for what the model misses."
    return Section.of("worst", "Worst examples", note, table)
