"""Many symbols, one account: the loop over events.

Every bar gives two events, its open and its close. They are taken in order of time; at one moment closes come before opens, and symbols in the order
they were given. A symbol without a bar has no event: its order waits for its next bar, and its position keeps its last price.

1. ``_closes``: stop, trailing stop and target of each symbol that closes now meet its bar; what that paid is known only now. Its mark is the close.
2. ``assess``: equity is money plus open profits at the marks. The daily losses are compared, of each strategy and of the account, and what all
   positions together need to be kept. On a daily loss of the account, on ruin or a margin call every position gets an order to close at its next open,
   and waiting entries are dropped.
3. ``_endings``: a symbol without further bars leaves as its rules or the limits of the basket say.
4. ``_decisions``: each symbol that closed now decides as in a single run, from the shared equity, sized on its part of it. With same-close fills
   it trades at once as in 6, and equity is taken again.
5. The curve gets a row.
6. ``_opens``: a new session takes its first equity; borrowing is paid; then **every exit** of this moment fills, then the entries, highest
   priority first, ties in the order of the symbols (``serve``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.basket.book import (
    AT_CLOSE,
    AT_OPEN,
    BASKET_FILL,
    BASKET_ORDER,
    CALLED,
    CASH,
    CUT_SIZE,
    EQUITY,
    FOR_HALT,
    HALTED,
    INSIDE,
    MARKED,
    NEVER,
    ORDER_MARK,
    ORDER_RANK,
    ORDER_SYMBOL,
    ORDERED,
    SESSION,
    SESSION_EQUITY,
    Book,
    Desk,
    Log,
    Terms,
    account_of,
    desk_of,
    full,
    is_last,
    new_book,
    pay,
    roomy,
    row_at,
    rules_of,
)
from workbench.backtest.basket.curve import Curve, new_curve, outcome, write_curve
from workbench.backtest.basket.service import cut, leave, open_profit, serve
from workbench.backtest.engine import account as a
from workbench.backtest.engine.bar import _end_at_open
from workbench.backtest.engine.fill import bracket_exit, decision, place
from workbench.backtest.engine.price import borrowing, market_price
from workbench.backtest.engine.rules import CLOSE_AT_END, HOLD_AT_END, OPEN_AT_END, SAME_CLOSE
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.basket.allocation import Ceilings
    from workbench.backtest.basket.feed import Feed


@kernel
def run_events(feed: Feed, terms: Terms, limits: Ceilings, empty: NDArray[np.float64]) -> tuple[Book, Log, Curve]:
    """Return the books, what was written down, and the curve with a row for each moment at which a bar closed."""
    book = new_book(feed.first, feed.opens_at, empty, limits.initial_cash)
    purse = book.purse
    symbols = feed.first.size - 1
    log = Log(np.empty((256, BASKET_FILL)), np.empty((256, BASKET_ORDER)), np.empty((64, CUT_SIZE)))
    curve = new_curve(feed)
    desk = desk_of(feed, terms, limits, book, log)
    while True:
        now = NEVER
        for symbol in range(symbols):
            now = min(now, book.next_at[symbol])
        if now == NEVER:
            break
        if full(log, purse, symbols):
            log = roomy(log, purse, symbols)
            desk = desk_of(feed, terms, limits, book, log)
        closed = meet_closes(desk, now)
        if closed > 0:
            _at_close(desk, closed)
            write_curve(desk, curve, closed, now)
            turn(desk, closed)
        _opens(desk, now)
    return outcome(book, log, curve)


@inlined_kernel
def meet_closes(desk: Desk, now: int) -> int:
    """Let each bar that closes ``now`` meet its position's brackets; list and count the symbols."""
    feed, book, closed = desk.feed, desk.book, 0
    for symbol in range(desk.symbols):
        if book.next_at[symbol] != now or book.inside[symbol] == 0:
            continue
        book.listed[closed] = symbol
        closed += 1
        at = feed.first[symbol] + book.bar[symbol]
        account = account_of(desk, symbol)
        book.marks[symbol] = feed.prices.close[at]
        book.rates[symbol] = feed.rates_close[at]
        book.stopped[symbol] = 0
        if account[a.QTY] == 0.0:
            continue
        rules = rules_of(desk, symbol)
        account[a.BARS_HELD] += 1.0
        side = 1.0 if account[a.QTY] > 0.0 else -1.0
        open_, high, low = feed.prices.open[at], feed.prices.high[at], feed.prices.low[at]
        reason, price, account[a.PEAK] = bracket_exit(
            rules, side, account[a.STOP], account[a.TARGET], account[a.PEAK], account[a.TRAIL_DISTANCE], open_, high, low
        )
        if reason != a.BY_NOTHING:
            leave(desk, symbol, price, reason, INSIDE)
            book.stopped[symbol] = reason != a.BY_TARGET
        book.profits[symbol] = open_profit(desk, rules, symbol)
    return closed


