"""Backtesting.py and our engine on the same bars and signals, row by row of the table of conventions."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("backtesting", reason="Backtesting.py is not installed")

import peer_backtesting as peer
from backtesting.lib import FractionalBacktest
from parity_world import ALL_IN, CROSS, DIP, Costs, Outcome, Told, assert_same, ours, random_bars, random_signals, real, rule_signals, table

SEEDS = range(4)
SAME_CLOSE = {"fill_at": "close"}


def costs(**changes: float | str) -> Costs:
    return Costs(slippage_ticks=0.0, **changes)


def quiet_after_stops(told: Told, run: Outcome) -> Told:
    """Return the signals silent on the bars where ``run`` was stopped out; there the two engines read a signal differently."""
    fills = run.result.fills
    return told.silent_at(fills.loc[fills["reason"] == "stop", "bar"].to_numpy())


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_next_open(symbol: str) -> None:
    """By default both decide at a close and trade at the next open: ten shares, long and short, on real bars."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    theirs = peer.run(bars, told, size=10)
    assert len(theirs.trades) > 100
    assert_same(theirs, ours(bars, told, sizing=10))


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_all_in_at_the_fill(symbol: str) -> None:
    """The peer's default size is all the money at the fill price; a quantity beyond all money is clipped to just that."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    theirs = peer.run(bars, told, commission=0.002)
    assert_same(theirs, ours(bars, told, sizing=ALL_IN, costs=costs(fee_bps=20.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_stop_and_target_by_the_bar(seed: int) -> None:
    """Stop and target live from the entry bar, fill at the open where a bar gaps beyond them, and the stop counts where a bar touches both."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06)
    found = ours(bars, told, sizing=100, stop="5%", target="6%")
    assert {"stop", "target", "signal"} <= set(found.result.fills["reason"])
    assert_same(theirs, found)


def test_stop_and_target_on_real_bars() -> None:
    """The same on the S&P 500, where gaps are real."""
    bars = real("SPX")
    told = rule_signals(DIP, bars)
    theirs = peer.run(bars, told, size=100, stop=0.02, target=0.03)
    assert_same(theirs, ours(bars, told, sizing=100, stop="2%", target="3%"))


@pytest.mark.parametrize("seed", SEEDS)
def test_same_close(seed: int) -> None:
    """``trade_on_close`` fills at the close that decided, and so does ``fill_at="close"``; brackets are first looked at on the next bar."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    while (
        quieter := quiet_after_stops(told, found)
    ).entry_long.sum() + quieter.entry_short.sum() < told.entry_long.sum() + told.entry_short.sum():
        told = quieter
        found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06, trade_on_close=True)
    assert len(theirs.trades) > 30
    assert_same(theirs, found)


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_same_close_all_in(symbol: str) -> None:
    """At the same close, all in, with commission both ways."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    theirs = peer.run(bars, told, commission=0.001, trade_on_close=True)
    assert_same(theirs, ours(bars, told, sizing=ALL_IN, costs=costs(fee_bps=10.0), filling=SAME_CLOSE))


