"""Bars on which nothing can happen to a position but a new equity: eight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backtest.engine.bits import trailing_zeros, word
from workbench.backtest.engine.fill import worth
from workbench.backtest.engine.lanes import LANES, above, at_least, at_most, lanes_at, put_lanes, spread
from workbench.backtest.engine.price import trailing_level
from workbench.backtest.engine.rules import NO_BRACKET
from workbench.compiled import inlined_kernel

AHEAD = 4 * LANES
"""Bars looked at together: a branch that a processor cannot guess costs more than bars that turn out not to count."""

if TYPE_CHECKING:
    from workbench.backtest.engine.bits import Pointer
    from workbench.backtest.engine.holding import Position
    from workbench.backtest.engine.rules import FillRules


@inlined_kernel
def quiet(  # noqa: PLR0917 - scalars: a record would be slower
    rules: FillRules,
    market: tuple[Pointer, Pointer, Pointer, Pointer, Pointer, Pointer],
    position: Position,
    floor: float,
    tape: Pointer,
    shift: int,
    bar: int,
    until: int,
    bars: int,
) -> int:
    """Write the equity of a position to ``tape`` from ``bar`` on; return the first bar that must run in full, ``until`` if there is none before.

    That is a bar that touches a bracket, makes a new peak for a trailing stop, or closes with ``floor`` or less. ``tape[t + shift]`` takes the
    equity of bar ``t``; up to ``LANES`` numbers after it are overwritten.
    """
    opens, highs, lows, closes, _bought, _sold = market
    long, stop = position.held > 0.0, position.stop
    trailing = rules.trail_kind != NO_BRACKET
    if trailing:
        side = 1.0 if long else -1.0
        trail = trailing_level(rules, position.peak, position.trail, side)
        if not side * (stop - trail) >= 0.0:
            stop = trail
    stops, targets, peaks = spread(stop), spread(position.target), spread(position.peak)
    cash, held, entry = spread(position.cash), spread(position.held), spread(position.entry_price)
    multiplier, floors = spread(rules.multiplier), spread(floor)
    aimed = position.target == position.target  # not NaN
    while bar < until and bar + AHEAD <= bars:
        touched = low_point = 0
        for ahead in range(0, AHEAD, LANES):
            here = bar + ahead
            now = cash + held * (lanes_at(closes, here) - entry) * multiplier
            put_lanes(tape, here + shift, now)
            low_point |= at_most(now, floors) << ahead
            touch = at_most(lanes_at(lows, here), stops) if long else at_least(lanes_at(highs, here), stops)
            if aimed:
                touch |= at_least(lanes_at(highs, here), targets) if long else at_most(lanes_at(lows, here), targets)
            if trailing and long:
                touch |= above(lanes_at(highs, here), peaks) | above(lanes_at(opens, here), peaks)
            elif trailing:
                touch |= above(peaks, lanes_at(lows, here)) | above(peaks, lanes_at(opens, here))
            touched |= touch << ahead
        relevant = (1 << min(until - bar, AHEAD)) - 1
        if touched & relevant != 0 or low_point & relevant != 0:
            return bar + int(trailing_zeros(word(touched | low_point)))
        bar += AHEAD
    bar = min(bar, until)
    while bar < until:  # the last bars of all, too few for a group
        high, low, open_ = highs[bar], lows[bar], opens[bar]
        now = worth(rules, position.cash, position.held, position.entry_price, closes[bar])
        tape[bar + shift] = now
        if now <= floor or ((low <= stop or high >= position.target) if long else (high >= stop or low <= position.target)):
            return bar
        if trailing and (max(high, open_) > position.peak if long else min(low, open_) < position.peak):
            return bar
        bar += 1
    return until
