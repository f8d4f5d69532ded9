"""The points of a sweep: the fill model with its state in registers, jumping over bars on which nothing can happen.

1. ``_find_events`` marks, 64 bars at a time, the closes at which a decision can differ from *hold*: for a flat account, a long, a short position.
2. ``_run`` goes from event to event. A flat account jumps to the next one; a position is only marked to the close up to it (``_quiet``), as long as no
   bracket is touched.
3. A bar with a pending order, an event or a touched bracket runs in full: ``_at_open`` and ``_inside``, then ``decision``, the rule functions of
   ``fill`` in the same order. Trailing stops and the daily loss depend on every bar, so those bars run in full too.

What comes out equals ``simulate`` followed by ``tally`` to the bit; a test compares them on random bars and rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.engine.account import BY_NOTHING, GO_LONG, GO_SHORT, HOLD
from workbench.backtest.engine.bits import bit, next_bit, numbers_at, words_at
from workbench.backtest.engine.fill import bracket_exit, brackets, decision, settled, worth
from workbench.backtest.engine.price import affordable, fee, market_price
from workbench.backtest.engine.rules import NO_BRACKET
from workbench.backtest.engine.tally import (
    BARS_IN_MARKET,
    BLOCKS,
    FEES,
    GROSS_LOSS,
    GROSS_PROFIT,
    POINT_SIZE,
    TRADES,
    TURNOVER,
    WINS,
    Curve,
    block_end,
    end_block,
    end_curve,
    idle,
    new_curve,
    observe,
)
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.bits import Pointer
    from workbench.backtest.engine.rules import FillRules

ENTRY_LONG, EXIT_LONG, ENTRY_SHORT, EXIT_SHORT = 0, 1, 2, 3
"""Packed signal columns of a point."""
CAN_ENTER, MUST_FLAT, NEW_SESSION = 0, 1, 2
"""Packed columns of the hours."""
WHEN_FLAT, WHEN_LONG, WHEN_SHORT = 0, 1, 2
"""Packed columns of the closes that can ask for an order."""


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
    bars: float


class Book(NamedTuple):
    """Closed trades so far; all float64."""

    trades: float
    wins: float
    profit: float
    loss: float
    fees: float
    traded: float


@kernel
def run_points(
    rules: FillRules,
    quotes: NDArray[np.float64],
    hours: NDArray[np.uint64],
    words: NDArray[np.uint64],
    rows: NDArray[np.int64],
    distances: NDArray[np.float64],
    which: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Run several points and write a row of results for each.

    Args:
        rules: ``FillRules``, the same for all.
        quotes: float64 (4, n), open high low close.
        hours: uint64 (3, w), packed columns can_enter, must_flat, new_session.
        words: uint64 (r, w), packed signal columns; bits after the last bar are 0 in all packed columns.
        rows: int64 (points, 4), which row of ``words`` is entry_long, exit_long, entry_short, exit_short.
        distances: float64 (d, n), columns that brackets of kind 3 multiply.
        which: int64 (points,), which of them a point has.
        out: float64 (points, ``POINT_SIZE``), written.
    """
    bars, width = quotes.shape[1], words.shape[1]
    events = np.empty((3, width), np.uint64)
    price, hour, event, signal = quotes.ctypes.data, hours.ctypes.data, events.ctypes.data, words.ctypes.data
    market = (numbers_at(price), numbers_at(price + 8 * bars), numbers_at(price + 16 * bars), numbers_at(price + 24 * bars))
    open_hours = (words_at(hour), words_at(hour + 8 * width), words_at(hour + 16 * width))
    when = (words_at(event), words_at(event + 8 * width), words_at(event + 16 * width))
    for point in range(rows.shape[0]):
        row = rows[point]
        asked = (
            words_at(signal + 8 * width * row[ENTRY_LONG]),
            words_at(signal + 8 * width * row[EXIT_LONG]),
            words_at(signal + 8 * width * row[ENTRY_SHORT]),
            words_at(signal + 8 * width * row[EXIT_SHORT]),
        )
        _find_events(asked, open_hours, when, width)
        distance = numbers_at(distances.ctypes.data + 8 * bars * which[point])
        result = numbers_at(out.ctypes.data + 8 * POINT_SIZE * point)
        _run(rules, market, open_hours, asked, when, distance, bars, result)


