"""Where a session begins, for steps that start afresh with it.

A session begins with the first bar of another trade date, or with the anchor bar where that is the session's first bar by the calendar. A step that
first sees a session in its middle says nothing until the next one: what it missed cannot be made up.

Cells: ``[nothing, some or all of the session was seen, trade date]``; the steps keep their own from ``ANCHORED`` on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOWN, DAY, ANCHORED = 0, 1, 2
NOTHING, PART, WHOLE = 0.0, 1.0, 2.0


@inlined_kernel
def begins(state: NDArray[np.float64], session_bar: float, session_day: float) -> bool:
    """Take the clock of a bar and return whether it begins a session; ``state[KNOWN]`` is then ``WHOLE``."""
    fresh = session_bar == 0.0 if state[KNOWN] == NOTHING else session_day != state[DAY]
    state[DAY] = session_day
    if fresh:
        state[KNOWN] = WHOLE
    elif state[KNOWN] == NOTHING:
        state[KNOWN] = PART
    return fresh
