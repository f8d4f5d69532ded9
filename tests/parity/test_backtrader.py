"""backtrader and our engine on the same bars and signals, row by row of the table of conventions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("backtrader", reason="backtrader is not installed")

import backtrader as bt
import peer_backtrader as peer
from parity_world import (
    CROSS,
    DIP,
    Costs,
    Told,
    assert_same,
    instrument,
    ours,
    random_bars,
    random_signals,
    real,
    rule_signals,
    table,
)

SEEDS = range(4)
SAME_CLOSE = {"fill_at": "close"}


def costs(**changes: Any) -> Costs:
    return Costs(**({"slippage_ticks": 0.0} | changes))


@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_next_open(symbol: str) -> None:
    """A market order decided in ``next`` fills at the next open: ten shares, long and short, on real bars."""
    bars = real(symbol)
    told = rule_signals(CROSS, bars)
    theirs = peer.run(bars, told, size=10)
    assert len(theirs.trades) > 100
    assert_same(theirs, ours(bars, told, sizing=10))


@pytest.mark.parametrize("seed", SEEDS)
def test_cheat_on_close(seed: int) -> None:
    """``set_coc`` fills at the close that decided, and so does ``fill_at="close"``."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, at_the_close=True, broker=lambda broker: broker.setcommission(commission=0.001))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_bps=10.0), filling=SAME_CLOSE))


@pytest.mark.parametrize("seed", SEEDS)
def test_cheat_on_open_with_stop_and_target(seed: int) -> None:
    """With cheat-on-open the order, its stop and its target are placed at the open: live on the entry bar, on the price paid, gaps at the open."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06, following=peer.AtTheOpen)
    found = ours(bars, told, sizing=100, stop="5%", target="6%")
    assert {"stop", "target", "signal"} <= set(found.result.fills["reason"])
    assert_same(theirs, found)


def test_cheat_on_open_on_real_bars() -> None:
    """The same on the S&P 500, where gaps are real."""
    bars = real("SPX")
    told = rule_signals(DIP, bars)
    theirs = peer.run(bars, told, size=100, stop=0.02, target=0.03, following=peer.AtTheOpen)
    assert_same(theirs, ours(bars, told, sizing=100, stop="2%", target="3%"))


@pytest.mark.parametrize("fractional", [True, False])
@pytest.mark.parametrize("symbol", ["SPX", "AAPL"])
def test_percent_sizer(symbol: str, fractional: bool) -> None:
    """``PercentSizer`` divides a share of the cash by the deciding close, and so does a size in percent; ``PercentSizerInt`` is whole shares."""
    bars = real(symbol)
    told = rule_signals(DIP, bars)
    sizer = bt.sizers.PercentSizer if fractional else bt.sizers.PercentSizerInt
    theirs = peer.run(bars, told, sizer=(sizer, {"percents": 20}))
    assert_same(theirs, ours(bars, told, sizing="20%", filling={"fractional": fractional}))


@pytest.mark.parametrize("seed", SEEDS)
def test_percent_commission(seed: int) -> None:
    """A commission of 0.001 is ten basis points of each side's notional."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.setcommission(commission=0.001))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_bps=10.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_commission(seed: int) -> None:
    """``COMM_FIXED`` is money per share on each side."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    per_share = {"commission": 0.05, "commtype": bt.CommInfoBase.COMM_FIXED, "stocklike": True}
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.setcommission(**per_share))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(fee_per_contract=0.05)))


@pytest.mark.parametrize("seed", SEEDS)
def test_futures(seed: int) -> None:
    """``margin`` and ``mult`` make a future: money per point, commission per contract, paid by margin instead of notional."""
    told = random_signals(seed, 500)
    bars, cash = random_bars(seed, margin=2_000.0, multiplier=50.0), 100_000.0
    theirs = peer.run(bars, told, size=3, cash=cash, broker=lambda broker: broker.setcommission(commission=2.0, margin=2_000.0, mult=50.0))
    assert_same(theirs, ours(bars, told, sizing=3, cash=cash, costs=costs(fee_per_contract=2.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_slippage_of_market_orders(seed: int) -> None:
    """In percent and in points, both sides, not capped by the bar."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.set_slippage_perc(0.001, slip_out=True))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(slippage_bps=10.0)))
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.set_slippage_fixed(0.25, slip_out=True))
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(slippage_ticks=0.25 / instrument().tick)))


