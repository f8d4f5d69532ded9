"""What is counted while equity runs: sums of returns in 16 blocks of time, and drawdown. One definition for a single run and a sweep.

1. ``observe`` takes one bar's equity. A bar without a change of equity changes nothing but the bar of the last peak, so a sweep may skip it.
2. The returns of bars ``k * n // 16`` to ``(k + 1) * n // 16`` are summed in block ``k``, in order; totals add the blocks in order. So the sums
   do not depend on who computes them, and variance, Sharpe ratio and the overfitting test need no matrix of returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    import numpy as np
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


class Curve(NamedTuple):
    """The equity curve so far; all float64, one uniform record for numba."""

    equity: float
    """At the last close."""
    total: float
    """Sum of returns in this block."""
    squares: float
    """Sum of squared returns in this block."""
    downside: float
    top: float
    """Highest equity so far."""
    trough: float
    """Lowest equity since."""
    top_bar: float
    """Last bar with the highest equity."""
    deepest: float
    """Largest drawdown that has ended."""
    longest: float
    """Longest one that has ended."""


@inlined_kernel
def new_curve(initial: float) -> Curve:
    """Return the curve before the first bar."""
    return Curve(initial, 0.0, 0.0, 0.0, initial, initial, -1.0, 0.0, 0.0)


@inlined_kernel
def observe(curve: Curve, bar: int, now: float) -> Curve:
    """Return the curve after a close with equity ``now``; the return of a bar is 0 once nothing is left."""
    gained = now / curve.equity - 1.0 if curve.equity > 0.0 else 0.0
    down = 0.5 * (gained - abs(gained))  # exact, and no branch that a processor would guess wrong half of the time
    top, trough, top_bar, deepest, longest = curve.top, curve.trough, curve.top_bar, curve.deepest, curve.longest
    if now >= top:
        deepest = max(deepest, (top - trough) / top)
        longest = max(longest, bar - top_bar - 1.0)
        top = trough = now
        top_bar = float(bar)
    trough = min(trough, now)
    return Curve(
        now, curve.total + gained, curve.squares + gained * gained, curve.downside + down * down, top, trough, top_bar, deepest, longest
    )


@inlined_kernel
def idle(curve: Curve, bar: int) -> Curve:
    """Return the curve after equity stayed the same up to before ``bar``."""
    top_bar = bar - 1.0 if curve.equity >= curve.top else curve.top_bar
    return Curve(curve.equity, curve.total, curve.squares, curve.downside, curve.top, curve.trough, top_bar, curve.deepest, curve.longest)


@inlined_kernel
def end_block(curve: Curve, out: Pointer, block: int) -> Curve:
    """Write the sums of ``block`` and return the curve with new ones."""
    out[SUMS + block] = curve.total
    out[SQUARES + block] = curve.squares
    return Curve(curve.equity, 0.0, 0.0, curve.downside, curve.top, curve.trough, curve.top_bar, curve.deepest, curve.longest)


@inlined_kernel
def block_end(block: int, bars: int) -> int:
    """Return the bar after the last of ``block``."""
    return (block + 1) * bars // BLOCKS


@inlined_kernel
def end_curve(curve: Curve, bars: int, out: Pointer) -> None:
    """Write what the whole curve says."""
    out[FINAL_EQUITY] = curve.equity
    out[MAX_DRAWDOWN] = max(curve.deepest, (curve.top - curve.trough) / curve.top)
    out[MAX_DRAWDOWN_BARS] = max(curve.longest, bars - curve.top_bar - 1.0)
    out[DOWNSIDE] = curve.downside


@kernel
def tally(equity: NDArray[np.float64], initial: float, out: NDArray[np.float64]) -> None:
    """Write what is counted over ``equity`` (n,) that started from ``initial`` money into ``out`` (``POINT_SIZE``,); trades are left alone."""
    bars = equity.size
    curve = new_curve(initial)
    block = 0
    for bar in range(bars):
        while bar >= block_end(block, bars):
            curve = end_block(curve, out, block)
            block += 1
        curve = observe(curve, bar, equity[bar])
    while block < BLOCKS:
        curve = end_block(curve, out, block)
        block += 1
    end_curve(curve, bars, out)
