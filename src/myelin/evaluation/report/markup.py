"""Elements of HTML and SVG in which every text is escaped, and numbers as people read them."""

from __future__ import annotations

import html
import math
import re

# These have no content, in HTML or as SVG.
_EMPTY = frozenset(("meta", "link", "img", "br", "path", "line", "circle", "rect"))
# What no text of a page may hold: controls other than tab and line feed, and non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_THIN = "\u202f"
_MINUS = "\u2212"


class Html(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as markup: escaped, unless it is markup already."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(_FORBIDDEN.sub("\ufffd", str(value)), quote=True))


def element(tag: str, *children: object, **attributes: object) -> Html:
    """An element with its children and attributes, all escaped.

    Args:
        tag: its name.
        children: markup, or values that are shown as text; None is left out.
        attributes: by name, with `_` for `-` and one `_` at the end left out (`class_`); None and
            False leave the attribute out, True gives it without a value.

    Returns:
        The markup.
    """
    written = []
    for name, value in attributes.items():
        name = name.removesuffix("_").replace("_", "-")
        if value is True:
            written.append(f" {name}")
        elif value is not None and value is not False:
            written.append(f' {name}="{text(value)}"')
    opening = f"<{tag}{''.join(written)}"
    if tag in _EMPTY:
        return Html(f"{opening}/>")
    return Html(f"{opening}>{join(*children)}</{tag}>")


def join(*parts: object, between: str = "") -> Html:
    """Markup and values one after another, without those that are None."""
    return Html(text(between).join(text(part) for part in parts if part is not None))


def figure(value: float | None, shown: str, name: str | None = None) -> Html:
    """A number as it is shown, with its exact value for programs.

    Args:
        value: the number; None or NaN is shown as a dash.
        shown: as people read it.
        name: what `metrics.json` calls it, where it stands there.
    """
    if value is None or math.isnan(value):
        return element("span", "–", class_="none", title="not defined")
    return element("data", shown, value=repr(float(value)), data_name=name)


def percent(value: float | None, digits: int = 1, name: str | None = None) -> Html:
    """A share from 0 to 1 as `97.2 %`."""
    missing = value is None or math.isnan(value)
    shown = "" if missing or value is None else f"{100 * value:.{digits}f}{_THIN}%"
    return figure(value, shown.replace("-", _MINUS), name)


def number(value: float | None, digits: int = 4, name: str | None = None) -> Html:
    """A number of so many significant digits."""
    return figure(value, "" if value is None else plain(value, digits), name)


def count(value: int, name: str | None = None) -> Html:
    """A whole number with commas."""
    return figure(value, f"{value:,}", name)


def plain(value: float, digits: int = 4) -> str:
    """A number of so many significant digits, without markup.

    >>> plain(1234.5678), plain(-0.0001234), plain(1e9)
    ('1,235', '−0.0001234', '1e9')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else f"{_MINUS}∞")
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    if places > 7 or places < -5:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        shown = f"{mantissa}e{int(exponent)}"
    else:
        shown = f"{value:,.{max(places, 0)}f}"
    return shown.replace("-", _MINUS)


def counted(n: int, noun: str, several: str | None = None) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{n:,} {noun if n == 1 else several or noun + 's'}"


def duration(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.{2 if seconds < 10 else 1}f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"


def spoken(name: str) -> str:
    """The name of a score in words: `mae` as MAE, `top_k` as top k."""
    return name.upper() if name in _INITIALS else name.replace("_", " ")


_INITIALS = frozenset(("mae", "mse", "msle", "mape", "rmse", "auc"))


def titled(words: str) -> str:
    """Words with a capital letter at the start, the others as they are."""
    return words[:1].upper() + words[1:]


def shortened(name: str, most: int = 60) -> str:
    """A name, cut where it is longer than a line."""
    return name if len(name) <= most else name[: most - 1] + "…"