@inlined_kernel
def _at_close(desk: Desk, closed: int) -> None:
    """Take stock, end what has ended, decide, and trade what trades at this very close."""
    assess(desk, closed)
    if endings(desk, closed):
        assess(desk, closed)
    if _decisions(desk, closed):
        _trade(desk, closed)
        assess(desk, closed)


@kernel
def assess(desk: Desk, closed: int) -> None:
    """Work out equity and what it means: daily losses, ruin, margin call; the first ``closed`` of ``listed`` decide for themselves."""
    terms, limits, book = desk.terms, desk.limits, desk.book
    purse = book.purse
    equity, need = purse[CASH], 0.0
    for symbol in range(desk.symbols):
        held = account_of(desk, symbol)[a.QTY]
        if held != 0.0:
            equity += book.profits[symbol]
            if terms.maintenance[symbol] > 0.0:
                rules = rules_of(desk, symbol)
                one = rules.margin if rules.margin > 0.0 else book.marks[symbol] * rules.multiplier
                need += terms.maintenance[symbol] * (abs(held) * one) * book.rates[symbol]
    purse[EQUITY] = equity
    purse[CALLED] = 1.0 if equity < need else 0.0
    if limits.max_daily_loss > 0.0 and equity <= purse[SESSION_EQUITY] * (1.0 - limits.max_daily_loss):
        purse[HALTED] = 1.0
    for place_ in range(closed):
        account = account_of(desk, book.listed[place_])
        account[a.EQUITY] = equity
        loss = rules_of(desk, book.listed[place_]).max_daily_loss
        if loss > 0.0 and equity <= account[a.SESSION_EQUITY] * (1.0 - loss):
            account[a.HALTED] = 1.0
    if purse[HALTED] != 0.0 or purse[CALLED] != 0.0 or equity <= 0.0:
        reason = a.BY_DAILY_LOSS if purse[HALTED] != 0.0 else (a.BY_RUIN if equity <= 0.0 else a.BY_MARGIN)
        _all_out(desk, closed, reason)


@kernel
def _all_out(desk: Desk, closed: int, reason: int) -> None:
    """Order every position to close, except those that decide now themselves; drop the entries that wait."""
    book = desk.book
    for symbol in range(desk.symbols):
        now = False
        for place_ in range(closed):
            now = now or book.listed[place_] == symbol
        account = account_of(desk, symbol)
        pending = account[a.PENDING_ACTION]
        if now or pending == a.CLOSE:
            continue
        if account[a.QTY] != 0.0:
            place(account, a.CLOSE, 0.0, np.nan, reason)
            order(desk, symbol, a.CLOSE, 0.0, reason, np.nan)
        elif pending != a.HOLD:
            account[a.PENDING_ACTION] = a.HOLD
            cut(desk, symbol, account[a.PENDING_QTY], 0.0, FOR_HALT)


