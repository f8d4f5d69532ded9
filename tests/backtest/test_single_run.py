"""A single run end to end on real bars: frames, errors, the same as by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.engine import account as a
from workbench.backtest.engine.rules import fill_rules
from workbench.backtest.run import backtest
from workbench.errors import InputError, SpecError, UnknownNameError
from workbench.market import sample, synthetic
from workbench.portfolio import Brackets, Sizing
from workbench.strategy.strategy import strategy
from workbench.units import instrument

if TYPE_CHECKING:
    from workbench.backtest.result import Result

RSI = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"
CROSS = "buy when sma($fast) crosses above sma($slow); sell when sma($fast) crosses below sma($slow)"


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(strategy(RSI, stop="5%"), sample("SPX"))


def test_frames_tell_the_same_story(result: Result) -> None:
    """Trades pair the fills, equity moves by their profits, and orders come one bar before their fills."""
    trades, fills, orders = result.trades, result.fills, result.orders
    assert len(trades) > 100
    assert list(fills["reason"].unique()) == ["entry", "signal", "stop"]
    assert result.equity.iloc[-1] == pytest.approx(result.cash + trades["pnl"].sum() + (result.position or {"pnl": 0.0})["pnl"])
    ordered = fills[fills["reason"].isin(["entry", "signal"])]
    assert list(orders["bar"] + 1) == list(ordered["bar"])
    assert list(orders["known_at"]) == list(pd.to_datetime(result.bars.known_at[orders["bar"]], utc=True))
    assert (trades["exit_time"] >= trades["entry_time"]).all()
    assert (trades["mae"] <= 0).all()
    assert (trades["mfe"] >= 0).all()


def test_decisions_equal_an_independent_pandas_backtest() -> None:
    """Entries and exits of a moving average rule are those that pandas rolling means give, shifted by one bar to the next open."""
    bars = sample("MSFT")
    free = {"slippage_ticks": 0.0}
    found = backtest(strategy("buy when close > sma(50); sell when close < sma(50)", sizing="1 share", costs=free), bars)
    close = bars.frame["close"]
    mean = close.rolling(50).mean()
    above = (close > mean).astype(float).where(mean.notna(), 0.0)
    entries = np.flatnonzero((above.diff() > 0).to_numpy()) + 1
    entries = entries[entries < len(bars)]
    assert list(entries) == list(found.fills.loc[found.fills["side"] == "buy", "bar"])
    opens = np.ceil(np.round(bars.open[entries] * 100, 6)) / 100
    assert list(opens) == list(found.fills.loc[found.fills["side"] == "buy", "price"])


def test_excursions_by_hand() -> None:
    """MAE and MFE are the extremes between the fills, in money, loop by loop."""
    found = backtest(strategy(RSI, stop="2%", target="3%", sizing="10 shares"), sample("AAPL"))
    for trade in found.trades.head(40).to_dict("records"):
        first, last = found.bars.frame.index.get_indexer([trade["entry_time"], trade["exit_time"]])
        lows = [*found.bars.low[first:last], trade["exit_price"]]
        highs = [*found.bars.high[first:last], trade["exit_price"]]
        assert trade["mae"] == pytest.approx(min(0.0, 10 * (min(lows) - trade["entry_price"])))
        assert trade["mfe"] == pytest.approx(max(0.0, 10 * (max(highs) - trade["entry_price"])))


def test_open_position_is_told_but_is_no_trade() -> None:
    """Buy and hold has no closed trade, a position, and full exposure after the first bar."""
    found = backtest(strategy("buy when close > 0; sell when close < 0"), sample("SPX"))
    assert len(found.trades) == 0
    assert found.position is not None
    assert found.position["side"] == "long"
    assert found.metrics.exposure == pytest.approx((len(found.bars) - 1) / len(found.bars))
    assert math.isnan(found.metrics.win_rate)
    assert found.account[a.QTY] == found.position["quantity"]


def test_no_trades_is_a_result() -> None:
    """A rule that is never true gives a result with missing ratios and empty frames."""
    found = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX"))
    assert (len(found.trades), len(found.fills), len(found.orders)) == (0, 0, 0)
    assert math.isnan(found.metrics.sharpe)
    assert (found.equity == 100_000.0).all()


def test_session_flat_on_intraday_bars() -> None:
    """With a window no position is held past it, and none is opened outside it."""
    bars = synthetic("SYN", "30m", sessions=60)
    found = backtest(strategy("buy when close > 0", symbols="SYN", timeframe="30m", window="09:30-12:00"), bars)
    local = found.fills["time"].dt.tz_convert("America/New_York").dt.strftime("%H:%M")
    assert set(found.fills["reason"]) == {"entry", "session"}
    assert set(local[found.fills["reason"] == "session"]) == {"11:30"}
    assert local[found.fills["reason"] == "entry"].between("09:30", "11:00").all()
    days = found.trades["entry_time"].dt.date == found.trades["exit_time"].dt.date
    assert days.all()


def test_parameters_are_completed_and_checked() -> None:
    """Missing parameters take the spec's default; an unknown one is an error with a suggestion."""
    crossing = strategy(CROSS, parameters={"fast": (10, 5, 50, 1), "slow": (30, 10, 90, 1)})
    assert backtest(crossing, sample("SPX"), parameters={"fast": 20}).parameters == {"fast": 20.0, "slow": 30.0}
    with pytest.raises(UnknownNameError, match="did you mean fast"):
        backtest(crossing, sample("SPX"), parameters={"fats": 20})
    with pytest.raises(InputError, match="whole number"):
        backtest(crossing, sample("SPX"), parameters={"fast": 2.5})


def test_bad_input_is_one_sentence() -> None:
    """No bars, too few bars, no money, something that is no table: each is an InputError that says what to do."""
    rule = strategy(RSI)
    bars = sample("SPX")
    with pytest.raises(InputError, match="no bars of SPX"):
        backtest(rule, bars.head(0))
    with pytest.raises(InputError, match="150 bars are too few: the indicators need 199"):
        backtest(rule, bars.head(150))
    for cash in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="cash must be a positive amount"):
            backtest(rule, bars, cash=cash)
    with pytest.raises(InputError, match="bars must be Bars or a DataFrame"):
        backtest(rule, [1, 2, 3])  # type: ignore[arg-type]


def test_rules_refuse_what_has_no_meaning() -> None:
    """Sizing by risk without a stop is a contradiction."""
    by_risk = SimpleNamespace(sizing=Sizing(kind="risk", value=0.01), brackets=Brackets(), costs=None, limits=None)
    with pytest.raises(SpecError, match="needs a stop"):
        fill_rules(by_risk, instrument("SPX"))  # type: ignore[arg-type]


def test_frame_of_the_user() -> None:
    """A DataFrame with upper-case columns and dates gives the result of the checked bars."""
    bars = sample("SPX")
    frame = bars.frame.rename(columns=str.upper).set_axis(pd.DatetimeIndex(bars.trade_date), axis=0)
    assert backtest(strategy(RSI), frame).metrics.sharpe == backtest(strategy(RSI), bars).metrics.sharpe