@inlined_kernel
def _find_events(
    asked: tuple[Pointer, Pointer, Pointer, Pointer],
    hours: tuple[Pointer, Pointer, Pointer],
    when: tuple[Pointer, Pointer, Pointer],
    width: int,
) -> None:
    """Mark the closes that can ask for an order of a flat account, a long and a short position."""
    entry_long, exit_long, entry_short, exit_short = asked
    can_enter, must_flat, _new_session = hours
    when_flat, when_long, when_short = when
    for place in range(width):
        long = entry_long[place] & ~exit_long[place] & ~entry_short[place]
        short = entry_short[place] & ~exit_short[place] & ~entry_long[place]
        when_flat[place] = (long | short) & can_enter[place] & ~must_flat[place]
        when_long[place] = must_flat[place] | short | exit_long[place]
        when_short[place] = must_flat[place] | long | exit_short[place]


@inlined_kernel
def _run(
    rules: FillRules,
    market: tuple[Pointer, Pointer, Pointer, Pointer],
    hours: tuple[Pointer, Pointer, Pointer],
    asked: tuple[Pointer, Pointer, Pointer, Pointer],
    when: tuple[Pointer, Pointer, Pointer],
    distance: Pointer,
    bars: int,
    out: Pointer,
) -> None:
    """Run one point."""
    opens, highs, lows, closes = market
    every_bar = rules.max_daily_loss > 0.0
    position = Position(rules.initial_cash, 0.0, 0.0, 0.0, np.nan, np.nan, np.nan, np.nan, 0.0)
    book = Book(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    curve = new_curve(rules.initial_cash)
    session_equity, halted, in_market = rules.initial_cash, 0.0, 0
    action, quantity, ordered = HOLD, 0.0, 0.0
    bar = block = 0
    while bar < bars:
        if action == HOLD and not every_bar:
            if position.held == 0.0:
                bar = next_bit(when[WHEN_FLAT], bar, bars)
                curve = idle(curve, min(bar + 1, bars))
                if bar < bars:  # nothing to fill and nothing to mark: only to decide
                    action, quantity = _decided(rules, hours, asked, position, curve.equity, halted, bar, closes[bar], distance[bar])
                    ordered = distance[bar]
                    bar += 1
                continue
            if rules.trail_kind == NO_BRACKET:
                start = bar
                until = next_bit(when[WHEN_LONG] if position.held > 0.0 else when[WHEN_SHORT], bar, bars)
                bar, block, curve = _quiet(rules, market, position, curve, out, bar, until, block, bars)
                in_market += bar - start
                position = _longer_held(position, float(bar - start))
                if bar >= bars:
                    break
        while bar >= block_end(block, bars):
            curve = end_block(curve, out, block)
            block += 1
        if every_bar and bit(hours[NEW_SESSION], bar) != 0:
            session_equity, halted = curve.equity, 0.0
        if action != HOLD:
            position, book = _at_open(rules, position, book, action, quantity, ordered, opens[bar])
        if position.held != 0.0:
            position, book = _inside(rules, position, book, opens[bar], highs[bar], lows[bar])
        curve = observe(curve, bar, worth(rules, position.cash, position.held, position.entry_price, closes[bar]))
        if position.held != 0.0:
            in_market += 1
        if every_bar and curve.equity <= session_equity * (1.0 - rules.max_daily_loss):
            halted = 1.0
        action, quantity = _decided(rules, hours, asked, position, curve.equity, halted, bar, closes[bar], distance[bar])
        ordered = distance[bar]
        bar += 1
    while block < BLOCKS:
        curve = end_block(curve, out, block)
        block += 1
    end_curve(curve, bars, out)
    out[BARS_IN_MARKET] = in_market
    _end_book(rules, book, position, out)


@inlined_kernel
def _quiet(  # noqa: PLR0917 - scalars: a record would be slower
    rules: FillRules,
    market: tuple[Pointer, Pointer, Pointer, Pointer],
    position: Position,
    curve: Curve,
    out: Pointer,
    bar: int,
    until: int,
    block: int,
    bars: int,
) -> tuple[int, int, Curve]:
    """Mark a position to the closes from ``bar`` to the next that must run in full; return ``(that bar, block, curve)``."""
    _opens, highs, lows, closes = market
    long = position.held > 0.0
    if rules.time_stop_bars > 0.0:
        until = min(until, bar + int(rules.time_stop_bars - position.bars) - 1)
    while bar < until:
        while bar >= block_end(block, bars):
            curve = end_block(curve, out, block)
            block += 1
        for here in range(bar, min(until, block_end(block, bars))):
            low, high = lows[here], highs[here]
            if (low <= position.stop or high >= position.target) if long else (high >= position.stop or low <= position.target):
                return here, block, curve
            now = worth(rules, position.cash, position.held, position.entry_price, closes[here])
            if now <= 0.0:
                return here, block, curve
            curve = observe(curve, here, now)
        bar = min(until, block_end(block, bars))
    return bar, block, curve


@inlined_kernel
def _longer_held(position: Position, bars: float) -> Position:
    """Return the position ``bars`` bars later."""
    return Position(
        position.cash,
        position.held,
        position.entry_price,
        position.entry_fee,
        position.stop,
        position.target,
        position.peak,
        position.trail,
        position.bars + bars,
    )


@inlined_kernel
def _at_open(
    rules: FillRules, position: Position, book: Book, action: int, quantity: float, ordered: float, open_: float
) -> tuple[Position, Book]:
    """Fill the pending order; return position and book."""
    wanted = 1.0 if action == GO_LONG else (-1.0 if action == GO_SHORT else 0.0)
    if position.held != 0.0 and wanted * position.held <= 0.0:
        position, book = _left(rules, position, book, market_price(rules, open_, -1.0 if position.held > 0.0 else 1.0))
    if wanted != 0.0 and position.held == 0.0:
        price = market_price(rules, open_, wanted)
        quantity = affordable(rules, position.cash, quantity, price)
        if quantity > 0.0:
            paid = fee(rules, quantity, price)
            stop, target, trail = brackets(rules, wanted, price, ordered)
            position = Position(position.cash - paid, wanted * quantity, price, paid, stop, target, price, trail, 0.0)
    return position, book


@inlined_kernel
def _inside(rules: FillRules, position: Position, book: Book, open_: float, high: float, low: float) -> tuple[Position, Book]:
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
        position.bars + 1.0,
    ), book


