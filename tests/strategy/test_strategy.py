from __future__ import annotations

import pytest

import workbench.strategy
from workbench.errors import InputError, RuleSyntaxError, SpecError, UnknownNameError
from workbench.portfolio import Bracket, Sizing
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy, strategy

TEXT = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"


def test_just_the_text() -> None:
    """A sentence is enough; what it left out takes defaults that say why."""
    made = strategy(TEXT)
    assert (("SPX",), "1d", Sizing(kind="fraction", value=0.95), None) == (
        made.spec.symbols,
        made.spec.timeframe.value,
        made.spec.sizing,
        made.spec.costs,
    )
    assert made.spec.rules == {"entry_long": "rsi(2) < 10 and close > sma(200)", "exit_long": "rsi(2) > 60"}
    assert [line.split(":")[0] for line in made.spec.provenance.defaults] == ["size 95% of equity", "costs 1 bps slippage a side"]
    assert made.spec.provenance.source_text == TEXT
    assert made.parse.confidence == 1.0
    assert {"entry_long", "exit_long"} == set(made.program.outputs)


def test_a_future_trades_one_contract() -> None:
    """The default size of a margined instrument is one contract."""
    assert Sizing(kind="fixed", value=1.0) == strategy(TEXT, symbols="ES").spec.sizing


def test_options_are_read() -> None:
    """Brackets, sizes and windows are given as text."""
    made = strategy(
        TEXT,
        symbols="SPY",
        timeframe="5m",
        stop="2%",
        target="16 ticks",
        trailing="3 atr(20)",
        time_stop=10,
        sizing="1% risk",
        window="09:30-11:00",
    )
    guards = made.spec.brackets
    assert (Bracket(kind="percent", value=0.02), Bracket(kind="ticks", value=16.0), 10) == (
        guards.stop,
        guards.target,
        guards.time_stop_bars,
    )
    assert (made.spec.window.start, made.spec.window.end) == ("09:30", "11:00")
    assert "atr" in made.program.outputs


def test_the_default_window_is_the_new_york_morning() -> None:
    """Intraday strategies of regular hours trade 09:30 to 12:00 unless told otherwise; others the whole session."""
    window = strategy(TEXT, symbols="SPY", timeframe="5m").spec.window
    assert (window.start, window.end, window.zone) == ("09:30", "12:00", "America/New_York")
    assert [
        strategy(TEXT, symbols="SPY", timeframe="5m", window="whole session").spec.window,
        strategy(TEXT, symbols="ES", timeframe="5m").spec.window,
        strategy(TEXT).spec.window,
    ] == [None, None, None]


def test_parameters_have_ranges_and_can_be_set() -> None:
    """A parameter is given with its range; other values make another strategy, outside the range an error."""
    made = strategy("buy when close > sma($fast); sell when close < sma($fast)", parameters={"fast": (10, 5, 50, 1)})
    assert [made.defaults, made.with_parameters(fast=20).defaults] == [{"fast": 10.0}, {"fast": 20.0}]
    assert made.spec_hash != made.with_parameters(fast=20).spec_hash
    with pytest.raises(SpecError, match="outside its range"):
        made.with_parameters(fast=60)
    with pytest.raises(UnknownNameError, match="did you mean fast"):
        made.with_parameters(fats=20)


@pytest.mark.parametrize(
    ("text", "options", "kind"),
    [
        ("buy when rsii(2) < 10; sell when close > open", {}, RuleSyntaxError),
        ("rsi(2) < 10", {}, RuleSyntaxError),
        ("buy when rsi(2) < 10", {}, SpecError),
        (TEXT, {"symbols": "SPXX"}, UnknownNameError),
        (TEXT, {"symbols": ()}, InputError),
        (TEXT, {"symbols": 3}, InputError),
        (TEXT, {"timeframe": "7m"}, UnknownNameError),
        (TEXT, {"stop": "2"}, InputError),
        (TEXT, {"sizing": "lots of money"}, InputError),
        (TEXT, {"window": "morning", "timeframe": "5m"}, InputError),
        (TEXT, {"archetype": "momentm"}, UnknownNameError),
        (TEXT, {"parameters": {"fast": 3}}, SpecError),
        (TEXT, {"limits": {"max_daily_los": 0.1}}, UnknownNameError),
        (None, {}, InputError),
    ],
)
def test_bad_input_is_one_clear_error(text: str, options: dict[str, object], kind: type[Exception]) -> None:
    """Whatever is wrong with the call ends in an error of our own tree."""
    with pytest.raises(kind):
        strategy(text, **options)  # type: ignore[arg-type]


def test_a_strategy_comes_back_from_its_json() -> None:
    """The spec is all that is needed: its JSON makes an equal strategy with the same program."""
    made = strategy(TEXT, stop="2 atr")
    again = Strategy(StrategySpec.from_json(made.spec.to_json()))
    assert made == again
    assert made.program.program_hash == again.program.program_hash
    assert dict(made.spec.rules) == {name: rule.canonical for name, rule in again.parse.rules.items()}


def test_saying_it_otherwise_is_the_same_program() -> None:
    """Relaxed English and strict language compile to one program."""
    relaxed = "Buy if the RSI(2) is below 10 and price is above the 200-day moving average. Sell once rsi2 is above 60."
    assert strategy(TEXT).program.program_hash == strategy(relaxed).program.program_hash


def test_the_room_can_be_called_like_its_function() -> None:
    """``workbench.strategy(...)`` is the function a researcher types."""
    assert strategy(TEXT) == workbench.strategy(TEXT)  # type: ignore[operator]


def test_the_card_shows_rules_and_escapes() -> None:
    """The card shows rules, size, hash and a SYNTHETIC badge, and what was typed stays text."""
    html = strategy(TEXT, symbols="SYN", name="<script>")._repr_html_()
    for piece in ("rsi(2) &lt; 10", "1 unit", "SYNTHETIC", "&lt;script&gt;"):
        assert piece in html
    assert "<script>" not in html
