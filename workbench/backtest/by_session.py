"""A run seen once a session: the returns that people compare, whatever the length of a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.market import bars_per_year
from workbench.units import Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result


def session_returns(result: Result) -> pd.Series[float]:
    """Return simple returns of equity from session to session, indexed by trade date; the first against the starting money."""
    return _compounded(np.asarray(result.returns, dtype=np.float64), result)


def held_returns(result: Result) -> pd.Series[float]:
    """Return what holding the instrument gave from session to session, close to close; the first session from its first close."""
    close = result.bars.close
    changes = np.concatenate([[0.0], close[1:] / close[:-1] - 1.0])
    return _compounded(changes, result)


def sessions_per_year(result: Result) -> float:
    """Return how many sessions the instrument's calendar has a year."""
    return bars_per_year(result.bars.instrument, Timeframe.D1)


def grouped(returns: pd.Series[float], period: str) -> pd.Series[float]:
    """Return the returns compounded over ``period`` (``M`` months, ``Q`` quarters, ``Y`` years)."""
    index = pd.DatetimeIndex(returns.index).to_period(period)
    return (1.0 + returns).groupby(index).prod() - 1.0


def _compounded(changes: NDArray[np.float64], result: Result) -> pd.Series[float]:
    first = np.flatnonzero(np.concatenate([[True], result.bars.session[1:] != result.bars.session[:-1]]))
    growth = np.multiply.reduceat(1.0 + changes, first)
    return pd.Series(growth - 1.0, index=pd.DatetimeIndex(result.bars.trade_date[first]), name="returns")
