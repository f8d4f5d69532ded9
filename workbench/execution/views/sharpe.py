"""The Sharpe ratio of daily profits, as boards show it; the evidence's own is computed from bar returns in ``backtest``."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TRADING_DAYS = 252
FEWEST = 5  # below a week of days the ratio says nothing


def daily_sharpe(profits: Sequence[float], capital: float) -> float | None:
    """Return the annualised Sharpe ratio of daily ``profits`` as shares of ``capital``, risk-free rate 0; None below five days or without risk."""
    if len(profits) < FEWEST or capital <= 0:
        return None
    spread = stdev(profits)
    if spread <= abs(fmean(profits)) * 1e-12:  # constant up to rounding
        return None
    return fmean(profits) / spread * math.sqrt(TRADING_DAYS)
