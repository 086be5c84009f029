import math

import pytest

from myelin.evaluation.report import markup
from myelin.evaluation.report.markup import Html, element, plain
from tests.evaluation.report.pages import read

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a & b",
    "'",
    "\x00\x1b[31m",
)


@pytest.mark.parametrize("name", NASTY)
def test_what_is_no_markup_stays_text(name):
    page = read(element("p", name, title=name))
    (paragraph,) = page.all("p")
    shown = name.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    assert paragraph.text == paragraph.attributes["title"] == shown
    assert [node.tag for node in page.walk()] == ["", "p"]


def test_attributes_and_children():
    made = element("td", Html("<b>1</b>"), None, 2, class_="x", aria_hidden="true", open=True,
                   id=None, hidden=False)  # fmt: skip
    assert made == '<td class="x" aria-hidden="true" open><b>1</b>2</td>'
    assert element("path", d="M0 0") == '<path d="M0 0"/>'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (1234.5678, "1,235"), (0.97224, "0.9722"), (-0.5, "−0.5000"), (12.3456, "12.35"),
        (123456.7, "123,457"), (0.00012344, "0.0001234"), (1e-9, "1e−9"), (1.5e9, "1.5e9"),
        (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(value, shown):
    assert plain(value) == shown


def test_exact_values_go_along():
    page = read(markup.percent(0.123456, 1, "accuracy"))
    node = page.one("data", data_name="accuracy")
    assert float(node.attributes["value"]) == 0.123456
    assert node.text == "12.3\u202f%"
    assert read(markup.percent(math.nan)).one("span").text == "–"
    assert read(markup.number(None)).one("span").text == "–"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4217, "0.42 s"), (12.34, "12.3 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds, shown):
    assert markup.duration(seconds) == shown
