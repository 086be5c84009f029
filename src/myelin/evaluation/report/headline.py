"""The head of the page: one score, how sure it is, whether it can be believed, and the way on."""

from __future__ import annotations

import math

from myelin.evaluation.report.content import Content, Headline, Mark
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import (
    Html,
    counted,
    duration,
    element,
    figure,
    join,
    number,
    percent,
    plain,
)
from myelin.evaluation.report.svg import Axis, strip

_WORDS = {
    "honest": "✓ Honest",
    "optimistic": "! Optimistic",
    "unknown": "? Not known to be honest",
}


def header(content: Content, sections: list[Section]) -> Html:
    """The title, the score and its mark, the main facts, and links to the sections."""
    task = "regression" if content.classes is None else "classification"
    kind = "Model" if content.folds is None else "Cross-validation"
    target = f" of {content.run.target}" if content.run.target else ""
    links = [
        element("li", element("a", section.title, href=f"#{section.key}")) for section in sections
    ]
    return element(
        "header",
        element("p", f"{kind} report · {task}{target}", class_="eyebrow"),
        element("h1", content.run.title),
        score(content.scored.headline, named=True),
        marked(content.mark),
        _facts(content),
        element("nav", element("ul", *links), aria_label="Sections"),
    )


def score(line: Headline, named: bool = False) -> Html:
    """The score in large figures, beside a drawing of its interval.

    Args:
        line: the score.
        named: whether its numbers carry the names that they have in `metrics.json`.
    """

    def shown(value: float, name: str) -> Html:
        key = name if named else None
        return percent(value, 1, key) if line.share else number(value, 4, key)

    interval: object = "no interval: it takes two folds to see how much they differ"
    if line.interval is not None:
        low, high = line.interval
        ends = f"{line.name}_interval"
        interval = join(
            "95 % interval ", shown(low, f"{ends}.low"), " to ", shown(high, f"{ends}.high"),
            f" ({line.method})",
        )  # fmt: skip
    value = element("p", shown(line.value, line.name), class_="score-value")
    words = element("p", line.words, element("small", interval), class_="score-name")
    return element("div", element("div", value, words), _strip(line), class_="headline")


def _strip(line: Headline) -> Html:
    low, high = line.interval or (line.value, line.value)
    reference, says = line.baseline
    ends = [value for value in (0.0, low, high, line.value, reference) if math.isfinite(value)]
    if line.share:
        axis = Axis("", 0.0, 1.0, percent=True)
    else:
        axis = Axis("", min(ends), min(ends) + (1.08 * (max(ends) - min(ends)) or 1.0))

    def said(value: float) -> str:
        return f"{plain(100 * value, 3)} %" if line.share else plain(value)

    label = f"The score, {said(line.value)}, on a line"
    if math.isfinite(reference):
        label += f", beside {said(reference)}: {says}"
    return strip(low, high, line.value, axis, label, (reference, says))


def marked(mark: Mark) -> Html:
    """Whether the score can be believed, and why."""
    return element(
        "div", element("b", _WORDS[mark.kind]), element("p", mark.sentence),
        class_=f"mark {mark.kind}", id="honesty",
    )  # fmt: skip


def _facts(content: Content) -> Html:
    network, run = content.network, content.run
    total = network.trainable + network.fixed
    facts: list[tuple[str, object]] = [
        ("Judged on", counted(len(content.scored.rows.y), "example")),
        ("Parameters", figure(total, f"{total:,}", "parameters")),
    ]
    epochs = max((len(each) for curve in content.curves for each in curve.training), default=0)
    trained = figure(epochs, f"{epochs:,}", "epochs")
    if content.folds is not None:
        facts.insert(0, ("Folds", f"{len(content.folds.rows):,}"))
    elif epochs and run.epoch is not None:
        kept = figure(run.epoch, f"{run.epoch:,}", "epoch_kept")
        facts.append(("Epoch kept", join(kept, " of ", trained)))
    elif epochs:
        facts.append(("Epochs", trained))
    if content.seconds is not None:
        taken = figure(content.seconds, duration(content.seconds), "seconds")
        facts.append(("Training took", taken))
    return element("dl", *(
        element("div", element("dt", name), element("dd", value)) for name, value in facts
    ), class_="facts")  # fmt: skip