@kernel
def endings(desk: Desk, closed: int) -> bool:
    """Close the positions of symbols that have no more bars; return whether there were any."""
    feed, limits, book, any_ = desk.feed, desk.limits, desk.book, False
    for place_ in range(closed):
        symbol = book.listed[place_]
        account = account_of(desk, symbol)
        if account[a.QTY] == 0.0 or not is_last(desk, symbol):
            continue
        rules = rules_of(desk, symbol)
        at_end, gone = rules.end_kind == CLOSE_AT_END, feed.ended[symbol] != 0 and limits.ending > 0.0
        if at_end or (gone and rules.end_kind == HOLD_AT_END):
            price = market_price(rules, book.marks[symbol], -1.0 if account[a.QTY] > 0.0 else 1.0)
            leave(desk, symbol, 0.0 if limits.ending > 1.0 and not at_end else price, a.BY_END, AT_CLOSE)
            any_ = True
    return any_


@kernel
def _decisions(desk: Desk, closed: int) -> bool:
    """Let each symbol that closed decide; return whether an order trades at this very close."""
    feed, book, at_once = desk.feed, desk.book, False
    for place_ in range(closed):
        symbol = book.listed[place_]
        at = feed.first[symbol] + book.bar[symbol]
        rules = rules_of(desk, symbol)
        over = rules.end_kind != HOLD_AT_END or (feed.ended[symbol] != 0 and desk.limits.ending > 0.0)
        if over and is_last(desk, symbol):
            continue
        account = account_of(desk, symbol)
        action, quantity, reason = _decision(desk, symbol, at)
        if action == a.HOLD:
            continue
        place(account, action, quantity, feed.distance[at], reason)
        book.ranks[symbol] = feed.priority[at]
        order(desk, symbol, action, quantity, reason, feed.distance[at])
        at_once = at_once or rules.fill_at == SAME_CLOSE
    return at_once


@inlined_kernel
def _decision(desk: Desk, symbol: int, at: int) -> tuple[int, float, int]:
    """Return ``(action, quantity, reason)`` as a single run would, but with the equity, the halt and the margin call of all."""
    rules = rules_of(desk, symbol)
    feed, book = desk.feed, desk.book
    account, purse, signals = account_of(desk, symbol), book.purse, feed.signals
    held = account[a.QTY]
    long, short = signals.entry_long[at] != 0, signals.entry_short[at] != 0
    leave_long, leave_short = signals.exit_long[at] != 0, signals.exit_short[at] != 0
    entry = (long and not leave_long and not short) - (short and not leave_short and not long)
    out = leave_long if held > 0.0 else leave_short
    halted = max(account[a.HALTED], purse[HALTED])
    must_flat = feed.hours.must_flat[at]
    enter = feed.hours.can_enter[at] != 0 and must_flat == 0 and halted == 0.0 and purse[CALLED] == 0.0
    enter = enter and not (rules.fill_at == SAME_CLOSE and book.stopped[symbol] != 0)
    if held != 0.0 and purse[CALLED] != 0.0 and must_flat == 0 and halted == 0.0 and purse[EQUITY] > 0.0:
        return a.CLOSE, 0.0, a.BY_MARGIN
    equity = purse[EQUITY] * desk.terms.parts[symbol]
    return decision(
        rules, held, equity, halted, account[a.BARS_HELD], entry, int(out), enter, must_flat, book.marks[symbol], feed.distance[at]
    )


@inlined_kernel
def order(desk: Desk, symbol: int, action: int, quantity: float, reason: int, distance: float) -> None:
    """Write down a decision."""
    book = desk.book
    row = row_at(desk.log.orders, book.purse[ORDERED], BASKET_ORDER)[0]
    row[a.ORDER_BAR] = book.bar[symbol]
    row[a.ORDER_ACTION] = action
    row[a.ORDER_QTY] = quantity
    row[a.ORDER_REASON] = reason
    row[a.ORDER_DISTANCE] = distance
    row[ORDER_SYMBOL] = symbol
    row[ORDER_RANK] = book.ranks[symbol]
    row[ORDER_MARK] = book.purse[MARKED]
    book.purse[ORDERED] += 1.0


