from __future__ import annotations

from itertools import pairwise

import pytest

from workbench.errors import RuleSyntaxError
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.rules import parse_number, parse_rule, parse_strategy
from workbench.strategy.rules import tree as t


def test_a_name_is_written_out() -> None:
    """A named condition means what was given to it wherever it stands, and the node carries the place of its use."""
    text = "let dip = rsi(2) < 10; buy when dip and close > sma(200); sell when not dip"
    parsed = parse_strategy(text)
    assert {name: rule.canonical for name, rule in parsed.rules.items()} == {
        "entry_long": "rsi(2) < 10 and close > sma(200)",
        "exit_long": "not rsi(2) < 10",
    }
    dip = t.children(parsed.rules["entry_long"].tree)[0]
    assert text[dip.span[0] : dip.span[1]] == "dip"


def test_names_build_on_names() -> None:
    """A definition may use earlier ones, numbers as well as conditions, and an offset reaches into it."""
    parsed = parse_rule("let body = close - open; let big = abs(body) > 2 * atr(14); big[1] and body > 0")
    assert parsed.canonical == "(abs(close - open) > 2 * atr(14))[1] and close - open > 0"


def test_doubt_of_a_definition_reaches_its_use() -> None:
    """A rule is as unsure as the definitions it uses, and no more: another rule of the text is not."""
    parsed = parse_strategy("let dip = rsi is oversold; buy when dip; sell when close > sma(5)")
    assert parsed.rules["entry_long"].confidence < 1.0 == parsed.rules["exit_long"].confidence


def test_what_nothing_uses_is_pointed_at() -> None:
    """A definition and a range that no rule uses are warnings at their names."""
    text = "let dip = rsi(2) < 10; $n = 5 from 2 to 9; close > open"
    parsed = parse_rule(text)
    assert [(entry.code, text[entry.span[0] : entry.span[1]]) for entry in parsed.warnings] == [("unused", "dip"), ("unused", "$n")]


def test_names_cannot_grow_without_end() -> None:
    """Names that double each other are refused before they fill the memory."""
    names = "abcdefghijkmnpqrstuwxyz"
    doubling = "; ".join(f"let n{second} = n{first} or n{first}" for first, second in pairwise(names))
    with pytest.raises(RuleSyntaxError, match="8000 parts"):
        parse_rule(f"let na = close > open; {doubling}; nz")


@pytest.mark.parametrize(
    "text",
    [
        "sma($fast=10[5..50 step 5]) > 1",
        "sma($fast = 10 [5..50 step 5]) > 1",
        "sma($fast = 10 from 5 to 50 by 5) > 1",
        "$fast = 10 from 5 to 50 step 5; sma($fast) > 1",
        "let $fast = 10[5..50 step 5]; sma($fast) > 1",
    ],
)
def test_ranges_are_read(text: str) -> None:
    """A parameter's range stands where it is used or before, and the canonical text keeps only the name."""
    parsed = parse_rule(text)
    assert parsed.ranges == {"fast": ParameterRange(default=10, low=5, high=50, step=5)}
    assert (parsed.canonical, parsed.confidence) == ("sma($fast) > 1", 1.0)


def test_ranges_of_other_numbers() -> None:
    """A range may be a number alone, negative, of percents, or without a step."""
    ranges = parse_number("$a=3 + $b=-2[-5..0] + $c=2%[1%..5% step 1%] + $d=1.5[1..2]").ranges
    assert ranges == {
        "a": ParameterRange(default=3, low=3, high=3),
        "b": ParameterRange(default=-2, low=-5, high=0, step=1),
        "c": ParameterRange(default=0.02, low=0.01, high=0.05, step=0.01),
        "d": ParameterRange(default=1.5, low=1, high=2, step=0.1),
    }


def test_an_offset_is_no_range() -> None:
    """A bracket behind a parameter without a value is an offset, and ``=`` before anything but a number compares."""
    assert parse_rule("$n[3] > close").canonical == "$n[3] > close"
    assert parse_rule("$n = close").canonical == "$n == close"
