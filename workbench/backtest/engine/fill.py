"""The fill model, one bar at a time: the functions that a backtest, a sweep and a live paper session share.

For every bar, in this order:

1. ``fill``: borrowing a short position over the nights before is paid. The order decided at the last close trades at this bar's open (slipped and
   rounded against us). Then the position's stop, then its target meet the rest of the bar, from the entry bar on. A bar that opens beyond a level,
   stop or target, fills at its open. When one bar reaches both levels after its open the stop counts. After a stop nothing else fills on that bar.
2. ``mark``: equity at the close; the daily loss is compared.
3. ``decide``: what to do, from nothing but this close, the signals at this close and the account. Session end, daily loss, ruin and the margin call
   come first, then an opposite entry (close and reverse), then the exit rule, then the time stop. An entry needs both its own exit and the opposite
   entry to be silent.
4. ``place``: the decision becomes the pending order.

Two deviations only where they are asked for: with same-close fills ``trade`` fills the order at the close that decided it, and the account is marked
again; brackets live from the next bar on. With an end, the position is closed at the last bar's open (``trade`` with ``CLOSE``) or its close.
Otherwise a position still open after the last bar stays open: it is marked at the last close and is no trade yet. ``bar.one_bar`` is this order in code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    BARS_HELD,
    BORROWED,
    BY_DAILY_LOSS,
    BY_ENTRY,
    BY_MARGIN,
    BY_NOTHING,
    BY_REVERSE,
    BY_RUIN,
    BY_SESSION,
    BY_SIGNAL,
    BY_STOP,
    BY_TARGET,
    BY_TIME,
    BY_TRAILING,
    CASH,
    CLOSE,
    ENTRY_FEE,
    ENTRY_PRICE,
    EQUITY,
    FILL_BAR,
    FILL_BORROW,
    FILL_FEE,
    FILL_PNL,
    FILL_PRICE,
    FILL_QTY,
    FILL_REASON,
    FILL_SIDE,
    FILL_STOP,
    FILL_TARGET,
    GO_LONG,
    GO_SHORT,
    HALTED,
    HOLD,
    PEAK,
    PENDING_ACTION,
    PENDING_DISTANCE,
    PENDING_QTY,
    PENDING_REASON,
    QTY,
    SESSION_EQUITY,
    STOP,
    TARGET,
    TRAIL_DISTANCE,
)
from workbench.backtest.engine.price import (
    affordable,
    borrowing,
    called,
    entry_fee,
    exit_fee,
    level,
    market_price,
    on_grid,
    order_size,
    takeable,
    trailing_level,
)
from workbench.backtest.engine.rules import NO_BRACKET
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules


@kernel
def decide(  # noqa: PLR0917 - scalars: a record would be slower
    account: NDArray[np.float64],
    rules: FillRules,
    entry_long: int,
    exit_long: int,
    entry_short: int,
    exit_short: int,
    can_enter: int,
    must_flat: int,
    close: float,
    distance: float,
) -> tuple[int, float, int]:
    """Return ``(action, quantity, reason)`` at a close, from what is known then; changes nothing.

    The signals and flags are 0 or 1. ``distance`` is the bracket column at this close (NaN where no bracket needs one). ``quantity`` is that of the
    new position, 0 for ``CLOSE``; codes as in ``engine.account``.
    """
    entry = (entry_long != 0 and exit_long == 0 and entry_short == 0) - (entry_short != 0 and exit_short == 0 and entry_long == 0)
    leave = exit_long if account[QTY] > 0.0 else exit_short
    may_open = can_enter != 0 and must_flat == 0 and account[HALTED] == 0.0
    return decision(
        rules, account[QTY], account[EQUITY], account[HALTED], account[BARS_HELD], entry, leave, may_open, must_flat, close, distance
    )


@inlined_kernel
def decision(  # noqa: PLR0917, PLR0911 - scalars: a record would be slower
    rules: FillRules,
    held: float,
    equity: float,
    halted: float,
    bars_held: float,
    entry: int,
    leave: int,
    may_open: bool,
    must_flat: int,
    close: float,
    distance: float,
) -> tuple[int, float, int]:
    """Return ``(action, quantity, reason)``; ``entry`` is +1 or -1 for a valid entry signal, ``leave`` the exit signal of the held side."""
    may_open = may_open and (entry > 0 or rules.short_allowed != 0.0)
    if held == 0.0:
        quantity = order_size(rules, equity, close, distance) if may_open and entry != 0 else 0.0
        if quantity > 0.0:
            return (GO_LONG if entry > 0 else GO_SHORT), quantity, BY_ENTRY
        return HOLD, 0.0, BY_NOTHING
    if must_flat != 0:
        return CLOSE, 0.0, BY_SESSION
    if halted != 0.0:
        return CLOSE, 0.0, BY_DAILY_LOSS
    if equity <= 0.0:
        return CLOSE, 0.0, BY_RUIN
    if called(rules, held, equity, close):
        return CLOSE, 0.0, BY_MARGIN
    if entry * held < 0.0:
        quantity = order_size(rules, equity, close, distance) if may_open else 0.0
        if quantity > 0.0:
            return (GO_LONG if entry > 0 else GO_SHORT), quantity, BY_REVERSE
        return CLOSE, 0.0, BY_REVERSE
    if leave != 0:
        return CLOSE, 0.0, BY_SIGNAL
    if rules.time_stop_bars > 0.0 and bars_held >= rules.time_stop_bars:
        return CLOSE, 0.0, BY_TIME
    return HOLD, 0.0, BY_NOTHING


@kernel
def place(account: NDArray[np.float64], action: int, quantity: float, distance: float, reason: int) -> None:
    """Make a decision the pending order of ``account``; ``HOLD`` clears it."""
    account[PENDING_ACTION] = action
    account[PENDING_QTY] = quantity
    account[PENDING_DISTANCE] = distance
    account[PENDING_REASON] = reason


@kernel
def fill(  # noqa: PLR0917 - scalars: a record would be slower
    account: NDArray[np.float64],
    rules: FillRules,
    open_: float,
    high: float,
    low: float,
    close: float,  # noqa: ARG001 - part of the bar; see below
    new_session: int,
    bar: int,
    fills: NDArray[np.float64],
    count: int,
    volume: float = np.inf,
    nights: float = 0.0,
) -> int:
    """Trade the pending order and the brackets on one bar; return the new number of rows in ``fills``.

    ``fills`` has ``FILL_SIZE`` columns and room for ``FILLS_PER_BAR`` rows after ``count``; ``bar`` is what the rows say as their bar.
    ``volume`` is what the bar traded, ``nights`` are those since the session before, 0 inside a session. ``close`` completes the bar and is not used:
    nothing fills here at the close it was decided on.
    """
    if new_session != 0:
        account[SESSION_EQUITY] = account[EQUITY]
        account[HALTED] = 0.0
    if nights > 0.0:
        paid = borrowing(rules, account[QTY], open_, nights)
        account[CASH] -= paid
        account[BORROWED] += paid
    count = trade(account, rules, open_, volume, bar, fills, count)
    if account[QTY] != 0.0:
        account[BARS_HELD] += 1.0
        side = 1.0 if account[QTY] > 0.0 else -1.0
        reason, price, account[PEAK] = bracket_exit(
            rules, side, account[STOP], account[TARGET], account[PEAK], account[TRAIL_DISTANCE], open_, high, low
        )
        if reason != BY_NOTHING:
            count = _close(account, rules, price, reason, bar, fills, count)
    return count


@inlined_kernel
def trade(
    account: NDArray[np.float64], rules: FillRules, aimed: float, volume: float, bar: int, fills: NDArray[np.float64], count: int
) -> int:
    """Trade the pending order at ``aimed``, an open or a close, on a bar with ``volume``; return the number of rows after it."""
    action = account[PENDING_ACTION]
    if action == HOLD:
        return count
    account[PENDING_ACTION] = HOLD
    held = account[QTY]
    wanted = 1.0 if action == GO_LONG else (-1.0 if action == GO_SHORT else 0.0)
    if held != 0.0 and wanted * held <= 0.0:
        price = market_price(rules, aimed, -1.0 if held > 0.0 else 1.0)
        count = _close(account, rules, price, account[PENDING_REASON], bar, fills, count)
    if wanted != 0.0 and account[QTY] == 0.0:
        count = _open(account, rules, wanted, aimed, volume, bar, fills, count)
    return count


@kernel
def mark(account: NDArray[np.float64], rules: FillRules, close: float) -> float:
    """Return the equity at ``close`` and remember it; halt entries when the session has lost too much."""
    equity = worth(rules, account[CASH], account[QTY], account[ENTRY_PRICE], close)
    account[EQUITY] = equity
    if rules.max_daily_loss > 0.0 and equity <= account[SESSION_EQUITY] * (1.0 - rules.max_daily_loss):
        account[HALTED] = 1.0
    return equity


@inlined_kernel
def _open(
    account: NDArray[np.float64],
    rules: FillRules,
    side: float,
    aimed: float,
    volume: float,
    bar: int,
    fills: NDArray[np.float64],
    count: int,
) -> int:
    """Enter as far as money and volume go, and set the brackets from the price paid."""
    price = market_price(rules, aimed, side)
    quantity = affordable(rules, account[CASH], takeable(rules, account[PENDING_QTY], volume), price)
    if not quantity > 0.0:
        return count
    paid = entry_fee(rules, quantity, price)
    account[CASH] -= paid
    account[QTY] = side * quantity
    account[ENTRY_PRICE] = price
    account[ENTRY_FEE] = paid
    account[STOP], account[TARGET], account[TRAIL_DISTANCE] = brackets(rules, side, price, account[PENDING_DISTANCE])
    account[PEAK] = price
    account[BARS_HELD] = 0.0
    return _row(fills, count, bar, side, quantity, price, paid, BY_ENTRY, np.nan, account[STOP], account[TARGET], 0.0)


@inlined_kernel
def _close(
    account: NDArray[np.float64], rules: FillRules, price: float, reason: int, bar: int, fills: NDArray[np.float64], count: int
) -> int:
    """Leave the position at ``price`` and forget it."""
    held = account[QTY]
    account[CASH], paid, net = settled(rules, account[CASH], held, account[ENTRY_PRICE], account[ENTRY_FEE], price)
    borrow = account[BORROWED]
    account[BORROWED] = 0.0
    account[QTY] = 0.0
    account[ENTRY_PRICE] = 0.0
    account[ENTRY_FEE] = 0.0
    account[STOP] = np.nan
    account[TARGET] = np.nan
    account[PEAK] = np.nan
    account[TRAIL_DISTANCE] = np.nan
    account[BARS_HELD] = 0.0
    return _row(fills, count, bar, -1.0 if held > 0.0 else 1.0, abs(held), price, paid, reason, net - borrow, np.nan, np.nan, borrow)


@inlined_kernel
def settled(rules: FillRules, cash: float, held: float, entry_price: float, entry_fee: float, price: float) -> tuple[float, float, float]:
    """Return ``(cash, fee, net profit)`` of closing a position at ``price``; the net counts the fees of both sides."""
    paid = exit_fee(rules, abs(held), price)
    gained = held * (price - entry_price) * rules.multiplier
    return cash + gained - paid, paid, gained - paid - entry_fee


@inlined_kernel
def worth(rules: FillRules, cash: float, held: float, entry_price: float, close: float) -> float:
    """Return the equity at ``close``."""
    return cash + held * (close - entry_price) * rules.multiplier


@inlined_kernel
def brackets(rules: FillRules, side: float, price: float, distance: float) -> tuple[float, float, float]:
    """Return ``(stop, target, trailing distance)`` of a position entered at ``price``.

    A stop is rounded against us. A target is rounded away: the market has to come all the way to it.
    """
    stop = on_grid(level(rules.stop_kind, rules.stop_value, price, -side, rules.tick, distance), rules.tick, -side)
    target = on_grid(level(rules.target_kind, rules.target_value, price, side, rules.tick, distance), rules.tick, side)
    trail = abs(level(rules.trail_kind, rules.trail_value, price, -side, rules.tick, distance) - price)
    return stop, target, trail


@inlined_kernel
def bracket_exit(  # noqa: PLR0917 - scalars: a record would be slower
    rules: FillRules, side: float, stop: float, target: float, peak: float, trail_distance: float, open_: float, high: float, low: float
) -> tuple[int, float, float]:
    """Return ``(reason, price, peak)`` of what stop, trailing stop and target do on a bar; ``BY_NOTHING`` while the position stays."""
    worst = low if side > 0.0 else high
    best = high if side > 0.0 else low
    reason = BY_STOP
    if rules.trail_kind != NO_BRACKET:
        if side * (open_ - peak) > 0.0:
            peak = open_
        trail = trailing_level(rules, peak, trail_distance, side)
        if not side * (stop - trail) >= 0.0:
            stop = trail
            reason = BY_TRAILING
    # An open at or beyond the target fills the limit order there and then: whatever touches the stop on this bar comes later.
    if side * (open_ - target) >= 0.0:
        return BY_TARGET, on_grid(open_, rules.tick, -side), peak
    if side * (worst - stop) <= 0.0:
        aimed = open_ if side * (open_ - stop) < 0.0 else stop
        return reason, market_price(rules, aimed, -side), peak
    if side * (best - target) >= 0.0:
        return BY_TARGET, target, peak
    if side * (best - peak) > 0.0:
        peak = best
    return BY_NOTHING, 0.0, peak


@inlined_kernel
def _row(  # noqa: PLR0917 - scalars: a record would be slower
    fills: NDArray[np.float64],
    count: int,
    bar: int,
    side: float,
    quantity: float,
    price: float,
    paid: float,
    reason: int,
    net: float,
    stop: float,
    target: float,
    borrow: float,
) -> int:
    """Write one fill and return the number of rows after it."""
    fills[count, FILL_BAR] = bar
    fills[count, FILL_SIDE] = side
    fills[count, FILL_QTY] = quantity
    fills[count, FILL_PRICE] = price
    fills[count, FILL_FEE] = paid
    fills[count, FILL_REASON] = reason
    fills[count, FILL_PNL] = net
    fills[count, FILL_STOP] = stop
    fills[count, FILL_TARGET] = target
    fills[count, FILL_BORROW] = borrow
    return count + 1