@pytest.mark.parametrize("seed", SEEDS)
def test_exclusive_orders(seed: int) -> None:
    """With ``exclusive_orders`` an opposite order leaves the position first, as an opposite entry does here."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).only("entry_long", "entry_short")
    theirs = peer.run(bars, told, size=100, exclusive_orders=True, commission=0.001)
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_bps=10.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_commission(seed: int) -> None:
    """A commission of ``(5, 0)`` is 5 for every fill: a minimum that nothing exceeds."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, commission=(5.0, 0.0))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_minimum=5.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_commission_per_share_with_a_minimum(seed: int) -> None:
    """A function of size and price can say: half a cent a share, at least one; so do two fields of the costs."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    for size in (100, 400):
        theirs = peer.run(bars, told, size=size, commission=lambda size, _: max(1.0, abs(size) * 0.005))
        assert_same(theirs, ours(bars, told, sizing=size, costs=costs(fee_per_contract=0.005, fee_minimum=1.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_spread_is_paid_once(seed: int) -> None:
    """The spread worsens entries only: the money of every trade is that of a fee on entries; the peer shows it in the entry price instead."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, spread=0.002)
    found = ours(bars, told, sizing=100, costs=costs(fee_bps=20.0, fee_on="entry"))
    paid = found.trades["entry_price"] * (1.0 + 0.002 * found.trades["side"])
    np.testing.assert_allclose(paid, theirs.trades["entry_price"], rtol=1e-9)
    np.testing.assert_allclose(found.trades["pnl"], theirs.trades["pnl"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.final, theirs.final, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_finalize_trades(seed: int) -> None:
    """``finalize_trades`` closes what is open at the last bar's *open*, and so does ``at_end="open"``."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    told = told.silent_at(range(len(bars) - 40, len(bars)))
    told.entry_long[-30] = 1
    theirs = peer.run(bars, told, size=100, finalize_trades=True, commission=0.001)
    found = ours(bars, told, sizing=100, costs=costs(fee_bps=10.0), filling={"at_end": "open"})
    assert found.trades["exit_bar"].iloc[-1] == len(bars) - 1
    assert_same(theirs, found)


@pytest.mark.parametrize("seed", SEEDS)
def test_open_at_the_end(seed: int) -> None:
    """Otherwise what is open stays open and counts in the equity, not among the trades."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).silent_at(range(460, 500))
    told.entry_short[470] = 1
    theirs = peer.run(bars, told, size=100)
    found = ours(bars, told, sizing=100)
    assert found.result.position is not None
    assert_same(theirs, found)


@pytest.mark.parametrize("seed", SEEDS)
def test_fractional_shares(seed: int) -> None:
    """``FractionalBacktest`` trades hundred-millionths of a share: an instrument with that lot, or any fraction, within the tolerance."""
    told = random_signals(seed, 500)
    theirs = peer.run(random_bars(seed), told, commission=0.001, engine=FractionalBacktest)
    assert theirs.trades["quantity"].mod(1.0).max() > 0
    assert_same(theirs, ours(random_bars(seed, lot=1e-8), told, sizing=ALL_IN, costs=costs(fee_bps=10.0)))
    assert_same(theirs, ours(random_bars(seed), told, sizing=ALL_IN, costs=costs(fee_bps=10.0), filling={"fractional": True}))


@pytest.mark.parametrize("seed", SEEDS)
def test_margin_is_leverage(seed: int) -> None:
    """``margin=0.5`` buys for twice the money, and so does ``leverage=2``."""
    bars = random_bars(seed, volatility=0.005, gap=0.01)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, margin=0.5)
    assert_same(theirs, ours(bars, told, sizing=ALL_IN, filling={"leverage": 2.0}))


STEADY = (100.0, 101.0, 99.0, 100.0)
BUY = {"entry_long": [1]}


def signals(bars: int, **said: list[int]) -> Told:
    """Return signals at the bars that are named."""
    columns = {name: np.zeros(bars, np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    for name, where in said.items():
        columns[name][where] = 1
    return Told(**columns)


def test_difference_a_bar_that_opens_beyond_the_target_and_falls_to_the_stop() -> None:
    """The peer looks at the stop of the whole bar first; here the limit order had filled at the open before the market fell."""
    bars = table([STEADY, STEADY, STEADY, (108, 109, 94, 95), STEADY, STEADY])
    told = signals(len(bars), **BUY)
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06)
    found = ours(bars, told, sizing=100, stop="5%", target="6%")
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([95.0], [pytest.approx(108.0)])


def test_difference_a_signal_at_the_close_of_a_stop_bar() -> None:
    """With ``trade_on_close`` the peer enters again at the close of the bar that stopped it; here nothing enters on such a bar."""
    bars = table([STEADY, STEADY, (100, 100, 94, 96), STEADY, STEADY, STEADY])
    told = signals(len(bars), entry_long=[1, 2], exit_long=[4])
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.5, trade_on_close=True)
    found = ours(bars, told, sizing=100, stop="5%", target="50%", filling=SAME_CLOSE)
    assert (theirs.trades["entry_bar"].tolist(), found.trades["entry_bar"].tolist()) == ([1, 2], [1])


def test_difference_the_end_with_trade_on_close() -> None:
    """``finalize_trades`` with ``trade_on_close`` leaves at the close of the bar before the last; ``at_end="close"`` leaves at the last."""
    bars = table([STEADY, STEADY, STEADY, (100, 103, 99, 102), (103, 106, 102, 105)])
    told = signals(len(bars), **BUY)
    theirs = peer.run(bars, told, size=100, trade_on_close=True, finalize_trades=True)
    found = ours(bars, told, sizing=100, filling={"fill_at": "close", "at_end": "close"})
    assert theirs.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[3, 102]]
    assert found.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[4, pytest.approx(105)]]


def test_difference_an_order_without_the_money() -> None:
    """The peer cancels an order that costs more than there is; here the fill is as large as the money allows."""
    bars = table([STEADY] * 6)
    told = signals(len(bars), entry_long=[1], exit_long=[3])
    assert peer.run(bars, told, size=100, cash=5_000.0).trades.empty
    assert ours(bars, told, sizing=100, cash=5_000.0).trades["quantity"].tolist() == [50.0]


def test_difference_a_share_of_the_money() -> None:
    """Half of the money is counted at the fill price there and at the deciding close here."""
    bars = table([STEADY, STEADY, (110, 111, 109, 110), (110, 111, 109, 110), (110, 111, 109, 110), STEADY])
    told = signals(len(bars), entry_long=[1], exit_long=[3])
    assert peer.run(bars, told, size=0.5, cash=10_000.0).trades["quantity"].tolist() == [45.0]
    assert ours(bars, told, sizing="50%", cash=10_000.0).trades["quantity"].tolist() == [50.0]


def test_difference_a_fixed_and_a_relative_commission() -> None:
    """``(5, 0.001)`` adds the two; here the fixed one is a minimum, so 15 a fill there are 10 here."""
    bars = table([STEADY] * 6)
    told = signals(len(bars), entry_long=[1], exit_long=[3])
    theirs = peer.run(bars, told, size=100, commission=(5.0, 0.001))
    found = ours(bars, told, sizing=100, costs=costs(fee_bps=10.0, fee_minimum=5.0))
    assert (theirs.trades["fees"].tolist(), found.trades["fees"].tolist()) == ([30.0], [20.0])


def test_difference_all_in_with_a_fixed_commission() -> None:
    """All in, the peer counts a fixed commission of 5 for every share it could buy; here it is paid once."""
    bars = table([STEADY] * 6)
    told = signals(len(bars), entry_long=[1], exit_long=[3])
    theirs = peer.run(bars, told, cash=10_000.0, commission=(5.0, 0.0))
    found = ours(bars, told, cash=10_000.0, sizing=ALL_IN, costs=costs(fee_minimum=5.0))
    assert (theirs.trades["quantity"].tolist(), found.trades["quantity"].tolist()) == ([95.0], [99.0])
