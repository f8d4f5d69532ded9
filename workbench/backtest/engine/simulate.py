"""One simulation: the fill model run over all bars, with every fill, every decision and the equity at each close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    FILL_SIZE,
    FILLS_PER_BAR,
    HOLD,
    ORDER_ACTION,
    ORDER_BAR,
    ORDER_DISTANCE,
    ORDER_QTY,
    ORDER_REASON,
    ORDER_SIZE,
)
from workbench.backtest.engine.bar import one_bar
from workbench.backtest.engine.bits import borrowed
from workbench.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.arrays import Hours, Orders, Prices
    from workbench.backtest.engine.rules import FillRules


@kernel
def simulate(
    account: NDArray[np.float64], rules: FillRules, prices: Prices, hours: Hours, signals: Orders, distance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(fills, orders, equity)`` and leave ``account`` as it is after the last bar.

    Args:
        account: as ``new_account`` or a snapshot gives it.
        rules: ``FillRules``.
        prices: ``Prices`` of n bars.
        hours: ``Hours`` of n bars.
        signals: ``Orders`` of n bars.
        distance: float64 (n,), the column that brackets of kind 3 multiply; NaN where unknown.

    Returns:
        Float64 arrays (fills, ``FILL_SIZE``), (orders, ``ORDER_SIZE``) and (n,).
    """
    # Taken out of their records once: inside the loop each access would count references, which costs more than the bar.
    opens, highs, lows, closes, volumes = prices
    new_session, can_enter, must_flat, nights = hours
    entry_long, exit_long, entry_short, exit_short = signals
    bars = closes.size
    state = borrowed(account)
    fills = np.empty((256, FILL_SIZE))
    orders = np.empty((256, ORDER_SIZE))
    equity = np.empty(bars)
    room = borrowed(fills)
    filled = 0
    ordered = 0
    for bar in range(bars):
        if filled + FILLS_PER_BAR > fills.shape[0]:
            fills = _longer(fills)
            room = borrowed(fills)
        filled, equity[bar], action, quantity, reason = one_bar(
            state, rules, opens[bar], highs[bar], lows[bar], closes[bar],
            volumes[bar] if volumes.size else np.inf, nights[bar] if nights.size else 0.0,
            new_session[bar], can_enter[bar], must_flat[bar],
            entry_long[bar], exit_long[bar], entry_short[bar], exit_short[bar],
            distance[bar], bar, bar == bars - 1, room, filled,
        )  # fmt: skip
        if action != HOLD:
            if ordered == orders.shape[0]:
                orders = _longer(orders)
            orders[ordered, ORDER_BAR] = bar
            orders[ordered, ORDER_ACTION] = action
            orders[ordered, ORDER_QTY] = quantity
            orders[ordered, ORDER_REASON] = reason
            orders[ordered, ORDER_DISTANCE] = distance[bar]
            ordered += 1
    return fills[:filled].copy(), orders[:ordered].copy(), equity


@kernel
def _longer(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a copy of ``rows`` with room for twice as many."""
    longer = np.empty((2 * rows.shape[0], rows.shape[1]))
    longer[: rows.shape[0]] = rows
    return longer
