"""Windows over the last ``period`` numbers: running sums for averages, running extremes for channels.

Of a sum (``roll``): ``[numbers seen (up to period), next place, sum, ring of period numbers]``, so ``RING + period`` cells. The sum is renewed from the ring each
time the ring is full, so rounding never builds up over more than ``period`` bars.

Of an extreme (``reach``), from cell ``base`` on: ``[numbers seen, next place, place of the extreme, ring]``; the ring is searched only when the
extreme itself leaves the window.

The functions become part of the steps that call them; ``workbench.compiled`` watches this file, so that kept code follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEEN, PLACE, SUM, RING = 0, 1, 2, 3
BEST = SUM
HIGHEST, LOWEST = True, False


@inlined_kernel
def roll(state: NDArray[np.float64], period: float, value: float) -> bool:
    """Take ``value`` into the window and return whether the window is full; the sum is then in ``state[SUM]``."""
    # Counters stay floats: turning them to integers and back each bar would take longer than the sum.
    cell = RING + int(state[PLACE])
    total = state[SUM] - state[cell] + value  # the ring starts as zeros
    state[cell] = value
    following = state[PLACE] + 1.0
    if following == period:
        following = 0.0
        total = 0.0
        for place in range(RING, RING + int(period)):
            total += state[place]
    state[SUM] = total
    state[PLACE] = following
    if state[SEEN] < period:
        state[SEEN] += 1.0
    return bool(state[SEEN] == period)


@inlined_kernel
def reach(state: NDArray[np.float64], base: int, period: float, value: float, up: bool) -> float:  # noqa: FBT001 - compiled
    """Take ``value`` into the window that starts at cell ``base`` and return the highest (or lowest) number in it so far."""
    ring = base + RING
    place, best = state[base + PLACE], state[base + BEST]
    full = state[base + SEEN] == period
    if not full:
        state[base + SEEN] += 1.0
    before = state[ring + int(best)]
    state[ring + int(place)] = value
    if state[base + SEEN] == 1.0 or (value >= before if up else value <= before):
        best, before = place, value
    elif full and best == place:  # the extreme has left
        best, before = 0.0, state[ring]
        for cell in range(1, int(period)):
            number = state[ring + cell]
            if number > before if up else number < before:
                best, before = float(cell), number
    state[base + BEST] = best
    state[base + PLACE] = 0.0 if place + 1.0 == period else place + 1.0
    return float(before)


def ring_cells(params: tuple[float, ...]) -> int:
    """Return the cells of a window whose length is the first parameter."""
    return RING + int(params[0])


def full_window(params: tuple[float, ...]) -> int:
    """Return the warm-up of a window whose length is the first parameter."""
    return int(params[0]) - 1
