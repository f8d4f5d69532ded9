"""One point of a sweep over one stretch of bars: from event to event, with money and position in registers.

1. A flat account jumps to the next close that can ask for an entry; a position is marked to the closes up to the next event, eight bars at a time
   (``quiet``), as long as it touches no bracket, makes no new peak for a trailing stop and does not reach a loss that matters.
2. Only the bars at which something does happen run the rule functions of ``fill``: ``at_open``, ``inside``, ``decision``, in the same order.
3. Equity goes to a short tape that ``tally.observe`` takes eight bars at a time; long stretches without a position are not even looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.engine.account import HOLD
from workbench.backtest.engine.bits import bit, next_bit, next_soon
from workbench.backtest.engine.fill import decision, worth
from workbench.backtest.engine.holding import Book, Order, Position, at_open, end_book, inside, no_position
from workbench.backtest.engine.lanes import LANES, put_lanes, spread
from workbench.backtest.engine.price import needs_distance
from workbench.backtest.engine.quiet import AHEAD, quiet
from workbench.backtest.engine.tally import BARS_IN_MARKET, CURVE_SIZE, end_curve, idle, new_curve, observe
from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    from workbench.backtest.engine.bits import Pointer
    from workbench.backtest.engine.rules import FillRules

ENTRY_LONG, EXIT_LONG, ENTRY_SHORT, EXIT_SHORT = 0, 1, 2, 3
"""Packed signal columns of a point."""
CAN_ENTER, MUST_FLAT, NEW_SESSION = 0, 1, 2
"""Packed columns of the hours."""
WHEN_FLAT, WHEN_LONG, WHEN_SHORT = 0, 1, 2
"""Packed columns of the closes that can ask for an order."""
OPEN, HIGH, LOW, CLOSE, BOUGHT, SOLD = 0, 1, 2, 3, 4, 5
"""Columns of prices; the last two are what a market order gets at the open."""
_TAPE = 1024
"""Bars of equity that wait to be taken at once: 8 KiB, so that they stay in the nearest cache."""
TAPE_SIZE = _TAPE + 2 * AHEAD
_IDLE = 48
"""Bars without a position that are worth leaving out rather than counting as unchanged."""

# The memory of a point between stretches: the curve, then position, book and these.
_POSITION = CURVE_SIZE
_BOOK = _POSITION + 9
_EQUITY, _SESSION_EQUITY, _HALTED, _IN_MARKET, _ACTION, _QUANTITY, _ORDERED = range(_BOOK + 6, _BOOK + 13)
MEMORY_SIZE = _BOOK + 16


@inlined_kernel
def begin(memory: Pointer, initial: float) -> None:
    """Set ``memory``, a pointer to ``MEMORY_SIZE`` numbers, to before the first bar."""
    for cell in range(MEMORY_SIZE):
        memory[cell] = 0.0
    new_curve(memory, initial)
    _keep(memory, no_position(initial), Book(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    memory[_EQUITY] = memory[_SESSION_EQUITY] = initial


@inlined_kernel
def end(rules: FillRules, memory: Pointer, bars: int, out: Pointer) -> None:
    """Write the row of a point that has run over all ``bars``."""
    position, book = _kept(memory)
    end_curve(memory, memory[_EQUITY], bars, out)
    out[BARS_IN_MARKET] = memory[_IN_MARKET]
    end_book(rules, book, position, out)


class Scene(NamedTuple):
    """What a point reads and where it writes; pointers."""

    market: tuple[Pointer, Pointer, Pointer, Pointer, Pointer, Pointer]
    """Columns of prices."""
    hours: tuple[Pointer, Pointer, Pointer]
    asked: tuple[Pointer, Pointer, Pointer, Pointer]
    when: tuple[Pointer, Pointer, Pointer]
    distance: Pointer
    memory: Pointer
    """The state of the point before and after."""
    tape: Pointer
    """Room for ``TAPE_SIZE`` numbers."""
    out: Pointer
    """Its row of results."""


class Day(NamedTuple):
    """What the daily loss looks at; all float64."""

    equity: float
    """At the last close before this session."""
    halted: float


class Spool(NamedTuple):
    """How far the tape is: bars before ``taken`` are in the curve, bar ``t`` from there on lies at place ``t + shift``."""

    taken: int
    shift: int


@inlined_kernel
def run(rules: FillRules, scene: Scene, bar: int, last_bar: int, bars: int) -> None:
    """Run a point from ``bar`` to before ``last_bar`` of ``bars``."""
    memory, hours = scene.memory, scene.hours
    position, book = _kept(memory)
    equity, day, in_market = memory[_EQUITY], Day(memory[_SESSION_EQUITY], memory[_HALTED]), 0
    order = Order(memory[_ACTION], memory[_QUANTITY], memory[_ORDERED])
    daily = rules.max_daily_loss > 0.0
    spool = _rewound(scene.tape, bar, equity)
    while bar < last_bar:
        if bar - spool.taken + _IDLE + LANES >= _TAPE:
            observe(memory, scene.tape, spool.shift, spool.taken, bar, bars, scene.out)
            spool = _rewound(scene.tape, bar, equity)
        session_end = last_bar
        if daily:
            if bit(hours[NEW_SESSION], bar) != 0:
                day = Day(equity, 0.0)
            session_end = next_bit(hours[NEW_SESSION], bar + 1, last_bar)
        if order.action != HOLD:
            position, book = at_open(rules, position, book, order, bar, scene.market[BOUGHT][bar], scene.market[SOLD][bar])
        if position.held == 0.0:
            equity = position.cash
            day = _looked_at(rules, day, equity)
            bar, spool, order = _wait(rules, scene, equity, day, spool, bar, session_end, bars)
        else:
            start = bar
            bar, reached = _marked(rules, scene, position, day, spool, bar, session_end, bars)
            in_market += bar - start
            if bar > start:
                equity = worth(rules, position.cash, position.held, position.entry_price, scene.market[CLOSE][bar - 1])
            order = Order(float(HOLD), 0.0, 0.0)
            if reached:
                position, book = inside(rules, position, book, scene.market[OPEN][bar], scene.market[HIGH][bar], scene.market[LOW][bar])
                if position.held == 0.0:
                    continue  # the rest of this bar is that of a flat account
                in_market += 1
                equity = worth(rules, position.cash, position.held, position.entry_price, scene.market[CLOSE][bar])
                scene.tape[bar + spool.shift] = equity
                day = _looked_at(rules, day, equity)
                bar += 1
            order = _decided(rules, scene, position, equity, day.halted, bar - 1)
    observe(memory, scene.tape, spool.shift, spool.taken, last_bar, bars, scene.out)
    _keep(memory, position, book)
    memory[_EQUITY], memory[_SESSION_EQUITY], memory[_HALTED] = equity, day.equity, day.halted
    memory[_IN_MARKET] += in_market
    memory[_ACTION], memory[_QUANTITY], memory[_ORDERED] = order.action, order.quantity, order.distance


@inlined_kernel
def _looked_at(rules: FillRules, day: Day, equity: float) -> Day:
    """Return the day after a close: halted when it has lost too much."""
    lost = rules.max_daily_loss > 0.0 and equity <= day.equity * (1.0 - rules.max_daily_loss)
    return Day(day.equity, 1.0 if lost else day.halted)


@inlined_kernel
def _wait(
    rules: FillRules, scene: Scene, equity: float, day: Day, spool: Spool, bar: int, session_end: int, bars: int
) -> tuple[int, Spool, Order]:
    """Let a flat account wait for the next close that asks for an entry; return ``(bar after it, tape, order)``."""
    event = next_soon(scene.when[WHEN_FLAT], bar, session_end)
    until = min(event + 1, session_end)
    if until - bar > _IDLE:
        scene.tape[bar + spool.shift] = equity
        observe(scene.memory, scene.tape, spool.shift, spool.taken, bar + 1, bars, scene.out)
        idle(scene.memory, equity, until)
        spool = _rewound(scene.tape, until, equity)
    else:
        unchanged = spread(equity)
        for here in range(bar, until, AHEAD):
            for group in range(here, here + AHEAD, LANES):
                put_lanes(scene.tape, group + spool.shift, unchanged)
    order = Order(float(HOLD), 0.0, 0.0)
    if event < session_end and day.halted == 0.0:
        distance = scene.distance[event] if needs_distance(rules) else np.nan
        entry = 1 if bit(scene.asked[ENTRY_LONG], event) != 0 else -1
        action, quantity, _ = decision(rules, 0.0, equity, 0.0, 0.0, entry, 0, True, 0, scene.market[CLOSE][event], distance)
        order = Order(float(action), quantity, distance)
    return until, spool, order


@inlined_kernel
def _marked(
    rules: FillRules, scene: Scene, position: Position, day: Day, spool: Spool, bar: int, session_end: int, bars: int
) -> tuple[int, bool]:
    """Mark a position up to the next close that can ask for its end; return the bar after it, or the bar that must run in full, and whether it must."""
    long = position.held > 0.0
    event = min(next_soon(scene.when[WHEN_LONG] if long else scene.when[WHEN_SHORT], bar, session_end), session_end - 1)
    if rules.time_stop_bars > 0.0:
        event = min(event, max(bar, int(position.since + np.ceil(rules.time_stop_bars)) - 1))
    until = min(event + 1, spool.taken + _TAPE - LANES)
    floor = max(0.0, day.equity * (1.0 - rules.max_daily_loss)) if rules.max_daily_loss > 0.0 else 0.0
    reached = quiet(rules, scene.market, position, floor, scene.tape, spool.shift, bar, until, bars)
    return reached, reached < until


@inlined_kernel
def _rewound(tape: Pointer, bar: int, equity: float) -> Spool:
    """Begin the tape anew at ``bar`` with the ``equity`` before it."""
    shift = LANES - (bar & -LANES)
    tape[bar - 1 + shift] = equity
    return Spool(bar, shift)


@inlined_kernel
def _decided(rules: FillRules, scene: Scene, position: Position, equity: float, halted: float, bar: int) -> Order:
    """Return what the close of ``bar`` asks for while a position is held."""
    asked, hours = scene.asked, scene.hours
    entry_long, exit_long = bit(asked[ENTRY_LONG], bar), bit(asked[EXIT_LONG], bar)
    entry_short, exit_short = bit(asked[ENTRY_SHORT], bar), bit(asked[EXIT_SHORT], bar)
    entry = (entry_long & (exit_long ^ 1) & (entry_short ^ 1)) - (entry_short & (exit_short ^ 1) & (entry_long ^ 1))
    leave = exit_long if position.held > 0.0 else exit_short
    flat = bit(hours[MUST_FLAT], bar)
    may_open = bit(hours[CAN_ENTER], bar) != 0 and flat == 0 and halted == 0.0
    close, distance = scene.market[CLOSE][bar], scene.distance[bar] if needs_distance(rules) else np.nan
    bars_held = bar - position.since + 1.0
    action, quantity, _reason = decision(rules, position.held, equity, halted, bars_held, entry, leave, may_open, flat, close, distance)
    return Order(float(action), quantity, distance)


@inlined_kernel
def _keep(memory: Pointer, position: Position, book: Book) -> None:
    """Write position and book down."""
    for cell in range(9):
        memory[_POSITION + cell] = position[cell]
    for cell in range(6):
        memory[_BOOK + cell] = book[cell]


@inlined_kernel
def _kept(memory: Pointer) -> tuple[Position, Book]:
    """Return what ``_keep`` wrote."""
    at, then = _POSITION, _BOOK
    position = Position(
        memory[at],
        memory[at + 1],
        memory[at + 2],
        memory[at + 3],
        memory[at + 4],
        memory[at + 5],
        memory[at + 6],
        memory[at + 7],
        memory[at + 8],
    )
    return position, Book(memory[then], memory[then + 1], memory[then + 2], memory[then + 3], memory[then + 4], memory[then + 5])
