"""The page: its head, its sections in order, and its style, in one file that fetches nothing."""

from __future__ import annotations

import datetime
from importlib.resources import files

from myelin.evaluation.report import classes, folds, headline, sections, values
from myelin.evaluation.report.content import Content, Scored
from myelin.evaluation.report.layout import Section
from myelin.evaluation.report.markup import Html, element
from myelin.evaluation.report.measures import ClassMeasures

# The browser itself holds the page to this: nothing is fetched and no script runs, whatever
# a class may be called.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(content: Content) -> str:
    """The page as HTML."""
    parts = _sections(content)
    body = element(
        "body",
        headline.header(content, parts),
        element("main", *(part.html for part in parts)),
        _footer(),
    )
    whole = element("html", _head(f"{content.run.title} · report"), body, lang="en")
    return f"<!doctype html>\n{whole}\n"


def _head(title: str) -> Html:
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content="Myelin"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", Html(style)),
    )


def _sections(content: Content) -> list[Section]:
    """The sections that have something to say, in the order of the page."""
    several = content.folds is not None
    found = [
        sections.risks(content),
        sections.rows(content) if content.folds is None else folds.section(content.folds),
        *_scores(content.scored, "Out of fold: each row judged by models that never saw it."
                 if several else None),
        _held_out(content.held_out, content.run.held_out)
        if content.held_out is not None else None,
        sections.learning(content),
        sections.data(content),
        sections.network(content),
        sections.again(content),
    ]  # fmt: skip
    return [section for section in found if section is not None]


def _scores(scored: Scored, note: str | None) -> list[Section]:
    if isinstance(scored.measured, ClassMeasures):
        return classes.sections(scored.measured, scored.rows, scored.x, note)
    return values.sections(scored.measured, scored.rows, scored.x, note)


def _held_out(scored: Scored, note: str) -> Section:
    """The score on rows that no fold saw."""
    if isinstance(scored.measured, ClassMeasures):
        details = classes.in_short(scored.measured, scored.rows)
    else:
        details = values.in_short(scored.measured, scored.rows)
    score = headline.score(scored.headline)
    return Section.of("held-out", "Held-out rows", note, score, *details)


def _footer() -> Html:
    from myelin import __version__

    made = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d, %H:%M UTC")
    return element("footer", f"Made by Myelin {__version__} on {made}.")
