# ruff: noqa: ANN001, ANN201 - functions are written as a researcher types them
"""A strategy in Python on paper: decided bar by bar from its window in a child process, and equal to its backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from paper_market import paper_bot, random_bars

from workbench.backtest.run import backtest
from workbench.errors import BacktestError
from workbench.execution import PaperSession, replay, tape
from workbench.strategy.in_python import python_strategy
from workbench.strategy.indicators.functions import register_function
from workbench.strategy.indicators.registry import _newest, _versions
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.store import Database


@python_strategy(symbols="SYN", timeframe="15m", warmup=20, stop="1 atr", window="whole session", parameters={"fast": (3, 2, 8, 1)})
def swing(bars, fast=3):
    """Positions on both sides of the average."""
    distance = bars.close.rolling(fast).median() - bars.close.rolling(20).median()
    return (distance > 2).astype(int) - (distance < -2).astype(int)


@python_strategy(symbols="SYN", timeframe="15m", warmup=5, stop="1%", window="whole session")
def stuck(bars):
    """Never ends."""
    while bars.close.iloc[-1] > 0:
        pass
    return bars.close > bars.open


def test_paper_makes_the_trades_of_the_backtest(database: Database) -> None:
    """Orders, fills and equity of the live path are those of the batch, to the bit, on both sides and with an ATR stop."""
    bars = random_bars(5, count=250)
    outcome = replay(database, paper_bot(database, swing), bars, transaction_seconds=10.0)
    result = backtest(swing, bars)

    assert outcome.matches(result) == []
    assert len(result.trades) > 5
    assert set(result.trades["side"]) == {"long", "short"}


def test_a_session_goes_on_where_it_was_left(database: Database) -> None:
    """After a restart the window is filled from the bars before, and nothing is decided twice."""
    bars = random_bars(6, count=160)
    bot = paper_bot(database, swing)
    first = tuple(tape(bars, swing.spec.window))
    with PaperSession(database, bot, swing) as session:
        session.on_bars(first[:100])
    with PaperSession(database, bot, swing, bars.head(100)) as session:
        session.on_bars(first[100:])
    assert replay(database, bot, bars).matches(backtest(swing, bars)) == []


def test_a_function_that_hangs_stops_the_session_and_not_the_engine(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar ends in a sentence after the time limit."""
    monkeypatch.setattr("workbench.strategy.python_program.LIVE_SECONDS", 1.0)
    bars = random_bars(7, count=60)
    with pytest.raises(BacktestError, match="stuck did not answer within 1 seconds"):
        replay(database, paper_bot(database, stuck), bars)


def test_rules_with_functions_trade_on_paper(database: Database) -> None:
    """A registered function is asked at every bar, with the times of the bars."""
    newest, versions = dict(_newest), dict(_versions)
    try:
        register_function("middling", "talib:MIDPOINT", warmup=10, parameters={"timeperiod": (10, 2, 10)})
        chosen = strategy(
            "buy when close > middling(8); sell when close < middling(8)",
            symbols=("SYN",),
            timeframe="15m",
            stop="0.5%",
            window="whole session",
        )
        bars = random_bars(8, count=200)
        assert replay(database, paper_bot(database, chosen), bars, transaction_seconds=10.0).matches(backtest(chosen, bars)) == []
    finally:
        _newest.clear()
        _versions.clear()
        _newest.update(newest)
        _versions.update(versions)
