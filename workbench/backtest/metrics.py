"""What a run was worth, in numbers: the same formulas for a single run and for every point of a sweep.

Ratios are on simple returns of equity bar by bar, the first bar against the starting money, without a risk-free rate, with ``ddof=1``, annualised by
the instrument's own number of bars a year. Where a number has no meaning (no trades, no losses, no variance) it is NaN, which faces
show as missing; it is never 0 instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine import tally as t

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_NO_VARIANCE = 1e-12  # share of the mean square below which a variance is rounding


@dataclass(frozen=True, kw_only=True)
class Metrics(Mapping[str, float]):
    """The metrics of one run; reads like a mapping. Shares are fractions (0.1 is 10 %), money is in the instrument's currency."""

    total_return: float
    """Final equity over starting money, minus one."""
    cagr: float
    """Growth a year that would have given the total return; -1 once nothing is left."""
    volatility: float
    """Standard deviation of returns, a year."""
    sharpe: float
    """Mean over standard deviation of returns, a year; NaN without variance."""
    sortino: float
    """Mean over downside deviation (root of the mean squared negative return, all bars counted), a year."""
    calmar: float
    """CAGR over the largest drawdown."""
    max_drawdown: float
    """Largest fall from a peak of equity at bar closes, as a positive share of the peak."""
    max_drawdown_bars: float
    """Most bars in a row with equity under its peak."""
    trades: float
    """Closed trades."""
    win_rate: float
    """Closed trades with a net profit above zero, as a share."""
    profit_factor: float
    """Gross profit over gross loss; NaN without a losing trade."""
    expectancy: float
    """Mean net profit of a closed trade, money."""
    exposure: float
    """Share of closes at which a position was held."""
    turnover: float
    """Money traded a year, both sides, over the mean of first and last equity."""
    fees: float
    """Money paid in fees; slippage is in the prices."""
    tail_ratio: float
    """95th percentile of returns over the size of the 5th."""
    skew: float
    """Third standardised moment of returns, population form."""
    kurtosis: float
    """Fourth standardised moment of returns, population form; a normal variable has 3."""
    observations: float
    """Bars measured."""
    sharpe_per_bar: float
    """Sharpe ratio of one bar, not annualised; what the deflated Sharpe ratio works with."""

    def __getitem__(self, name: str) -> float:
        """Return a metric by name."""
        if name not in _NAMES:
            raise KeyError(name)
        return float(getattr(self, name))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(_NAMES)

    def __len__(self) -> int:
        """Return the number of metrics."""
        return len(_NAMES)

    def to_dict(self) -> dict[str, float | None]:
        """Return a JSON record; what has no meaning is None."""
        return {name: (self[name] if math.isfinite(self[name]) else None) for name in self}


_NAMES = tuple(field.name for field in fields(Metrics))


def measure(
    equity: pd.Series[float],
    returns: pd.Series[float],
    trades: pd.DataFrame,
    bars_per_year: float,
    *,
    initial: float | None = None,
    position: Mapping[str, Any] | None = None,
) -> Metrics:
    """Return the metrics of an equity curve and its closed trades.

    Args:
        equity: money at each close.
        returns: simple returns of the same bars.
        trades: closed trades with columns ``pnl``, ``fees``, ``bars`` and ``traded`` (money of both fills); as ``Result.trades``.
        bars_per_year: of the instrument's own calendar.
        initial: starting money; worked out of the first bar when not given.
        position: a position still open at the end, as ``Result.position``; it counts for exposure, fees and turnover, not as a trade.
    """
    values = np.ascontiguousarray(equity, dtype=np.float64)
    changes = np.asarray(returns, dtype=np.float64)
    start = float(values[0] / (1.0 + changes[0])) if initial is None else float(initial)
    profits = np.asarray(trades["pnl"], dtype=np.float64)
    point = np.zeros((1, t.POINT_SIZE))
    t.tally(values, start, point[0])
    held = position or {"bars": 0, "fees": 0.0, "traded": 0.0}
    point[0, t.BARS_IN_MARKET] = float(np.sum(trades["bars"]) + held["bars"])
    point[0, t.TRADES] = len(profits)
    point[0, t.WINS] = float(np.count_nonzero(profits > 0.0))
    point[0, t.GROSS_PROFIT] = in_order(profits[profits > 0.0])
    point[0, t.GROSS_LOSS] = in_order(-profits[profits <= 0.0])
    point[0, t.FEES] = in_order(np.asarray(trades["fees"], dtype=np.float64)) + held["fees"]
    point[0, t.TURNOVER] = in_order(np.asarray(trades["traded"], dtype=np.float64)) + held["traded"]
    return metrics_of(point, changes, bars_per_year, start)


