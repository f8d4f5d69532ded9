"""vectorbt's own simulation from signals and our engine on the same bars, row by row of the table of conventions.

This is vectorbt as its users run it; the cross-check of every backtest of record feeds it differently (``workbench.backtest.crosscheck``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("vectorbt", reason="vectorbt is not installed")

import peer_vectorbt as peer
from parity_world import ALL_IN, CROSS, DIP, Costs, Outcome, Told, assert_same, ours, random_bars, random_signals, real, rule_signals, table

SEEDS = range(4)
SAME_CLOSE = {"fill_at": "close"}


def costs(**changes: Any) -> Costs:
    return Costs(**({"slippage_ticks": 0.0} | changes))


def smooth_bars(seed: int) -> Any:
    """Return bars that open where the last one closed."""
    return random_bars(seed, gap=0.0, volatility=0.02)


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_same_close(symbol: str) -> None:
    """By default signals fill at the close of their own bar: ``fill_at="close"``, long and short, on real bars."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    theirs = peer.run(bars, told, size=10)
    assert len(theirs.trades) > 100
    assert_same(theirs, ours(bars, told, sizing=10, filling=SAME_CLOSE))


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_next_open_by_a_shift(symbol: str) -> None:
    """Signals shifted by a bar and ``price=open`` are our default."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    assert_same(peer.run(bars, told, size=10, next_open=True), ours(bars, told, sizing=10))


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_all_in_with_fractions(symbol: str) -> None:
    """The default size is all the cash, fees included, to any fraction of a share."""
    bars = real(symbol)
    told = rule_signals(DIP, bars)
    theirs = peer.run(bars, told, fees=0.001)
    assert_same(theirs, ours(bars, told, sizing=ALL_IN, costs=costs(fee_bps=10.0), filling=SAME_CLOSE | {"fractional": True}))


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_shares(seed: int) -> None:
    """``size_granularity=1`` is a lot of one."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).only("entry_long", "exit_long")
    theirs = peer.run(bars, told, fees=0.001, size_granularity=1, next_open=True)
    assert_same(theirs, ours(bars, told, sizing=ALL_IN, costs=costs(fee_bps=10.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_fees_and_slippage(seed: int) -> None:
    """Both are paid at entry and exit, relative to the price."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, fees=0.001, slippage=0.002)
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_bps=10.0, slippage_bps=20.0), filling=SAME_CLOSE))


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_fees(seed: int) -> None:
    """``fixed_fees`` alone are a minimum that nothing exceeds; long only, because the peer reverses with one order and pays once."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).only("entry_long", "exit_long")
    theirs = peer.run(bars, told, size=100, fixed_fees=5.0)
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_minimum=5.0), filling=SAME_CLOSE))


@pytest.mark.parametrize("seed", SEEDS)
def test_stop_and_target_after_a_fill_at_the_close(seed: int) -> None:
    """Based on the entry's close, looked at from the next bar on, at the open where it gaps; after a stop nothing enters on that bar."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    while (
        quieter := quiet_after(told, found, "target")
    ).entry_long.sum() + quieter.entry_short.sum() < told.entry_long.sum() + told.entry_short.sum():
        told = quieter
        found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    assert {"stop", "target", "signal"} <= set(found.result.fills["reason"])
    assert_same(peer.run(bars, told, size=100, sl_stop=0.05, tp_stop=0.06), found)


def quiet_after(told: Told, run: Outcome, reason: str) -> Told:
    """Return the signals silent on the bars where ``run`` left for ``reason``: the peer has one order a bar and it is taken."""
    fills = run.result.fills
    return told.silent_at(fills.loc[fills["reason"] == reason, "bar"].to_numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_stop_market_slips(seed: int) -> None:
    """With ``stop_exit_price="stopmarket"`` stops slip as ours do; by default they do not."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    slipping = {"size": 100, "slippage": 0.002, "stop_exit_price": "stopmarket", "stop_entry_price": "fillprice"}
    found = ours(bars, told, sizing=100, stop="5%", costs=costs(slippage_bps=20.0), filling=SAME_CLOSE)
    assert (found.result.fills["reason"] == "stop").sum() > 3
    assert_same(peer.run(bars, told, sl_stop=0.05, **slipping), found)


@pytest.mark.parametrize("seed", SEEDS)
def test_trailing_stop_where_no_bar_gaps_up(seed: int) -> None:
    """It hangs from the best high of bars that are over; a bar that opens higher still counts here and not there, so these bars do not."""
    bars = smooth_bars(seed)
    told = random_signals(seed, len(bars))
    found = ours(bars, told, sizing=100, trailing="5%", filling=SAME_CLOSE)
    assert (found.result.fills["reason"] == "trailing").sum() > 3
    assert_same(peer.run(bars, told, size=100, sl_stop=0.05, sl_trail=True), found)


