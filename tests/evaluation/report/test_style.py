"""The colors of the style sheet, by the contrast that WCAG 2.2 defines."""

import re
from importlib.resources import files

import pytest

STYLE = files("myelin.evaluation.report").joinpath("style.css").read_text()


def palettes():
    """The light colors, the dark ones, and those of paper."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.S)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block)) for block in blocks]
    light, dark, print_ = found
    return {"light": light, "dark": {**light, **dark}, "print": {**light, **print_}}


def luminance(color):
    digits = color.removeprefix("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white():
    assert contrast("#000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_text_is_readable(scheme):
    colors = palettes()[scheme]
    pairs = [(text, "paper") for text in ("ink", "soft", "blue", "orange", "good", "bad")]
    pairs += [("ink", "sheet")]
    # A cell of the matrix is anything between the paper and its full color.
    pairs += [("on-heat", ground) for ground in ("paper", "heat", "wrong")]
    low = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_marks_stand_out_from_the_paper(scheme):
    colors = palettes()[scheme]
    for name in ("blue", "orange", "soft"):
        assert contrast(colors[name], colors["paper"]) >= 3


def test_all_colors_have_a_dark_form():
    light, dark, print_ = (
        re.findall(r"--([\w-]+): #", block) for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)
    )
    assert light == dark == print_


def test_nothing_is_fetched():
    assert "url(" not in STYLE
    assert "@import" not in STYLE
