"""Regimes: labels of a market made by hand, and sums that add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.evidence.regimes import labels, regimes
from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.market import sample


def test_a_rising_then_falling_market_is_labelled() -> None:
    """Steady steps up, then noise, then steady steps down: up, sideways, down; unknown before the first window is full."""
    random = np.random.default_rng(1)
    moves = np.concatenate([random.normal(0.01, 0.004, 100), random.normal(0.0, 0.01, 200), random.normal(-0.01, 0.004, 100)])
    trend, volatility = labels(100 * np.cumprod(1 + moves), 20, 1.0)
    assert set(trend[:20]) == {-1}
    assert (trend[30:100] == 2).all()
    assert (trend[330:] == 0).all()
    assert float(np.mean(trend[130:300] == 1)) > 0.5
    assert volatility[200:290].mean() > volatility[30:100].mean()


def test_each_third_of_volatility_is_a_third_of_the_bars() -> None:
    """Calm, usual and wild are equally common by construction."""
    _trend, volatility = labels(sample("SPX").close, 60, 1.0)
    shares = [float(np.mean(volatility[60:] == kind)) for kind in range(3)]
    assert np.allclose(shares, 1 / 3, atol=0.001)


def test_profits_and_trades_add_up() -> None:
    """Cells and the unknown beginning hold all the profit, all bars and all closed trades."""
    result = backtest(strategy("buy when rsi(2) < 10; sell when rsi(2) > 60"), sample("SPX"))
    found = regimes(result)
    assert found.frame["profit"].sum() + found.unknown == pytest.approx(result.equity.iloc[-1] - result.cash)
    assert found.frame["bars"].sum() == len(result.bars) - 61
    late = int((result.trades["entry_time"] > result.bars.frame.index[60]).sum())
    assert found.frame["trades"].sum() == late


def test_a_return_belongs_to_the_regime_of_the_bar_before() -> None:
    """Recomputed with pandas: the profit of each cell is that of the bars whose previous close had its labels."""
    result = backtest(strategy("buy when close > 0; sell when close < 0"), sample("SPX").head(900))
    found = regimes(result, length=30).frame
    trend, volatility = labels(result.bars.close, 30, 1.0)
    gained = result.equity.diff().to_numpy()
    for row in found.itertuples():
        here = (trend[:-1] == ("down", "sideways", "up").index(row.trend)) & (
            volatility[:-1] == ("calm", "usual", "wild").index(row.volatility)
        )
        assert row.profit == pytest.approx(gained[1:][here].sum(), abs=1e-6)


def test_it_says_itself() -> None:
    """Words with the largest share, nine rows, a record, a picture; a loser has no profit to share out."""
    good = regimes(backtest(strategy("buy when rsi(2) < 10; sell when rsi(2) > 60"), sample("SPX")))
    assert len(good.frame) == 9
    assert "of the profit came from" in good.words
    assert len(good.to_dict()["cells"]) == 9
    assert len(good.figure().data) == 1
    assert "Regimes" in good._repr_html_()
    bad = regimes(backtest(strategy("short when rsi(2) < 10; cover when rsi(2) > 60"), sample("SPX")))
    assert bad.words.startswith("no profit to share out")


def test_too_few_bars_are_refused() -> None:
    """A hundred bars cannot show regimes of sixty."""
    with pytest.raises(InputError, match="shorter length"):
        regimes(backtest(strategy("buy when close > open; sell when close < open"), sample("SPX").head(100)))