@inlined_kernel
def _left(rules: FillRules, position: Position, book: Book, price: float) -> tuple[Position, Book]:
    """Close the position; return position and book."""
    held = abs(position.held)
    cash, paid, net = settled(rules, position.cash, position.held, position.entry_price, position.entry_fee, price)
    won = 1.0 if net > 0.0 else 0.0
    book = Book(
        book.trades + 1.0,
        book.wins + won,
        book.profit + (max(0.0, net)),
        book.loss + (0.0 if net > 0.0 else -net),
        book.fees + (position.entry_fee + paid),
        book.traded + (held * position.entry_price * rules.multiplier + held * price * rules.multiplier),
    )
    return Position(cash, 0.0, 0.0, 0.0, np.nan, np.nan, np.nan, np.nan, 0.0), book


@inlined_kernel
def _decided(  # noqa: PLR0917 - scalars: a record would be slower
    rules: FillRules,
    hours: tuple[Pointer, Pointer, Pointer],
    asked: tuple[Pointer, Pointer, Pointer, Pointer],
    position: Position,
    equity: float,
    halted: float,
    bar: int,
    close: float,
    distance: float,
) -> tuple[int, float]:
    """Return action and quantity that the close of ``bar`` asks for."""
    entry_long, exit_long = bit(asked[ENTRY_LONG], bar), bit(asked[EXIT_LONG], bar)
    entry_short, exit_short = bit(asked[ENTRY_SHORT], bar), bit(asked[EXIT_SHORT], bar)
    entry = (entry_long & (exit_long ^ 1) & (entry_short ^ 1)) - (entry_short & (exit_short ^ 1) & (entry_long ^ 1))
    leave = exit_long if position.held > 0.0 else exit_short
    flat = bit(hours[MUST_FLAT], bar)
    may_open = bit(hours[CAN_ENTER], bar) != 0 and flat == 0 and halted == 0.0
    action, quantity, _reason = decision(rules, position.held, equity, halted, position.bars, entry, leave, may_open, flat, close, distance)
    return action, quantity


@inlined_kernel
def _end_book(rules: FillRules, book: Book, position: Position, out: Pointer) -> None:
    """Write the closed trades, and the costs of a position still open."""
    out[TRADES] = book.trades
    out[WINS] = book.wins
    out[GROSS_PROFIT] = book.profit
    out[GROSS_LOSS] = book.loss
    out[FEES] = book.fees + position.entry_fee
    out[TURNOVER] = book.traded + abs(position.held) * position.entry_price * rules.multiplier
