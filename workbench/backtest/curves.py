"""Lines that every face of a backtest draws: the benchmark, the drawdown, and a long line thinned for a screen."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

MOST_POINTS = 2_000


def buy_and_hold(result: Result) -> pd.Series[float]:
    """Return what the starting capital, fully invested at the first close without borrowing and without costs, would be worth (n,)."""
    close = result.bars.close
    return pd.Series(close / close[0] * result.cash, index=result.bars.frame.index, name="buy and hold")


def drawdown(equity: pd.Series[float]) -> pd.Series[float]:
    """Return the share lost since the highest value so far (n,), zero or negative."""
    return equity / equity.cummax() - 1.0


def thinned(values: NDArray[np.float64], limit: int = MOST_POINTS) -> NDArray[np.int64]:
    """Return at most ``limit`` ascending positions that keep the first, the last, and each stretch's lowest and highest value."""
    if len(values) <= limit:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), (limit - 2) // 2 + 1).astype(np.int64)
    filled = np.nan_to_num(values, nan=float(np.nanmin(values)) if np.isfinite(values).any() else 0.0)
    keep = [0, len(values) - 1]
    for first, last in pairwise(edges):
        stretch = filled[first:last]
        keep += [int(first + stretch.argmin()), int(first + stretch.argmax())]
    return np.unique(np.array(keep, dtype=np.int64))
