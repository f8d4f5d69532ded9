from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import parse_number, parse_rule, parse_strategy
from workbench.strategy.rules import tree as t

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tree_by_hand() -> None:
    """The tree of a small rule is exactly what its words say."""
    expected = t.Binary(
        "and",
        t.Binary("<", t.Call("rsi", (t.Number(2.0),)), t.Number(10.0)),
        t.Cross("above", t.Series("close"), t.Offset(t.Call("sma", (t.Param("n"),)), 1)),
    )
    assert expected == parse_rule("rsi(2) < 10 and close crosses above sma($n)[1]").tree


def test_precedence() -> None:
    """Products bind before sums, sums before comparisons, not before and, and before or."""
    text = "not close > open + low * 2 and high > 1 or volume > 3"
    total = t.Binary("+", t.Series("open"), t.Binary("*", t.Series("low"), t.Number(2.0)))
    first = t.Binary("and", t.Unary("not", t.Binary(">", t.Series("close"), total)), t.Binary(">", t.Series("high"), t.Number(1.0)))
    assert t.Binary("or", first, t.Binary(">", t.Series("volume"), t.Number(3.0))) == parse_rule(text).tree


def test_strict_text_is_certain() -> None:
    """A rule in strict language has confidence 1 and nothing to explain."""
    parsed = parse_rule("rsi(2) < 10 and close > sma(200)")
    assert (parsed.confidence, parsed.reasons, parsed.warnings) == (1.0, (), ())


def test_confidence_falls_with_every_reading_and_says_why() -> None:
    """Each thing read into the text lowers the confidence and is listed with its words."""
    parsed = parse_rule("rsi is oversold unless price is above the 200 day moving average")
    assert parsed.canonical == "rsi(14) < 30 and not close > sma(200)"
    assert 0.5 < parsed.confidence < 0.85
    assert any("'unless' is read as 'and not'" in reason for reason in parsed.reasons)
    assert parsed.confidence < parse_rule("rsi is oversold").confidence < 1.0


def test_words_that_are_read_in_two_steps_are_told_once() -> None:
    """Of two readings of the same words the whole one is told."""
    parsed = parse_rule("volume > average volume")
    assert parsed.reasons == ("'average volume' is read as 'volume_sma(20)'",)


def test_readings_keep_their_place() -> None:
    """A reading carries the characters it was made from."""
    text = "close > the 200-day moving average"
    reading = next(entry for entry in parse_rule(text).reading if "sma" in entry.meant)
    assert text[reading.span[0] : reading.span[1]] == "200-day moving average"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rsi(14) > 700", "never-true"),
        ("rsi(14) < 700", "always-true"),
        ("0 > rsi(14)", "never-true"),
        ("rsi(14) crosses above 100", "never-true"),
        ("rsi(14) between 70 and 30", "never-true"),
        ("1 > 2", "constant"),
        ("close > close", "same-sides"),
        ("close > rsi(14)", "units"),
        ("volume > sma(20)", "units"),
        ("rsi(500) < 30", "unusual"),
        ("macd(26, 12, 9).macd > 0", "order"),
        ("rsi(14) < 30 and close > open and rsi(14) > 70", "never-true"),
        ("stoch(14, 3, 3).k > 120", "never-true"),
        ("rsi(14) == 30", "equality"),
        ("close / open == volume / 1000", "equality"),
        ("close < 30[3]", "constant"),
    ],
)
def test_what_is_hardly_meant_is_pointed_at(text: str, code: str) -> None:
    """A legal rule that makes little sense gets a warning and loses confidence."""
    parsed = parse_rule(text)
    assert code in [advice.code for advice in parsed.warnings]
    assert parsed.confidence < 1.0


@pytest.mark.parametrize(
    "text", ["rsi(14) > 70", "close > sma(200)", "sma(volume, 20) < volume", "sma(rsi(14), 3) > rsi(14)", "close * 1.02 > high"]
)
def test_ordinary_rules_are_not_nagged(text: str) -> None:
    """What researchers write every day carries no warning."""
    assert parse_rule(text).warnings == ()


HOSTILE = {
    "open parentheses": "(" * 4000,
    "nested parentheses": "(" * 1900 + "close > 1" + ")" * 1900,
    "nots": "not " * 900 + "close > 1",
    "minuses": "-" * 3900 + "1 > 2",
    "offsets": "close" + "[1]" * 1200 + " > 3",
    "sums": "1+" * 1900 + "1 > 2",
    "chain": "close>1 and " * 300 + "close>1",
    "nested calls": "sma(" * 900,
    "digits": "9" * 4000 + " > 1",
    "huge period": "sma(999999999999) > 1",
    "huge offset": "close[999999999999] > 1",
    "signals": "macd(" + "1," * 800 + "1).macd > 0 and " + "signal > signal and " * 100 + "close > 1",
    "is": "is " * 1300,
    "words": "previous yesterday last crosses up through 20 day " * 70,
    "headers": "buy when " * 440,
    "new lines": "\n" * 4000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_in_bounded_time(text: str) -> None:
    """Text made to exhaust a parser is refused; ten seconds are for machines with much else to do, it takes a fraction of one."""
    started = time.perf_counter()
    with pytest.raises(RuleSyntaxError):
        parse_rule(text)
    assert time.perf_counter() - started < 10.0


def test_limits_say_so() -> None:
    """Too long and too deep are told as such, with the limit."""
    with pytest.raises(RuleSyntaxError, match="4000"):
        parse_rule("close > 1 " + " " * 4000)
    with pytest.raises(RuleSyntaxError, match="64 levels"):
        parse_rule("not " * 70 + "close > 1")
    assert t.depth(parse_rule("not " * 62 + "close > 1").tree) == 64


def test_an_ordinary_rule_is_read_while_somebody_types() -> None:
    """Reading while somebody types stays far under what a person notices."""
    text = "rsi(2) < 10 and close > sma(200)"
    parse_rule(text)
    best = min(_seconds(text) for _ in range(50))
    assert best < 0.1, f"{best * 1000:.2f} ms"


def _seconds(text: str) -> float:
    started = time.perf_counter()
    parse_rule(text)
    return time.perf_counter() - started


def test_numbers_are_numbers() -> None:
    """A numeric expression is read as one, a condition is not."""
    assert parse_number("(high - low) / atr(14)").canonical == "(high - low) / atr(14)"
    with pytest.raises(RuleSyntaxError, match="is a condition"):
        parse_number("close > open")


def test_names_registered_later_are_known_at_once(tmp_path: Path) -> None:
    """An indicator from a notebook cell can stand in a rule as soon as it is registered."""
    code = """
from workbench.strategy.indicators import Parameter, indicator
from workbench.strategy.rules import parse_rule

@indicator("mid", inputs=("high", "low"), parameters=(), state_size=lambda p: 0, warmup=lambda p: 0, convention="plain", source="test")
def mid(state, inputs, params, out):
    out[0] = (inputs[0] + inputs[1]) / 2.0

print(parse_rule("close > mid").canonical)
"""
    (tmp_path / "cell.py").write_text(code)
    done = subprocess.run([sys.executable, tmp_path / "cell.py"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "close > mid"


def test_cards_escape_what_was_typed() -> None:
    """The card of a rule shows its text as text."""
    html = parse_strategy("buy when close < open; sell when close > open")._repr_html_()
    assert "close &lt; open" in html
    assert "close < open" not in html
