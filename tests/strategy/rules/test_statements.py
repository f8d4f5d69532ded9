from __future__ import annotations

import pytest

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse, parse_rule, parse_strategy
from workbench.strategy.rules.parse import ParsedRule, ParsedStrategy

LONG = {"entry_long": "rsi(2) < 10", "exit_long": "rsi(2) > 60"}
SAID = (
    "buy when rsi(2) < 10; sell when rsi(2) > 60",
    "Buy when rsi(2) < 10. Sell when rsi(2) > 60.",
    "buy when rsi(2) < 10\nsell when rsi(2) > 60\n",
    "buy when rsi(2) < 10 and sell when rsi(2) > 60",
    "buy if rsi(2) < 10, then sell once rsi(2) > 60",
    "go long when rsi(2) < 10; exit when rsi(2) > 60",
    "long when rsi(2) < 10; close position when rsi(2) > 60",
    "enter long when rsi(2) < 10, exit long when rsi(2) > 60",
    "entry: rsi(2) < 10; exit: rsi(2) > 60",
    "entry_long: rsi(2) < 10; exit_long: rsi(2) > 60",
    "buy rsi(2) < 10; sell rsi(2) > 60",
)


def _texts(text: str) -> dict[str, str]:
    return {direction: rule.canonical for direction, rule in parse_strategy(text).rules.items()}


@pytest.mark.parametrize("text", SAID)
def test_directions_are_found(text: str) -> None:
    """However the two directions are introduced and separated, the same two rules come out."""
    assert _texts(text) == LONG


def test_four_directions() -> None:
    """Long and short entries and exits are told apart."""
    text = "buy when close > 1; sell when close < 2; short when close < 3; cover when close > 4"
    expected = {"entry_long": "close > 1", "exit_long": "close < 2", "entry_short": "close < 3", "exit_short": "close > 4"}
    assert _texts(text) == expected
    again = "go long if close > 1; sell to close if close < 2; sell short if close < 3; buy to cover if close > 4"
    assert _texts(again) == expected


def test_exit_closes_every_side_that_is_entered() -> None:
    """A plain exit belongs to the long side, the short side, or both."""
    both = "buy when close > 2; short when close < 1; exit when close == open"
    assert sorted(_texts(both)) == ["entry_long", "entry_short", "exit_long", "exit_short"]
    assert sorted(_texts("short when close < 1; exit when close == open")) == ["entry_short", "exit_short"]


def test_two_statements_of_one_direction_are_either_or() -> None:
    """Saying buy when twice means one or the other."""
    assert _texts("buy when close > 2; buy when close < 1") == {"entry_long": "close > 2 or close < 1"}


def test_a_new_line_inside_a_condition_is_a_space() -> None:
    """Long conditions may be broken over lines."""
    text = "buy when rsi(2) < 10\n   and close > sma(200)\nsell when\n rsi(2) > 60"
    assert _texts(text) == {"entry_long": "rsi(2) < 10 and close > sma(200)", "exit_long": "rsi(2) > 60"}


def test_errors_point_into_the_whole_text() -> None:
    """An error in the second statement is placed in the text that was typed."""
    text = "buy when rsi(2) < 10; sell when rsii(2) > 60"
    with pytest.raises(RuleSyntaxError) as caught:
        parse_strategy(text)
    assert text[caught.value.start : caught.value.end] == "rsii"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("rsi(2) < 10", "rsi", "without saying what to do"),
        ("buy when", "buy when", "has no condition"),
        ("buy when ; sell when close > 1", "buy when", "has no condition"),
        ("buy when close > 1; close < 2", "close", "without saying what to do"),
        ("hello; buy when close > 1", "hello", "without saying what to do"),
        ("buy when close > 1; exit after 5 bars", "exit", "time_stop=5"),
        ("buy when close > 1; stop loss 2%", "stop", "stop='2%'"),
        ("buy AAPL when close > 1", "AAPL", "is a symbol"),
        ("buy when close > 1 and", "", "ends too early"),
        (";;;", ";;;", "no rule"),
    ],
)
def test_what_is_no_strategy_is_refused(text: str, place: str, words: str) -> None:
    """A text without a direction or a condition says so at the right place."""
    with pytest.raises(RuleSyntaxError) as caught:
        parse_strategy(text)
    assert words in str(caught.value)
    assert place == text[caught.value.start : caught.value.end]


def test_parse_takes_both() -> None:
    """The one function for people reads a single condition as well as a strategy."""
    assert [type(parse("rsi < 30")), type(parse("buy when rsi < 30"))] == [ParsedRule, ParsedStrategy]


def test_one_rule_is_one_rule() -> None:
    """Reading one rule refuses directions and second statements."""
    with pytest.raises(RuleSyntaxError, match="direction"):
        parse_rule("buy when close > 1")
    with pytest.raises(RuleSyntaxError, match="second statement"):
        parse_rule("close > 1; close < 2")
