"""Plots as SVG inside the page: axes, lines, dots, bars. Colors are those of the style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from myelin.evaluation.report.markup import Html, element, join, plain

# In units of the drawing, which the page stretches to the width that there is.
WIDTH, HEIGHT = 360, 236
_TOP, _BOTTOM, _RIGHT, _LETTER = 26, 36, 10, 6.1
# Neighbours on a line that are closer than this look like one point.
_CLOSE = 0.7

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """What an axis shows, and how far.

    Attributes:
        title: what is measured, with its unit.
        low, high: its ends; low is below high, and above 0 where `log`.
        log: whether equal steps are equal ratios.
        percent: whether its numbers are shares, shown as percentages.
        whole: whether only whole numbers are marked.
    """

    title: str
    low: float
    high: float
    log: bool = False
    percent: bool = False
    whole: bool = False

    @classmethod
    def over(
        cls, title: str, values: Iterable[float], log: bool = False, percent: bool = False
    ) -> Axis:
        """An axis that holds all finite values, with some room at both ends."""
        array = np.asarray(list(values), np.float64)
        array = array[np.isfinite(array)]
        if log:
            array = array[array > 0]
        low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
        if log:
            room = (high / low) ** 0.05 if high > low else 1.1
            return cls(title, low / room, high * room, log=True)
        room = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
        # Halves, so that the ends of the largest floats do not overflow.
        low, high = low - room, high + room
        if percent:
            low, high = max(low, 0.0), min(high, 1.0)
        return cls(title, low, high, percent=percent)

    def share(self, value: float) -> float:
        """Where a value lies between low (0) and high (1)."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """The marked values and how they are written."""
        if self.log:
            return _log_ticks(self.low, self.high, most)
        step = _step((self.high - self.low) / most)
        if self.whole:
            step = max(1.0, float(math.ceil(step)))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        words = [self._written(i * step, step) for i in range(first, last + 1)]
        if self.percent and words:
            words[-1] += "\u202f%"
        return [((first + i) * step, word) for i, word in enumerate(words)]

    def _written(self, value: float, step: float) -> str:
        if self.percent:
            value, step = 100 * value, 100 * step
        if value == 0:
            return "0"
        if abs(value) >= 1e6 or step < 1e-6:
            return plain(value, 3)
        # As many places as the step has: 0.25 needs one more than 0.2.
        places = next(p for p in range(9) if abs(round(step, p) - step) < 1e-6 * step)
        return f"{value:,.{places}f}".replace("-", "\u2212")


def _step(rough: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is no smaller than `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)


def _log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if high / low < 1000 else (1,)
    found = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
    stride = max(1, math.ceil(len(found) / (most + 1)))
    return [(value, plain(value, 1)) for value in found[::stride]]


class Plot:
    """A plot: marks between two axes.

    Args:
        x, y: the axes.
        label: what a person who does not see the plot should know of it.
        height: of the drawing, in its own units; the width is `WIDTH`.
    """

    def __init__(self, x: Axis, y: Axis, label: str, height: int = HEIGHT) -> None:
        self.x, self.y, self.label, self.height = x, y, label, height
        longest = max((len(shown) for _, shown in y.ticks(5)), default=1)
        self._left = 10 + _LETTER * longest
        self._marks: list[Html] = []

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies in the drawing."""
        across = WIDTH - _RIGHT - self._left
        down = self.height - _BOTTOM - _TOP
        return (
            self._left + across * self.x.share(x),
            self.height - _BOTTOM - down * self.y.share(y),
        )

    def line(self, points: Points, class_: str = "a") -> None:
        """Draws a line through points; a point that is not finite leaves a gap."""
        pieces: list[str] = []
        last: tuple[float, float] | None = None
        for index, (x, y) in enumerate(points):
            if not (math.isfinite(x) and math.isfinite(y)) or (self.y.log and y <= 0):
                last = None
                continue
            here = self.place(x, y)
            ends = index == len(points) - 1
            if last is not None and not ends and math.dist(here, last) < _CLOSE:
                continue
            pieces.append(f"{'L' if last is not None else 'M'}{_at(here)}")
            last = here
        if pieces:
            self._marks.append(element("path", d="".join(pieces), class_=f"line {class_}"))

    def dots(self, points: Points, class_: str = "a") -> None:
        """Draws a dot at each point; those that are not finite are left out."""
        shown = [self.place(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        if shown:
            # Lines without length and with round ends: one element for any number of dots.
            d = "".join(f"M{_at(point)}h0" for point in shown)
            self._marks.append(element("path", d=d, class_=f"dots {class_}"))

    def bars(self, bars: Iterable[tuple[float, float, float]], class_: str = "a") -> None:
        """Draws `(left, right, height)` each as a bar from the foot of the plot."""
        d = ""
        for left, right, top in bars:
            if top > self.y.low:
                x0, y0 = self.place(left, self.y.low)
                x1, y1 = self.place(right, top)
                gap = min(1.0, 0.1 * (x1 - x0))
                d += f"M{_at((x0 + gap / 2, y0))}V{_short(y1)}H{_short(x1 - gap / 2)}V{_short(y0)}Z"
        if d:
            self._marks.append(element("path", d=d, class_=f"bars {class_}"))

    def whiskers(self, ranges: Iterable[tuple[float, float, float]], class_: str = "a") -> None:
        """Draws `(x, low, high)` each as an upright line."""
        d = ""
        for x, low, high in ranges:
            if math.isfinite(low) and math.isfinite(high):
                across, y0 = self.place(x, low)
                d += f"M{_at((across, y0))}V{_short(self.place(x, high)[1])}"
        if d:
            self._marks.append(element("path", d=d, class_=f"whisker {class_}"))

    def upright(self, x: float, note: str, low: bool = False, class_: str = "mark") -> None:
        """Draws a line from foot to top at `x`, with a word beside it, high up or low down."""
        across, foot = self.place(x, self.y.low)
        d = f"M{_at((across, foot))}V{_short(_TOP)}"
        self._marks.append(element("path", d=d, class_=f"line {class_}"))
        right = across > WIDTH * 0.6
        height = foot - 8 if low else _TOP + 9
        self._marks.append(
            element(
                "text", note, x=_short(across + (-4 if right else 4)), y=_short(height),
                class_=f"note {class_}", text_anchor="end" if right else None,
            )
        )  # fmt: skip

    def html(self) -> Html:
        """The drawing."""
        return element(
            "svg",
            element("title", self.label),
            self._grid(),
            *self._marks,
            viewBox=f"0 0 {WIDTH} {self.height}", role="img", aria_label=self.label,
        )  # fmt: skip

    def _grid(self) -> Html:
        """The ticks of both axes, their lines and their titles."""
        foot, right = self.height - _BOTTOM, WIDTH - _RIGHT
        lines, words = [], []
        for value, shown in self.y.ticks(5):
            _, y = self.place(self.x.low, value)
            lines.append(f"M{_at((self._left, y))}H{right}")
            words.append(
                element("text", shown, x=_short(self._left - 5), y=_short(y + 3.5),
                        text_anchor="end")
            )  # fmt: skip
        for value, shown in self.x.ticks():
            x, _ = self.place(value, self.y.low)
            lines.append(f"M{_at((x, foot))}v4")
            anchor = "end" if x > right - 8 and len(shown) > 2 else "middle"
            # The last number must not stand out over the edge of the drawing.
            x = right + _RIGHT - 1 if anchor == "end" else x
            words.append(
                element("text", shown, x=_short(x), y=_short(foot + 15), text_anchor=anchor)
            )
        return element(
            "g",
            element("path", d="".join(lines), class_="grid"),
            element("path", d=f"M{_at((self._left, foot))}H{right}", class_="foot"),
            *words,
            element("text", self.y.title, x=1, y=12, class_="axis"),
            element("text", self.x.title, x=right, y=self.height - 5, class_="axis",
                    text_anchor="end"),
            aria_hidden="true",
        )  # fmt: skip


def apart(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """The points of a long curve that a person can tell apart, and its last.

    Args:
        x, y: from 0 to 1 `(n,)`, each drawn over the whole of its axis.
    """
    place = np.rint(np.stack([x, y]) * 2 * WIDTH)
    moved = np.any(place[:, 1:] != place[:, :-1], 0)
    kept = np.concatenate([[True], moved[:-1], [True]]) if len(x) > 1 else np.ones(len(x), bool)
    return list(zip(x[kept].tolist(), y[kept].tolist(), strict=True))


def strip(
    low: float, high: float, value: float, axis: Axis, label: str, reference: tuple[float, str],
) -> Html:  # fmt: skip
    """A score with its interval on one line, and a value to compare it with.

    Args:
        low, high: the interval.
        value: the score.
        axis: from where to where the line runs.
        label: what a person who does not see it should know.
        reference: a value on the axis, and what it is called; NaN draws none.
    """
    left, right, y = 6.0, WIDTH - 6.0, 30.0

    def at(number: float) -> float:
        return left + (right - left) * min(max(axis.share(number), 0.0), 1.0)

    words = [
        element("text", shown, x=_short(at(tick)), y=54, text_anchor=_anchor(at(tick)))
        for tick, shown in axis.ticks(5)
    ]
    marks = [
        element("path", d=f"M{_at((left, y))}H{_short(right)}", class_="foot"),
        *(
            element("path", d=f"M{_at((at(tick), y))}v5", class_="grid")
            for tick, _ in axis.ticks(5)
        ),
    ]
    if math.isfinite(reference[0]):
        x = at(reference[0])
        marks.append(element("path", d=f"M{_at((x, y - 11))}v22", class_="line mark"))
        words.append(
            element("text", reference[1], x=_short(x), y=13, class_="note mark",
                    text_anchor=_anchor(x))
        )  # fmt: skip
    if math.isfinite(low) and math.isfinite(high):
        x0, x1 = _short(at(low)), _short(at(high))
        marks.append(element("path", d=f"M{x0} {y - 7}H{x1}V{y + 7}H{x0}Z", class_="range"))
    d = f"M{_at((at(value), y - 11))}v22"
    marks.append(element("path", d=d, class_="score"))
    return element(
        "svg", element("title", label), element("g", *marks, *words, aria_hidden="true"),
        viewBox=f"0 0 {WIDTH} 60", role="img", aria_label=label, class_="strip",
    )  # fmt: skip


def _anchor(x: float) -> str:
    """Words near an edge of the drawing stand inside it."""
    return "start" if x < 60 else "end" if x > WIDTH - 60 else "middle"


def heat_map(shares: np.ndarray, label: str) -> Html:
    """A square matrix of shares from 0 to 1, rows downwards, too large for a table.

    Cells of one shade are one path, so that a thousand classes stay small.
    """
    k, levels = len(shares), 6
    # The root, so that shares of a few per cent are seen.
    shade = np.ceil(np.sqrt(np.clip(np.nan_to_num(shares), 0, 1)) * levels).astype(int)
    size = WIDTH / k
    marks = []
    for level in range(1, levels + 1):
        for diagonal, class_ in ((True, "right"), (False, "wrong")):
            rows, columns = np.nonzero((shade == level) & (np.eye(k, dtype=bool) == diagonal))
            side = _short(size)
            cell = f"h{side}v{side}h-{side}Z"
            d = "".join(
                f"M{_at((column * size, row * size))}{cell}"
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            )
            if d:
                opacity = f"fill-opacity:{level / levels:.2f}"
                marks.append(element("path", d=d, class_=class_, style=opacity))
    frame = element("path", d=f"M0 0H{WIDTH}V{WIDTH}H0Z", class_="frame")
    return element(
        "svg", element("title", label), join(*marks), frame,
        viewBox=f"0 0 {WIDTH} {WIDTH}", role="img", aria_label=label, class_="heat",
    )  # fmt: skip


def _at(point: tuple[float, float]) -> str:
    return f"{_short(point[0])} {_short(point[1])}"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
