"""Where the money was made: the track record by trend and volatility of the market.

1. Over the ``length`` bars that end at a bar, volatility is the deviation of the market's returns and trend the move over that deviation times sqrt(length): how many deviations
   of a random walk price has gone. Each bar's own return is earned under the regime of the bar *before*.
2. Volatility is calm, usual or wild by thirds of its own history; trend is up above ``threshold``, down below minus it, sideways between.
3. Each of the nine cells gets its bars, the trades that were entered in it, its Sharpe ratio and its share of all profit.

The thirds are taken over the whole history, with hindsight: this describes a track record, it is no signal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine import account as a
from workbench.backtest.evidence import drawing
from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

TRENDS = ("down", "sideways", "up")
VOLATILITIES = ("calm", "usual", "wild")
_SHORTEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Regimes:
    """The track record by regime of the market."""

    frame: pd.DataFrame
    """One row a cell: trend, volatility, bars, share_of_bars, trades, sharpe (annual, NaN without variance), profit, share_of_profit (of the sum of all
    profits and losses; NaN where that is not positive)."""
    length: int
    """Bars behind trend and volatility."""
    unknown: float
    """Profit of the first bars, which have no regime yet."""
    synthetic: bool
    """True where the bars are made up."""

    @property
    def positive(self) -> int:
        """Cells that made money."""
        return int((self.frame["profit"] > 0.0).sum())

    @property
    def largest_share(self) -> float:
        """Largest share of the profit that one cell made; NaN where there was none."""
        shares = self.frame["share_of_profit"]
        return float(shares.max()) if shares.notna().any() else math.nan

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        traded = int((self.frame["trades"] > 0).sum())
        if math.isnan(self.largest_share):
            return f"no profit to share out; {self.positive} of {traded} regimes traded made money"
        row = self.frame.iloc[int(np.nanargmax(self.frame["share_of_profit"].to_numpy()))]
        most = f"{row['share_of_profit']:.0%} of the profit came from {row['trend']} and {row['volatility']} markets"
        return f"{most}, {row['share_of_bars']:.0%} of the time; {self.positive} of {traded} regimes traded made money"

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the profit of each cell."""
        names = self.frame["trend"] + ", " + self.frame["volatility"]
        return drawing.columns(names.tolist(), self.frame["profit"].tolist(), title="Profit by regime", of="profit")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return drawing.recorded(
            {"cells": self.frame.to_dict("records"), "length": self.length, "unknown": self.unknown, "synthetic": self.synthetic}
        )

    def _repr_html_(self) -> str:
        return drawing.card("Regimes", self.words, self.frame, synthetic=self.synthetic)


def regimes(result: Result, *, length: int = 60, threshold: float = 1.0) -> Regimes:
    """Return the track record of ``result`` by trend and volatility.

    Args:
        result: a backtest.
        length: bars over which trend and volatility are measured.
        threshold: deviations of a random walk beyond which a market trends.

    Raises:
        InputError: fewer bars than twice the length, or a length under three.
    """
    if length < _SHORTEST or len(result.bars) < 2 * length:
        message = (
            f"regimes over {length} bars need {2 * max(length, _SHORTEST)} bars or more, not {len(result.bars)}; give a shorter length"
        )
        raise InputError(message)
    trend, volatility = labels(result.bars.close, length, threshold)
    equity = result.run.equity
    gained = np.diff(equity, prepend=result.cash)
    returns = result.returns.to_numpy()
    before = np.concatenate([[-1], np.where(trend[:-1] < 0, -1, 3 * trend[:-1] + volatility[:-1])])
    entered = _entries(result)
    total = float(gained.sum())
    rows = []
    for cell in range(len(TRENDS) * len(VOLATILITIES)):
        here = before == cell
        profit = float(gained[here].sum())
        rows.append(
            {
                "trend": TRENDS[cell // 3],
                "volatility": VOLATILITIES[cell % 3],
                "bars": int(here.sum()),
                "share_of_bars": float(here.mean()),
                "trades": int(here[entered].sum()),
                "sharpe": _sharpe(returns[here], result.bars_per_year),
                "profit": profit,
                "share_of_profit": profit / total if total > 0.0 else math.nan,
            }
        )
    return Regimes(frame=pd.DataFrame(rows), length=length, unknown=float(gained[before < 0].sum()), synthetic=result.bars.synthetic)


def labels(close: NDArray[np.float64], length: int, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (n,) trend 0 down, 1 sideways, 2 up and (n,) volatility 0 calm, 1 usual, 2 wild at each close; -1 while unknown."""
    moved = np.zeros(len(close))
    moved[1:] = close[1:] / close[:-1] - 1.0
    window = np.lib.stride_tricks.sliding_window_view(moved[1:], length)
    spread = window.std(axis=1, ddof=1)
    gone = window.sum(axis=1)
    trend = np.full(len(close), -1, np.int64)
    volatility = np.full(len(close), -1, np.int64)
    scaled = np.divide(gone, spread * math.sqrt(length), out=np.zeros_like(gone), where=spread > 0.0)
    trend[length:] = np.where(scaled > threshold, 2, np.where(scaled < -threshold, 0, 1))
    low, high = np.quantile(spread, [1 / 3, 2 / 3])
    volatility[length:] = np.where(spread > high, 2, np.where(spread <= low, 0, 1))
    return trend, volatility


def _entries(result: Result) -> NDArray[np.int64]:
    """Bars at which closed trades were entered."""
    fills = result.run.fills
    return fills[0 : len(fills) // 2 * 2 : 2, a.FILL_BAR].astype(np.int64)


def _sharpe(returns: NDArray[np.float64], bars_per_year: float) -> float:
    if len(returns) < 2 or not returns.std(ddof=1) > 0.0:  # noqa: PLR2004 - a deviation takes two
        return math.nan
    return float(returns.mean() / returns.std(ddof=1) * math.sqrt(bars_per_year))
