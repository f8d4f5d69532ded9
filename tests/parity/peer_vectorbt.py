"""vectorbt run on known signals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from parity_world import CASH, Outcome, Told, outcome

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vectorbt as vbt

if TYPE_CHECKING:
    from workbench.market import Bars


def run(bars: Bars, told: Told, *, cash: float = CASH, next_open: bool = False, **options: Any) -> Outcome:
    """Run ``Portfolio.from_signals``; ``next_open`` shifts the signals by a bar and trades at the open, as its users do. ``options`` are its own."""
    names = {"entry_long": "entries", "exit_long": "exits", "entry_short": "short_entries", "exit_short": "short_exits"}
    columns = {given: getattr(told, name).astype(bool) for name, given in names.items()}
    if next_open:
        columns = {name: np.concatenate([[False], column[:-1]]) for name, column in columns.items()}
        options["price"] = bars.open
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = vbt.Portfolio.from_signals(
            bars.close, open=bars.open, high=bars.high, low=bars.low, init_cash=cash, freq="1D", **columns, **options
        )
    trades = found.trades.records
    closed = trades[trades["status"] == 1]
    rows = [
        (t.entry_idx, t.exit_idx, 1.0 if t.direction == 0 else -1.0, t.size, t.entry_price, t.exit_price, t.pnl, t.entry_fees + t.exit_fees)
        for t in closed.itertuples()
    ]
    return outcome(rows, float(found.value().iloc[-1]), found)
