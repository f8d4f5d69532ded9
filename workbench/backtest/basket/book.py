"""The books of a shared account: what is remembered for each symbol and for all of them, and what is written down on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.backtest.basket.feed import Feed
from workbench.backtest.basket.pointers import bytes_at, integers_at
from workbench.backtest.engine.account import ACCOUNT_SIZE, FILL_SIZE, ORDER_SIZE
from workbench.backtest.engine.account import CASH as FREE
from workbench.backtest.engine.account import EQUITY as OWN_EQUITY
from workbench.backtest.engine.account import SESSION_EQUITY as OWN_SESSION_EQUITY
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.bits import array_at, numbers_at
from workbench.backtest.engine.rules import RULES_SIZE, rules_at
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.basket.allocation import Ceilings
    from workbench.backtest.engine.rules import FillRules

NEVER = np.iinfo(np.int64).max
"""Moment of an event that will not come."""

# The purse: what all symbols share.
CASH = 0
"""Money if every position had been closed at its entry price: start, plus realised profit, less all fees and borrowing so far."""
EQUITY = 1
"""Money at the last mark."""
SESSION_EQUITY = 2
"""Money at the last mark before this session of the account."""
HALTED = 3
"""1 once the account's daily loss is reached, until its next session."""
CALLED = 4
"""1 while equity is less than all positions need to be kept."""
SESSION = 5
"""Trade date of the account's session, days since 1970."""
FILLED, ORDERED, CUT = 6, 7, 8
"""Rows written so far."""
MARKED = 9
"""Rows of the curve so far."""
PURSE_SIZE = 10

# Columns that a basket adds to a fill and to an order.
FILL_SYMBOL = FILL_SIZE
FILL_PHASE = FILL_SIZE + 1
"""0 at the open, 1 inside the bar, 2 at the close."""
FILL_MARK = FILL_SIZE + 2
"""Rows of the curve before the fill."""
FILL_LEFT = FILL_SIZE + 3
"""Quantity held after the fill, negative when short."""
BASKET_FILL = FILL_SIZE + 4
ORDER_SYMBOL = ORDER_SIZE
ORDER_RANK = ORDER_SIZE + 1
ORDER_MARK = ORDER_SIZE + 2
"""Row of the curve at which it was decided."""
BASKET_ORDER = ORDER_SIZE + 3
AT_OPEN, INSIDE, AT_CLOSE = 0, 1, 2
PHASES = ("open", "inside", "close")

# An entry that got less than it wanted: positions in its row.
CUT_SYMBOL, CUT_BAR, CUT_WANTED, CUT_GOT, CUT_REASON, CUT_MARK, CUT_SIZE = 0, 1, 2, 3, 4, 5, 6
FOR_SLOTS, FOR_GROSS, FOR_NET, FOR_SYMBOL, FOR_MONEY, FOR_VOLUME, FOR_HALT, FOR_PRICE = 1, 2, 3, 4, 5, 6, 7, 8
CUTS = ("", "slots", "gross", "net", "symbol", "money", "volume", "halt", "price")


class Book(NamedTuple):
    """The state between two events."""

    accounts: NDArray[np.float64] | Any
    """(symbols, ``ACCOUNT_SIZE``) one account a symbol as the engine keeps it; its money is filled in from the purse before each use."""
    marks: NDArray[np.float64]
    """(symbols,) last known price: the last close, or the open at which a position was entered since."""
    rates: NDArray[np.float64]
    """(symbols,) money of the account for one of the symbol's currency, when last looked at."""
    entry_rates: NDArray[np.float64]
    """(symbols,) the same when the position was opened."""
    profits: NDArray[np.float64]
    """(symbols,) open profit at the mark, money of the account."""
    borrowed: NDArray[np.float64]
    """(symbols,) what borrowing has cost the position, money of the account."""
    earned: NDArray[np.float64]
    """(symbols,) what has come into the purse by this symbol: realised profits less fees and borrowing."""
    ranks: NDArray[np.float64]
    """(symbols,) priority of the pending entry."""
    bar: NDArray[np.int64]
    """(symbols,) bar of the next event."""
    inside: NDArray[np.uint8]
    """(symbols,) 1 where the next event is a close."""
    next_at: NDArray[np.int64]
    """(symbols,) moment of the next event."""
    stopped: NDArray[np.uint8]
    """(symbols,) 1 where a stop was met on the bar that closes now."""
    listed: NDArray[np.int64]
    """(symbols,) scratch: symbols whose event it is now."""
    queue: NDArray[np.int64]
    """(symbols,) scratch: entries in the order they are served."""
    purse: NDArray[np.float64]
    """(``PURSE_SIZE``,)."""