@pytest.mark.parametrize("seed", SEEDS)
def test_slippage_of_stops(seed: int) -> None:
    """A stop order slips like a market order, also where it fills at the open of a gap."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars))
    slipping = {"following": peer.AtTheOpen, "slip": 0.001, "broker": lambda broker: broker.set_slippage_perc(0.001, slip_out=True)}
    theirs = peer.run(bars, told, size=100, stop=0.05, target=9.0, **slipping)
    found = ours(bars, told, sizing=100, stop="5%", costs=costs(slippage_bps=10.0))
    assert (found.result.fills["reason"] == "stop").sum() > 3
    assert_same(theirs, found)


@pytest.mark.parametrize("seed", SEEDS)
def test_open_at_the_end(seed: int) -> None:
    """What is open after the last bar stays open and is marked at the last close."""
    bars = random_bars(seed)
    told = random_signals(seed, len(bars)).silent_at(range(460, 500))
    told.entry_short[470] = 1
    found = ours(bars, told, sizing=100)
    assert found.result.position is not None
    assert_same(peer.run(bars, told, size=100), found)


def test_ratios() -> None:
    """Daily returns annualised with 252, no risk-free rate, sample deviation: our ratio a bar times the root of 252. The drawdown is the same."""
    bars = real("SPX")
    told = rule_signals(DIP, bars)
    daily = {"timeframe": bt.TimeFrame.Days, "riskfreerate": 0.0, "annualize": True, "stddev_sample": True}
    theirs = peer.run(bars, told, size=300, analyzers=[(bt.analyzers.SharpeRatio, daily), (bt.analyzers.DrawDown, {})]).result
    found = ours(bars, told, sizing=300).result.metrics
    assert theirs.analyzers.sharperatio.get_analysis()["sharperatio"] == pytest.approx(found.sharpe_per_bar * np.sqrt(252), rel=1e-9)
    assert theirs.analyzers.drawdown.get_analysis()["max"]["drawdown"] / 100 == pytest.approx(found.max_drawdown, rel=1e-9)


STEADY = (100.0, 101.0, 99.0, 100.0)


def signals(bars: int, **said: list[int]) -> Told:
    """Return signals at the bars that are named."""
    columns = {name: np.zeros(bars, np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    for name, where in said.items():
        columns[name][where] = 1
    return Told(**columns)


def test_interest_on_shorts() -> None:
    """``interest`` and ``borrow_rate`` count the same calendar nights and 365 of them a year; where the price stands still they cost the same."""
    bars = table([STEADY] * 12)
    told = signals(len(bars), entry_short=[1], exit_short=[9])
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.setcommission(commission=0.0, interest=0.05))
    found = ours(bars, told, sizing=100, costs=costs(borrow_rate=0.05))
    assert theirs.final < 1_000_000.0
    assert found.final == pytest.approx(theirs.final, rel=1e-12)


def test_difference_the_price_that_interest_is_a_share_of() -> None:
    """The peer's interest is on the entry price for as long as the position lasts; here it is on the price of the morning."""
    bars = table([STEADY, STEADY, STEADY, *[(200, 201, 199, 200)] * 6])
    told = signals(len(bars), entry_short=[1])
    theirs = peer.run(bars, told, size=100, broker=lambda broker: broker.setcommission(commission=0.0, interest=0.05))
    found = ours(bars, told, sizing=100, costs=costs(borrow_rate=0.05))
    assert 1_000_000.0 - 10_000.0 - found.final == pytest.approx(2 * (1_000_000.0 - 10_000.0 - theirs.final), rel=1e-9)


def test_difference_a_bracket_sleeps_on_the_entry_bar() -> None:
    """Children of ``buy_bracket`` wake on the bar after the parent filled: a stop touched on the entry bar is not seen."""
    bars = table([STEADY, STEADY, (100, 101, 94, 100), STEADY, STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06)
    found = ours(bars, told, sizing=100, stop="5%", target="6%")
    assert (theirs.trades.empty, found.trades["exit_price"].tolist()) == (True, [pytest.approx(95.0)])


def test_difference_a_bracket_after_a_fill_at_the_close_sleeps_for_a_bar() -> None:
    """With ``set_coc`` the parent is matched on the next bar at the last close, so the children miss that whole bar."""
    bars = table([STEADY, STEADY, (100, 101, 94, 100), STEADY, (100, 101, 94, 100), STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06, at_the_close=True)
    found = ours(bars, told, sizing=100, stop="5%", target="6%", filling=SAME_CLOSE)
    assert (theirs.trades["exit_bar"].tolist(), found.trades["exit_bar"].tolist()) == ([4], [2])


def test_difference_a_bar_that_opens_beyond_the_target_and_falls_to_the_stop() -> None:
    """The stop was submitted first and is matched first; here the limit order had filled at the open before the market fell."""
    bars = table([STEADY, STEADY, STEADY, (108, 109, 94, 95), STEADY, STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, stop=0.05, target=0.06, following=peer.AtTheOpen)
    found = ours(bars, told, sizing=100, stop="5%", target="6%")
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([95.0], [pytest.approx(108.0)])


def test_difference_an_order_without_the_money() -> None:
    """The peer refuses an order that costs more than there is (``Margin``); here the fill is as large as the money allows."""
    bars = table([STEADY] * 6)
    told = signals(len(bars), entry_long=[1], exit_long=[3])
    theirs = peer.run(bars, told, size=100, cash=5_000.0)
    assert (len(theirs.trades), theirs.result.refused) == (0, 1)
    assert ours(bars, told, sizing=100, cash=5_000.0).trades["quantity"].tolist() == [50.0]


class Trailing(peer.Following):
    """Leaves by ``StopTrail`` alone."""

    def enter(self, bar: int, side: int) -> None:  # noqa: ARG002 - long only
        self.buy(size=self.p.size)
        self.waiting = [self.sell(size=self.p.size, exectype=bt.Order.StopTrail, trailpercent=0.05)]


def test_difference_what_a_trailing_stop_follows() -> None:
    """``StopTrail`` follows closes, 100 and then 106; here a stop follows the highs of bars that are over, 110."""
    bars = table([STEADY, STEADY, STEADY, (101, 110, 101, 106), (106, 106, 104, 105), (105, 105, 99, 100), STEADY])
    told = signals(len(bars), entry_long=[1])
    theirs = peer.run(bars, told, size=100, following=Trailing)
    found = ours(bars, told, sizing=100, trailing="5%")
    assert theirs.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[5, pytest.approx(100.7)]]
    assert found.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[4, pytest.approx(104.5)]]
