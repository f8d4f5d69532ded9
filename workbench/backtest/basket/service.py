"""Who gets the money: one exit, one entry, and the order in which entries are served.

``serve`` takes the entries of one moment, highest priority first, and gives each what is left:

1. *slots*: with as many positions as allowed held, nothing more is opened.
2. *symbol*, *gross*, *net*: the notional at the price paid stays under the ceilings, as shares of equity at this moment; others count at their marks.
3. *volume*: at most the share of the bar's volume that the rules allow.
4. *money*: what is free pays for it, fees included. Free is the money less, for each position, what was paid for it (cash instruments without
   leverage), or else its margin, or its notional over the leverage (each at its mark), less its open profit: profits of margined positions pay for
   others as losses take away from them.

Whole lots each time. What is cut is written down with its reason, and dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backtest.basket.book import (
    AT_OPEN,
    BASKET_FILL,
    CASH,
    CUT,
    CUT_BAR,
    CUT_GOT,
    CUT_MARK,
    CUT_REASON,
    CUT_SIZE,
    CUT_SYMBOL,
    CUT_WANTED,
    FILL_LEFT,
    FILL_MARK,
    FILL_PHASE,
    FILL_SYMBOL,
    FILLED,
    FOR_GROSS,
    FOR_MONEY,
    FOR_NET,
    FOR_SLOTS,
    FOR_SYMBOL,
    FOR_VOLUME,
    MARKED,
    Desk,
    account_of,
    lend,
    pay,
    row_at,
    rules_of,
)
from workbench.backtest.engine import account as a
from workbench.backtest.engine.fill import _close, _open, worth
from workbench.backtest.engine.price import affordable, market_price, takeable, whole_lots
from workbench.backtest.engine.rules import SAME_CLOSE
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules


@kernel
def leave(desk: Desk, symbol: int, price: float, reason: int, phase: int) -> None:
    """Close the position of ``symbol`` at ``price``; money and profit in the currency of the account."""
    book, rules = desk.book, rules_of(desk, symbol)
    purse, rate = book.purse, book.rates[symbol]
    account = lend(desk, symbol, purse[CASH])
    principal = carried(desk, rules, symbol, account[a.QTY] * account[a.ENTRY_PRICE], rate)
    fee_paid, count = account[a.ENTRY_FEE], purse[FILLED]
    rows = row_at(desk.log.fills, count, BASKET_FILL)
    _close(account, rules, price, reason, book.bar[symbol], rows, 0)
    pay(desk, symbol, account[a.CASH] * rate + principal)
    row = rows[0]
    if rate != 1.0 or book.entry_rates[symbol] != 1.0:
        row[a.FILL_PNL] = (row[a.FILL_PNL] + row[a.FILL_BORROW]) * rate + principal + fee_paid * (rate - book.entry_rates[symbol])
        row[a.FILL_PNL] -= book.borrowed[symbol]
        row[a.FILL_FEE] *= rate
        row[a.FILL_BORROW] = book.borrowed[symbol]
    sign(desk, row, symbol, phase)
    book.profits[symbol] = 0.0
    book.borrowed[symbol] = 0.0


@inlined_kernel
def sign(desk: Desk, row: NDArray[np.float64], symbol: int, phase: int) -> None:
    """Complete a fill: whose it is, when in the bar, and after how many marks."""
    row[FILL_SYMBOL] = symbol
    row[FILL_PHASE] = phase
    row[FILL_MARK] = desk.book.purse[MARKED]
    row[FILL_LEFT] = account_of(desk, symbol)[a.QTY]
    desk.book.purse[FILLED] += 1.0


@inlined_kernel
def carried(desk: Desk, rules: FillRules, symbol: int, held_value: float, rate: float) -> float:
    """Return what the change of the exchange rate made of the money put into a cash position; margined ones put none in."""
    return 0.0 if rules.margin > 0.0 else held_value * rules.multiplier * (rate - desk.book.entry_rates[symbol])


@inlined_kernel
def open_profit(desk: Desk, rules: FillRules, symbol: int) -> float:
    """Return the open profit of ``symbol`` at its mark, in the currency of the account."""
    account, rate, mark = account_of(desk, symbol), desk.book.rates[symbol], desk.book.marks[symbol]
    if account[a.QTY] == 0.0:
        return 0.0
    gained = worth(rules, 0.0, account[a.QTY], account[a.ENTRY_PRICE], mark) * rate
    return float(gained + carried(desk, rules, symbol, account[a.QTY] * account[a.ENTRY_PRICE], rate))


@kernel
def serve(desk: Desk, listed: int, phase: int) -> None:
    """Fill the pending entries of the first ``listed`` symbols in order of priority."""
    feed, book, waiting = desk.feed, desk.book, 0
    for place in range(listed):
        symbol = book.listed[place]
        action = account_of(desk, symbol)[a.PENDING_ACTION]
        if action == a.HOLD or (phase != AT_OPEN and rules_of(desk, symbol).fill_at != SAME_CLOSE):
            continue
        at = waiting
        while at > 0 and book.ranks[book.queue[at - 1]] < book.ranks[symbol]:
            book.queue[at] = book.queue[at - 1]
            at -= 1
        book.queue[at] = symbol
        waiting += 1
    for place in range(waiting):
        symbol = book.queue[place]
        at = feed.first[symbol] + book.bar[symbol]
        aimed = feed.prices.open[at] if phase == AT_OPEN else feed.prices.close[at]
        _enter(desk, symbol, aimed, feed.prices.volume[at], phase)


@kernel
def _enter(desk: Desk, symbol: int, aimed: float, volume: float, phase: int) -> None:
    """Open what the pending order wants, as far as ceilings, volume and money allow."""
    book, rules = desk.book, rules_of(desk, symbol)
    account, purse = account_of(desk, symbol), book.purse
    side = 1.0 if account[a.PENDING_ACTION] == a.GO_LONG else -1.0
    account[a.PENDING_ACTION] = a.HOLD
    wanted = account[a.PENDING_QTY]
    price = market_price(rules, aimed, side)
    quantity, reason = under_ceilings(desk, symbol, side * wanted, price)
    taken = takeable(rules, quantity, volume)
    reason = FOR_VOLUME if taken < quantity else reason
    account = lend(desk, symbol, free_money(desk))
    bought = affordable(rules, account[a.CASH], taken, price)
    reason = FOR_MONEY if bought < taken else reason
    if bought > 0.0:
        account[a.PENDING_QTY] = taken
        rows = row_at(desk.log.fills, purse[FILLED], BASKET_FILL)
        _open(account, rules, side, aimed, volume, book.bar[symbol], rows, 0)
        pay(desk, symbol, purse[CASH] - account[a.ENTRY_FEE] * book.rates[symbol])
        rows[0, a.FILL_FEE] *= book.rates[symbol]
        book.entry_rates[symbol] = book.rates[symbol]
        book.marks[symbol] = aimed
        book.profits[symbol] = open_profit(desk, rules, symbol)
        sign(desk, rows[0], symbol, phase)
    if reason != 0:
        cut(desk, symbol, wanted, max(bought, 0.0), reason)


@kernel
def cut(desk: Desk, symbol: int, wanted: float, got: float, reason: int) -> None:
    """Write down an entry that got less than it wanted."""
    book = desk.book
    row = row_at(desk.log.cuts, book.purse[CUT], CUT_SIZE)[0]
    row[CUT_SYMBOL] = symbol
    row[CUT_BAR] = book.bar[symbol]
    row[CUT_WANTED] = wanted
    row[CUT_GOT] = got
    row[CUT_REASON] = reason
    row[CUT_MARK] = book.purse[MARKED]
    book.purse[CUT] += 1.0


@inlined_kernel
def under_ceilings(desk: Desk, symbol: int, wanted: float, price: float) -> tuple[float, int]:
    """Return how much of ``wanted`` (signed) the ceilings allow at ``price``, and which ceiling cut it; 0 for none."""
    limits, book = desk.limits, desk.book
    side, quantity, reason = 1.0 if wanted > 0.0 else -1.0, abs(wanted), 0
    if limits.max_positions <= 0.0 and limits.max_gross <= 0.0 and limits.max_net <= 0.0 and limits.max_symbol <= 0.0:
        return quantity, reason
    rules = rules_of(desk, symbol)
    equity, gross, net, count = totals(desk)
    held, own = account_of(desk, symbol)[a.QTY], 0.0
    if held != 0.0:
        own = abs(held) * book.marks[symbol] * rules.multiplier * book.rates[symbol]
    elif 0.0 < limits.max_positions <= count:
        return 0.0, FOR_SLOTS
    one = price * rules.multiplier * book.rates[symbol]
    for code, ceiling, used in (
        (FOR_SYMBOL, limits.max_symbol, own),
        (FOR_GROSS, limits.max_gross, gross),
        (FOR_NET, limits.max_net, side * net),
    ):
        most = (ceiling * equity - used) / one
        if ceiling > 0.0 and quantity > most:
            quantity, reason = whole_lots(most, rules.lot), code
    return quantity, reason


@inlined_kernel
def totals(desk: Desk) -> tuple[float, float, float, int]:
    """Return ``(equity, gross notional, net notional, positions)`` at the marks."""
    book = desk.book
    equity, gross, net, count = book.purse[CASH], 0.0, 0.0, 0
    for symbol in range(desk.symbols):
        held = account_of(desk, symbol)[a.QTY]
        if held != 0.0:
            value = held * book.marks[symbol] * rules_of(desk, symbol).multiplier * book.rates[symbol]
            equity += book.profits[symbol]
            gross += abs(value)
            net += value
            count += 1
    return equity, gross, net, count


@inlined_kernel
def free_money(desk: Desk) -> float:
    """Return the money that no position needs."""
    book = desk.book
    free = book.purse[CASH]
    for symbol in range(desk.symbols):
        held = account_of(desk, symbol)[a.QTY]
        if held == 0.0:
            continue
        rules = rules_of(desk, symbol)
        if rules.margin > 0.0:
            free -= abs(held) * rules.margin * book.rates[symbol] - book.profits[symbol]
        elif held > 0.0 and rules.leverage == 1.0:
            free -= held * account_of(desk, symbol)[a.ENTRY_PRICE] * rules.multiplier * book.entry_rates[symbol]
        else:
            free -= abs(held) * book.marks[symbol] * rules.multiplier * book.rates[symbol] / rules.leverage - book.profits[symbol]
    return float(free)