def metrics_of(point: NDArray[np.float64], returns: NDArray[np.float64], bars_per_year: float, initial: float) -> Metrics:
    """Return the metrics of one tallied point, shape (1, ``POINT_SIZE``), and its ``returns`` (n,)."""
    found = {name: float(column[0]) for name, column in table(point, len(returns), bars_per_year, initial).items()}
    return Metrics(**found, **_shape(returns))


def table(points: NDArray[np.float64], bars: int, bars_per_year: float, initial: float) -> dict[str, NDArray[np.float64]]:
    """Return metrics by name, one value a point, from tallied ``points`` of shape (points, ``POINT_SIZE``) over ``bars`` bars."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        years = bars / bars_per_year
        final, trades = points[:, t.FINAL_EQUITY], points[:, t.TRADES]
        growth = np.maximum(final, 0.0) / initial
        mean, deviation = _moments(points, bars)
        per_bar = np.where(deviation > 0.0, mean / deviation, np.nan)
        downside = np.sqrt(points[:, t.DOWNSIDE] / bars)
        cagr = np.power(growth, 1.0 / years) - 1.0
        drawdown = points[:, t.MAX_DRAWDOWN]
        some = trades > 0
        return {
            "total_return": final / initial - 1.0,
            "cagr": np.where(np.isfinite(cagr), cagr, np.nan),
            "volatility": deviation * math.sqrt(bars_per_year),
            "sharpe": per_bar * math.sqrt(bars_per_year),
            "sortino": np.where(downside > 0.0, mean / downside, np.nan) * math.sqrt(bars_per_year),
            "calmar": np.where((drawdown > 0.0) & np.isfinite(cagr), cagr / drawdown, np.nan),
            "max_drawdown": drawdown,
            "max_drawdown_bars": points[:, t.MAX_DRAWDOWN_BARS],
            "trades": trades,
            "win_rate": np.where(some, points[:, t.WINS] / trades, np.nan),
            "profit_factor": np.where(points[:, t.GROSS_LOSS] > 0.0, points[:, t.GROSS_PROFIT] / points[:, t.GROSS_LOSS], np.nan),
            "expectancy": np.where(some, (points[:, t.GROSS_PROFIT] - points[:, t.GROSS_LOSS]) / trades, np.nan),
            "exposure": points[:, t.BARS_IN_MARKET] / bars,
            "turnover": np.where(final > 0.0, points[:, t.TURNOVER] / years / ((initial + final) / 2.0), np.nan),
            "fees": points[:, t.FEES],
            "observations": np.full(len(points), float(bars)),
            "sharpe_per_bar": per_bar,
        }


def in_order(values: NDArray[np.float64]) -> float:
    """Return the sum added one by one, as the compiled loop does; numpy's own sum adds pairwise."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


def _moments(points: NDArray[np.float64], bars: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sample standard deviation of returns from block sums, added in order."""
    total, squares = points[:, t.SUMS].copy(), points[:, t.SQUARES].copy()
    for block in range(1, t.BLOCKS):
        total += points[:, t.SUMS + block]
        squares += points[:, t.SQUARES + block]
    spread = squares - total * total / bars
    spread[spread <= _NO_VARIANCE * squares] = 0.0
    return total / bars, np.sqrt(spread / max(bars - 1, 1))


def _shape(returns: NDArray[np.float64]) -> dict[str, float]:
    """Tail ratio, skew and kurtosis; NaN without variance."""
    centred = returns - returns.mean()
    squared = centred * centred  # products, because powers of a million numbers take longer than the run
    variance = float(np.mean(squared))
    if variance <= _NO_VARIANCE * float(np.mean(returns * returns)):
        return {"tail_ratio": math.nan, "skew": math.nan, "kurtosis": math.nan}
    low, high = np.percentile(returns, [5, 95])
    return {
        "tail_ratio": float(high / -low) if low < 0.0 else math.nan,
        "skew": float(np.mean(squared * centred) / variance**1.5),
        "kurtosis": float(np.mean(squared * squared) / variance**2),
    }
