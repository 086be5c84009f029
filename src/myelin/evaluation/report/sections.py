"""The sections of every report: risks, rows, data, learning, the model, and making it again."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from myelin.evaluation.report import layout, run
from myelin.evaluation.report.content import Content, Curve
from myelin.evaluation.report.data import Part
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import (
    Html,
    count,
    duration,
    element,
    figure,
    join,
    number,
    percent,
    plain,
    spoken,
    titled,
)
from myelin.evaluation.report.svg import Axis, Plot

# Parts whose name in `metrics.json` is another.
_KEYS = {"training": "train"}
# More curves than this are not looked at.
_MOST_CURVES = 6


def risks(content: Content) -> Section:
    """What could make the score worth less than it seems."""
    note = "What Myelin looks for in the rows themselves."
    looked = element("p", f"Looked for: {'; '.join(content.looked_for)}.", class_="note")
    if not content.risks:
        return Section.of("risks", "Risks", note, element("p", "None was found."), looked)
    items = [
        element("li", element("b", titled(risk.name)), element("br"), risk.sentence)
        for risk in content.risks
    ]
    return Section.of("risks", "Risks", note, element("ul", *items, class_="plain"), looked)


def rows(content: Content) -> Section:
    """Which rows trained the model, chose the epoch, and judge."""
    parts = content.parts
    label = "; ".join(f"{part.name} {part.rows:,}" for part in parts)
    drawn = element(
        "div",
        *(element("span", class_=part.name, style=f"--n:{part.rows}", title=part.name)
          for part in parts),
        class_="split", role="img", aria_label=f"Rows by part: {label}",
    )  # fmt: skip
    lines = [
        (
            element(
                "span",
                element("span", class_=f"key {part.name}"),
                titled(part.name),
                class_="named",
            ),
            count(part.rows, f"data.{_KEYS.get(part.name, part.name)}"),
            *map(_answer, (part.learned, part.chose, part.judged)),
        )
        for part in parts
    ]
    header = ("Part", "Rows", "Trained the weights", "Chose the epoch", "Gives the scores here")
    table = layout.table(header, lines, "Which rows did what", left=(2, 3, 4))
    note = "Only rows that did nothing else can judge fairly."
    return Section.of("rows", "Who saw what", note, drawn, table)


def _keyed(name: str) -> Html:
    """A part's name behind its color."""
    return element("span", element("span", class_=f"key {name}"), titled(name), class_="named")


def _answer(value: bool | None) -> Html:
    if value is None:
        return element("span", "not known", class_="no")
    return element("span", "yes" if value else "no", class_="yes" if value else "no")


def data(content: Content) -> Section:
    """The inputs in words, and how the targets lie in each part."""
    parts = [part for part in content.parts if part.y is not None]
    if content.folds is not None:
        y = content.scored.rows.y
        parts = [Part("all rows", len(y), y, True, True, True)]
    facts: list[tuple[str, object]] = [*content.run.data.items(), *content.inputs]
    if content.classes is None:
        shown = _values(parts, content.run.target or "target")
        note = "How the values to predict are spread."
    else:
        facts.append(("Classes", count(len(content.classes))))
        shown = _balance(parts, content.classes)
        note = "A class that is rare is learned less well, and judged less surely."
    notes = [*content.run.notes, *content.scored.rows.notes]
    ending = element("p", " ".join(notes), class_="note") if notes else None
    return Section.of("data", "The data", note, layout.listing(facts), shown, ending)


def _balance(parts: list[Part], names: tuple[str, ...]) -> Html:
    counts = [np.bincount(np.asarray(part.y, np.int64), minlength=len(names)) for part in parts]
    whole = np.sum(counts, 0)
    most = max(int(whole.max()), 1)
    lines = [
        (name, *(count(int(own[i])) for own in counts),
         percent(float(whole[i] / max(whole.sum(), 1))), layout.bar(float(whole[i] / most)))
        for i, name in enumerate(names)
    ]  # fmt: skip
    header = ("Class", *(titled(part.name) for part in parts), "Share", "")
    return layout.table(header, lines, "Examples of each class", wide=True)


def _values(parts: list[Part], target: str) -> Html:
    lines = []
    for part in parts:
        y = np.asarray(part.y)
        quantiles = np.quantile(y, [0, 0.25, 0.5, 0.75, 1]).tolist()
        spread = (*quantiles, float(y.mean()), float(y.std()))
        lines.append((titled(part.name), count(len(y)), *map(number, spread)))
    header = ("Part", "Rows", "Least", "25 %", "Median", "75 %", "Largest", "Mean",
              "Deviation")  # fmt: skip
    table = layout.table(header, lines, "The target in each part", wide=True)
    return join(table, layout.plots(_spread_of_values(parts, target)))


def _spread_of_values(parts: list[Part], target: str) -> Html:
    """Histograms of the first part and the last, as shares of each."""
    everything = np.concatenate([np.asarray(part.y) for part in parts])
    bins = min(30, max(5, int(len(everything) ** 0.5)))
    edges = np.histogram_bin_edges(everything, bins).tolist()
    chosen = parts[:1] if len(parts) == 1 else [parts[0], parts[-1]]
    shares = [np.histogram(np.asarray(p.y), edges)[0] / len(np.asarray(p.y)) for p in chosen]
    plot = Plot(
        Axis(target, edges[0], edges[-1]),
        Axis("share of the part", 0.0, 1.08 * max(float(own.max()) for own in shares),
             percent=True),
        f"How the values of the {target} are spread, from {plain(edges[0])} to {plain(edges[-1])}",
    )  # fmt: skip
    plot.bars(zip(edges[:-1], edges[1:], shares[0].tolist(), strict=True), "a")
    for own in shares[1:]:
        # Only its outline, so that the bars are seen behind it.
        x, y = np.repeat(edges, 2).tolist(), [0.0, *np.repeat(own, 2).tolist(), 0.0]
        plot.line(list(zip(x, y, strict=True)), "b")
    key = layout.legend(*((c, part.name) for c, part in zip("ab", chosen, strict=False)))
    return layout.figure("The target's values", plot, key)


