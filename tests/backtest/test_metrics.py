"""Metrics against numbers from elsewhere: sums by hand and the formulas of pandas and quantstats written out with numpy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.engine import tally as t
from workbench.backtest.metrics import Metrics, measure

NO_TRADES = pd.DataFrame({name: np.zeros(0) for name in ("pnl", "fees", "bars", "traded")})


def trades_of(profits: list[float]) -> pd.DataFrame:
    """Return trades with these net profits, a fee of 1 and a bar each, 200 of money traded."""
    return pd.DataFrame({"pnl": profits, "fees": 1.0, "bars": 1, "traded": 200.0}, index=range(len(profits)))


def measured(
    equity: list[float] | np.ndarray, trades: pd.DataFrame = NO_TRADES, per_year: float = 252.0, initial: float = 100.0
) -> Metrics:
    """Measure an equity curve."""
    curve = pd.Series(np.asarray(equity, dtype=np.float64))
    returns = curve / np.concatenate([[initial], curve.to_numpy()[:-1]]) - 1.0
    return measure(curve, returns, trades, per_year, initial=initial)


def test_sums_by_hand() -> None:
    """Equity 100 110 99 99 121 by hand: returns 0 .1 -.1 0 .2222, worst fall 10 % over two bars."""
    found = measured([100.0, 110.0, 99.0, 99.0, 121.0], trades_of([10.0, -11.0, 22.0]), per_year=5.0)
    returns = [0.0, 0.1, -0.1, 0.0, 2 / 9]
    mean = sum(returns) / 5
    deviation = math.sqrt(sum((value - mean) ** 2 for value in returns) / 4)
    assert found.total_return == pytest.approx(0.21, rel=1e-12)
    assert found.cagr == pytest.approx(0.21, rel=1e-12)  # five bars are a year here
    assert found.max_drawdown == pytest.approx(0.1, rel=1e-12)
    assert found.max_drawdown_bars == 2
    assert found.sharpe_per_bar == pytest.approx(mean / deviation, rel=1e-12)
    assert found.sharpe == pytest.approx(mean / deviation * math.sqrt(5), rel=1e-12)
    assert found.sortino == pytest.approx(mean / math.sqrt(0.01 / 5) * math.sqrt(5), rel=1e-9)
    assert found.calmar == pytest.approx(2.1, rel=1e-12)
    assert (found.trades, found.win_rate) == (3, pytest.approx(2 / 3))
    assert found.profit_factor == pytest.approx(32 / 11)
    assert found.expectancy == pytest.approx(7.0)
    assert (found.fees, found.exposure) == (3.0, pytest.approx(3 / 5))
    assert found.turnover == pytest.approx(600 / 110.5)


def test_ratios_equal_formulas_of_quantstats() -> None:
    """Sharpe, Sortino, volatility, CAGR and drawdown of a random curve equal the formulas of quantstats 0.0.86 (stats.py)."""
    random = np.random.default_rng(11)
    returns = random.standard_t(4, 3000) * 0.01
    equity = 100.0 * np.cumprod(1.0 + returns)
    found = measured(equity)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252), rel=1e-9)
    assert found.volatility == pytest.approx(returns.std(ddof=1) * math.sqrt(252), rel=1e-9)
    assert found.sortino == pytest.approx(returns.mean() / math.sqrt((returns[returns < 0] ** 2).sum() / 3000) * math.sqrt(252), rel=1e-9)
    assert found.cagr == pytest.approx((equity[-1] / 100.0) ** (252 / 3000) - 1, rel=1e-12)
    path = np.concatenate([[100.0], equity])
    assert found.max_drawdown == pytest.approx((1 - path / np.maximum.accumulate(path)).max(), rel=1e-12)
    assert found.tail_ratio == pytest.approx(abs(np.quantile(returns, 0.95) / np.quantile(returns, 0.05)), rel=1e-9)


def test_moments_equal_scipy() -> None:
    """Skew and kurtosis equal scipy's population moments."""
    from scipy import stats

    returns = np.random.default_rng(3).standard_t(5, 2000) * 0.01
    found = measured(100.0 * np.cumprod(1.0 + returns))
    assert found.skew == pytest.approx(stats.skew(returns), rel=1e-9)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-9)


def test_longest_drawdown_counts_bars_under_the_peak() -> None:
    """The longest stretch under a peak is counted whether it ends or not."""
    assert measured([100, 99, 98, 101, 100, 99, 98]).max_drawdown_bars == 3
    assert measured([100, 99, 98, 97, 101, 100, 101]).max_drawdown_bars == 3


def test_without_trades_ratios_are_missing() -> None:
    """A run that never traded has NaN ratios, None in its record, and counts of zero."""
    found = measured([100.0] * 50)
    missing = {"sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy", "tail_ratio", "skew", "kurtosis", "sharpe_per_bar"}
    assert missing == {name for name in found if math.isnan(found[name])}
    assert missing == {name for name, value in found.to_dict().items() if value is None}
    assert (found.trades, found.total_return, found.max_drawdown) == (0, 0, 0)


def test_without_losses_the_profit_factor_is_missing() -> None:
    """No loss to divide by: the profit factor is NaN, not infinite."""
    assert math.isnan(measured([100.0, 101.0, 103.0], trades_of([1.0, 2.0])).profit_factor)


def test_rising_line_has_no_sharpe_of_rounding() -> None:
    """A curve whose returns vary by rounding only has no Sharpe ratio."""
    assert math.isnan(measured(100.0 * 1.001 ** np.arange(1, 200)).sharpe)


def test_a_lost_account_ends_at_minus_one() -> None:
    """Equity below zero: returns after it are 0 and CAGR is -1."""
    found = measured([100.0, 50.0, -10.0, -10.0])
    assert found.cagr == -1.0
    assert found.max_drawdown == pytest.approx(1.1)
    assert found.total_return == pytest.approx(-1.1)


@pytest.mark.parametrize("bars", [1, 2, 15, 16, 17, 31, 1000])
def test_block_sums_hold_every_return_once(bars: int) -> None:
    """The 16 blocks are consecutive, k * n // 16 onwards, and hold the sums of their returns and squares."""
    random = np.random.default_rng(bars)
    equity = 100.0 * np.cumprod(1.0 + random.normal(0, 0.01, bars))
    out = np.full(t.POINT_SIZE, 9.0)
    t.tally(equity, 100.0, out)
    returns = equity / np.concatenate([[100.0], equity[:-1]]) - 1.0
    for block in range(t.BLOCKS):
        part = returns[block * bars // 16 : (block + 1) * bars // 16]
        assert out[t.SUMS + block] == pytest.approx(part.sum(), abs=1e-15)
        assert out[t.SQUARES + block] == pytest.approx((part**2).sum(), abs=1e-15)
