"""One bar from open to order: the order of the fill model in one place, for a single run and for the points of a sweep.

1. On the last bar of a run that ends flat at the open, the position's order is to close and an entry is dropped.
2. ``fill``: borrowing, the order of the last close, then the brackets.
3. ``mark`` at the close. On the last bar of a run with an end nothing is decided; what is open may be closed at this close.
4. ``decide`` and ``place``. With same-close fills the order trades here and the account is marked again; after a stop on this bar nothing enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    BY_END,
    BY_NOTHING,
    BY_STOP,
    BY_TRAILING,
    CLOSE,
    FILL_REASON,
    HOLD,
    PENDING_ACTION,
    QTY,
)
from workbench.backtest.engine.fill import decide, fill, mark, place, trade
from workbench.backtest.engine.rules import CLOSE_AT_END, HOLD_AT_END, OPEN_AT_END, SAME_CLOSE
from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules


@inlined_kernel
def one_bar(  # noqa: PLR0917 - scalars: a record would be slower
    account: NDArray[np.float64],
    rules: FillRules,
    open_: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    nights: float,
    new_session: int,
    can_enter: int,
    must_flat: int,
    entry_long: int,
    exit_long: int,
    entry_short: int,
    exit_short: int,
    distance: float,
    bar: int,
    last: bool,
    fills: NDArray[np.float64],
    count: int,
) -> tuple[int, float, int, float, int]:
    """Return ``(rows in fills, equity, action, quantity, reason)`` of one bar; the decision is on its way when this returns."""
    if last and rules.end_kind == OPEN_AT_END:
        _end_at_open(account)
    before = count
    count = fill(account, rules, open_, high, low, close, new_session, bar, fills, count, volume, nights)
    equity = mark(account, rules, close)
    if last and rules.end_kind != HOLD_AT_END:
        if rules.end_kind == CLOSE_AT_END and account[QTY] != 0.0:
            place(account, CLOSE, 0.0, np.nan, BY_END)
            count = trade(account, rules, close, volume, bar, fills, count)
            equity = mark(account, rules, close)
        return count, equity, HOLD, 0.0, BY_NOTHING
    if rules.fill_at == SAME_CLOSE and count > before and _is_stop(fills[count - 1, FILL_REASON]):
        can_enter = 0
    action, quantity, reason = decide(account, rules, entry_long, exit_long, entry_short, exit_short, can_enter, must_flat, close, distance)
    if action != HOLD:
        place(account, action, quantity, distance, reason)
        if rules.fill_at == SAME_CLOSE:
            count = trade(account, rules, close, volume, bar, fills, count)
            equity = mark(account, rules, close)
    return count, equity, action, quantity, reason


@inlined_kernel
def _is_stop(reason: float) -> bool:
    return reason == BY_STOP or reason == BY_TRAILING  # noqa: PLR1714 - compiled code would build a tuple


@inlined_kernel
def _end_at_open(account: NDArray[np.float64]) -> None:
    """Make the pending order one that leaves the position; why an exit was due already stays."""
    if account[QTY] == 0.0:
        account[PENDING_ACTION] = HOLD
    elif account[PENDING_ACTION] == HOLD:
        place(account, CLOSE, 0.0, np.nan, BY_END)
    else:
        account[PENDING_ACTION] = CLOSE
