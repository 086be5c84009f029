"""What sections are made of: headings, tables in boxes that scroll, figures with their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from myelin.evaluation.report.markup import Html, element, join
from myelin.evaluation.report.svg import Plot

# Longer tables begin folded; of still longer ones the page has the first rows.
LONG, LONGEST = 30, 1000


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: its address on the page.
        title: its heading.
        html: all of it.
    """

    key: str
    title: str
    html: Html

    @classmethod
    def of(cls, key: str, title: str, note: object, *children: object) -> Self:
        """A section with its heading and a note in the margin.

        Args:
            key: its address on the page.
            title: the heading.
            note: a sentence for the margin, or None.
            children: what it holds; None is left out.
        """
        heading = element("h2", title, id=f"{key}-title")
        margin = element("header", heading, None if note is None else element("p", note))
        html = element(
            "section",
            margin,
            element("div", *children, class_="body"),
            id=key,
            aria_labelledby=f"{key}-title",
        )
        return cls(key, title, html)


def table(
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    caption: str,
    foot: Iterable[Sequence[object]] = (),
    wide: bool = False,
    left: Sequence[int] = (),
    kind: str | None = None,
) -> Html:
    """A table whose first column names the rows, in a box that scrolls by itself.

    Args:
        header: of the columns.
        rows: cells; one that is a `td` already stays as it is.
        caption: what it shows.
        foot: rows of sums or means.
        wide: whether it takes the whole width.
        left: the columns that hold words, not numbers.
        kind: a class of the style sheet.
    """
    everything = list(rows)
    listed = everything[:LONGEST]
    if len(listed) < len(everything):
        caption = f"{caption} (the first {LONGEST:,} of {len(everything):,})"
    head = element("thead", element("tr", *(
        element("th", name, scope="col", class_="left" if i in left else None)
        if name else element("td")
        for i, name in enumerate(header)
    )))  # fmt: skip
    body = element("tbody", *(_row(row, left) for row in listed))
    ending = [_row(row, left) for row in foot]
    made = element(
        "table",
        element("caption", caption),
        head,
        body,
        element("tfoot", *ending) if ending else None,
        class_=" ".join(word for word in ("wide" if wide else None, kind) if word) or None,
    )
    box = scroll(caption, made)
    return folded(f"{caption}: {len(listed):,} rows", box) if len(listed) > LONG else box


def _row(cells: Sequence[object], left: Sequence[int]) -> Html:
    first, *rest = cells
    return element("tr", element("th", first, scope="row"), *(
        cell if isinstance(cell, Html) and cell.startswith("<td")
        else element("td", cell, class_="left" if i in left else None)
        for i, cell in enumerate(rest, 1)
    ))  # fmt: skip


def scroll(label: str, child: Html) -> Html:
    """A box that scrolls sideways where its child is wider; the keyboard reaches it too."""
    return element("div", child, class_="scroll", tabindex=0, role="region", aria_label=label)


def folded(title: str, child: Html) -> Html:
    """Something long that opens when its title is pressed."""
    return element("details", element("summary", title), child)


def figure(title: str, drawing: Plot | Html, caption: object = None, level: int = 3) -> Html:
    """A drawing with its heading and what to know of it."""
    shown = drawing.html() if isinstance(drawing, Plot) else drawing
    words = None if caption is None else element("figcaption", caption)
    return element("figure", element(f"h{level}", title), shown, words)


def plots(*figures: Html | None) -> Html:
    """Figures side by side, as many as the width allows."""
    return element("div", *figures, class_="plots")


def legend(*entries: tuple[str, str]) -> Html:
    """The keys of lines: `(class of the line, what it shows)` each."""
    return join(*(
        element("span", element("span", class_=f"legend {class_}"), element("span", shown),
                class_="key-line")
        for class_, shown in entries
    ), between=" ")  # fmt: skip


def listing(pairs: Iterable[tuple[str, object]]) -> Html:
    """Names and what they are, in two columns."""
    return element("dl", *(
        join(element("dt", name), element("dd", value)) for name, value in pairs
    ), class_="table")  # fmt: skip


def bar(share: float) -> Html:
    """A cell that is a bar as long as a share from 0 to 1."""
    return element("td", element("span", style=f"--w:{100 * share:.2f}%"), class_="bar",
                   aria_hidden="true")  # fmt: skip