class Log(NamedTuple):
    """Rows with room for those of one moment more; the purse knows how many are written. Inside a loop: addresses of their memory."""

    fills: NDArray[np.float64] | Any
    orders: NDArray[np.float64] | Any
    cuts: NDArray[np.float64] | Any


class Terms(NamedTuple):
    """How each symbol trades."""

    rules: NDArray[np.float64] | Any
    """(symbols, ``RULES_SIZE``) fill rules; without maintenance, which is the account's matter."""
    parts: NDArray[np.float64]
    """(symbols,) part of equity that a symbol is sized on."""
    maintenance: NDArray[np.float64]
    """(symbols,) as in the fill rules."""


class Desk(NamedTuple):
    """Everything that an event may look at or change, by pointer: handing over fifty counted arrays would cost more than the event."""

    symbols: int
    feed: Feed
    terms: Terms
    limits: Ceilings
    book: Book
    log: Log


@kernel
def new_book(first: NDArray[np.int64], opens_at: NDArray[np.int64], empty: NDArray[np.float64], cash: float) -> Book:
    """Return the books before the first event; ``empty`` is an account of the engine without position."""
    symbols = first.size - 1
    accounts = np.empty((symbols, ACCOUNT_SIZE))
    accounts[:] = empty
    accounts[:, OWN_EQUITY] = accounts[:, OWN_SESSION_EQUITY] = cash
    purse = np.zeros(PURSE_SIZE)
    purse[CASH] = purse[EQUITY] = purse[SESSION_EQUITY] = cash
    purse[SESSION] = -1e18
    return Book(
        accounts=accounts,
        marks=np.full(symbols, np.nan),
        rates=np.ones(symbols),
        entry_rates=np.ones(symbols),
        profits=np.zeros(symbols),
        borrowed=np.zeros(symbols),
        earned=np.zeros(symbols),
        ranks=np.full(symbols, -np.inf),
        bar=np.zeros(symbols, np.int64),
        inside=np.zeros(symbols, np.uint8),
        next_at=opens_at[first[:-1]].copy(),
        stopped=np.zeros(symbols, np.uint8),
        listed=np.zeros(symbols, np.int64),
        queue=np.zeros(symbols, np.int64),
        purse=purse,
    )


@inlined_kernel
def desk_of(feed: Feed, terms: Terms, limits: Ceilings, book: Book, log: Log) -> Desk:
    """Return everything by pointer; the caller keeps the arrays alive."""
    return Desk(
        symbols=feed.first.size - 1,
        feed=_pointed_feed(feed),
        terms=Terms(terms.rules.ctypes.data, numbers_at(terms.parts.ctypes.data), numbers_at(terms.maintenance.ctypes.data)),
        limits=limits,
        book=_pointed_book(book),
        log=Log(log.fills.ctypes.data, log.orders.ctypes.data, log.cuts.ctypes.data),
    )


@inlined_kernel
def _pointed_feed(feed: Feed) -> Feed:
    prices, hours, signals = feed.prices, feed.hours, feed.signals
    return Feed(
        first=integers_at(feed.first.ctypes.data),
        opens_at=integers_at(feed.opens_at.ctypes.data),
        closes_at=integers_at(feed.closes_at.ctypes.data),
        session=integers_at(feed.session.ctypes.data),
        prices=Prices(
            numbers_at(prices.open.ctypes.data),
            numbers_at(prices.high.ctypes.data),
            numbers_at(prices.low.ctypes.data),
            numbers_at(prices.close.ctypes.data),
            numbers_at(prices.volume.ctypes.data),
        ),
        hours=Hours(
            bytes_at(hours.new_session.ctypes.data),
            bytes_at(hours.can_enter.ctypes.data),
            bytes_at(hours.must_flat.ctypes.data),
            numbers_at(hours.nights.ctypes.data),
        ),
        signals=Orders(
            bytes_at(signals.entry_long.ctypes.data),
            bytes_at(signals.exit_long.ctypes.data),
            bytes_at(signals.entry_short.ctypes.data),
            bytes_at(signals.exit_short.ctypes.data),
        ),
        distance=numbers_at(feed.distance.ctypes.data),
        priority=numbers_at(feed.priority.ctypes.data),
        rates_open=numbers_at(feed.rates_open.ctypes.data),
        rates_close=numbers_at(feed.rates_close.ctypes.data),
        ended=bytes_at(feed.ended.ctypes.data),
    )


