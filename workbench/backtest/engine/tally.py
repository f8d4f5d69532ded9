"""What is counted while equity runs: sums of returns in 16 blocks of time, and drawdown. One definition for a single run and a sweep.

1. The returns of bars ``k * n // 16`` to ``(k + 1) * n // 16`` are summed in block ``k``; totals add the blocks in order. So the sums do not depend on
   who computes them, and variance, Sharpe ratio and the overfitting test need no matrix of returns.
2. Within a block bar ``t`` is added to lane ``t % 8``, each lane in order of time, and the eight lanes are added at the block's end in one fixed order
   (``lanes.total``): a processor does eight bars at once and the sum is still the same everywhere. ``DOWNSIDE`` does so over all bars.
3. A bar without a change of equity changes nothing but the bar of the last peak, so a sweep may skip it (``idle``).

Whoever has the equity of all bars calls ``tally``. A point of a sweep calls its parts: ``new_curve``, then ``observe`` for runs of bars and ``idle`` for
those it skips, in order, then ``end_curve``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.bits import numbers_at
from workbench.backtest.engine.lanes import (
    EVERY,
    LANES,
    above,
    at_least,
    lanes_at,
    put_lanes,
    smaller,
    smallest,
    spread,
    total,
    where,
)
from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.bits import Pointer

BLOCKS = 16

# A point: positions in its row of results.
FINAL_EQUITY = 0
MAX_DRAWDOWN = 1
"""Largest fall from a peak, as a share of the peak."""
MAX_DRAWDOWN_BARS = 2
"""Most bars in a row with equity under its peak."""
DOWNSIDE = 3
"""Sum of squared negative returns."""
BARS_IN_MARKET = 4
"""Closes at which a position was held."""
TRADES = 5
"""Closed trades."""
WINS = 6
"""Closed trades with a net profit above zero."""
GROSS_PROFIT = 7
GROSS_LOSS = 8
"""Sum of the net losses, positive."""
FEES = 9
"""Fees of all fills; those of a trade are added together first, those of a position still open last."""
TURNOVER = 10
"""Money of all fills: quantity times price times multiplier, in the order of ``FEES``."""
SUMS = 11
"""First of 16 block sums of returns."""
SQUARES = SUMS + BLOCKS
"""First of 16 block sums of squared returns."""
POINT_SIZE = SQUARES + BLOCKS

# A curve so far: positions in its memory. The first four hold eight lanes each.
_TOTAL, _SQUARED, _DOWN, _TROUGH = 0, LANES, 2 * LANES, 3 * LANES
_TOP = 4 * LANES
"""Highest equity so far; ``_TROUGH`` holds the lowest since."""
_TOP_BAR = _TOP + 1
"""Last bar with the highest equity."""
_DEEPEST = _TOP + 2
"""Largest drawdown that has ended."""
_LONGEST = _TOP + 3
"""Longest one that has ended."""
_BLOCK = _TOP + 4
"""The block of the next bar."""
CURVE_SIZE = _TOP + LANES


@inlined_kernel
def new_curve(curve: Pointer, initial: float) -> None:
    """Set ``curve``, a pointer to ``CURVE_SIZE`` numbers, to before the first bar."""
    for cell in range(CURVE_SIZE):
        curve[cell] = 0.0
    put_lanes(curve, _TROUGH, spread(initial))
    curve[_TOP] = initial
    curve[_TOP_BAR] = -1.0


@inlined_kernel
def observe(curve: Pointer, equity: Pointer, shift: int, first: int, last: int, bars: int, out: Pointer) -> None:
    """Take the closes of bars ``first`` to before ``last``, in order of time; the return of a bar is 0 once nothing is left.

    ``equity[t + shift]`` is the equity at the close of bar ``t``, from bar ``first - 1`` on. Up to ``LANES`` numbers on both sides may be
    read (not used), ``equity`` has room for them.
    """
    while first < last:
        until = min(last, _passed(curve, first, bars, out))
        sums, squares, downs = lanes_at(curve, _TOTAL), lanes_at(curve, _SQUARED), lanes_at(curve, _DOWN)
        trough, top = lanes_at(curve, _TROUGH), spread(curve[_TOP])
        nothing, one = spread(0.0), spread(1.0)
        for group in range(first & -LANES, until, LANES):
            mask = EVERY
            if group < first:
                mask = (EVERY << (first - group)) & EVERY
            if until - group < LANES:
                mask &= (1 << (until - group)) - 1
            now, before = lanes_at(equity, group + shift), lanes_at(equity, group + shift - 1)
            gained = where(mask & above(before, nothing), now / before - one, nothing)
            down = smaller(gained, nothing)
            sums = sums + gained
            squares = squares + gained * gained
            downs = downs + down * down
            peaks = mask & at_least(now, top)
            if peaks == 0:
                trough = smaller(where(mask, now, trough), trough)
            else:
                put_lanes(curve, _TROUGH, trough)
                _new_tops(curve, equity, shift, max(group, first), min(group + LANES, until))
                trough, top = lanes_at(curve, _TROUGH), spread(curve[_TOP])
        put_lanes(curve, _TOTAL, sums)
        put_lanes(curve, _SQUARED, squares)
        put_lanes(curve, _DOWN, downs)
        put_lanes(curve, _TROUGH, trough)
        first = until


@inlined_kernel
def _new_tops(curve: Pointer, equity: Pointer, shift: int, first: int, last: int) -> None:
    """Take closes of which one at least reaches the highest equity so far, bar by bar."""
    top, top_bar = curve[_TOP], curve[_TOP_BAR]
    deepest, longest = curve[_DEEPEST], curve[_LONGEST]
    trough = smallest(lanes_at(curve, _TROUGH))
    for bar in range(first, last):
        now = equity[bar + shift]
        if now >= top:
            deepest = max(deepest, (top - trough) / top)
            longest = max(longest, bar - top_bar - 1.0)
            top = trough = now
            top_bar = float(bar)
        trough = min(trough, now)
    curve[_TOP], curve[_TOP_BAR] = top, top_bar
    curve[_DEEPEST], curve[_LONGEST] = deepest, longest
    put_lanes(curve, _TROUGH, spread(trough))


@inlined_kernel
def idle(curve: Pointer, equity: float, last: int) -> None:
    """Take that equity stayed at ``equity``, that of the last close taken, up to before bar ``last``."""
    if equity >= curve[_TOP]:
        curve[_TOP_BAR] = last - 1.0


@inlined_kernel
def _passed(curve: Pointer, bar: int, bars: int, out: Pointer) -> int:
    """Write the sums of the blocks that end before ``bar`` and return where the block of ``bar`` ends."""
    block = int(curve[_BLOCK])
    while block < BLOCKS and bar >= block_end(block, bars):
        out[SUMS + block] = total(lanes_at(curve, _TOTAL))
        out[SQUARES + block] = total(lanes_at(curve, _SQUARED))
        put_lanes(curve, _TOTAL, spread(0.0))
        put_lanes(curve, _SQUARED, spread(0.0))
        block += 1
    curve[_BLOCK] = float(block)
    return block_end(block, bars)


@inlined_kernel
def block_end(block: int, bars: int) -> int:
    """Return the bar after the last of ``block``."""
    return (block + 1) * bars // BLOCKS


@inlined_kernel
def end_curve(curve: Pointer, equity: float, bars: int, out: Pointer) -> None:
    """Write what the whole curve says; ``equity`` is that of the last close."""
    _passed(curve, bars, bars, out)
    top, trough = curve[_TOP], smallest(lanes_at(curve, _TROUGH))
    out[FINAL_EQUITY] = equity
    out[MAX_DRAWDOWN] = max(curve[_DEEPEST], (top - trough) / top)
    out[MAX_DRAWDOWN_BARS] = max(curve[_LONGEST], bars - curve[_TOP_BAR] - 1.0)
    out[DOWNSIDE] = total(lanes_at(curve, _DOWN))


@kernel
def tally(equity: NDArray[np.float64], initial: float, out: NDArray[np.float64]) -> None:
    """Write what is counted over ``equity`` (n,) that started from ``initial`` money into ``out`` (``POINT_SIZE``,); trades are left alone."""
    bars = equity.size
    memory = np.empty(CURVE_SIZE + bars + 2 * LANES)  # the curve, then equity with room on both sides
    first = CURVE_SIZE + LANES
    memory[first - 1] = initial
    memory[first : first + bars] = equity
    curve, result = numbers_at(memory.ctypes.data), numbers_at(out.ctypes.data)
    new_curve(curve, initial)
    observe(curve, curve, first, 0, bars, bars, result)
    end_curve(curve, memory[first - 1 + bars], bars, result)
    memory[0] = 0.0  # named once more: a counted array is freed after its last use
