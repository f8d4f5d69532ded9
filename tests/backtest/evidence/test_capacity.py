"""Capacity: the size at which impact, computed by hand, takes half of the profit."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from workbench import strategy
from workbench.backtest.evidence.capacity import capacity
from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.market import Bars, sample, validate

RULE = strategy("buy when close < open; sell when close > open", symbols="AAPL", costs={"slippage_ticks": 0})


def _bars(volume: float) -> Bars:
    """Days that fall and rise in turn by a little more than the day before, with the same volume each."""
    days = pd.bdate_range("2020-01-01", periods=80)
    close = 100.0 + np.where(np.arange(80) % 2 == 0, 0.0, 1.0) + 0.05 * np.arange(80)
    open_ = np.concatenate([[101.0], close[:-1]])
    frame = pd.DataFrame(
        {"open": open_, "high": np.maximum(open_, close), "low": np.minimum(open_, close), "close": close, "volume": volume}, index=days
    )
    return validate(frame, "AAPL", "1d")


def test_impact_is_the_square_root_of_the_share_of_volume() -> None:
    """Fill by fill: sigma times the root of quantity over volume times notional, with twenty sessions behind; half of the profit at that size."""
    bars = _bars(1_000_000.0)
    result = backtest(RULE, bars)
    moved = np.concatenate([[0.0], bars.close[1:] / bars.close[:-1] - 1.0])
    cost = 0.0
    for fill in result.fills.itertuples():
        start, end = max(0, fill.bar - 20), max(fill.bar, 20)
        sigma = math.sqrt(float(np.mean(moved[start:end] ** 2)))
        cost += sigma * math.sqrt(fill.quantity / 1_000_000.0) * fill.quantity * fill.price
    profit = float(result.equity.iloc[-1]) - result.cash
    found = capacity(result)
    assert profit > 0
    assert found.impact == pytest.approx(cost / profit)
    assert found.by_impact == pytest.approx(result.cash * (profit / (2 * cost)) ** 2)
    times = found.by_impact / result.cash
    assert cost * times**1.5 == pytest.approx(profit * times / 2)


def test_volume_sets_a_second_limit() -> None:
    """With a tenth of the volume allowed, the money grows until an order is a tenth of its bar; the smaller limit counts."""
    result = backtest(RULE, _bars(1_000_000.0))
    found = capacity(result, factor=0.001)
    assert found.participation == pytest.approx(float(np.quantile(result.fills["quantity"] / 1e6, 0.95)))
    assert found.money == found.by_volume == pytest.approx(result.cash * 0.1 / found.participation)
    assert "10% of a bar's volume" in found.words


def test_a_deeper_market_carries_more() -> None:
    """Four times the volume carries four times the money."""
    small, large = (capacity(backtest(RULE, _bars(volume))).money for volume in (1e6, 4e6))
    assert large == pytest.approx(4 * small, rel=1e-6)


def test_a_loser_has_no_capacity_and_bars_without_volume_say_nothing() -> None:
    """Zero without a profit, NaN without volume; the words say why."""
    loser = strategy("buy when close > open; sell when close < open", symbols="AAPL")
    assert capacity(backtest(loser, _bars(1e6))).money == 0.0
    silent = capacity(backtest(RULE, _bars(0.0)))
    assert math.isnan(silent.money)
    assert silent.words == "the bars have no volume, so nothing can be said about capacity"
    never = strategy("buy when close < 0; sell when close > 0", symbols="AAPL")
    assert capacity(backtest(never, _bars(1e6))).money == 0.0


def test_half_of_the_edge_is_left_at_capacity() -> None:
    """The table says one half at the capacity and three quarters at a quarter of it, and the record is JSON."""
    found = capacity(backtest(RULE, _bars(1_000_000.0)))
    left = found.frame.set_index(found.frame["money"] / found.money)["left"]
    assert np.allclose([left[1.0], left[0.25]], [0.5, 0.75])
    assert found.to_dict()["start"] == 100_000.0
    assert len(found.figure().data) == 1
    assert "Capacity" in found._repr_html_()


def test_nonsense_is_refused() -> None:
    """No impact, more than all the volume and no session end in an error."""
    result = backtest(strategy("buy when rsi(2) < 10; sell when rsi(2) > 60"), sample("SPX").head(300))
    for wrong in ({"factor": 0.0}, {"volume_share": 1.5}, {"sessions": 0}):
        with pytest.raises(InputError, match="positive"):
            capacity(result, **wrong)  # type: ignore[arg-type]
