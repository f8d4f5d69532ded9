"""Windows over the last ``period`` numbers: sums for averages, weighted sums for lines, extremes for channels; constant time a bar, without drift.

1. ``roll`` keeps a running sum and renews it from its ring each time the ring is full, so rounding never builds up over more than ``period``
   bars. Cells from ``base`` on: ``[numbers seen (up to period), next place, sum, ring]``.
2. ``gather`` and ``weigh`` never subtract: the bars are cut into blocks of ``period``, and a window is the tail of one block and the head of the next. Each time
   a block is full its ring is turned, in place, into the sums of its tails. So a sum of nothing is exactly zero, and a huge number leaves no trace.
3. ``reach`` does the same with the largest (or smallest) number; between equal ones the later counts.

The functions become part of the steps that call them; ``workbench.compiled`` watches this file, so that kept code follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEEN, PLACE, SUM, RING = 0, 1, 2, 3
HEAD = SUM
"""What the numbers since the block began come to."""
HEAD_WEIGHTED = RING
WEIGHED = 4
"""Where the rings of ``weigh`` begin, after ``HEAD_WEIGHTED``."""
HIGHEST, LOWEST = True, False


@inlined_kernel
def roll(state: NDArray[np.float64], base: int, period: float, value: float) -> bool:
    """Take ``value`` into the window at cell ``base`` and return whether the window is full; the sum is then in ``state[base + SUM]``."""
    # Counters stay floats: turning them to integers and back each bar would take longer than the sum.
    ring = base + RING
    cell = ring + int(state[base + PLACE])
    total = state[base + SUM] - state[cell] + value  # the ring starts as zeros
    state[cell] = value
    following = state[base + PLACE] + 1.0
    if following == period:
        following = 0.0
        total = 0.0
        for place in range(ring, ring + int(period)):
            total += state[place]
    state[base + SUM] = total
    state[base + PLACE] = following
    if state[base + SEEN] < period:
        state[base + SEEN] += 1.0
    return bool(state[base + SEEN] == period)


@inlined_kernel
def gather(state: NDArray[np.float64], base: int, period: float, value: float) -> float:
    """Take ``value`` into the window at cell ``base`` and return the sum of the window (of what it holds so far)."""
    ring, place = base + RING, state[base + PLACE]
    head = state[base + HEAD] + value
    total = head
    if state[base + SEEN] == period and place + 1.0 < period:
        total = state[ring + int(place) + 1] + head
    state[ring + int(place)] = value
    if place + 1.0 == period:
        tail = 0.0
        for cell in range(ring + int(period) - 1, ring - 1, -1):
            tail = state[cell] + tail
            state[cell] = tail
        head, place = 0.0, -1.0
    state[base + HEAD] = head
    state[base + PLACE] = place + 1.0
    if state[base + SEEN] < period:
        state[base + SEEN] += 1.0
    return float(total)


@inlined_kernel
def weigh(state: NDArray[np.float64], period: float, value: float) -> tuple[float, float]:
    """Take ``value`` into the window and return its sum, and its sum with weights 1 (oldest) to ``period`` (newest); both 0 until it is full."""
    tails, weighted = WEIGHED, WEIGHED + int(period)
    place = state[PLACE]
    head = state[HEAD] + value
    head_weighted = state[HEAD_WEIGHTED] + (place + 1.0) * value
    last = place + 1.0 == period
    total, heavy = 0.0, 0.0
    if state[SEEN] == period or last:
        total = head
        heavy = head_weighted + (period - place - 1.0) * head
        if not last:
            cell = int(place) + 1
            total = state[tails + cell] + head
            heavy = (state[weighted + cell] - (place + 1.0) * state[tails + cell]) + heavy
    state[tails + int(place)] = value
    if last:
        tail, tail_weighted = 0.0, 0.0
        for cell in range(int(period) - 1, -1, -1):
            tail_weighted = (cell + 1.0) * state[tails + cell] + tail_weighted
            tail = state[tails + cell] + tail
            state[tails + cell] = tail
            state[weighted + cell] = tail_weighted
        head, head_weighted, place = 0.0, 0.0, -1.0
        state[SEEN] = period
    state[HEAD] = head
    state[HEAD_WEIGHTED] = head_weighted
    state[PLACE] = place + 1.0
    return total, heavy


@inlined_kernel
def further(value: float, best: float, up: bool) -> float:  # noqa: FBT001 - compiled
    """Return ``value`` where it is as high (or low) as ``best`` or higher, else ``best``."""
    if up:
        return value if value >= best else best  # noqa: FURB136 - of 0.0 and -0.0 the later counts, too
    return value if value <= best else best  # noqa: FURB136


@inlined_kernel
def reach(state: NDArray[np.float64], base: int, period: float, value: float, up: bool) -> float:  # noqa: FBT001 - compiled
    """Take ``value`` into the window at cell ``base`` and return the highest (or lowest) number in it so far."""
    ring, place = base + RING, state[base + PLACE]
    head = value if place == 0.0 else further(value, state[base + HEAD], up)
    best = head
    if state[base + SEEN] == period and place + 1.0 < period:
        best = further(head, state[ring + int(place) + 1], up)
    state[ring + int(place)] = value
    if place + 1.0 == period:
        tail = value
        for cell in range(ring + int(period) - 2, ring - 1, -1):
            tail = further(tail, state[cell], up)
            state[cell] = tail
        place = -1.0
    state[base + HEAD] = head
    state[base + PLACE] = place + 1.0
    if state[base + SEEN] < period:
        state[base + SEEN] += 1.0
    return best


def ring_cells(params: tuple[float, ...]) -> int:
    """Return the cells of a window whose length is the first parameter."""
    return RING + int(params[0])


def weighed_cells(params: tuple[float, ...]) -> int:
    """Return the cells that ``weigh`` needs for a window whose length is the first parameter."""
    return WEIGHED + 2 * int(params[0])


def full_window(params: tuple[float, ...]) -> int:
    """Return the warm-up of a window whose length is the first parameter."""
    return int(params[0]) - 1
