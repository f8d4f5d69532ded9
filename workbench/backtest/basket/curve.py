"""What is written down moment by moment: the account's curve, and thinned, what each symbol has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.basket.book import CASH, CUT, FILLED, MARKED, ORDERED, Book, Desk, Log, account_of
from workbench.backtest.basket.service import totals
from workbench.backtest.engine import account as a
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.basket.feed import Feed

OF_EQUITY, OF_CASH, OF_GROSS, OF_NET, OF_HELD, OF_STALE, CURVE_SIZE = 0, 1, 2, 3, 4, 5, 6
"""Equity, cash, gross and net notional (money), positions held, and those of them whose symbol did not close at this moment."""
MOST_SHARES = 2_000
"""Rows of contributions kept for the symbol with the most bars; more moments are thinned evenly."""


class Curve(NamedTuple):
    """Rows written in order of time, with room for all."""

    rows: NDArray[np.float64]
    """(moments, ``CURVE_SIZE``)."""
    moments: NDArray[np.int64]
    """(moments,) ns since 1970 UTC."""
    shares: NDArray[np.float64]
    """(kept, symbols) what each symbol had brought, closed and open, at every ``every``-th moment."""
    every: int


@kernel
def new_curve(feed: Feed) -> Curve:
    """Return a curve with room for every close."""
    bars, symbols, most = feed.opens_at.size, feed.first.size - 1, 0
    for symbol in range(symbols):
        most = max(most, feed.first[symbol + 1] - feed.first[symbol])
    every = max(1, most // MOST_SHARES)
    return Curve(np.empty((bars, CURVE_SIZE)), np.empty(bars, np.int64), np.empty((bars // every + 1, symbols)), every)


@kernel
def write_curve(desk: Desk, curve: Curve, closed: int, now: int) -> None:
    """Write what the account is ``now``, after ``closed`` symbols closed."""
    mark = int(desk.book.purse[MARKED])
    row = curve.rows[mark]
    row[OF_EQUITY], row[OF_GROSS], row[OF_NET], count = totals(desk)
    row[OF_CASH] = desk.book.purse[CASH]
    row[OF_HELD] = count
    fresh = 0
    for place in range(closed):
        fresh += account_of(desk, desk.book.listed[place])[a.QTY] != 0.0
    row[OF_STALE] = count - fresh
    curve.moments[mark] = now
    if mark % curve.every == 0:
        for symbol in range(desk.symbols):
            curve.shares[mark // curve.every, symbol] = desk.book.earned[symbol] + desk.book.profits[symbol]
    desk.book.purse[MARKED] = mark + 1.0


@inlined_kernel
def outcome(book: Book, log: Log, curve: Curve) -> tuple[Book, Log, Curve]:
    """Return everything cut to what was written."""
    purse = book.purse
    marks = int(purse[MARKED])
    kept = (marks + curve.every - 1) // curve.every
    return (
        book,
        Log(log.fills[: int(purse[FILLED])].copy(), log.orders[: int(purse[ORDERED])].copy(), log.cuts[: int(purse[CUT])].copy()),
        Curve(curve.rows[:marks].copy(), curve.moments[:marks].copy(), curve.shares[:kept].copy(), curve.every),
    )
