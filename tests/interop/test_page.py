"""`docs/interop.md` has a line for every case, and no number above what it promises."""

import pathlib

import pytest

from tests.interop.cases import CASES

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "interop.md"


def rows():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in lines[2:])}


def test_every_case_has_a_line():
    assert list(rows()) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_differences_are_small(name):
    for cell in rows()[name]:
        assert cell == "–" or float(cell) < 1e-5
