"""Complete results that others have published, reproduced by our engine from a sentence, the settings of the table, and the bars they ship.

Source: Backtesting.py 0.6.6, ``backtesting/test/_test.py``, ``test_compute_stats`` ("these values are also used on the website"): SMA 10/30 cross on its
GOOG bars, 10 000 of cash, no costs, whole shares, all in at the next open, trades closed at the last open. The same numbers stand in the docstring of
``Backtest.run`` and in its API documentation. The statistics are defined in ``backtesting/_stats.py`` and written out again here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("backtesting", reason="Backtesting.py, which ships the bars, is not installed")

import peer_backtesting as peer
from backtesting.test import GOOG
from parity_world import ALL_IN, CROSS, FREE, Costs, instrument, rule_signals

from workbench.backtest.run import backtest
from workbench.market import validate
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.backtest.result import Result

PUBLISHED = {
    "# Trades": 66,
    "Avg. Drawdown Duration": pd.Timedelta(days=41),
    "Avg. Drawdown [%]": -5.925851581948801,
    "Avg. Trade Duration": pd.Timedelta(days=46),
    "Avg. Trade [%]": 2.531715975158555,
    "Best Trade [%]": 53.59595229490424,
    "Buy & Hold Return [%]": 522.0601851851852,
    "Calmar Ratio": 0.44166409202994605,
    "Duration": pd.Timedelta(days=3116),
    "End": pd.Timestamp("2013-03-01"),
    "Equity Final [$]": 51422.98999999996,
    "Equity Peak [$]": 75787.44,
    "Expectancy [%]": 3.2748078066748834,
    "Exposure Time [%]": 96.74115456238361,
    "Max. Drawdown Duration": pd.Timedelta(days=584),
    "Max. Drawdown [%]": -47.98012705007589,
    "Max. Trade Duration": pd.Timedelta(days=183),
    "Profit Factor": 2.167945974262033,
    "Return (Ann.) [%]": 21.191099249053224,
    "Return [%]": 414.2298999999996,
    "Volatility (Ann.) [%]": 36.49716090702389,
    "CAGR [%]": 21.160245705962623,
    "SQN": 1.0766187356697705,
    "Kelly Criterion": 0.1518705127029717,
    "Sharpe Ratio": 0.5806232244485349,
    "Sortino Ratio": 1.0853434352488662,
    "Start": pd.Timestamp("2004-08-19"),
    "Win Rate [%]": 46.96969696969697,
    "Worst Trade [%]": -18.39887353835481,
    "Alpha [%]": 394.37391142027462,
    "Beta": 0.03803390709192,
}
WARMUP = 29
"""Bars before the slower average; buying and holding is counted from there."""
YEAR = 252


def run(rule: str = CROSS, *, costs: Costs = FREE, at_end: str = "open") -> Result:
    bars = validate(GOOG.rename(columns=str.lower), instrument(), "1d")
    told = strategy(rule, symbols="CUSTOM", sizing=ALL_IN, costs=costs, filling={"at_end": at_end})
    return backtest(told, bars, cash=10_000.0)


def of_trades(trades: pd.DataFrame, bars: int, position: np.ndarray) -> dict[str, object]:
    """Return the statistics of closed trades; ``position`` is (trades, 2) of entry and exit bars."""
    pnl = trades["pnl"].to_numpy()
    share = pnl / (trades["quantity"] * trades["entry_price"]).to_numpy()
    held = np.zeros(bars)
    for first, last in position:
        held[first : last + 1] = 1
    lasted = trades["exit_time"].dt.normalize() - trades["entry_time"].dt.normalize()
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    rate = len(wins) / len(pnl)
    return {
        "# Trades": len(trades),
        "Exposure Time [%]": held.mean() * 100,
        "Win Rate [%]": rate * 100,
        "Best Trade [%]": share.max() * 100,
        "Worst Trade [%]": share.min() * 100,
        "Avg. Trade [%]": np.expm1(np.log1p(share).mean()) * 100,
        "Expectancy [%]": share.mean() * 100,
        "Profit Factor": share[share > 0].sum() / -share[share < 0].sum(),
        "SQN": np.sqrt(len(pnl)) * pnl.mean() / pnl.std(ddof=1),
        "Kelly Criterion": rate - (1 - rate) / (wins.mean() / -losses.mean()),
        "Max. Trade Duration": lasted.max().ceil("D"),
        "Avg. Trade Duration": lasted.mean().ceil("D"),
    }


def of_drawdowns(equity: np.ndarray, days: pd.DatetimeIndex) -> dict[str, object]:
    """Return the statistics of falls from a peak; one lasts from the last bar at the peak before it to the first at a peak again."""
    below = 1 - equity / np.maximum.accumulate(equity)
    tops = np.unique(np.append(np.flatnonzero(below == 0), len(below) - 1))
    spans = [(first, last) for first, last in pairwise(tops) if last > first + 1]
    lasted = pd.Series([days[last] - days[first] for first, last in spans])
    return {
        "Max. Drawdown [%]": -below.max() * 100,
        "Avg. Drawdown [%]": -np.mean([below[first : last + 1].max() for first, last in spans]) * 100,
        "Max. Drawdown Duration": lasted.max().ceil("D"),
        "Avg. Drawdown Duration": lasted.mean().ceil("D"),
    }


def of_equity(equity: np.ndarray, close: np.ndarray, days: pd.DatetimeIndex) -> dict[str, object]:
    """Return the statistics of an equity curve: geometric, annualised with 252 days, compounding also in the volatility."""
    returns = equity[1:] / equity[:-1] - 1
    growth = np.expm1(np.log1p(returns).mean())
    annual = (1 + growth) ** YEAR - 1
    spread = np.sqrt((returns.var(ddof=1) + (1 + growth) ** 2) ** YEAR - (1 + growth) ** (2 * YEAR))
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) * np.sqrt(YEAR)
    moves = np.cov(np.diff(np.log(equity)), np.diff(np.log(close)))
    beta, held = moves[0, 1] / moves[1, 1], close[-1] / close[WARMUP] - 1
    total = equity[-1] / equity[0] - 1
    return {
        "Start": days[0],
        "End": days[-1],
        "Duration": days[-1] - days[0],
        "Equity Final [$]": equity[-1],
        "Equity Peak [$]": equity.max(),
        "Return [%]": total * 100,
        "Buy & Hold Return [%]": held * 100,
        "Return (Ann.) [%]": annual * 100,
        "Volatility (Ann.) [%]": spread * 100,
        "CAGR [%]": ((1 + total) ** (365.25 / (days[-1] - days[0]).days) - 1) * 100,
        "Sharpe Ratio": annual / spread,
        "Sortino Ratio": annual / downside,
        "Beta": beta,
        "Alpha [%]": (total - beta * held) * 100,
    }


def test_complete_result_of_backtesting_py() -> None:
    """Every number of the published table follows from our equity curve and our trades: 66 trades, 414.23 %, drawdown 47.98 %, and 28 more."""
    result = run()
    equity, close = result.equity.to_numpy(), result.bars.close
    days = pd.DatetimeIndex(result.bars.trade_date.astype("datetime64[ns]"))
    found = of_equity(equity, close, days) | of_drawdowns(equity, days)
    found |= of_trades(result.trades, len(close), result.fills["bar"].to_numpy().reshape(-1, 2))
    found["Calmar Ratio"] = found["Return (Ann.) [%]"] / -found["Max. Drawdown [%]"]
    assert set(PUBLISHED) == set(found)
    for name, expected in PUBLISHED.items():
        assert found[name] == (pytest.approx(expected, rel=1e-8) if isinstance(expected, float) else expected), name


def test_our_metrics_where_the_words_mean_the_same() -> None:
    """Return, drawdown, trades and win rate are also what ``result.metrics`` says."""
    found = run().metrics
    assert found.total_return == pytest.approx(PUBLISHED["Return [%]"] / 100, rel=1e-9)
    assert found.max_drawdown == pytest.approx(-PUBLISHED["Max. Drawdown [%]"] / 100, rel=1e-9)
    assert found.trades == PUBLISHED["# Trades"]
    assert found.win_rate == pytest.approx(PUBLISHED["Win Rate [%]"] / 100, rel=1e-9)


def test_our_metrics_where_the_words_mean_something_else() -> None:
    """Theirs is a geometric Sharpe ratio, 0.58; ours, arithmetic, 0.80. Theirs counts the bar of an exit as exposed, ours counts closes held."""
    result = run()
    returns = result.returns.to_numpy()
    assert result.metrics.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(result.bars_per_year), rel=1e-9)
    assert result.metrics.sharpe == pytest.approx(0.798, abs=0.001)
    theirs = PUBLISHED["Exposure Time [%]"] / 100 * len(returns)
    assert result.metrics.exposure * len(returns) + 1 == pytest.approx(theirs, rel=1e-9)


def test_commission_both_ways_on_the_same_bars() -> None:
    """The SMA 10/20 cross of its front page with 0.2 % paid at entry and exit, as since its version 0.4: 93 trades, 56 263.52."""
    rule = CROSS.replace("30", "20")
    found = run(rule, costs=Costs(slippage_ticks=0.0, fee_bps=20.0), at_end="hold")
    theirs = peer.run(found.bars, rule_signals(rule, found.bars), cash=10_000.0, commission=0.002, exclusive_orders=True)
    assert (found.metrics.trades, len(theirs.trades)) == (93, 93)
    assert found.equity.iloc[-1] == pytest.approx(theirs.final, rel=1e-9)
    assert theirs.final == pytest.approx(56263.51934, rel=1e-9)


def test_difference_the_front_page_of_backtesting_py() -> None:
    """Its README (93 trades, 68 935.12) was made when commission was paid once, as a spread: the long trades are ours, shorts are larger by the spread."""
    rule = CROSS.replace("30", "20")
    found = run(rule, costs=Costs(slippage_ticks=0.0, fee_bps=20.0, fee_on="entry"), at_end="hold")
    theirs = peer.run(found.bars, rule_signals(rule, found.bars), cash=10_000.0, spread=0.002, exclusive_orders=True)
    assert (len(theirs.trades), theirs.final) == (93, pytest.approx(68935.12, abs=0.005))
    assert (found.metrics.trades, found.equity.iloc[-1]) == (93, pytest.approx(68880.56, abs=0.005))
    sizes = found.trades["quantity"].to_numpy() / theirs.trades["quantity"].to_numpy()
    first_short = int(np.argmax(theirs.trades["side"] < 0))
    assert (sizes[:first_short] == 1.0).all()
    assert sizes[first_short] == pytest.approx(0.998 / 1.002, abs=0.01)