@kernel
def _trade(desk: Desk, closed: int) -> None:
    """Trade the orders of this close at this close: exits, then entries by priority."""
    for place_ in range(closed):
        symbol = desk.book.listed[place_]
        if rules_of(desk, symbol).fill_at == SAME_CLOSE:
            _exit(desk, symbol, desk.book.marks[symbol], AT_CLOSE)
    serve(desk, closed, AT_CLOSE)


@inlined_kernel
def _exit(desk: Desk, symbol: int, aimed: float, phase: int) -> None:
    """Fill the pending exit of ``symbol``, or the exit half of a reversal, aiming at a price."""
    account, rules = account_of(desk, symbol), rules_of(desk, symbol)
    action, held = account[a.PENDING_ACTION], account[a.QTY]
    wanted = 1.0 if action == a.GO_LONG else (-1.0 if action == a.GO_SHORT else 0.0)
    if action != a.HOLD and held != 0.0 and wanted * held <= 0.0:
        leave(desk, symbol, market_price(rules, aimed, -1.0 if held > 0.0 else 1.0), account[a.PENDING_REASON], phase)
    if wanted == 0.0 or account[a.QTY] != 0.0:
        account[a.PENDING_ACTION] = a.HOLD


@inlined_kernel
def turn(desk: Desk, closed: int) -> None:
    """Let the symbols that closed wait for their next bar."""
    feed, book = desk.feed, desk.book
    for place_ in range(closed):
        symbol = book.listed[place_]
        book.inside[symbol] = 0
        book.next_at[symbol] = NEVER if is_last(desk, symbol) else feed.opens_at[feed.first[symbol] + book.bar[symbol] + 1]
        book.bar[symbol] += 1


@inlined_kernel
def _opens(desk: Desk, now: int) -> None:
    """Open the bars that open ``now``: sessions and borrowing, then all exits, then the entries."""
    feed, book, opened = desk.feed, desk.book, 0
    for symbol in range(desk.symbols):
        if book.next_at[symbol] == now and book.inside[symbol] == 0:
            book.listed[opened] = symbol
            opened += 1
            open_bar(desk, symbol)
    for place_ in range(opened):
        symbol = book.listed[place_]
        rules = rules_of(desk, symbol)
        if rules.end_kind == OPEN_AT_END and is_last(desk, symbol):
            _end_at_open(account_of(desk, symbol))
        _exit(desk, symbol, feed.prices.open[feed.first[symbol] + book.bar[symbol]], AT_OPEN)
    if opened > 0:
        serve(desk, opened, AT_OPEN)


@inlined_kernel
def open_bar(desk: Desk, symbol: int) -> None:
    """Begin a bar: its close is next, a new session takes its first equity, nights of borrowing are paid."""
    feed, book = desk.feed, desk.book
    purse = book.purse
    at = feed.first[symbol] + book.bar[symbol]
    book.inside[symbol] = 1
    book.next_at[symbol] = feed.closes_at[at]
    if feed.rates_open[at] != book.rates[symbol]:
        book.rates[symbol] = feed.rates_open[at]
        book.profits[symbol] = open_profit(desk, rules_of(desk, symbol), symbol)
    account = account_of(desk, symbol)
    if feed.session[at] > purse[SESSION]:
        purse[SESSION] = feed.session[at]
        purse[SESSION_EQUITY] = purse[EQUITY]
        purse[HALTED] = 0.0
    if feed.hours.new_session[at] != 0:
        account[a.SESSION_EQUITY] = purse[EQUITY]
        account[a.HALTED] = 0.0
    if feed.hours.nights[at] > 0.0:
        paid = borrowing(rules_of(desk, symbol), account[a.QTY], feed.prices.open[at], feed.hours.nights[at])
        pay(desk, symbol, purse[CASH] - paid * book.rates[symbol])
        account[a.BORROWED] += paid
        book.borrowed[symbol] += paid * book.rates[symbol]