@inlined_kernel
def _pointed_book(book: Book) -> Book:
    return Book(
        accounts=book.accounts.ctypes.data,
        marks=numbers_at(book.marks.ctypes.data),
        rates=numbers_at(book.rates.ctypes.data),
        entry_rates=numbers_at(book.entry_rates.ctypes.data),
        profits=numbers_at(book.profits.ctypes.data),
        borrowed=numbers_at(book.borrowed.ctypes.data),
        earned=numbers_at(book.earned.ctypes.data),
        ranks=numbers_at(book.ranks.ctypes.data),
        bar=integers_at(book.bar.ctypes.data),
        inside=bytes_at(book.inside.ctypes.data),
        next_at=integers_at(book.next_at.ctypes.data),
        stopped=bytes_at(book.stopped.ctypes.data),
        listed=integers_at(book.listed.ctypes.data),
        queue=integers_at(book.queue.ctypes.data),
        purse=numbers_at(book.purse.ctypes.data),
    )


@inlined_kernel
def full(log: Log, purse: NDArray[np.float64], symbols: int) -> bool:
    """Return whether ``log`` lacks room for what ``symbols`` can do in one moment: at most three fills, one order and one cut each, at two phases."""
    return bool(
        purse[FILLED] + 6 * symbols > log.fills.shape[0]
        or purse[ORDERED] + 3 * symbols > log.orders.shape[0]
        or purse[CUT] + 3 * symbols > log.cuts.shape[0]
    )


@kernel
def roomy(log: Log, purse: NDArray[np.float64], symbols: int) -> Log:
    """Return ``log`` with room for one moment more."""
    fills, orders, cuts = log
    if purse[FILLED] + 6 * symbols > fills.shape[0]:
        fills = _longer(fills, 6 * symbols)
    if purse[ORDERED] + 3 * symbols > orders.shape[0]:
        orders = _longer(orders, 3 * symbols)
    if purse[CUT] + 3 * symbols > cuts.shape[0]:
        cuts = _longer(cuts, 3 * symbols)
    return Log(fills, orders, cuts)


@kernel
def _longer(rows: NDArray[np.float64], more: int) -> NDArray[np.float64]:
    longer = np.empty((2 * rows.shape[0] + more, rows.shape[1]))
    longer[: rows.shape[0]] = rows
    return longer


@inlined_kernel
def is_last(desk: Desk, symbol: int) -> bool:
    """Return whether the current bar of ``symbol`` is its last."""
    return bool(desk.feed.first[symbol] + desk.book.bar[symbol] + 1 == desk.feed.first[symbol + 1])


@inlined_kernel
def rules_of(desk: Desk, symbol: int) -> FillRules:
    """Return the fill rules of ``symbol``."""
    return rules_at(array_at(numbers_at(desk.terms.rules), (desk.symbols, RULES_SIZE)), symbol)


@inlined_kernel
def account_of(desk: Desk, symbol: int) -> NDArray[np.float64]:
    """Return the account of ``symbol``, (``ACCOUNT_SIZE``,)."""
    return array_at(numbers_at(desk.book.accounts + symbol * ACCOUNT_SIZE * 8), (ACCOUNT_SIZE,))  # type: ignore[no-any-return]


@inlined_kernel
def lend(desk: Desk, symbol: int, money: float) -> NDArray[np.float64]:
    """Return the account of ``symbol`` with ``money`` (of the account) in it, in the symbol's own currency."""
    account = account_of(desk, symbol)
    account[FREE] = money / desk.book.rates[symbol]
    return account


@inlined_kernel
def row_at(rows: Any, row: float, size: int) -> NDArray[np.float64]:  # noqa: ANN401 - an address
    """Return row ``row`` of a log as a table of one row, (1, ``size``)."""
    return array_at(numbers_at(rows + int(row) * size * 8), (1, size))  # type: ignore[no-any-return]


@inlined_kernel
def pay(desk: Desk, symbol: int, cash: float) -> None:
    """Set the purse to ``cash`` after something ``symbol`` did, and remember what it brought."""
    book = desk.book
    book.earned[symbol] += cash - book.purse[CASH]
    book.purse[CASH] = cash
