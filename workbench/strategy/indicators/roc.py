"""Change over some bars, in percent and in points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import PLACE, RING, SEEN, ring_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=10, low=1, high=10_000)


@inlined_kernel
def _before(state: NDArray[np.float64], period: float, value: float) -> float:
    """Take ``value`` and return the number ``period`` bars before it, which is there once ``state[SEEN]`` was ``period``."""
    cell = RING + int(state[PLACE])
    before = state[cell]
    state[cell] = value
    state[PLACE] = 0.0 if state[PLACE] + 1.0 == period else state[PLACE] + 1.0
    return float(before)


@indicator(
    "roc",
    inputs=("close",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=lambda params: int(params[0]),
    convention="percent change against the value `period` bars ago; 0 where that value is 0",
    source="TA-Lib ROC",
    aliases=("rate_of_change", "returns"),
)
def roc(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Change over the window, in percent."""
    before = _before(state, params[0], inputs[0])
    if state[SEEN] < params[0]:
        state[SEEN] += 1.0
        return
    out[0] = (inputs[0] / before - 1.0) * 100.0 if before != 0.0 else 0.0


@indicator(
    "mom",
    inputs=("close",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=lambda params: int(params[0]),
    convention="difference from the value `period` bars ago, in the units of the series",
    source="TA-Lib MOM",
    aliases=("momentum",),
)
def mom(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Change over the window, in points."""
    before = _before(state, params[0], inputs[0])
    if state[SEEN] < params[0]:
        state[SEEN] += 1.0
        return
    out[0] = inputs[0] - before
