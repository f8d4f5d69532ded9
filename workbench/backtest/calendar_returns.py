"""Returns by calendar month: the table that tells in which years a strategy earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from workbench.backtest.result import Result

YEAR = "year"


def calendar_returns(result: Result) -> pd.DataFrame:
    """Return one row a year (ascending), columns 1 to 12 and ``year``: simple returns of equity, NaN where no bar lies.

    A bar belongs to the month of its trade date.
    """
    dates = pd.DatetimeIndex(result.bars.trade_date)
    growth = np.log1p(np.maximum(result.returns.to_numpy(), -1.0 + 1e-12))
    by_month = pd.Series(growth).groupby([dates.year.to_numpy(), dates.month.to_numpy()]).sum()
    table = by_month.unstack().reindex(columns=range(1, 13))  # noqa: PD010 - two index levels to a table
    table[YEAR] = table.sum(axis=1, min_count=1)
    return pd.DataFrame(np.expm1(table))
