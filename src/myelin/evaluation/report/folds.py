"""The section of a cross-validation: a row for each fold, the means, and how folds differ."""

from __future__ import annotations

from myelin.evaluation.report import layout
from myelin.evaluation.report.content import Folds
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import (
    Html,
    count,
    counted,
    element,
    join,
    number,
    percent,
    plain,
    spoken,
    titled,
)
from myelin.evaluation.report.svg import Axis, Plot

_PARTS = ("training", "validation", "test")
# More scores than this are in the table alone.
_MOST_DRAWN = 4


def section(folds: Folds) -> Section:
    """The folds: rows, epochs and test scores, then their means."""
    note = "Each fold trains a model of its own, and is judged on rows that this never saw."
    key = element("p", *(
        join(element("span", class_=f"key {part}"), element("span", part, class_="said"))
        for part in _PARTS
    ), class_="note")  # fmt: skip
    ending = None
    if folds.untested:
        words = "was" if folds.untested == 1 else "were"
        ending = element("p", f"{counted(folds.untested, 'row')} {words} tested by no fold.",
                         class_="note")  # fmt: skip
    return Section.of("rows", "The folds", note, _table(folds), key, _drawn(folds), ending)


def _table(folds: Folds) -> Html:
    names = list(folds.scores)
    lines = []
    for i, fold in enumerate(folds.rows):
        sizes = (fold.training, fold.validation, fold.test)
        spans = [
            element("span", class_=part, style=f"--n:{size}")
            for part, size in zip(_PARTS, sizes, strict=True)
            if size
        ]
        bar = element("td", element("div", *spans, class_="folds"), aria_hidden="true")
        scores = [_score(name, float(folds.scores[name][i])) for name in names]
        epochs = f"{fold.kept:,} of {fold.epochs:,}"
        lines.append((i + 1, bar, *map(count, sizes), epochs, fold.seed, *scores))
    blank = ("",) * 6
    means = [folds.means[name] for name in names]
    foot: list[tuple[object, ...]] = [
        ("Mean", *blank, *(_score(n, m[0]) for n, m in zip(names, means, strict=True)))
    ]
    if len(folds.rows) > 1:
        for side, words in enumerate(("95 % from", "to")):
            ends = ["–" if m[1] is None else _score(n, m[1][side])
                    for n, m in zip(names, means, strict=True)]  # fmt: skip
            foot.append((words, *blank, *ends))
    header = ("Fold", "", "Training", "Validation", "Test", "Epoch kept", "Seed",
              *(titled(spoken(name)) for name in names))  # fmt: skip
    caption = "Rows, epochs and test scores of each fold"
    return layout.table(header, lines, caption, foot, wide=True, kind="of-folds")


def _is_share(name: str) -> bool:
    return "accuracy" in name or name == "acc"


def _score(name: str, value: float) -> Html:
    return percent(value) if _is_share(name) else number(value)


def _drawn(folds: Folds) -> Html | None:
    """How much the folds differ, score by score."""
    if len(folds.rows) < 2:
        return None
    figures = []
    for name, scores in list(folds.scores.items())[:_MOST_DRAWN]:
        mean, interval = folds.means[name]
        ends = [] if interval is None else list(interval)
        title = spoken(name)
        plot = Plot(
            Axis("fold", 0.5, len(scores) + 0.5, whole=True),
            Axis.over(title, [*scores.tolist(), *ends], percent=_is_share(name)),
            f"{titled(title)} of each of {len(scores)} folds, with the mean {plain(mean)}",
            height=190,
        )
        for level, class_ in ((mean, "c"), *((end, "c dashed") for end in ends)):
            shown = min(max(level, plot.y.low), plot.y.high)
            plot.line([(plot.x.low, shown), (plot.x.high, shown)], class_)
        plot.dots(list(enumerate(scores.tolist(), 1)), "a big")
        caption = layout.legend(("c", "mean"), ("c dashed", "its 95 % interval"))
        figures.append(layout.figure(f"{titled(title)} by fold", plot, caption))
    return layout.plots(*figures)
