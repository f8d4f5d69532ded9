"""What a point of a sweep holds: money, position and closed trades, in registers, changed by the rule functions of ``fill`` in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.engine.account import BY_NOTHING, GO_LONG, GO_SHORT
from workbench.backtest.engine.fill import bracket_exit, brackets, settled
from workbench.backtest.engine.price import affordable, entry_fee
from workbench.backtest.engine.tally import FEES, GROSS_LOSS, GROSS_PROFIT, TRADES, TURNOVER, WINS
from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    from workbench.backtest.engine.bits import Pointer
    from workbench.backtest.engine.rules import FillRules


class Position(NamedTuple):
    """Money and position; all float64, as the account of ``fill`` holds them."""

    cash: float
    held: float
    entry_price: float
    entry_fee: float
    stop: float
    target: float
    peak: float
    trail: float
    since: float
    """The bar of the fill."""


class Order(NamedTuple):
    """What the last close asked for; all float64."""

    action: float
    quantity: float
    distance: float


class Book(NamedTuple):
    """Closed trades so far; all float64."""

    trades: float
    wins: float
    profit: float
    loss: float
    fees: float
    traded: float


@inlined_kernel
def no_position(cash: float) -> Position:
    """Return money alone."""
    return Position(cash, 0.0, 0.0, 0.0, np.nan, np.nan, np.nan, np.nan, 0.0)


@inlined_kernel
def at_open(rules: FillRules, position: Position, book: Book, order: Order, bar: int, bought: float, sold: float) -> tuple[Position, Book]:
    """Fill the pending order at the open of ``bar``, where a market order gets ``bought`` or ``sold``; return position and book."""
    wanted = 1.0 if order.action == GO_LONG else (-1.0 if order.action == GO_SHORT else 0.0)
    if position.held != 0.0 and wanted * position.held <= 0.0:
        position, book = _left(rules, position, book, sold if position.held > 0.0 else bought)
    if wanted != 0.0 and position.held == 0.0:
        price = bought if wanted > 0.0 else sold
        quantity = affordable(rules, position.cash, order.quantity, price)
        if quantity > 0.0:
            paid = entry_fee(rules, quantity, price)
            stop, target, trail = brackets(rules, wanted, price, order.distance)
            position = Position(position.cash - paid, wanted * quantity, price, paid, stop, target, price, trail, float(bar))
    return position, book


@inlined_kernel
def inside(rules: FillRules, position: Position, book: Book, open_: float, high: float, low: float) -> tuple[Position, Book]:
    """Let the brackets meet the bar; return position and book."""
    side = 1.0 if position.held > 0.0 else -1.0
    reason, price, peak = bracket_exit(rules, side, position.stop, position.target, position.peak, position.trail, open_, high, low)
    if reason != BY_NOTHING:
        return _left(rules, position, book, price)
    return Position(
        position.cash,
        position.held,
        position.entry_price,
        position.entry_fee,
        position.stop,
        position.target,
        peak,
        position.trail,
        position.since,
    ), book


@inlined_kernel
def _left(rules: FillRules, position: Position, book: Book, price: float) -> tuple[Position, Book]:
    """Close the position; return position and book."""
    held = abs(position.held)
    cash, paid, net = settled(rules, position.cash, position.held, position.entry_price, position.entry_fee, price)
    book = Book(
        book.trades + 1.0,
        book.wins + (1.0 if net > 0.0 else 0.0),
        book.profit + (max(0.0, net)),
        book.loss + (0.0 if net > 0.0 else -net),
        book.fees + (position.entry_fee + paid),
        book.traded + (held * position.entry_price * rules.multiplier + held * price * rules.multiplier),
    )
    return no_position(cash), book


@inlined_kernel
def end_book(rules: FillRules, book: Book, position: Position, out: Pointer) -> None:
    """Write the closed trades, and the costs of a position still open."""
    out[TRADES] = book.trades
    out[WINS] = book.wins
    out[GROSS_PROFIT] = book.profit
    out[GROSS_LOSS] = book.loss
    out[FEES] = book.fees + position.entry_fee
    out[TURNOVER] = book.traded + abs(position.held) * position.entry_price * rules.multiplier
