"""Target weights instead of signals: the loop of a rebalanced account.

Sessions, borrowing, marks, daily loss, ruin, margin call and endings are those of the shared account. Instead of decisions:

1. ``_aim``: at the moment of a row of weights each symbol with a weight gets a target: weight times equity, less the buffer, over the notional of one at
   its mark, floored to whole lots. No weight (NaN) leaves the symbol alone; a symbol without a price yet is cut (``price``). A position whose weight is
   within the band of its target stays. A new row replaces what still waits.
2. ``_rebalance``: at a moment of opens everything that shrinks, closes or changes side is sold (or covered) first, in the order of the symbols; then what
   grows is served, the largest weight first, as far as ceilings, volume and money go. Prices are slipped and rounded, each order pays its fee.
3. A position has one average entry price; selling part of it realises that part of its profit, fees and borrowing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.basket.book import (
    AT_OPEN,
    BASKET_FILL,
    BASKET_ORDER,
    CALLED,
    CASH,
    CUT_SIZE,
    FILLED,
    FOR_HALT,
    FOR_MONEY,
    FOR_PRICE,
    FOR_VOLUME,
    HALTED,
    NEVER,
    ORDERED,
    Book,
    Desk,
    Log,
    Terms,
    account_of,
    desk_of,
    full,
    lend,
    new_book,
    pay,
    roomy,
    row_at,
    rules_of,
)
from workbench.backtest.basket.curve import Curve, new_curve, outcome, write_curve
from workbench.backtest.basket.kernel import assess, endings, meet_closes, open_bar, order, turn
from workbench.backtest.basket.service import carried, cut, free_money, leave, open_profit, sign, totals, under_ceilings
from workbench.backtest.engine import account as a
from workbench.backtest.engine.fill import _row
from workbench.backtest.engine.price import affordable, entry_fee, exit_fee, market_price, takeable, whole_lots
from workbench.compiled import inlined_kernel, kernel
from workbench.content import bytes_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.basket.allocation import Ceilings
    from workbench.backtest.basket.feed import Feed


class Targets(NamedTuple):
    """Rows of weights in order of time."""

    moments: NDArray[np.int64]
    """(rows,) from which each is known, ns since 1970 UTC."""
    weights: NDArray[np.float64]
    """(rows, symbols) share of equity, negative for short; NaN leaves the symbol alone."""
    buffer: float
    """Share of equity that is kept out of every target."""
    band: float
    """Share of equity by which a position may miss its target without being traded."""


@kernel
def run_targets(feed: Feed, terms: Terms, limits: Ceilings, targets: Targets, empty: NDArray[np.float64]) -> tuple[Book, Log, Curve]:
    """Return the books, what was written down, and the curve, as ``run_events`` does."""
    book = new_book(feed.first, feed.opens_at, empty, limits.initial_cash)
    purse, symbols, row = book.purse, feed.first.size - 1, 0
    log = Log(np.empty((256, BASKET_FILL)), np.empty((256, BASKET_ORDER)), np.empty((64, CUT_SIZE)))
    curve = new_curve(feed)
    desk = desk_of(feed, terms, limits, book, log)
    while True:
        now = NEVER
        for symbol in range(symbols):
            now = min(now, book.next_at[symbol])
        if now == NEVER:
            break
        if row < targets.moments.size:
            now = min(now, targets.moments[row])
        if full(log, purse, symbols):
            log = roomy(log, purse, symbols)
            desk = desk_of(feed, terms, limits, book, log)
        closed = meet_closes(desk, now)
        if closed > 0:
            # Nobody decides for itself here: in trouble the symbols that closed now get their order like all others.
            assess(desk, 0)
            if endings(desk, closed):
                assess(desk, 0)
            write_curve(desk, curve, closed, now)
            turn(desk, closed)
        if row < targets.moments.size and targets.moments[row] == now:
            _aim(desk, targets, row)
            row += 1
        _opens(desk, now)
    return outcome(book, log, curve)


@kernel
def _aim(desk: Desk, targets: Targets, row: int) -> None:
    """Give each symbol with a weight its target and its place in the queue."""
    equity = totals(desk)[0]
    stopped = desk.book.purse[HALTED] != 0.0 or desk.book.purse[CALLED] != 0.0
    for symbol in range(desk.symbols):
        weight, mark = targets.weights[row, symbol], desk.book.marks[symbol]
        if np.isnan(weight):
            continue
        rules, account = rules_of(desk, symbol), account_of(desk, symbol)
        held = account[a.QTY]
        side = 1.0 if weight > 0.0 else -1.0
        if weight != 0.0 and (_unpriced(desk, symbol) or stopped or equity <= 0.0 or (side < 0.0 and rules.short_allowed == 0.0)):
            cut(desk, symbol, 0.0, 0.0, FOR_PRICE if _unpriced(desk, symbol) else FOR_HALT)
            continue
        one = mark * rules.multiplier * desk.book.rates[symbol]
        wanted = side * whole_lots(abs(weight) * equity * (1.0 - targets.buffer) / one, rules.lot) if weight != 0.0 else 0.0
        account[a.PENDING_ACTION] = a.HOLD
        if wanted == held or (weight != 0.0 and abs(wanted - held) * one < targets.band * equity):
            continue
        action = a.CLOSE if wanted == 0.0 else (a.GO_LONG if wanted > 0.0 else a.GO_SHORT)
        account[a.PENDING_ACTION] = action
        account[a.PENDING_QTY] = wanted
        account[a.PENDING_REASON] = a.BY_SIGNAL
        desk.book.ranks[symbol] = abs(weight)
        order(desk, symbol, action, abs(wanted - held), a.BY_SIGNAL, np.nan)
        row_at(desk.log.orders, desk.book.purse[ORDERED] - 1.0, BASKET_ORDER)[0, a.ORDER_BAR] -= 1.0  # decided at the close before


@inlined_kernel
def _unpriced(desk: Desk, symbol: int) -> bool:
    """Return whether ``symbol`` cannot be bought: no close yet, or no bar to come."""
    return bool(np.isnan(desk.book.marks[symbol]) or desk.book.next_at[symbol] == NEVER)


@inlined_kernel
def _opens(desk: Desk, now: int) -> None:
    """Open the bars that open ``now``, then trade what waits for them."""
    opened = 0
    for symbol in range(desk.symbols):
        if desk.book.next_at[symbol] == now and desk.book.inside[symbol] == 0:
            desk.book.listed[opened] = symbol
            opened += 1
            open_bar(desk, symbol)
    if opened > 0:
        _rebalance(desk, opened)


@kernel
def _rebalance(desk: Desk, opened: int) -> None:
    """Trade the targets of the first ``opened`` symbols: what shrinks in their order, then what grows by weight."""
    book, waiting = desk.book, 0
    for place in range(opened):
        symbol = book.listed[place]
        account = account_of(desk, symbol)
        if account[a.PENDING_ACTION] == a.HOLD:
            continue
        wanted = 0.0 if account[a.PENDING_ACTION] == a.CLOSE else account[a.PENDING_QTY]
        _shrink_to(desk, symbol, wanted)
        if abs(wanted) <= abs(account[a.QTY]):
            account[a.PENDING_ACTION] = a.HOLD
            continue
        at = waiting
        while at > 0 and book.ranks[book.queue[at - 1]] < book.ranks[symbol]:
            book.queue[at] = book.queue[at - 1]
            at -= 1
        book.queue[at] = symbol
        waiting += 1
    for place in range(waiting):
        _grow(desk, book.queue[place])


@kernel
def _shrink_to(desk: Desk, symbol: int, wanted: float) -> None:
    """Leave what of the position is more than ``wanted``, or on its other side."""
    book, rules, account = desk.book, rules_of(desk, symbol), account_of(desk, symbol)
    held = account[a.QTY]
    side = 1.0 if held > 0.0 else -1.0
    if held == 0.0 or (wanted * held > 0.0 and abs(wanted) >= abs(held)):
        return
    aimed = desk.feed.prices.open[desk.feed.first[symbol] + book.bar[symbol]]
    price, reason = market_price(rules, aimed, -side), account[a.PENDING_REASON]
    if wanted * held <= 0.0:
        leave(desk, symbol, price, reason, AT_OPEN)
        return
    quantity, rate = abs(held) - abs(wanted), book.rates[symbol]
    part = quantity / abs(held)
    paid, fees, borrow = exit_fee(rules, quantity, price) * rate, account[a.ENTRY_FEE] * part, book.borrowed[symbol] * part
    gained = side * quantity * (price - account[a.ENTRY_PRICE]) * rules.multiplier * rate
    gained += carried(desk, rules, symbol, side * quantity * account[a.ENTRY_PRICE], rate)
    net = gained - paid - fees * book.entry_rates[symbol] - borrow
    pay(desk, symbol, book.purse[CASH] + gained - paid)
    account[a.ENTRY_FEE] -= fees
    account[a.BORROWED] *= 1.0 - part
    book.borrowed[symbol] -= borrow
    account[a.QTY] = wanted
    rows = row_at(desk.log.fills, book.purse[FILLED], BASKET_FILL)
    _row(rows, 0, book.bar[symbol], -side, quantity, price, paid, reason, net, np.nan, np.nan, borrow)
    sign(desk, rows[0], symbol, AT_OPEN)
    book.profits[symbol] = open_profit(desk, rules, symbol)


@kernel
def _grow(desk: Desk, symbol: int) -> None:
    """Add what the target lacks, as far as ceilings, volume and money allow."""
    book, rules, account = desk.book, rules_of(desk, symbol), account_of(desk, symbol)
    at = desk.feed.first[symbol] + book.bar[symbol]
    held, wanted, aimed = account[a.QTY], account[a.PENDING_QTY], desk.feed.prices.open[at]
    account[a.PENDING_ACTION] = a.HOLD
    side = 1.0 if wanted > 0.0 else -1.0
    price, more = market_price(rules, aimed, side), abs(wanted) - abs(held)
    quantity, reason = under_ceilings(desk, symbol, side * more, price)
    taken = takeable(rules, quantity, desk.feed.prices.volume[at])
    reason = FOR_VOLUME if taken < quantity else reason
    bought = affordable(rules, lend(desk, symbol, free_money(desk))[a.CASH], taken, price)
    reason = FOR_MONEY if bought < taken else reason
    if bought > 0.0:
        _add(desk, symbol, side * bought, price)
        book.marks[symbol] = aimed
        book.profits[symbol] = open_profit(desk, rules, symbol)
    if reason != 0:
        cut(desk, symbol, more, max(bought, 0.0), reason)


@inlined_kernel
def _add(desk: Desk, symbol: int, bought: float, price: float) -> None:
    """Add ``bought`` (signed) at ``price`` to the position: prices, rates and fees average by what was put in."""
    book, rules, account = desk.book, rules_of(desk, symbol), account_of(desk, symbol)
    before, after, rate = abs(account[a.QTY]), abs(account[a.QTY]) + abs(bought), book.rates[symbol]
    paid, old = entry_fee(rules, abs(bought), price), before * account[a.ENTRY_PRICE]
    new = abs(bought) * price
    mean_rate = (old * book.entry_rates[symbol] + new * rate) / (old + new)
    account[a.ENTRY_FEE] = (account[a.ENTRY_FEE] * book.entry_rates[symbol] + paid * rate) / mean_rate
    account[a.ENTRY_PRICE] = (old + new) / after
    account[a.QTY] += bought
    book.entry_rates[symbol] = mean_rate
    pay(desk, symbol, book.purse[CASH] - paid * rate)
    rows = row_at(desk.log.fills, book.purse[FILLED], BASKET_FILL)
    side = 1.0 if bought > 0.0 else -1.0
    _row(rows, 0, book.bar[symbol], side, abs(bought), price, paid * rate, a.BY_ENTRY, np.nan, np.nan, np.nan, 0.0)
    sign(desk, rows[0], symbol, AT_OPEN)


def weights_hash(targets: Targets) -> str:
    """Return the content address of the weights."""
    numbers = np.array([targets.buffer, targets.band, *targets.weights.shape], dtype="<f8")
    cells = np.where(np.isnan(targets.weights), np.nan, targets.weights).astype("<f8")
    return bytes_hash(targets.moments.astype("<i8").tobytes() + numbers.tobytes() + cells.tobytes())
