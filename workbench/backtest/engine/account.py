"""The account of one instrument: a small array of float64 that a compiled function can change and a snapshot can copy.

The array is the whole memory of the fill model: saved and restored, a simulation or a paper session goes on as if nothing had
happened. ``NaN`` stands for "no such level". (Naming ``workbench.compiled`` here makes a change of these positions recompile.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules

# What the account remembers: positions in the array.
CASH = 0
"""Money if the position had been closed at its entry price: start, plus realised profit, less all fees so far."""
QTY = 1
"""Contracts, shares or coins held; negative when short."""
ENTRY_PRICE = 2
ENTRY_FEE = 3
STOP = 4
"""Price of the stop order."""
TARGET = 5
"""Price of the limit order that takes the profit."""
PEAK = 6
"""Best price since the fill that a trailing stop hangs from: past highs (lows when short) and this bar's open."""
TRAIL_DISTANCE = 7
"""Distance of the trailing stop in price units, fixed at the fill; a fraction is taken of the peak instead."""
BARS_HELD = 8
"""Bars since the fill, the entry bar counts as one."""
EQUITY = 9
"""Money at the last close."""
SESSION_EQUITY = 10
"""Money at the last close before this session."""
HALTED = 11
"""1 when the daily loss is reached, until the next session."""
PENDING_ACTION = 12
PENDING_QTY = 13
PENDING_DISTANCE = 14
PENDING_REASON = 15
BORROWED = 16
"""Money paid so far for borrowing what the short position sold; gone from ``CASH`` already."""
ACCOUNT_SIZE = 17

# What a decision asks for.
HOLD = 0
CLOSE = 1
GO_LONG = 2
"""Buy; a short position is closed by the same order first."""
GO_SHORT = 3
"""Sell short; a long position is closed by the same order first."""
ACTIONS = ("hold", "close", "buy", "short")

# Why an order exists.
BY_NOTHING = 0
BY_ENTRY = 1
BY_SIGNAL = 2
BY_REVERSE = 3
BY_STOP = 4
BY_TRAILING = 5
BY_TARGET = 6
BY_TIME = 7
BY_SESSION = 8
BY_DAILY_LOSS = 9
BY_RUIN = 10
BY_MARGIN = 11
BY_END = 12
REASONS = ("", "entry", "signal", "reverse", "stop", "trailing", "target", "time", "session", "daily_loss", "ruin", "margin", "end")

# A fill: positions in its row.
FILL_BAR = 0
FILL_SIDE = 1
"""+1 bought, -1 sold."""
FILL_QTY = 2
FILL_PRICE = 3
FILL_FEE = 4
FILL_REASON = 5
FILL_PNL = 6
"""Profit of the trade that this fill ends, after the fees of both sides and the borrowing; NaN for an entry."""
FILL_STOP = 7
"""Stop price set by an entry; NaN if none, and for an exit."""
FILL_TARGET = 8
FILL_BORROW = 9
"""Money that borrowing cost over the trade that this fill ends; 0 for an entry."""
FILL_SIZE = 10
FILLS_PER_BAR = 3
"""At most: a reversal closes and opens at the open, and the new position is stopped on the same bar, or closed because the data ends."""

# An order: positions in its row.
ORDER_BAR = 0
"""The bar at whose close it was decided; it fills at the next bar's open, or at this close where fills are asked for there."""
ORDER_ACTION = 1
ORDER_QTY = 2
ORDER_REASON = 3
ORDER_DISTANCE = 4
ORDER_SIZE = 5


def new_account(rules: FillRules) -> NDArray[np.float64]:
    """Return the account before the first bar: ``rules.initial_cash`` and no position. Shape (``ACCOUNT_SIZE``,)."""
    account = np.zeros(ACCOUNT_SIZE)
    account[[CASH, EQUITY, SESSION_EQUITY]] = rules.initial_cash
    account[[STOP, TARGET, PEAK, TRAIL_DISTANCE, PENDING_DISTANCE]] = np.nan
    return account
