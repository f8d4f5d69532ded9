"""The points of a sweep: the fill model over packed signals, jumping over bars on which nothing can happen.

1. The bars are taken in stretches that stay in a processor's own cache, and every point runs over a stretch before the next one begins.
2. ``_market_prices`` works out what a market order gets at each open, once for all points; ``_find_events`` marks, 64 bars at a time, the closes at
   which a decision of a point can differ from *hold*: for a flat account, a long, a short position.
3. ``jumps.run`` takes a point from event to event. Rules that look at every bar go through ``every_bar`` instead, compiled only where somebody has such rules.

What comes out equals ``simulate`` followed by ``tally`` to the bit; a test compares them on random bars and rules.

Where the limit is: on crossing averages (one round trip in 35 bars) a bar and point costs 1.3 ns of processor time. 0.3 ns are the sums of returns, held
back by the division; 0.3 ns marking a position and looking at its stop; the rest is 27 ns a round trip, money that waits for money. Signals cost
0.5 ns before that: a third is comparing, which waits for memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine import jumps
from workbench.backtest.engine.bits import numbers_at, words_at
from workbench.backtest.engine.every_bar import every_bar
from workbench.backtest.engine.jumps import ENTRY_LONG, ENTRY_SHORT, EXIT_LONG, EXIT_SHORT, MEMORY_SIZE, TAPE_SIZE, Scene, begin, end, run
from workbench.backtest.engine.price import market_price
from workbench.backtest.engine.rules import FillRules, rules_at
from workbench.backtest.engine.tally import POINT_SIZE
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.bits import Pointer

_SPECIAL = [place for place, name in enumerate(FillRules._fields) if name in FillRules._field_defaults]
_USUAL = [FillRules._field_defaults[FillRules._fields[place]] for place in _SPECIAL]
"""Rules that are plain have these values in these places (``rules.plain``)."""
_STRETCH = 8192
"""Bars that all points run over before the next ones, a multiple of 64: six columns of them take 384 KiB."""


def run_points(
    rules: FillRules | NDArray[np.float64],
    quotes: NDArray[np.float64],
    hours: NDArray[np.uint64],
    words: NDArray[np.uint64],
    rows: NDArray[np.int64],
    distances: NDArray[np.float64],
    which: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Run several points and write a row of results for each; outside the interpreter lock.

    Args:
        rules: ``FillRules`` for all, or a float64 table (points, ``RULES_SIZE``) with one row of them a point.
        quotes: float64, open high low close as rows (4, n), or all that ``arrays.quotes_of`` gives.
        hours: uint64 (3, w), packed columns can_enter, must_flat, new_session.
        words: uint64 (r, w), packed signal columns; bits after the last bar are 0 in all packed columns.
        rows: int64 (points, 4), which row of ``words`` is entry_long, exit_long, entry_short, exit_short.
        distances: float64 (d, n), columns that brackets of kind 3 multiply.
        which: int64 (points,), which of them a point has.
        out: float64 (points, ``POINT_SIZE``), written.
    """
    table = np.tile(np.array(rules, dtype=np.float64), (len(rows), 1)) if isinstance(rules, tuple) else np.ascontiguousarray(rules)
    plain = (table[:, _SPECIAL] == _USUAL).all(axis=1)
    for point in np.flatnonzero(~plain):
        own = FillRules(*table[point].tolist())
        every_bar(own, quotes, hours, words, rows[point], distances[which[point]], out[point])
    if not plain.any():
        return
    room = (np.empty((len(rows), MEMORY_SIZE)), np.zeros(TAPE_SIZE), np.zeros((3, _STRETCH // 64 + 1), np.uint64), np.empty((2, _STRETCH)))
    run_table(np.flatnonzero(plain), table, quotes, hours, words, rows, distances, which, room, out)


@kernel
def run_table(  # noqa: PLR0917 - arrays: a record would count references
    places: NDArray[np.int64],
    table: NDArray[np.float64],
    quotes: NDArray[np.float64],
    hours: NDArray[np.uint64],
    words: NDArray[np.uint64],
    rows: NDArray[np.int64],
    distances: NDArray[np.float64],
    which: NDArray[np.int64],
    room: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64], NDArray[np.float64]],
    out: NDArray[np.float64],
) -> None:
    """Do what ``run_points`` says for the points at ``places``, whose rules are plain.

    The caller keeps ``room`` alive: a counted array of our own would be freed after its last use by name.
    """
    bars, width = quotes.shape[1], words.shape[1]
    memory, tape, events, fills = room
    price, hour, signal, state = quotes.ctypes.data, hours.ctypes.data, words.ctypes.data, memory.ctypes.data
    open_hours = (words_at(hour), words_at(hour + 8 * width), words_at(hour + 16 * width))
    for point in places:
        begin(numbers_at(state + 8 * MEMORY_SIZE * point), rules_at(table, point).initial_cash)
    for first in range(0, bars, _STRETCH):
        last = min(first + _STRETCH, bars)
        bought, sold = numbers_at(fills.ctypes.data - 8 * first), numbers_at(fills.ctypes.data + 8 * (_STRETCH - first))
        event = events.ctypes.data - 8 * (first >> 6)
        when = (words_at(event), words_at(event + 8 * events.shape[1]), words_at(event + 16 * events.shape[1]))
        market = (
            numbers_at(price),
            numbers_at(price + 8 * bars),
            numbers_at(price + 16 * bars),
            numbers_at(price + 24 * bars),
            bought,
            sold,
        )
        priced = -1
        for point in places:
            rules, row = _plain_rules(rules_at(table, point)), rows[point]
            if priced < 0 or not _same_market(rules, rules_at(table, priced)):
                _market_prices(rules, quotes, first, last, fills)
                priced = point
            asked = (
                words_at(signal + 8 * width * row[ENTRY_LONG]),
                words_at(signal + 8 * width * row[EXIT_LONG]),
                words_at(signal + 8 * width * row[ENTRY_SHORT]),
                words_at(signal + 8 * width * row[EXIT_SHORT]),
            )
            _find_events(asked, open_hours, when, first >> 6, (last + 63) >> 6)
            distance = numbers_at(distances.ctypes.data + 8 * bars * which[point])
            mine, made = numbers_at(state + 8 * MEMORY_SIZE * point), numbers_at(out.ctypes.data + 8 * POINT_SIZE * point)
            scene = Scene(market, open_hours, asked, when, distance, mine, numbers_at(tape.ctypes.data), made)
            run(rules, scene, first, last, bars)
    for point in places:
        end(rules_at(table, point), numbers_at(state + 8 * MEMORY_SIZE * point), bars, numbers_at(out.ctypes.data + 8 * POINT_SIZE * point))


@inlined_kernel
def _plain_rules(rules: FillRules) -> FillRules:
    """Return ``rules`` that are plain with what that means written out, so that the compiler leaves out all the rest."""
    return FillRules(
        rules.tick, rules.multiplier, rules.lot, rules.slippage_ticks, rules.slippage_bps, rules.fee_per_contract, rules.fee_bps,
        rules.stop_kind, rules.stop_value, rules.target_kind, rules.target_value, rules.trail_kind, rules.trail_value, rules.time_stop_bars,
        rules.size_kind, rules.size_value, rules.max_quantity, rules.max_position, rules.max_daily_loss, rules.margin, rules.initial_cash,
        0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0,
    )  # fmt: skip


@inlined_kernel
def _same_market(rules: FillRules, other: FillRules) -> bool:
    """Return whether a market order gets the same price under both."""
    return rules.tick == other.tick and rules.slippage_ticks == other.slippage_ticks and rules.slippage_bps == other.slippage_bps


@inlined_kernel
def _market_prices(rules: FillRules, quotes: NDArray[np.float64], first: int, last: int, fills: NDArray[np.float64]) -> None:
    """Write what a market order gets at the opens of a stretch: to buy in the first row, to sell in the second."""
    for bar in range(first, last):
        fills[0, bar - first] = market_price(rules, quotes[jumps.OPEN, bar], 1.0)
    for bar in range(first, last):
        fills[1, bar - first] = market_price(rules, quotes[jumps.OPEN, bar], -1.0)


@inlined_kernel
def _find_events(
    asked: tuple[Pointer, Pointer, Pointer, Pointer],
    hours: tuple[Pointer, Pointer, Pointer],
    when: tuple[Pointer, Pointer, Pointer],
    first: int,
    last: int,
) -> None:
    """Mark the closes, in words ``first`` to before ``last``, that can ask for an order of a flat account, a long and a short position."""
    entry_long, exit_long, entry_short, exit_short = asked
    can_enter, must_flat, _new_session = hours
    when_flat, when_long, when_short = when
    for place in range(first, last):
        long = entry_long[place] & ~exit_long[place] & ~entry_short[place]
        short = entry_short[place] & ~exit_short[place] & ~entry_long[place]
        when_flat[place] = (long | short) & can_enter[place] & ~must_flat[place]
        when_long[place] = must_flat[place] | short | exit_long[place]
        when_short[place] = must_flat[place] | long | exit_short[place]
