from __future__ import annotations

import re

import pytest

from workbench import look
from workbench.widgets import css
from workbench.widgets.parts import assets


def rules() -> list[str]:
    """Return every selector of the stylesheet, one by one."""
    text = re.sub(r"/\*.*?\*/", "", css.stylesheet(), flags=re.DOTALL)
    text = re.sub(r"@keyframes [\w-]+ \{(?:[^{}]*\{[^{}]*\})*\s*\}", "", text)
    text = re.sub(r"@media [^{]+\{", "", text)
    heads = [head.strip() for head in re.findall(r"([^{}]+)\{[^{}]*\}", text)]
    return [one.strip() for head in heads for one in re.split(r",(?![^(]*\))", head) if one.strip()]


def test_every_rule_stays_inside_our_parts() -> None:
    """No rule reaches an element outside of ours."""
    assert [rule for rule in rules() if not re.match(r'(\[data-wb-theme="light"\] )?\.wb', rule)] == []
    assert len(rules()) > 200


def test_every_token_that_is_used_exists() -> None:
    """Styles and scripts ask for tokens of the palette only."""
    known = set(re.findall(r"--wb-([\w-]+):", css.variables())) | {"columns"}
    used = set(re.findall(r"var\(--wb-([\w-]+)", css.stylesheet()))
    drawn = set(re.findall(r'palette\.of\("([\w-]+)"', assets.bundle()))

    assert used - known == set()
    assert drawn - known == set()


def test_no_colour_is_written_twice() -> None:
    """Rules name tokens, never colours."""
    own = css.stylesheet().replace(css.variables(), "")

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", own) == []


@pytest.mark.parametrize("colour", [*look.STAGES.values(), *look.CATEGORICAL, look.INFO, look.WARN, look.CRITICAL])
def test_words_in_colour_can_be_read(colour: str) -> None:
    """Stages, series and statuses have 4.5:1 on a panel and on a raised one."""
    assert look.contrast(colour, look.BG1) >= 4.5
    assert look.contrast(colour, look.BG2) >= 4.5


@pytest.mark.parametrize("colour", [*look.LIGHT_STAGES.values(), *look.LIGHT_CATEGORICAL])
def test_words_in_colour_can_be_read_in_print(colour: str) -> None:
    """The light set has 4.5:1 on white."""
    assert look.contrast(colour, "#ffffff") >= 4.5


def test_filled_buttons_can_be_read() -> None:
    """Words on the accent and on the critical colour, hatched tags included, have 4.5:1."""
    assert look.contrast(look.BG0, look.ACCENT) >= 4.5
    assert look.contrast(look.BG0, look.CRITICAL) >= 4.5
    assert look.contrast(look.FAINT, look.BG0) >= 4.5


def test_nothing_moves_for_those_who_asked() -> None:
    """Every animation and transition stands in a block that reduced motion switches off."""
    text = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", "", css.stylesheet())

    assert re.findall(r"animation|transition", text) == []
    assert 'matchMedia("(prefers-reduced-motion: reduce)")' in assets.bundle()


def test_there_is_a_phone_and_a_print() -> None:
    """Narrow screens and paper have rules of their own; the light set applies on paper."""
    assert "@media (max-width: 700px)" in css.stylesheet()
    assert f"@media print{{.wb{{--wb-bg-0:{look.LIGHT['bg-0']}" in css.variables()
