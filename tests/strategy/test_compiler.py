"""The compiler: what shares a register, what kinds fit, and what its errors say."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import InputError, RuleSyntaxError, UnknownNameError
from workbench.strategy.compiler import compile_rules
from workbench.strategy.ops import Op
from workbench.strategy.rules.tree import Between, Binary, Call, Clock, Cross, Number, Offset, Param, Series, Unary
from workbench.strategy.strategy import strategy

CLOSE = Series("close")
ABOVE = Binary(">", CLOSE, Number(1.0))


def steps(program: Any) -> list[str]:
    return [entry.payload[0] for entry in program.instructions if entry.op is Op.STEP]


def test_equal_expressions_share_one_register() -> None:
    """Entry, exit and extra outputs that use the same average compute it once."""
    average = Call("sma", (Number(20.0),))
    program = compile_rules({"entry_long": Cross("above", CLOSE, average), "exit_long": Cross("below", CLOSE, average)}, (), {"x": average})
    assert steps(program) == ["sma"]


def test_outputs_of_one_indicator_share_its_step() -> None:
    """Three bands are one step, and its registers come before those that read them."""
    bands = [Call("bb", (Number(20.0), Number(2.0)), output) for output in ("upper", "middle", "lower")]
    program = compile_rules({"entry_long": Between(CLOSE, bands[2], bands[1]), "exit_long": Binary(">", CLOSE, bands[0])})
    assert steps(program) == ["bb"]
    assert all(arg < register for register, entry in enumerate(program.instructions) for arg in entry.args)


def test_a_cross_delays_the_older_comparison() -> None:
    """The bar before is looked up in the comparison, not in both numbers, so that a sweep can share it."""
    program = compile_rules({"entry_long": Cross("above", CLOSE, Series("open"))})
    expected = [Op.SERIES, Op.SERIES, Op.GREATER, Op.LESS_EQUAL, Op.DELAY_BOOLEAN, Op.AND]
    assert expected == [entry.op for entry in program.instructions]


def test_the_line_of_macd_is_meant_where_no_output_is_named() -> None:
    """An output called like its indicator is the one meant; elsewhere the outputs must be named."""
    assert compile_rules({}, (), {"x": Call("macd")}).program_hash == compile_rules({}, (), {"x": Call("macd", (), "macd")}).program_hash
    with pytest.raises(InputError, match=r"bb has several outputs; name one: bb\(\.\.\.\)\.upper"):
        compile_rules({}, (), {"x": Call("bb")})


def test_clock_terms_are_series() -> None:
    """Minute of day and weekday are columns like a price."""
    program = compile_rules({"entry_long": Binary(">=", Clock("minute_of_day"), Number(570.0))})
    assert program.instructions[0].payload == "minute_of_day"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (CLOSE, "the rule entry_long needs a condition, this is a number; compare it"),
        (Binary("and", ABOVE, CLOSE), "'and' needs a condition, this is a number"),
        (Binary(">", ABOVE, CLOSE), "'>' needs a number, this is a condition"),
        (Unary("not", CLOSE), "'not' needs a condition"),
        (Unary("-", ABOVE), "'-' needs a number"),
        (Cross("above", ABOVE, CLOSE), "'crosses above' needs a number"),
        (Binary(">", Call("sma", (ABOVE, Number(3.0))), CLOSE), "sma needs a number, this is a condition"),
        (Binary(">", Call("rsii"), CLOSE), "no indicator named 'rsii'; did you mean rsi"),
        (Binary(">", Call("bb", (), "uper"), CLOSE), "no output of bb named 'uper'; did you mean upper"),
        (Binary(">", Call("rsi", (), "upper"), CLOSE), "no output of rsi named 'upper'"),
        (Binary(">", Param("x"), CLOSE), "no parameter named 'x'"),
        (Binary(">", Call("sma", (Number(2.5),)), CLOSE), "period of sma must be a whole number, not 2.5"),
        (Binary(">", Call("sma", (Number(0.0),)), CLOSE), "period of sma must be from 1 to 10000, not 0"),
        (Binary(">", Call("sma", (Number(3.0), Number(4.0), Number(5.0))), CLOSE), "sma takes close, period; not 3 arguments"),
        (Binary(">", Call("atr", (CLOSE, Number(4.0))), CLOSE), "atr takes high, low, close, period"),
        (Binary(">", Call("sma", (CLOSE, CLOSE)), CLOSE), "a parameter must be a number or a $parameter"),
    ],
)
def test_what_does_not_fit_is_said(node: Any, message: str) -> None:
    """Each kind of mistake in a tree ends in one sentence."""
    with pytest.raises(InputError) as caught:
        compile_rules({"entry_long": node}, ["period"])
    assert message in str(caught.value)


def test_errors_point_at_the_character_when_the_text_is_given() -> None:
    """With the rule's text the error carries the span of the node that is wrong."""
    text = "close > sma(2.5)"
    node = Binary(">", Series("close", span=(0, 5)), Call("sma", (Number(2.5, span=(12, 15)),), span=(8, 16)), span=(0, 16))
    with pytest.raises(RuleSyntaxError) as caught:
        compile_rules({"entry_long": node}, texts={"entry_long": text})
    assert (caught.value.start, caught.value.end) == (8, 16)
    assert "whole number" in str(caught.value)


def test_an_unknown_direction_is_refused() -> None:
    """Rules belong to one of the four directions."""
    with pytest.raises(UnknownNameError, match="did you mean entry_long"):
        compile_rules({"entry_lng": ABOVE})


def test_offsets_delay_numbers_and_conditions() -> None:
    """An offset of a condition is a delayed boolean, of a number a delayed number."""
    program = compile_rules({"entry_long": Offset(Binary(">", CLOSE, Offset(CLOSE, 2)), 3)})
    assert [(entry.op, entry.payload) for entry in program.instructions if entry.op in {5, 6}] == [(Op.DELAY, 2), (Op.DELAY_BOOLEAN, 3)]


@pytest.mark.parametrize(("rule", "instead"), [("close > sma(50) on 1h", "on 1h bars"), ("rank(roc(90)) <= 10", "bench.basket")])
def test_what_is_read_but_not_traded_yet_is_refused_in_place(rule: str, instead: str) -> None:
    """Longer bars and ranks parse; compiling them is refused with the place in the text and what to do instead."""
    with pytest.raises(RuleSyntaxError, match=instead):
        strategy(f"buy when {rule}; sell when close < open", symbols=("AAPL", "IBM"))
