"""The progress bar, with Keras's text."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from myelin import console


class Progbar:
    """Shows how far a run of steps has come, and its metrics.

    On a terminal and in a notebook one line is drawn again and again, at most once every
    `interval` seconds. Where the output is a file or a pipe there is one line, when the run
    ends, so that logs stay short.

    Args:
        target: how many steps there will be, or None where nobody knows.
        width: of the bar, in characters.
        verbose: 0 is silent, 1 draws the bar, 2 writes one line at the end.
        interval: seconds between two drawings.
        stateful_metrics: names of the metrics whose value is shown as it is; all others are
            averaged over the steps. Give this or `stateless_metrics`.
        stateless_metrics: names of the metrics that are averaged; all others are shown as
            they are.
        unit_name: what a step is called.

    Raises:
        ValueError: both lists of metrics are given.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar wants stateful_metrics or stateless_metrics, not both")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.stateful_metrics = set(stateful_metrics or ())
        self._seen = 0
        # By name: the sum of the values, each times its steps, and the sum of the steps.
        self._sums: dict[str, tuple[Any, int]] = {}
        self._start = time.time()
        self._first_step_at: float | None = None
        self._drawn_at = 0.0
        self._drawn_width = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Says that `current` steps are done.

        Args:
            current: steps done so far.
            values: pairs of a metric's name and its value for the steps since the last call;
                shown in the order in which the names first came.
            finalize: whether this is the last call; by default, whether `current` has come
                to `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._remember(current, values or (), finalize)
        now = time.time()
        seconds = self._seconds_per_step(current, now)
        if self.verbose == 1 and _redraws():
            if finalize or now - self._drawn_at >= self.interval:
                self._draw(current, now, seconds, finalize)
                self._drawn_at = now
        elif self.verbose and finalize:
            line = f"{self._count(current)} - {now - self._start:.0f}s - {self._pace(seconds)}"
            _write(line + self._metrics() + "\n")

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Says that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _remember(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        steps = max(current - self._seen, 1)
        for name, value in values:
            if finalize or not self._averaged(name):
                self._sums[name] = (value, 1)
            else:
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + value * steps, count + steps)
        self._seen = current

    def _averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in self.stateful_metrics

    def _seconds_per_step(self, current: int, now: float) -> float:
        """Mean time of a step, without the first one where there are more: it compiles."""
        if not current:
            return 0.0
        if self._first_step_at is not None and current > 1:
            seconds = (now - self._first_step_at) / (current - 1)
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._first_step_at = now
        return seconds

    def _draw(self, current: int, now: float, seconds: float, finalize: bool) -> None:
        colour = _Painter(sys.stdout)
        counted = colour(self._count(current), "1")
        if self.target:
            full = min(self.width, int(self.width * current / self.target))
            bar = colour("━" * full, "32") + colour("━" * (self.width - full), "37")
            counted = f"{counted} {bar}"
        if self.target and not finalize:
            clock = _clock(seconds * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        line = f"{counted} {colour(clock, '1')} {self._pace(seconds)}{self._metrics()}"
        width = len(line) - colour.extra
        # A shorter line than before leaves the end of the old one on the screen.
        padding = " " * max(0, self._drawn_width - width)
        _write(f"\r{line}{padding}" + ("\n" if finalize else ""))
        self._drawn_width = width

    def _count(self, current: int) -> str:
        if not self.target:
            return f"{current:7d}/Unknown"
        digits = int(math.log10(self.target)) + 1
        return f"{current:{digits}d}/{self.target}"

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            value = float(np.mean(total)) / count
            text += f" - {name}: {value:.4f}" if abs(value) > 1e-3 else f" - {name}: {value:.4e}"
        return text


def _redraws() -> bool:
    """Whether a carriage return on the output leads back to the start of the line."""
    return console.is_interactive_logging_enabled() and (
        bool(getattr(sys.stdout, "isatty", lambda: False)())
        or "ipykernel" in sys.modules
        or "PYCHARM_HOSTED" in os.environ
    )


class _Painter:
    """Wraps text in a terminal's colour codes, and counts their characters."""

    def __init__(self, stream: Any) -> None:
        self.on = bool(getattr(stream, "isatty", lambda: False)()) and "NO_COLOR" not in os.environ
        self.extra = 0

    def __call__(self, text: str, code: str) -> str:
        if not (self.on and text):
            return text
        painted = f"\x1b[{code}m{text}\x1b[0m"
        self.extra += len(painted) - len(text)
        return painted


def _clock(seconds: float) -> str:
    whole = int(seconds)
    if seconds > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if seconds > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def _write(text: str) -> None:
    console.say(text, end="")
