"""The bar's text against Keras's, with a clock that both share and a terminal that is none."""

import io
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from myelin.utils import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until `tick`."""

    class Clock:
        now = 1000.0

        def tick(self, seconds):
            self.now += seconds

    stopped = Clock()
    monkeypatch.setattr("time.time", lambda: stopped.now)
    return stopped


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    seen = SimpleNamespace(stdout=screen, modules={})
    for module in ("myelin.utils.progress", "myelin.console"):
        monkeypatch.setattr(f"{module}.sys", seen)
    return screen.getvalue


def plain(text):
    """The text without colours, and without the back steps Keras draws between two lines."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def shown(bar, clock, steps, pause=0.2):
    for step in range(1, steps + 1):
        clock.tick(pause)
        bar.update(step, [("loss", 1.0 / step), ("accuracy", step / 10)])


def last_line(text):
    return plain(text).rstrip("\n").replace("\x08", "\r").rpartition("\r")[2].rstrip()


@pytest.mark.parametrize("pause", [2.0, 0.2, 0.002, 0.0002, 90.0, 2000.0])
@pytest.mark.parametrize(
    "arguments",
    [
        {"target": 5}, {"target": 120}, {"target": None}, {"target": 5, "verbose": 2},
        {"target": 5, "unit_name": "sample", "width": 7},
        {"target": 5, "stateful_metrics": ["accuracy"]},
    ],
    ids=str,
)  # fmt: skip
def test_lines_are_kerass(keras, clock, monkeypatch, arguments, pause):
    keras.utils.enable_interactive_logging()
    monkeypatch.setattr("keras.src.utils.progbar.time.time", lambda: clock.now)
    lines = []
    for made in (keras.utils.Progbar, Progbar):
        monkeypatch.setattr(sys, "stdout", Terminal())
        bar = made(**arguments, interval=0.0)
        if made is keras.utils.Progbar:
            bar._dynamic_display = True
        shown(bar, clock, 4, pause)
        lines.append([last_line(sys.stdout.getvalue())])
        clock.tick(pause)
        bar.update(5, [("loss", 0.2), ("accuracy", 0.5)], finalize=True)
        lines[-1].append(last_line(sys.stdout.getvalue()))
    assert lines[0] == lines[1]
    assert lines[1][1]


def test_a_terminal_sees_one_line(clock, terminal):
    bar = Progbar(10, interval=0.0)
    shown(bar, clock, 10)
    assert terminal().count("\n") == 1
    assert terminal().count("\r") == 10
    assert "\x1b[32m" in terminal()
    assert last_line(terminal()) == (
        " 10/10".strip() + " ━━━━━━━━━━━━━━━━━━━━ 2s 200ms/step - loss: 0.1000 - accuracy: 1.0000"
    )


def test_no_colour_where_it_is_unwanted(clock, terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    shown(Progbar(3, interval=0.0), clock, 3)
    assert "\x1b" not in terminal()


def test_draws_no_more_often_than_the_interval(clock, terminal):
    shown(Progbar(100, interval=1.0), clock, 100, pause=0.1)
    assert terminal().count("\r") == pytest.approx(11, abs=1)


def test_a_file_gets_one_line(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    shown(Progbar(10, interval=0.0), clock, 10)
    text = sys.stdout.getvalue()
    assert text.count("\n") == 1
    assert "\r" not in text
    assert text.startswith("10/10 - 2s - 200ms/step - loss: ")


def test_silence(clock, terminal):
    shown(Progbar(3, verbose=0), clock, 3)
    assert terminal() == ""


def test_a_shorter_line_covers_the_longer_one(clock, terminal):
    bar = Progbar(3, interval=0.0)
    bar.update(1, [("loss", -123456.0)])
    clock.tick(1)
    bar.update(2, [("loss", 123456.5)])
    first, second = (plain(line) for line in terminal().split("\r")[1:])
    assert len(second) >= len(first)


def test_averages_over_steps(clock, terminal):
    bar = Progbar(6, interval=0.0)
    bar.update(2, [("loss", 1.0)])
    bar.update(3, [("loss", 4.0)])
    assert "loss: 2.0000" in last_line(terminal())
    bar.add(1, [("loss", np.float32(2.0))])
    assert "loss: 2.0000" in last_line(terminal())
    kept = Progbar(6, interval=0.0, stateless_metrics=["loss"])
    kept.update(1, [("loss", 1.0), ("accuracy", 0.5)])
    kept.update(2, [("loss", 2.0), ("accuracy", 0.7)])
    assert "loss: 1.5000 - accuracy: 0.7000" in last_line(terminal())


def test_small_values_in_powers_of_ten(clock, terminal):
    Progbar(1).update(1, [("loss", 0.0005)])
    assert "loss: 5.0000e-04" in last_line(terminal())


def test_both_lists_of_metrics():
    with pytest.raises(ValueError, match="not both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


def test_a_terminal_without_utf8(clock, monkeypatch):
    class Narrow(Terminal):
        def write(self, text):
            text.encode("ascii")
            return super().write(text)

    monkeypatch.setattr(sys, "stdout", Narrow())
    Progbar(2).update(2)
    assert "====" in plain(sys.stdout.getvalue())