@pytest.mark.parametrize("seed", SEEDS)
def test_open_at_the_end(seed: int) -> None:
    """What is open after the last bar stays open and is marked at the last close."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).silent_at(range(460, 500))
    told.entry_short[470] = 1
    found = ours(bars, told, sizing=100, filling=SAME_CLOSE)
    assert found.result.position is not None
    assert_same(peer.run(bars, told, size=100), found)


def test_ratios_are_annualised_by_365_days() -> None:
    """The same returns a bar; the peer's year has 365 bars of a day, ours those of the instrument's calendar. Drawdown and win rate agree."""
    bars = real("SPX")
    told = rule_signals(DIP, bars)
    theirs = peer.run(bars, told, fees=0.001).result
    found = ours(bars, told, sizing=ALL_IN, costs=costs(fee_bps=10.0), filling=SAME_CLOSE | {"fractional": True}).result.metrics
    assert theirs.sharpe_ratio() == pytest.approx(found.sharpe_per_bar * np.sqrt(365), rel=1e-6)
    assert found.sharpe == pytest.approx(found.sharpe_per_bar * np.sqrt(252), rel=0.01)
    assert -theirs.max_drawdown() == pytest.approx(found.max_drawdown, rel=1e-9)
    assert theirs.trades.win_rate() == pytest.approx(found.win_rate, rel=1e-12)


STEADY = (100.0, 101.0, 99.0, 100.0)


def signals(bars: int, **said: list[int]) -> Told:
    """Return signals at the bars that are named."""
    columns = {name: np.zeros(bars, np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    for name, where in said.items():
        columns[name][where] = 1
    return Told(**columns)


def test_difference_the_entry_bar_of_a_fill_at_the_open() -> None:
    """Filled at the open, the peer looks at the stop from the next bar on: the one touched on the entry bar is not seen."""
    bars = table([STEADY, STEADY, (100, 101, 94, 100), STEADY, STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, sl_stop=0.05, next_open=True)
    assert (theirs.trades.empty, ours(bars, told, sizing=100, stop="5%").trades["exit_price"].tolist()) == (True, [pytest.approx(95.0)])


def test_difference_what_a_stop_is_a_share_of() -> None:
    """Filled at the open, the peer's stop is a share of that bar's close unless told ``fillprice``; ours is one of the price paid."""
    bars = table([STEADY, STEADY, (100, 111, 99, 110), (110, 110, 103, 104), STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, sl_stop=0.05, next_open=True)
    mended = peer.run(bars, told, size=100, sl_stop=0.05, next_open=True, stop_entry_price="fillprice")
    assert (theirs.trades["exit_price"].tolist(), mended.trades["exit_price"].tolist()) == ([104.5], [])


def test_difference_a_signal_at_the_close_of_a_target_bar() -> None:
    """One order a bar: a target takes it, and the entry at that close is lost there; here only a stop keeps the bar."""
    bars = table([STEADY, STEADY, (100, 107, 99, 105), (105, 106, 104, 105), (105, 106, 104, 105), STEADY])
    told = signals(len(bars), entry_long=[1, 2], exit_long=[4])
    theirs = peer.run(bars, told, size=100, tp_stop=0.06)
    found = ours(bars, told, sizing=100, target="6%", filling=SAME_CLOSE)
    assert (theirs.trades["entry_bar"].tolist(), found.trades["entry_bar"].tolist()) == ([1], [1, 2])


def test_difference_a_bar_that_opens_beyond_the_target_and_falls_to_the_stop() -> None:
    """The peer looks at the stop of the whole bar first; here the limit order had filled at the open before the market fell."""
    bars = table([STEADY, STEADY, STEADY, (108, 109, 94, 95), STEADY, STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, sl_stop=0.05, tp_stop=0.06)
    found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([95.0], [pytest.approx(108.0)])


def test_difference_a_reversal_is_one_order() -> None:
    """The peer turns around with one order of both sizes and pays a fixed fee once; here two fills pay it twice."""
    bars = table([STEADY] * 7)
    told = signals(len(bars), entry_long=[1], entry_short=[3], exit_short=[5])
    theirs = peer.run(bars, told, size=100, fixed_fees=5.0)
    found = ours(bars, told, sizing=100, costs=costs(fee_minimum=5.0), filling=SAME_CLOSE)
    assert (1_000_000.0 - theirs.final, 1_000_000.0 - found.final) == (pytest.approx(15.0), pytest.approx(20.0))
