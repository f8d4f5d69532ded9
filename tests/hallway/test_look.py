from __future__ import annotations

import math
from datetime import timedelta

import pytest

from workbench import look


@pytest.mark.parametrize(
    ("colour", "least"), [(look.TEXT, 12.0), (look.DIM, 7.0), (look.FAINT, 4.5), (look.UP, 4.5), (look.DOWN, 4.5), (look.ACCENT, 4.5)]
)
def test_text_can_be_read_on_a_panel(colour: str, least: float) -> None:
    """Each text colour has its contrast on the panel colour."""
    assert look.contrast(colour, look.BG1) >= least


@pytest.mark.parametrize("role", ["text", "dim", "faint", "accent", "up", "down", "info", "warn", "critical"])
def test_print_can_be_read_on_white(role: str) -> None:
    """Each colour of the light palette has at least 4.5:1 on white."""
    assert look.contrast(look.LIGHT[role], "#ffffff") >= 4.5


def test_contrast_is_that_of_the_standard() -> None:
    """Black on white is 21:1, a colour on itself 1:1, and WCAG's well-known #767676 on white 4.54:1."""
    assert look.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert look.contrast("#123456", "#123456") == pytest.approx(1.0)
    assert look.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ("1,248,310.50", look.number(1248310.5)),
        ("−310.00", look.number(-310)),
        ("0.00", look.number(-0.001)),
        ("–", look.number(None)),
        ("–", look.number(math.nan)),
        ("∞", look.number(math.inf)),
        ("+3,120.25", look.signed(3120.25)),
        ("−3.0", look.signed(-3, 1)),
        ("0.00", look.signed(0.0)),
        ("0.00", look.signed(0.001)),
        ("12.5 %", look.percent(0.125)),
        ("+12.50 %", look.percent(0.125, 2, sign=True)),
        ("–", look.percent(None)),
        ("−85.00 USD", look.money(-85, "USD")),
        ("12 s", look.age(timedelta(seconds=12))),
        ("4 min", look.age(timedelta(minutes=4))),
        ("3 h", look.age(timedelta(hours=3))),
        ("2 d", look.age(timedelta(days=2, hours=1))),
        ("● running", look.status("running")),
        ("… not yet", look.status("not_yet")),
    ],
)
def test_figures_are_written_one_way(expected: str, shown: str) -> None:
    """Signs, separators, missing values and ages look the same everywhere."""
    assert expected == shown


def test_arrows_follow_the_sign() -> None:
    """Gains point up, losses down, nothing points nowhere."""
    assert [look.arrow(value) for value in (1.0, -1.0, 0.0, None, math.nan)] == ["▲", "▼", "", "", ""]


def test_the_template_carries_the_palette() -> None:
    """The plotly template is registered once and has our paper colour and colours."""
    template = look.template()

    assert template.layout.paper_bgcolor == look.BG1
    assert tuple(template.layout.colorway) == look.CATEGORICAL
