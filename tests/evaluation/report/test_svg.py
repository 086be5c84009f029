import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from myelin.evaluation.report import svg
from myelin.evaluation.report.svg import Axis, Plot


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 1), (0.91, 0.97), (-3e-7, 2e-7), (0, 12_345_678), (-70, 4), (1e5, 1e5 + 1)],
)
def test_ticks_are_round_inside_and_few(low, high):
    values = [value for value, _ in Axis("", low, high).ticks()]
    assert 3 <= len(values) <= 8
    room = 1e-9 * (high - low)
    assert all(low - room <= value <= high + room for value in values)
    steps = np.diff(values)
    np.testing.assert_allclose(steps, steps[0])
    mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-6)
    assert min(abs(mantissa - round_) for round_ in (1, 2, 2.5, 5)) < 1e-6


@pytest.mark.parametrize(("low", "high"), [(0, 1.2), (0.91, 0.97), (-70, 4), (0.002, 0.0021)])
def test_ticks_are_written_as_they_are(low, high):
    for value, word in Axis("", low, high).ticks():
        assert float(word.replace("−", "-")) == pytest.approx(value, abs=1e-9)
    for value, word in Axis("", low, high, percent=True).ticks():
        shown = word.replace("−", "-").replace(",", "").removesuffix("\u202f%")
        assert float(shown) == pytest.approx(100 * value, abs=1e-9)


def test_ticks_are_written_apart():
    for axis in (
        Axis("", 0.91, 0.97),
        Axis("", 0.91, 0.97, percent=True),
        Axis("", 0, 7, whole=True),
    ):
        words = [word for _, word in axis.ticks()]
        assert len(set(words)) == len(words)
    assert [word for _, word in Axis("", 0, 1, percent=True).ticks()][-1] == "100\u202f%"
    assert [value for value, _ in Axis("", 1, 3, whole=True).ticks()] == [1, 2, 3]


def test_logarithmic_ticks():
    axis = Axis("", 0.002, 30, log=True)
    values = [value for value, _ in axis.ticks()]
    assert values == [0.01, 0.1, 1, 10]
    assert axis.share(math.sqrt(0.002 * 30)) == pytest.approx(0.5)


def test_an_axis_holds_its_values_whatever_they_are():
    for values in ([3.0], [0.0, 0.0], [-1.0, 5.0], [math.nan, 2.0], [], [1e300, -1e300]):
        axis = Axis.over("", values)
        assert axis.low < axis.high
        finite = [value for value in values if math.isfinite(value)]
        assert all(axis.low <= value <= axis.high for value in finite)
        assert axis.ticks()
    assert Axis.over("", [0.0, 1.0], percent=True).high == 1


def drawn(plot):
    return ElementTree.fromstring(plot.html())


def coordinates(path):
    return np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.attrib["d"]), float)


def test_a_line_goes_through_its_points():
    plot = Plot(Axis("x", 0, 10), Axis("y", 0, 1), "a line")
    points = [(0, 0.0), (5, 1.0), (10, 0.5)]
    plot.line(points)
    (path,) = [p for p in drawn(plot).iter("path") if p.attrib.get("class") == "line a"]
    found = coordinates(path)
    # Straight scales: equal steps of x are equal steps to the right, larger y is higher up.
    assert found[1, 0] - found[0, 0] == pytest.approx(found[2, 0] - found[1, 0], abs=0.11)
    assert found[0, 1] - found[1, 1] == pytest.approx(2 * (found[2, 1] - found[1, 1]), abs=0.11)
    assert ((found >= 0) & (found <= (svg.WIDTH, svg.HEIGHT))).all()


def test_a_line_is_broken_where_a_value_is_missing_and_thinned_where_many_are_close():
    plot = Plot(Axis("x", 0, 4), Axis("y", 0, 1), "gaps")
    plot.line([(0, 0), (1, 1), (2, math.nan), (3, 0), (4, 1)])
    long = Plot(Axis("x", 0, 1e5), Axis("y", 0, 1), "long")
    long.line([(i, i / 1e5) for i in range(100_001)], "b")
    (path,) = [p for p in drawn(plot).iter("path") if p.attrib.get("class") == "line a"]
    assert path.attrib["d"].count("M") == 2
    (path,) = [p for p in drawn(long).iter("path") if p.attrib.get("class") == "line b"]
    found = coordinates(path)
    assert len(found) < 1000
    np.testing.assert_allclose(found[-1], long.place(1e5, 1), atol=0.05)


def test_points_that_look_the_same_are_one():
    x = np.linspace(0, 1, 100_001)
    found = np.array(svg.apart(x, x**2))
    assert len(found) < 2000
    assert found[0].tolist() == [0, 0]
    assert found[-1].tolist() == [1, 1]
    np.testing.assert_allclose(found[:, 1], found[:, 0] ** 2)
    assert np.abs(np.diff(found, axis=0)).max() < 2 / svg.WIDTH
    few = svg.apart(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    assert few == [(0, 0), (0, 1), (1, 1)]
    assert svg.apart(np.array([0.5]), np.array([0.5])) == [(0.5, 0.5)]


def test_dots_bars_and_whiskers_are_one_path_each():
    plot = Plot(Axis("x", 0, 3), Axis("y", 0, 10), "marks")
    plot.dots([(1, 1), (2, 5), (math.nan, 1)])
    plot.bars([(0, 1, 4), (1, 2, 0), (2, 3, 9)])
    plot.whiskers([(1, 0, 2), (2, math.nan, 3)])
    plot.upright(2, "here <b>")
    root = drawn(plot)
    marks = {p.attrib.get("class"): p.attrib["d"] for p in root.iter("path")}
    assert marks["dots a"].count("M") == 2
    assert marks["bars a"].count("M") == 2
    assert marks["whisker a"].count("M") == 1
    assert "here <b>" in [t.text for t in root.iter("text")]
    assert root.attrib["aria-label"] == "marks"


def test_a_heat_map_has_a_cell_for_each_share():
    shares = np.array([[0.9, 0.1, 0], [0, 1, 0], [0.5, 0, 0.5]])
    root = ElementTree.fromstring(svg.heat_map(shares, "matrix"))
    cells = {"right": 0, "wrong": 0}
    for path in root.iter("path"):
        if path.attrib["class"] in cells:
            cells[path.attrib["class"]] += path.attrib["d"].count("M")
    assert cells == {"right": 3, "wrong": 2}


def test_a_strip_stays_inside_the_drawing():
    made = svg.strip(0.9, 1.2, 1.1, Axis("", 0, 1), "score", (math.nan, ""))
    paths = ElementTree.fromstring(made).iter("path")
    marks = {path.attrib["class"]: path.attrib["d"] for path in paths}
    assert all(
        0 <= float(x) <= svg.WIDTH for d in marks.values() for x in re.findall(r"[MH]([\d.]+)", d)
    )
    assert {"range", "score"} <= set(marks)