def learning(content: Content) -> Section | None:
    """The learning curves, the epoch kept marked."""
    if not content.curves:
        return None
    figures = [
        _curve(curve, content.kept, content.marked) for curve in content.curves[:_MOST_CURVES]
    ]
    note = "Training falls as the network learns its rows; validation shows what carries over."
    if content.folds is not None:
        note += " A line for each fold."
    unit = content.run.unit
    words = element("p", f"While it trains, losses are in {unit}.", class_="note") if unit else None
    return Section.of("learning", "Learning", note, layout.plots(*figures), words)


def _curve(curve: Curve, kept: list[int | None], word: str) -> Html:
    """Training dashed and validation solid, over the epochs."""
    everything = [v for values in (*curve.training, *curve.validation) for v in values]
    finite = [value for value in everything if math.isfinite(value)]
    epochs = max(map(len, (*curve.training, *curve.validation)))
    share = "accuracy" in curve.name or curve.name == "acc"
    steep = bool(finite) and min(finite) > 0 and max(finite) / min(finite) > 50 and not share
    title = spoken(curve.name)
    y = Axis.over(title, everything, log=steep, percent=share)
    plot = Plot(Axis("epoch", 1.0, float(max(epochs, 2)), whole=True), y, _said(curve, title))
    thin = " thin" if max(len(curve.training), len(curve.validation)) > 1 else ""
    entries = []
    for runs, class_, name in (
        (curve.training, "b dashed", "training"), (curve.validation, "a", "validation"),
    ):  # fmt: skip
        entries += [(class_, name)] if runs else []
        for values in runs:
            plot.line(list(enumerate(values, 1)), f"{class_}{thin}")
            # A single epoch makes no line.
            plot.dots([(1.0, values[0])] if len(values) == 1 else [], class_)
    known = [epoch for epoch in kept if epoch is not None]
    if len(known) == 1:
        plot.upright(known[0], f"{word}: epoch {known[0]:,}", low=share)
    elif known:
        ends = zip(known, curve.validation or curve.training, strict=False)
        plot.dots([(e, values[e - 1]) for e, values in ends if e <= len(values)], "c")
        entries.append(("c dot", "epoch kept"))
    caption = join(layout.legend(*entries), " logarithmic scale" if steep else None)
    return layout.figure(titled(title), plot, caption)


def _said(curve: Curve, title: str) -> str:
    """The curve in words."""
    said = []
    for name, runs in (("training", curve.training), ("validation", curve.validation)):
        ends = [(values[0], values[-1]) for values in runs if values]
        if ends:
            first, last = np.mean(ends, 0).tolist()
            said.append(f"{name} goes from {plain(first)} to {plain(last)}")
    several = max(len(curve.training), len(curve.validation)) > 1
    return f"Learning curve of {title}: {'; '.join(said)}{' (means of the folds)' * several}"


def network(content: Content) -> Section:
    """The table of layers."""
    made = content.network
    lines = [
        (
            element("span", layer.name, class_="in") if layer.depth else layer.name,
            layer.kind,
            element("code", layer.shape),
            count(layer.parameters),
            "–" if layer.trains is None else "yes" if layer.trains else "no",
        )
        for layer in made.layers
    ]
    foot = [("All", "", "", count(made.trainable + made.fixed, "parameters"), "")]
    header = ("Layer", "Kind", "Output shape", "Parameters", "Learned")
    table = layout.table(header, lines, "Layers", foot, wide=True, left=(1, 2))
    facts: list[tuple[str, object]] = [
        ("Learned parameters", count(made.trainable)),
        ("Fixed parameters", count(made.fixed)),
    ]
    facts += [("Optimizer", made.optimizer)] if made.optimizer else []
    facts += [("Loss", spoken(made.loss))] if made.loss else []
    kinds = Counter(layer.kind for layer in made.layers).most_common(4)
    note = ", ".join(kind if times == 1 else f"{times} × {kind}" for kind, times in kinds)
    return Section.of("model", "The model", note, table, layout.listing(facts))


def again(content: Content) -> Section:
    """What it takes to make the model again: command, seed, versions, machine and time."""
    given = content.run
    command = given.command or run.this_command()
    facts: list[tuple[str, object]] = []
    if given.seed is not None:
        facts.append(("Seed", figure(given.seed, f"{given.seed}", "seed")))
    if content.seconds is not None:
        facts.append(("Training took", duration(content.seconds)))
    used = given.versions or run.versions()
    facts.append(("Versions", ", ".join(f"{name} {version}" for name, version in used.items())))
    facts.append(("Computed on", run.machine()))
    shown = None
    if command:
        shown = element(
            "pre", element("code", command), tabindex=0, role="region", aria_label="The command"
        )
    else:
        facts.append(("Command", "none: the report was made in an interactive session"))
    note = "The same command, seed and versions give the same model on the same machine."
    return Section.of("again", "Making it again", note, shown, layout.listing(facts))
